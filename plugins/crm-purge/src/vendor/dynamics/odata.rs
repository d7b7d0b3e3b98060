//! Filters in OData, none of which begins with a wildcard: such queries are throttled for all users of an environment.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/query/filter-rows>,
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/wildcard-characters>

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::Place;

/// The columns that these places are.
pub(super) fn columns(places: &[Place]) -> impl Iterator<Item = &'static str> {
    places.iter().map(|place| &place.at()[1..])
}

pub(super) fn by_address(
    places: &'static [Place],
    spellings: &[String],
    around_plus: Option<&(String, String)>,
) -> String {
    let mut conditions = Vec::new();
    for address in spellings {
        conditions.extend(columns(places).map(|column| format!("{column} eq {}", quoted(address))));
    }
    if let Some((before, after)) = around_plus {
        // Not by `endswith`, which has a wildcard at its beginning without showing it.
        let pattern = quoted(&format!("{}%{}", literal(before), literal(after)));
        conditions.extend(columns(places).map(|column| format!("startswith({column},{pattern})")));
    }
    conditions.join(" or ")
}

/// Numbers are kept as they were typed: `%` between the digits is for every way to group them.
pub(super) fn by_number(places: &'static [Place], number: &str, forms: &[String]) -> String {
    let mut conditions = Vec::new();
    for beginning in beginnings(number, forms) {
        let pattern = quoted(&beginning);
        conditions.extend(columns(places).map(|column| format!("startswith({column},{pattern})")));
    }
    conditions.join(" or ")
}

/// How a number may begin: with `+` and the country's code, with `00`, without either, and in parentheses.
fn beginnings(number: &str, forms: &[String]) -> BTreeSet<String> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let spread = |digits: &str| digits.chars().map(String::from).collect::<Vec<_>>().join("%");
    let whole = digits(number);
    let mut all = BTreeSet::from([format!("+%{}", spread(&whole)), spread(&format!("00{whole}"))]);
    for digits in forms.iter().map(|form| digits(form)).chain([whole]).filter(|digits| !digits.is_empty()) {
        let spread = spread(&digits);
        all.extend([format!("(%{spread}"), spread]);
    }
    all
}

/// A text in OData.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text in a pattern that stands for itself only.
fn literal(text: &str) -> String {
    text.chars().fold(String::new(), |mut literal, letter| {
        match letter {
            '%' | '_' | '[' => literal.extend(['[', letter, ']']),
            _ => literal.push(letter),
        }
        literal
    })
}

/// An error's code: hexadecimal, or the same 32 bits as a signed number.
pub(super) fn error_code(code: &Value) -> Option<u32> {
    let signed = |number: i64| i32::try_from(number).ok().map(i32::cast_unsigned);
    match code {
        Value::Number(number) => signed(number.as_i64()?),
        Value::String(text) => match text.trim().to_ascii_lowercase().strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => signed(text.trim().parse().ok()?),
        },
        _ => None,
    }
}
