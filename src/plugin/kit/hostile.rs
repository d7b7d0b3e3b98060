//! Checks with what strangers type into forms: every value is answered, none is echoed, none ends the process.

use super::bench::{Bench, Method, is_breach};
use super::finding::{Checked, Not};
use super::leak_scanner::Private;
use super::person::{Person, fresh_key, kinds};

/// Part of every hostile value, so that the leak scanner finds an echo.
const MARK: &str = "kitmark5d0c7e";
/// A value of this length is what a broken form sends.
const LONG: usize = 10_000;

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("hostile-answered", "hostile identifiers are answered and end nothing", answered).await;
    bench.check("hostile-not-echoed", "hostile identifiers are not echoed", async |bench| echoed(bench)).await;
}

/// Names of what is tried, and values.
fn values() -> Vec<(&'static str, String)> {
    let marked = |before: &str, after: &str| format!("{before}{MARK}{after}");
    vec![
        ("quotes", marked("'\"`", "'\"`\\")),
        ("a line break", marked("a\n", "\nb")),
        ("CRLF and a header", marked("a\r\nX-Kit: ", "\r\n\r\nGET / HTTP/1.1\r\n")),
        ("NUL", marked("a\0", "\0b")),
        ("control characters", marked("\u{1b}[2J\u{7}", "\u{8}\u{7f}\u{9b}")),
        ("percent signs", marked("%s%n%00%2e%2e%", "%")),
        ("wildcards", marked("*", "*?%_[a-z]{a,b}")),
        ("a path", marked("../../../../", "/../../etc/passwd")),
        ("SQL", marked("' OR '1'='1' -- ", "'; DROP TABLE users; --")),
        ("LDAP", marked("*)(uid=*))(|(uid=", "*\\2a)(&")),
        ("IMAP", marked("\"\r\nA1 DELETE INBOX\r\n{4096}\r\n", "\" OR ALL")),
        ("JSON", marked("\",\"kit\":{\"$ne\":null},\"", "\"}]")),
        ("a template", marked("{{7*7}}${7*7}<%= 7*7 %>", "{{kit}}")),
        ("markup", marked("<script>", "</script>&amp;<!--")),
        ("a shell's words", marked("$(id)`id`;|&", "\nrm -rf /tmp/kit")),
        ("right to left", marked("\u{202e}שלום مرحبا ", "\u{2066}\u{200f}")),
        ("combining characters", marked(&format!("e{}", "\u{301}".repeat(200)), "\u{feff}\u{1f469}\u{200d}\u{1f4bb}")),
        ("spaces", marked(" \t\u{a0}\u{2003}", " \u{200b} ")),
        ("10,000 characters", marked("", &"x".repeat(LONG - MARK.len()))),
        ("10,000 wide characters", marked("", &"ž".repeat(LONG - MARK.len()))),
    ]
}

async fn answered(bench: &mut Bench<'_>) -> Checked {
    bench.scanner.lock().look_for(Private::Hostile, "a hostile identifier", MARK);
    let nobody = Person::nobody(bench.manifest()?);
    let kinds = kinds(bench.manifest()?);
    let values = values();
    for (kind, (what, value)) in kinds.iter().flat_map(|kind| values.iter().map(move |value| (kind, value))) {
        let person = nobody.with(kind, value, Private::Hostile);
        let during = format!("a call with {what} in `{kind}`");
        let reply = bench.call(&during, Method::Erase, &person, &fresh_key()).await?;
        if let Some(breach) = is_breach(&reply) {
            let advice = "trust no identifier: bind it as a parameter, encode it, never paste it";
            return Err(Not::failed(format!("{during}: {}", bench.subject.shown(breach)), advice));
        }
    }
    bench.still_lives("hostile identifiers").await?;
    Ok(Some(format!("{} values in {}", values.len(), kinds.join(", "))))
}

fn echoed(bench: &Bench<'_>) -> Checked {
    bench.manifest()?;
    match bench.scanner.lock().leaks(Private::Hostile).first() {
        None => Ok(None),
        Some(leak) => {
            Err(Not::failed(leak.to_string(), "say nothing of an identifier, not even that it is wrong where"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hostile_value_is_marked_and_fits_a_message() {
        for (what, value) in values() {
            assert!(value.contains(MARK) && serde_json::to_vec(&value).expect("JSON").len() < 1 << 17, "{what}");
        }
    }
}
