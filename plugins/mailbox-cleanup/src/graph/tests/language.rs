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

/// The time in a condition in OData for what came then or later; `None` where it is not one.
pub(super) fn dated(filter: &str) -> Option<&str> {
    let from = filter.strip_prefix("receivedDateTime ge ")?;
    (from.len() == "2026-01-01T00:00:00Z".len() && from.ends_with('Z') && !from.contains(['\'', ' '])).then_some(from)
}
