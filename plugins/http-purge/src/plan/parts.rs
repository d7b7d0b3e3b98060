//! Parts of a step: its path, pairs, body and statuses, checked and parsed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::Statuses;
use crate::template::Template;

pub(crate) enum PlannedBody {
    None,
    Json(JsonTemplate),
    Form(Vec<(String, Template)>),
}

/// JSON whose strings are templates.
pub(crate) enum JsonTemplate {
    Text(Template),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
    Other(Value),
}

impl JsonTemplate {
    pub(super) fn templates<'a>(&'a self, into: &mut Vec<&'a Template>) {
        match self {
            Self::Text(template) => into.push(template),
            Self::List(list) => list.iter().for_each(|json| json.templates(into)),
            Self::Object(members) => members.iter().for_each(|(_, json)| json.templates(into)),
            Self::Other(_) => {}
        }
    }
}

/// The segments of a path, so that a value can be kept within its own.
pub(super) fn segments(
    url: &str,
    template: impl Fn(&str) -> Result<Template, String>,
) -> Result<Vec<Template>, String> {
    let Some(path) = url.strip_prefix('/') else {
        return Err(format!("url `{url}`: it must begin with `/`; the host is that of `base_url`"));
    };
    let literal: String = path.split("{{").map(|part| part.split_once("}}").map_or(part, |(_, after)| after)).collect();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/".contains(c);
    if let Some(c) = literal.chars().find(|c| !allowed(*c)) {
        return Err(format!("url `{url}`: `{c}` may not stand in a path; a query goes into `query`"));
    }
    path.split('/').map(template).collect()
}

pub(super) fn pairs(
    map: &BTreeMap<String, String>,
    template: impl Fn(&str) -> Result<Template, String>,
) -> Result<Vec<(String, Template)>, String> {
    map.iter().map(|(name, value)| Ok((name.clone(), template(value)?))).collect()
}

pub(super) fn json_template(
    json: &Value,
    template: &impl Fn(&str) -> Result<Template, String>,
) -> Result<JsonTemplate, String> {
    Ok(match json {
        Value::String(text) => JsonTemplate::Text(template(text)?),
        Value::Array(list) => {
            JsonTemplate::List(list.iter().map(|json| json_template(json, template)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let member = |(name, json): (&String, &Value)| Ok((name.clone(), json_template(json, template)?));
            JsonTemplate::Object(members.iter().map(member).collect::<Result<_, String>>()?)
        }
        other => JsonTemplate::Other(other.clone()),
    })
}

pub(super) fn statuses(status: &Statuses) -> Result<Statuses, String> {
    let Statuses { ok, absent, retry, retained, needs_operator } = status;
    let mut all: Vec<u16> = [ok, absent, retry, retained, needs_operator].into_iter().flatten().copied().collect();
    all.sort_unstable();
    if let Some(wrong) = all.iter().find(|code| !(100..600).contains(*code)) {
        return Err(format!("status: {wrong} is not one"));
    }
    if let Some(twice) = all.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("status: {} has two meanings", twice[0]));
    }
    Ok(status.clone())
}
