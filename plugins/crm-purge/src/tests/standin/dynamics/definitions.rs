//! What Dataverse says of its tables and of the user.
//!
//! <https://github.com/MicrosoftDocs/powerapps-docs/blob/main/powerapps-docs/developer/data-platform/reference/entities/contact.md>,
//! "One-To-Many Relationships"; `RetrieveUserPrivileges` as in `webapi/use-web-api-functions.md` there.

use quietus_plugin::http::test::Reply;
use serde_json::{Value, json};

use super::super::{Asked, Relation, World};

/// Of those that are published: all that cascade to what people see, all that restrict, and some of the others.
const PUBLISHED: [Relation; 19] = [
    ("Contact_Tasks", "task", "regardingobjectid", "Cascade"),
    ("Contact_Annotation", "annotation", "objectid", "Cascade"),
    ("Contact_Emails", "email", "regardingobjectid", "Cascade"),
    ("Contact_Phonecalls", "phonecall", "regardingobjectid", "Cascade"),
    ("Contact_Appointments", "appointment", "regardingobjectid", "Cascade"),
    ("Contact_SocialActivities", "socialactivity", "regardingobjectid", "Cascade"),
    ("Contact_RecurringAppointmentMasters", "recurringappointmentmaster", "regardingobjectid", "Cascade"),
    ("contact_connections1", "connection", "record1id", "Cascade"),
    ("contact_connections2", "connection", "record2id", "Cascade"),
    ("Contact_CustomerAddress", "customeraddress", "parentid", "Cascade"),
    ("Contact_Feedback", "feedback", "regardingobjectid", "Cascade"),
    ("lk_contact_feedback_createdby", "feedback", "createdbycontact", "Restrict"),
    ("lk_contact_feedback_createdonbehalfby", "feedback", "createdonbehalfbycontact", "Restrict"),
    ("contact_activity_parties", "activityparty", "partyid", "NoCascade"),
    ("Contact_ProcessSessions", "processsession", "regardingobjectid", "NoCascade"),
    ("Contact_ActivityPointers", "activitypointer", "regardingobjectid", "RemoveLink"),
    ("contact_customer_contacts", "contact", "parentcustomerid", "RemoveLink"),
    ("contact_principalobjectattributeaccess", "principalobjectattributeaccess", "objectid", "Cascade"),
    ("Contact_SyncErrors", "syncerror", "regardingobjectid", "Cascade"),
];

/// Logical name, set, and column of the id.
const TABLES: [(&str, &str, &str); 17] = [
    ("contact", "contacts", "contactid"),
    ("lead", "leads", "leadid"),
    ("opportunity", "opportunities", "opportunityid"),
    ("email", "emails", "activityid"),
    ("phonecall", "phonecalls", "activityid"),
    ("task", "tasks", "activityid"),
    ("appointment", "appointments", "activityid"),
    ("annotation", "annotations", "annotationid"),
    ("socialactivity", "socialactivities", "activityid"),
    ("recurringappointmentmaster", "recurringappointmentmasters", "activityid"),
    ("connection", "connections", "connectionid"),
    ("customeraddress", "customeraddresses", "customeraddressid"),
    ("feedback", "feedback", "feedbackid"),
    ("account", "accounts", "accountid"),
    ("cr1_booking", "cr1_bookings", "cr1_bookingid"),
    // Names of 32 and of 33 letters.
    ("new_contactguestsurveyanswerform", "new_contactguestsurveyanswerforms", "new_contactguestsurveyanswerformid"),
    ("new_contactguestsurveyanswersheet", "new_contactguestsurveyanswersheets", "new_contactguestsurveyanswersheetid"),
];

/// Columns of contacts and of leads.
const COLUMNS: [&str; 8] = [
    "fullname",
    "emailaddress1",
    "emailaddress2",
    "emailaddress3",
    "telephone1",
    "telephone2",
    "telephone3",
    "mobilephone",
];

/// The columns of all ids.
pub(super) const IDS: [&str; 13] = [
    "contactid",
    "leadid",
    "opportunityid",
    "activityid",
    "annotationid",
    "connectionid",
    "customeraddressid",
    "feedbackid",
    "accountid",
    "cr1_bookingid",
    "new_contactguestsurveyanswerformid",
    "new_contactguestsurveyanswersheetid",
    "auditid",
];

pub(super) fn relations(world: &World) -> Vec<Relation> {
    PUBLISHED.into_iter().chain(world.switches.relations.iter().copied()).collect()
}

pub(super) fn set_of(table: &str) -> &'static str {
    TABLES.iter().find(|(name, ..)| *name == table).map_or("", |(_, set, _)| set)
}

pub(super) fn id_of(table: &str) -> &'static str {
    TABLES.iter().find(|(name, ..)| *name == table).map_or("", |(.., id)| id)
}

/// The part of a table's privileges that its name has. Addresses have none: they are read by those of what they belong to.
fn privilege(table: &str) -> Option<&str> {
    Some(match table {
        "email" | "phonecall" | "task" | "appointment" | "socialactivity" | "recurringappointmentmaster" => "Activity",
        "annotation" => "Note",
        "customeraddress" => return None,
        other => other,
    })
}

/// As the published example of a function's answer shows it: names, depths, ids.
pub(super) fn of_user(world: &World, function: &str) -> Reply {
    let lacks = |name: &str| world.switches.lacks.iter().any(|lacking| lacking.eq_ignore_ascii_case(name));
    match function {
        "Microsoft.Dynamics.CRM.RetrieveUserPrivileges()" => {
            let mut all = vec!["prvDeleteRecordChangeHistory".to_owned()];
            for name in TABLES.iter().filter_map(|(table, ..)| privilege(table)) {
                all.extend(["prvRead", "prvDelete"].map(|what| format!("{what}{name}")));
            }
            all.retain(|name| !lacks(name));
            let depth = if world.switches.hides_rows { "Local" } else { "Global" };
            let all: Vec<_> = all.iter().map(|name| json!({ "Depth": depth, "PrivilegeName": name })).collect();
            Reply::json(200, &json!({ "RolePrivileges": all }))
        }
        "Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()" => {
            let of = |(column, may_read): &(&str, bool)| json!({ "AttributeId": format!("id-of-{column}"), "CanRead": if *may_read { 4 } else { 0 } });
            let all: Vec<_> = world.switches.secured.iter().map(of).collect();
            Reply::json(200, &json!({ "AttributePrivileges": all }))
        }
        _ => Reply::empty(404),
    }
}

pub(super) fn told(world: &World, path: &str, asked: &Asked) -> Option<Value> {
    let Some(table) = path.strip_prefix("EntityDefinitions(LogicalName='").and_then(|rest| rest.strip_suffix("')"))
    else {
        let wanted: Vec<_> = asked.query("$filter").split(" or ").collect();
        let is_wanted = |name: &str| wanted.contains(&format!("LogicalName eq '{name}'").as_str());
        let named = TABLES.iter().filter(|(name, ..)| is_wanted(name));
        let all: Vec<_> = named
            .map(|(name, set, id)| {
                let privileges: Vec<_> = ["Read", "Delete"]
                    .into_iter()
                    .filter_map(|what| {
                        Some(json!({ "Name": format!("prv{what}{}", privilege(name)?), "PrivilegeType": what }))
                    })
                    .collect();
                let is_audited = !world.switches.unaudited.contains(name);
                json!({
                    "LogicalName": name, "EntitySetName": set, "PrimaryIdAttribute": id, "Privileges": privileges,
                    "IsAuditEnabled": { "Value": is_audited, "CanBeChanged": true },
                })
            })
            .collect();
        return Some(json!({ "value": all }));
    };
    let relations = if table == "contact" { relations(world) } else { Vec::new() };
    let relations: Vec<_> = relations
        .iter()
        .map(|(name, table, column, deletes)| {
            json!({
                "SchemaName": name, "ReferencingEntity": table, "ReferencingAttribute": column,
                "CascadeConfiguration": { "Assign": "NoCascade", "Delete": deletes, "Merge": "NoCascade" },
            })
        })
        .collect();
    let attributes: Vec<_> = COLUMNS
        .map(|name| {
            let column = if table == "contact" { name.to_owned() } else { format!("{table}.{name}") };
            let is_secured = world.switches.secured.iter().any(|(secured, _)| *secured == column);
            json!({ "LogicalName": name, "MetadataId": format!("id-of-{column}"), "IsSecured": is_secured })
        })
        .into();
    let mut told = json!({ "LogicalName": table, "OneToManyRelationships": relations, "Attributes": attributes });
    if let Some(retells) = world.switches.retells {
        retells(&mut told);
    }
    asked.query("$expand").starts_with("OneToManyRelationships(").then_some(told)
}

/// `restore-deleted-records.md`, "Detect which tables are enabled for recycle bin".
pub(super) fn bins(world: &World, fetch_xml: &str) -> Reply {
    assert!(fetch_xml.contains("<entity name='recyclebinconfig'>"), "{fetch_xml}");
    let Some(bins) = &world.switches.bins else {
        return Reply::json(
            403,
            &json!({ "error": { "code": "0x80040220", "message": "missing prvReadRecycleBinConfig" } }),
        );
    };
    let all: Vec<_> = bins.iter().map(|name| json!({ "tablename": name })).collect();
    Reply::json(200, &json!({ "value": all }))
}
