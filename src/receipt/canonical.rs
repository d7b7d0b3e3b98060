//! Canonical JSON (RFC 8785): members sorted by UTF-16 code units, no white space. Statements hold no fractions, so
//! numbers are their decimal digits.

use serde::Serialize;
use serde_json::Value;

/// The canonical bytes of a value that is made of objects, arrays, strings, integers, booleans and nulls.
pub(super) fn bytes(value: &impl Serialize) -> Vec<u8> {
    let value = serde_json::to_value(value).expect("a statement is JSON");
    let mut out = Vec::with_capacity(512);
    write(&value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            list(b'{', b'}', members, out, |(name, value), out| {
                scalar(&Value::String(name.clone()), out);
                out.push(b':');
                write(value, out);
            });
        }
        Value::Array(items) => list(b'[', b']', items, out, write),
        other => scalar(other, out),
    }
}

fn list<T>(open: u8, close: u8, items: impl IntoIterator<Item = T>, out: &mut Vec<u8>, each: impl Fn(T, &mut Vec<u8>)) {
    out.push(open);
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        each(item, out);
    }
    out.push(close);
}

/// serde_json escapes exactly what RFC 8785 demands, in the same spelling.
fn scalar(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("writing to memory does not fail");
}
