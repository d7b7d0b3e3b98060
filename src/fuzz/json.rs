//! How JSON is changed, so that it stays JSON.

use serde_json::{Map, Value, json};

use crate::chance::Chance;

/// Changes one value somewhere within.
pub(super) fn change(value: &mut Value, chance: &mut Chance) {
    let size = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if size > 0 && !chance.one_in(4) {
        let within = match value {
            Value::Array(items) => items.get_mut(chance.below(size)),
            Value::Object(fields) => fields.values_mut().nth(chance.below(size)),
            _ => None,
        };
        return within.map_or((), |within| change(within, chance));
    }
    match value {
        Value::Array(items) => of_array(items, chance),
        Value::Object(fields) => of_object(fields, chance),
        other => *other = instead(other, chance),
    }
}

fn of_array(items: &mut Vec<Value>, chance: &mut Chance) {
    match (chance.below(4), items.len()) {
        (0, 1..) => drop(items.remove(chance.below(items.len()))),
        (1, 1..) => {
            let item = items[chance.below(items.len())].clone();
            let times = chance.below(100);
            items.extend(std::iter::repeat_n(item, times));
        }
        _ => items.push(instead(&Value::Null, chance)),
    }
}

fn of_object(fields: &mut Map<String, Value>, chance: &mut Chance) {
    let names: Vec<_> = fields.keys().cloned().collect();
    let name = if names.is_empty() { String::new() } else { chance.of(&names) };
    match chance.below(4) {
        0 => drop(fields.remove(&name)),
        1 => {
            let other = if names.is_empty() { String::new() } else { chance.of(&names) };
            let moved = fields.remove(&name).unwrap_or_default();
            fields.insert(other, moved);
        }
        2 => drop(fields.insert(name.to_uppercase(), instead(&Value::Null, chance))),
        _ => drop(fields.insert(name, instead(&Value::Null, chance))),
    }
}

/// What may stand in the place of a value.
fn instead(value: &Value, chance: &mut Chance) -> Value {
    let text = value.as_str().unwrap_or("a");
    match chance.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(107.5),
        7 => json!(""),
        8 => json!(value.to_string()),
        9 => json!(text.repeat(1 + chance.below(2_000))),
        10 => json!(format!("{text}\0\u{feff}ž\u{202e}")),
        11 => (0..chance.below(130)).fold(value.clone(), |within, _| json!([within])),
        12 => (0..chance.below(130)).fold(value.clone(), |within, _| json!({ "a": within })),
        _ => json!({ text: value }),
    }
}
