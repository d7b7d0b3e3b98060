//! What the user of the credentials may do and see, by Salesforce's own word, and what its refusals mean.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>,
//! <https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_userpermissionaccess.htm>,
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm>

use quietus_plugin::PluginError;
use quietus_plugin::http::Request;
use serde_json::Value;

use super::{
    ACCOUNT, ACCOUNT_ADDRESSES, ACCOUNT_NUMBERS, ADDRESSES, BELONGINGS, CONTACT, CONTACT_NUMBERS, LEAD, LEAD_NUMBERS,
    PAUSE, soql,
};
use crate::choice::{By, Visibility};
use crate::engine::{Object, Place};
use crate::vendor::traits::{Question, Right, read_by};

/// The permission that nothing hides records from.
const SEES_ALL: &str = "PermissionsViewAllData";

/// The rights that descriptions of objects show.
pub(super) fn described(root: &str, by: &[By], related: &[&str]) -> Vec<Right> {
    let shown = |object: &'static Object, fields: Vec<&'static str>| {
        let what = format!("see {} (object permission Read on {})", object.count, object.path);
        Right::to(what, description(root, object.path))
            .shown_by(move |answer| lacking(object.path, true, answer, &fields))
    };
    let mut rights = vec![shown(&CONTACT, fields(by, ADDRESSES, CONTACT_NUMBERS))];
    if related.contains(&"person_accounts") {
        rights.push(shown(&ACCOUNT, fields(by, ACCOUNT_ADDRESSES, ACCOUNT_NUMBERS)));
    }
    if related.contains(&"leads") {
        rights.push(shown(&LEAD, fields(by, ADDRESSES, LEAD_NUMBERS)));
    }
    for belonging in BELONGINGS.iter().filter(|belonging| related.contains(&belonging.word)) {
        rights.push(shown(&belonging.object, Vec::new()));
        if belonging.from != belonging.object.path {
            let from = belonging.from;
            let what = format!("see {} (object permission Read on {from})", belonging.object.count);
            let right = Right::to(what, description(root, from));
            rights.push(right.shown_by(move |answer| lacking(from, false, answer, &[])));
        }
    }
    rights
}

/// Asks for what an object is like for this user.
pub(super) fn describes(root: &str, object: &Object) -> Question {
    let what = format!("see {} (object permission Read on {})", object.count, object.path);
    Question::must(&what, description(root, object.path))
}

/// Asks whether this user sees all records.
pub(super) fn sees_all(root: &str) -> Question {
    let request = Request::get(format!("{root}/query"));
    let request = request.query("q", &format!("SELECT {SEES_ALL} FROM UserPermissionAccess"));
    Question::must("read its own permissions (UserPermissionAccess)", request)
}

/// Whether people can be looked for by these answers, and whether there are person accounts.
pub(super) fn check(
    by: &[By],
    visibility: Visibility,
    related: &[&str],
    answers: &[Value],
) -> Result<bool, PluginError> {
    let not_told = || PluginError::retryable("Salesforce does not tell what its records are like for this user");
    let may_not = |what: String| PluginError::needs_operator(format!("the credentials may not {what}: grant it"));
    let mut answers = answers.iter();
    let contacts = answers.next().filter(|answer| answer["fields"].is_array()).ok_or_else(not_told)?;
    let contact_fields = fields(by, ADDRESSES, CONTACT_NUMBERS);
    lacking(CONTACT.path, true, contacts, &contact_fields).map_or(Ok(()), |what| Err(may_not(what)))?;
    let has = has_person_accounts(contacts);
    if has {
        let accounts = answers.next().filter(|answer| answer["fields"].is_array()).ok_or_else(not_told)?;
        let deletes = related.contains(&"person_accounts");
        let account_fields = fields(by, ACCOUNT_ADDRESSES, ACCOUNT_NUMBERS);
        lacking(ACCOUNT.path, deletes, accounts, &account_fields).map_or(Ok(()), |what| Err(may_not(what)))?;
    }
    if visibility == Visibility::All {
        let permissions = answers.next().ok_or_else(not_told)?;
        match permissions.pointer(&format!("/records/0/{SEES_ALL}")).and_then(Value::as_bool) {
            Some(true) => {}
            Some(false) => {
                let text = "the credentials may not see all records (View All Data), and nobody would be absent for sure: grant \
                            it, or set `visibility = \"trusted\"` where the user is meant to see some";
                return Err(PluginError::needs_operator(text));
            }
            None => return Err(not_told()),
        }
    }
    Ok(has)
}

/// Only an organization with person accounts has this field.
pub(super) fn has_person_accounts(contacts: &Value) -> bool {
    is_shown(contacts, "IsPersonAccount")
}

/// What a word of Salesforce's means, where the status alone does not tell.
pub(super) fn refusal(code: &str) -> Option<PluginError> {
    Some(match code {
        "REQUEST_LIMIT_EXCEEDED" => PluginError::rate_limited(Some(PAUSE)),
        "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" => PluginError::retryable("Salesforce is busy with the record"),
        "QUERY_TIMEOUT" | "INVALID_QUERY_LOCATOR" => PluginError::retryable("Salesforce gave the query up"),
        // Of the whole organization, unlike other refusals with a 403.
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => {
            PluginError::needs_operator("Salesforce's API is disabled for this organization")
        }
        "INVALID_FIELD" | "INVALID_TYPE" => {
            let text =
                "an object or a field is not there for this user: check object permissions and field-level security";
            PluginError::needs_operator(text)
        }
        "INVALID_PERSON_ACCOUNT_OPERATION" => {
            let text = "it is a part of a person account and goes only with it (INVALID_PERSON_ACCOUNT_OPERATION); name \
                        `person_accounts` in `related`";
            PluginError::permanent(text)
        }
        "INSUFFICIENT_ACCESS_OR_READONLY" => {
            let text = "the user may not delete this record (INSUFFICIENT_ACCESS_OR_READONLY): by its owner, its sharing, or a \
                        lock of an approval";
            PluginError::permanent(text)
        }
        "DELETE_FAILED" => {
            let text = "other records depend on it (DELETE_FAILED); delete these first, or name them in `related`";
            PluginError::permanent(text)
        }
        _ => return None,
    })
}

fn description(root: &str, object: &str) -> Request {
    Request::get(format!("{root}/sobjects/{object}/describe"))
}

fn fields(by: &[By], addresses: &[Place], numbers: &[Place]) -> Vec<&'static str> {
    read_by(by, addresses, numbers).into_iter().map(soql::field).collect()
}

/// What an object's description says that this user may not do. Fields that the user may not see are not in it.
fn lacking(object: &str, deletes: bool, description: &Value, fields: &[&str]) -> Option<String> {
    if description["queryable"] != true {
        return Some(format!("query {object} (object permission Read)"));
    }
    if deletes && description["deletable"] != true {
        return Some(format!("delete {object} (object permission Delete)"));
    }
    let hidden = fields.iter().find(|name| !is_shown(description, name))?;
    Some(format!("see the field {hidden} of {object} (field-level security)"))
}

fn is_shown(description: &Value, name: &str) -> bool {
    description["fields"].as_array().into_iter().flatten().any(|field| field["name"] == name)
}
