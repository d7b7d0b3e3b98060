//! The two languages of queries, as strictly as a service reads them: parses what a query asks for.

/// The property and the text of a condition in KQL; `None` where it is not one condition.
pub(super) fn searched(search: &str) -> Option<(bool, String)> {
    let inner = search.strip_prefix('"')?.strip_suffix('"')?;
    let (property, value) = inner.split_once(':')?;
    let senders = match property {
        "from" => true,
        "participants" => false,
        _ => return None,
    };
    let text = match value.strip_prefix("\\\"").and_then(|value| value.strip_suffix("\\\"")) {
        Some(phrase) => (!phrase.contains(['"', '\\', '*'])).then_some(phrase)?,
        None => (!value.contains([' ', '"', '\\', '*', '(', ')', ':', '\''])).then_some(value)?,
    };
    Some((senders, text.to_lowercase()))
}

/// The text of a condition in OData; `None` where it is not one condition.
pub(super) fn filtered(filter: &str) -> Option<String> {
    let value = filter.strip_prefix("from/emailAddress/address eq '")?.strip_suffix('\'')?;
    let unquoted = value.replace("''", "");
    (!unquoted.contains('\'')).then(|| value.replace("''", "'"))
}
