//! What an environment says of itself: which tables go with a contact, which keep it from being deleted, what the application
//! user may read and delete, and whether there is a recycle bin.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query-metadata-web-api>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/configure-entity-relationship-cascading-behavior>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/restore-deleted-records>

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::PluginError;
use quietus_plugin::http::Request;
use serde_json::Value;

use super::privileges::{Depth, OfTable, Privileges};
use super::secured::{not_readable, secured};
use super::tables::{self, BELONGINGS, CONTACT, LEAD, Table};
use crate::choice::{By, Visibility};
use crate::engine::Object;
use crate::vendor::traits::Question;

/// Tables of the platform's own, which hold nothing that a person has told, and most of which nobody may read.
const OF_THE_PLATFORM: [&str; 9] = [
    "actioncard",
    "bulkdeletefailure",
    "duplicaterecord",
    "mailboxtrackingfolder",
    "postfollow",
    "principalobjectattributeaccess",
    "processsession",
    "slakpiinstance",
    "syncerror",
];
/// Tables of which a row is a person or a company of its own: none of them goes unseen with another.
const OF_OTHERS: [&str; 3] = ["account", "contact", "lead"];
/// Tables with an active bin.
const BINS: &str = "<fetch><entity name='recyclebinconfig'><filter type='and'><condition attribute='statecode' operator='eq' \
                    value='0'/><condition attribute='isreadyforrecyclebin' operator='eq' value='1'/></filter><link-entity \
                    name='entity' from='entityid' to='extensionofrecordid' link-type='inner'><attribute name='logicalname' \
                    alias='tablename'/></link-entity></entity></fetch>";

/// A relationship from a contact or a lead to rows that refer to it.
pub(super) struct Relation {
    root: String,
    name: String,
    pub(super) table: &'static Table,
    /// The column that holds the id.
    pub(super) column: String,
    /// Whether it keeps the contact from being deleted, or goes with it.
    is_restrict: bool,
}

/// What is known of an environment.
#[derive(Default)]
pub(super) struct Environment {
    relations: Vec<Relation>,
    /// Tables that go with a contact and that this user may not read, at all or not wholly.
    not_shown: BTreeSet<String>,
    /// Relationships by which others' records would go with one, unseen, as this user may not read them all; each with its table.
    others_unseen: Vec<String>,
    rights: BTreeMap<String, OfTable>,
    privileges: Privileges,
    /// Tables that are not audited.
    unaudited: BTreeSet<String>,
    /// Columns that people are searched by and that this user may not read, each with its table.
    secured: Vec<String>,
    pub(super) may_have_bin: bool,
}

/// The questions, in their order: who the user is, their privileges, contacts (and leads), the tables around them, which secured
/// columns the user may read, bins.
pub(super) fn question(root: &str, by: &[By], related: &[&str], answers: &[Value]) -> Option<Question> {
    let roots = roots(related);
    let get = |path: &str| Request::get(format!("{root}/{path}"));
    let user = answers.first().and_then(|who| who["UserId"].as_str()).filter(|id| is_name(&id.replace('-', "")));
    let of_user =
        |function: &str| get(&format!("systemusers({})/Microsoft.Dynamics.CRM.{function}()", user.unwrap_or_default()));
    let metadata = "read the definitions of tables (prvReadEntity, prvReadRelationship)";
    let at = answers.len();
    match at.checked_sub(2) {
        None if at == 0 => Some(Question::must("use the environment", get("WhoAmI"))),
        None => Some(Question::must("read its own privileges", of_user("RetrieveUserPrivileges"))),
        Some(number) if number < roots.len() => {
            let request = get(&format!("EntityDefinitions(LogicalName='{}')", roots[number]));
            let expand = "OneToManyRelationships($select=SchemaName,ReferencingEntity,ReferencingAttribute,CascadeConfiguration),\
                          Attributes($select=LogicalName,MetadataId,IsSecured)";
            Some(Question::must(metadata, request.query("$select", "LogicalName").query("$expand", expand)))
        }
        Some(number) if number == roots.len() => {
            let select = "LogicalName,EntitySetName,PrimaryIdAttribute,Privileges,IsAuditEnabled";
            let named = |name: &String| format!("LogicalName eq '{name}'");
            let filter: Vec<_> = names(related, &answers[2..]).iter().map(named).collect();
            let request = get("EntityDefinitions").query("$select", select).query("$filter", &filter.join(" or "));
            Some(Question::must(metadata, request))
        }
        Some(number) if number == roots.len() + 1 => {
            Some(Question::may(get("recyclebinconfigs").query("fetchXml", BINS)))
        }
        Some(number)
            if number == roots.len() + 2
                && answers[2..][..roots.len()].iter().any(|root| secured(root, by).is_some_and(|all| !all.is_empty())) =>
        {
            Some(Question::must("read which columns are secured", of_user("RetrievePrincipalAttributePrivileges")))
        }
        Some(_) => None,
    }
}

impl Environment {
    /// `None` of what an answer does not tell is never "there is none".
    pub(super) fn of(by: &[By], related: &[&str], answers: &[Value]) -> Result<Self, PluginError> {
        let not_told = || PluginError::retryable("Dataverse does not tell what its tables are like for this user");
        let roots = roots(related);
        let [_, privileges, rest @ ..] = answers else { return Err(not_told()) };
        let (definitions, rest) = rest.split_at_checked(roots.len()).ok_or_else(not_told)?;
        let [tables, bins, columns @ ..] = rest else { return Err(not_told()) };
        let mut environment = Self {
            privileges: Privileges::of(privileges).ok_or_else(not_told)?,
            may_have_bin: true,
            ..Self::default()
        };
        let known = environment.read_tables(tables).ok_or_else(not_told)?;
        for (root, definition) in roots.iter().zip(definitions) {
            environment.read_relations(root, definition, &known).ok_or_else(not_told)?;
        }
        if let Some(all) = bins["value"].as_array() {
            environment.may_have_bin =
                all.iter().any(|bin| bin["tablename"].as_str().is_none_or(|name| known.contains_key(name)));
        }
        for (root, definition) in roots.iter().zip(definitions) {
            let hidden = not_readable(definition, by, columns.first()).ok_or_else(not_told)?;
            environment.secured.extend(hidden.iter().map(|column| format!("{column} of {root}")));
        }
        Ok(environment)
    }

    /// The tables by their names; `None` where one that is needed is not told.
    fn read_tables(&mut self, answer: &Value) -> Option<BTreeMap<String, &'static Table>> {
        let mut known = BTreeMap::new();
        for definition in answer["value"].as_array()? {
            let text = |key: &str| definition[key].as_str().filter(|name| is_name(name));
            let name = text("LogicalName")?;
            // Some tables have no set, and cannot be read.
            let (Some(set), Some(id)) = (text("EntitySetName"), text("PrimaryIdAttribute")) else { continue };
            known.insert(name.to_owned(), tables::told(name, set, id));
            self.rights.insert(name.to_owned(), OfTable::of(definition));
            let is_audited = definition.pointer("/IsAuditEnabled/Value").and_then(Value::as_bool).unwrap_or(true);
            self.unaudited.extend((!is_audited).then(|| name.to_owned()));
        }
        known.contains_key("contact").then_some(known)
    }

    fn read_relations(
        &mut self,
        root: &str,
        definition: &Value,
        known: &BTreeMap<String, &'static Table>,
    ) -> Option<()> {
        for (name, entity, column, deletes) in relations(definition)? {
            let goes = deletes == "Cascade";
            let Some(table) = known.get(entity).copied() else {
                self.hide(name, entity, goes);
                continue;
            };
            // A table without a privilege of its own, such as that of addresses, is read by that of what its rows belong to:
            // <https://learn.microsoft.com/en-us/previous-versions/dynamicscrm-2015/developers-guide/gg309303(v=crm.7)>.
            let reads = [entity, root].into_iter().find_map(|table| self.rights.get(table)?.read.as_deref());
            let depth = reads.and_then(|name| self.privileges.depth(name));
            self.hide(name, entity, goes && depth < Some(Depth::Global));
            if depth.is_some() {
                self.relations.push(Relation {
                    root: root.to_owned(),
                    name: name.to_owned(),
                    table,
                    column: column.to_owned(),
                    is_restrict: deletes == "Restrict",
                });
            }
        }
        Some(())
    }

    /// Notes what goes with a record and is not shown to this user, at all or not wholly.
    fn hide(&mut self, relation: &str, table: &str, is_hidden: bool) {
        match (is_hidden, OF_OTHERS.contains(&table)) {
            (false, _) => {}
            (true, false) => self.not_shown.extend([table.to_owned()]),
            (true, true) => self.others_unseen.push(format!("{table} ({relation}: Cascade)")),
        }
    }

    /// Whether the user may look for people and erase them.
    pub(super) fn check(&self, visibility: Visibility, related: &[&str]) -> Result<(), PluginError> {
        let may_not =
            |what: String| Err(PluginError::needs_operator(format!("the credentials may not {what}: grant it")));
        let belongings = BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word));
        for table in roots(related).into_iter().chain(belongings.map(|belonging| belonging.table)) {
            let rights = self.rights.get(table);
            let (read, delete) = (rights.and_then(|r| r.read.as_deref()), rights.and_then(|r| r.delete.as_deref()));
            let (read, delete) = (read.unwrap_or("prvRead…"), delete.unwrap_or("prvDelete…"));
            match self.privileges.depth(read) {
                None => return may_not(format!("read the table {table} ({read})")),
                Some(depth) if depth < Depth::Global && visibility == Visibility::All => {
                    let text = format!(
                        "the credentials may read some rows of the table {table} only ({read} does not reach the whole \
                         organization), and nobody would be absent for sure: grant it, or set `visibility = \"trusted\"` where \
                         the user is meant to see some"
                    );
                    return Err(PluginError::needs_operator(text));
                }
                Some(_) => {}
            }
            if self.privileges.depth(delete).is_none() {
                return may_not(format!("delete rows of the table {table} ({delete})"));
            }
        }
        let histories = "prvDeleteRecordChangeHistory";
        if related.contains(&"audit_history") && self.privileges.depth(histories).is_none() {
            return may_not(format!("erase the history of a record in the audit log ({histories})"));
        }
        // No visibility is meant to let others' records go unseen.
        if let Some(others) = self.others_unseen.first() {
            let text = format!(
                "with a record, Dataverse would delete others' records of the table {others}, and the credentials may not read \
                 them all: grant it for the whole organization, or change the relationship"
            );
            return Err(PluginError::needs_operator(text));
        }
        match self.secured.first().filter(|_| visibility == Visibility::All) {
            Some(column) => may_not(format!("read the column {column} (column security)")),
            None => Ok(()),
        }
    }

    /// What goes with a record of this kind.
    pub(super) fn going_with(&self, object: &Object) -> impl Iterator<Item = &Relation> {
        self.around(object).filter(|relation| !relation.is_blocking())
    }

    /// What keeps a record of this kind from being deleted.
    pub(super) fn blocking(&self, object: &Object) -> impl Iterator<Item = &Relation> {
        self.around(object).filter(|relation| relation.is_blocking())
    }

    fn around(&self, object: &Object) -> impl Iterator<Item = &Relation> {
        let root = if *object == CONTACT { "contact" } else { "lead" };
        let is_person = *object == CONTACT || *object == LEAD;
        self.relations.iter().filter(move |relation| is_person && relation.root == root)
    }

    /// Whether rows of this table may have a history. Those of people are asked for it in any case.
    pub(super) fn is_audited(&self, table: &Table) -> bool {
        OF_OTHERS.contains(&table.name.as_str()) || !self.unaudited.contains(&table.name)
    }

    /// What goes with contacts and was not counted: a text for each table, as long ones are cut, and one for those beyond.
    pub(super) fn not_shown(&self) -> Vec<String> {
        let mut texts: Vec<_> = self.not_shown.iter().take(NAMED_MAX).map(|name| format!("{NOT_SHOWN}: {name}")).collect();
        let more = self.not_shown.len() - texts.len();
        texts.extend((more > 0).then(|| format!("{NOT_SHOWN}: {more} more tables")));
        texts
    }
}

/// So many tables are named: the host keeps 32 texts in all.
const NAMED_MAX: usize = 8;
/// Followed by a table's name.
pub(super) const NOT_SHOWN: &str =
    "rows that go with a contact and that the application user may not read, or not all of them";

impl Relation {
    fn is_blocking(&self) -> bool {
        self.is_restrict || OF_OTHERS.contains(&self.table.name.as_str())
    }

    /// To follow a number.
    pub(super) fn blocks(&self) -> String {
        let (table, name) = (&self.table.name, &self.name);
        match self.is_restrict {
            true => {
                format!("rows of the table {table} refer to a record and keep it from being deleted ({name}: Restrict)")
            }
            false => format!("rows of the table {table}, which are others', would go with a record ({name}: Cascade)"),
        }
    }
}

/// The tables that people are looked for in.
fn roots(related: &[&str]) -> Vec<&'static str> {
    let mut roots = vec!["contact"];
    roots.extend(related.contains(&"leads").then_some("lead"));
    roots
}

/// Name, table, column, and what a deletion does, of the relationships that matter for one.
fn relations(definition: &Value) -> Option<Vec<(&str, &str, &str, &str)>> {
    let mut all = Vec::new();
    for relation in definition["OneToManyRelationships"].as_array()? {
        let text = |key: &str| relation[key].as_str().filter(|name| is_name(name));
        let deletes = relation.pointer("/CascadeConfiguration/Delete")?.as_str()?;
        let (name, entity) = (text("SchemaName")?, text("ReferencingEntity")?);
        if matches!(deletes, "Cascade" | "Restrict") && !OF_THE_PLATFORM.contains(&entity) {
            all.push((name, entity, text("ReferencingAttribute")?, deletes));
        }
    }
    Some(all)
}

/// The tables to be told of.
fn names(related: &[&str], definitions: &[Value]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = roots(related).into_iter().map(str::to_owned).collect();
    let belongings = BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word));
    names.extend(belongings.map(|belonging| belonging.table.to_owned()));
    let told = definitions.iter().filter_map(relations).flatten();
    names.extend(told.map(|(_, entity, ..)| entity.to_owned()));
    names
}

/// What is told goes into requests: nothing else than a name may.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
