//! Checks of what the plugin says of itself.

use quietus_plugin::{ANY, Manifest, Operation};

use super::bench::Bench;
use super::finding::{Checked, Not};
use crate::plugin::contract::{has_find_with_kinds, is_returned};
use crate::subject::Kind;

/// What the host does not exceed, whatever a manifest says.
const CONCURRENCY_MAX: u32 = 64;
const CALL_MS_MAX: u64 = 300_000;
const HEALTH_MS_MAX: u64 = 30_000;

pub(super) async fn run(bench: &mut Bench<'_>) {
    type Check = fn(&Manifest) -> Checked;
    let checks: [(&str, &str, Check); 7] = [
        ("manifest-words", "name and version are short plain words", words),
        ("manifest-operations", "`erase` is declared, and every operation is a plain word", operations),
        ("manifest-identifiers", "the kinds of identifiers are known or plain words", identifiers),
        ("manifest-returns", "`find` and the kinds that it returns are declared together", returns),
        ("manifest-limits", "timeouts and concurrency are such that the host keeps to them", limits),
        ("manifest-pointers", "what points into the configuration is a JSON pointer to something there", pointers),
        ("manifest-schema", "the configuration's JSON Schema is one", schema),
    ];
    for (id, sentence, check) in checks {
        bench.check(id, sentence, async |bench| check(bench.manifest()?)).await;
    }
}

fn words(manifest: &Manifest) -> Checked {
    for (what, word) in [("name", &manifest.name), ("version", &manifest.version)] {
        if word.is_empty() || word.len() > 64 || !word.chars().all(|c| c.is_ascii_graphic()) {
            let advice = "it stands in logs, pages and receipts";
            return Err(Not::failed(format!("its {what} is not 1 to 64 printable characters without a space"), advice));
        }
    }
    Ok(Some(format!("{} {}", manifest.name, manifest.version)))
}

fn operations(manifest: &Manifest) -> Checked {
    let words: Vec<String> = manifest.operations.iter().cloned().map(String::from).collect();
    if !manifest.can(&Operation::Erase) {
        return Err(Not::failed("`erase` is not declared", "a plugin that does not erase is of no use: declare it"));
    }
    if !words.iter().all(|word| is_plain(word)) {
        return Err(Not::failed(
            "an operation is not a word of a-z and `_`",
            "declare operations that PLUGINS.md names",
        ));
    }
    let missing = [Operation::Verify, Operation::Health].into_iter().filter(|operation| !manifest.can(operation));
    let missing: Vec<String> = missing.map(|operation| format!("`{}`", String::from(operation))).collect();
    let note = format!("without {}: implement it, as a vendor's 2xx is not an erasure", missing.join(" and "));
    Ok(Some(if missing.is_empty() { words.join(", ") } else { note }))
}

fn identifiers(manifest: &Manifest) -> Checked {
    let wanted = &manifest.identifiers;
    if wanted.required.is_empty() && wanted.optional.is_empty() {
        return Err(Not::failed("no kind of identifier is declared", "declare by what it finds a person"));
    }
    if wanted.required.iter().any(|kind| kind == ANY) {
        return Err(Not::failed("`*` is among the required kinds", "`*` belongs among the optional ones"));
    }
    let all = || wanted.required.iter().chain(&wanted.optional).filter(|kind| *kind != ANY);
    if all().any(|kind| kind.parse::<Kind>().is_err()) {
        return Err(Not::failed("a kind is not a word of a-z, 0-9 and `_`", "name the kind by such a word"));
    }
    if let Some(kind) = all().find(|kind| all().filter(|other| other == kind).count() > 1) {
        return Err(Not::failed(format!("`{kind}` is declared twice"), "a kind is either required or optional"));
    }
    let own: Vec<&str> = all().map(String::as_str).filter(|kind| matches!(kind.parse(), Ok(Kind::Other(_)))).collect();
    Ok((!own.is_empty()).then(|| format!("kinds of its own: {}", own.join(", "))))
}

fn returns(manifest: &Manifest) -> Checked {
    if !has_find_with_kinds(manifest) {
        let advice = "declare both, or neither: `finds([…])`, `finds_from(…)`";
        return Err(Not::failed("only one of `find` and `returns` is declared", advice));
    }
    match manifest.returns.iter().all(|word| is_returned(word)) {
        true => Ok((!manifest.returns.is_empty()).then(|| manifest.returns.join(", "))),
        false => {
            let advice = "return kinds of a-z, 0-9 and `_`; ids of guests and sessions come from mluvii only";
            Err(Not::failed("`returns` names a kind that no plugin may return", advice))
        }
    }
}

fn limits(manifest: &Manifest) -> Checked {
    let timeouts = &manifest.timeouts;
    let spans = [
        ("erase_ms", timeouts.erase_ms, CALL_MS_MAX),
        ("verify_ms", timeouts.verify_ms, CALL_MS_MAX),
        ("health_ms", timeouts.health_ms, HEALTH_MS_MAX),
    ];
    for (name, millis, most) in spans {
        if !(1..=most).contains(&millis) {
            let why = format!("`{name}` is {millis}; the host waits for 1 to {most} ms");
            return Err(Not::failed(why, "declare a time in which a call is really done"));
        }
    }
    if !(1..=CONCURRENCY_MAX).contains(&manifest.max_concurrency) {
        let why = format!("`max_concurrency` is {}; the host makes 1 to {CONCURRENCY_MAX}", manifest.max_concurrency);
        return Err(Not::failed(why, "declare how many calls it takes at once"));
    }
    if manifest.ports.contains(&0) {
        return Err(Not::failed("port 0 is declared", "declare the ports that it connects to"));
    }
    Ok(None)
}

fn pointers(manifest: &Manifest) -> Checked {
    let all = [
        ("ports_from", &manifest.ports_from),
        ("reads_from", &manifest.reads_from),
        ("writes_from", &manifest.writes_from),
        ("returns_from", &manifest.returns_from),
    ];
    for (name, pointer) in all.into_iter().flat_map(|(name, list)| list.iter().map(move |pointer| (name, pointer))) {
        if !is_pointer(pointer) {
            let advice = "write it as RFC 6901 says: `/base_url`, `/folders/0`";
            return Err(Not::failed(format!("an entry of `{name}` is not a JSON pointer"), advice));
        }
        let key = pointer.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
        let properties = &manifest.config_schema["properties"];
        if properties.is_object() && properties.get(&key).is_none() {
            let why = format!("`{name}` has `{pointer}`, and the schema knows no `{key}`");
            return Err(Not::failed(
                why,
                "point at a key of the configuration; otherwise what is meant is not open to it, or not known",
            ));
        }
    }
    Ok(None)
}

fn schema(manifest: &Manifest) -> Checked {
    if manifest.config_schema.is_null() {
        let advice = "give one, so that an operator's mistake is found before anything starts";
        return Err(Not::failed("it has no `config_schema`", advice));
    }
    match jsonschema::validator_for(&manifest.config_schema) {
        Ok(_) => Ok(None),
        Err(e) => Err(Not::failed(format!("it is not one: {e}"), "write a JSON Schema of draft 2020-12")),
    }
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.len() <= 64 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// As RFC 6901 says: empty, or `/` and tokens in which `~` is followed by 0 or 1.
fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    escapes && (text.is_empty() || text.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plugin::kit::finding::Verdict;

    #[track_caller]
    fn check(checked: fn(&Manifest) -> Checked, change: impl FnOnce(&mut Manifest), expected: &str) {
        let mut manifest = Manifest::new("sample", "1").requires("email").accepts("phone").port_from("/base_url");
        manifest.config_schema = json!({ "type": "object", "properties": { "base_url": { "type": "string" } } });
        assert!(matches!(Verdict::from(checked(&manifest)), Verdict::Passed { .. }));
        change(&mut manifest);
        let Verdict::Failed { why, .. } = Verdict::from(checked(&manifest)) else { panic!("passed") };
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn each_fault_of_a_manifest_is_named() {
        check(words, |manifest| manifest.name = "a b".into(), "its name");
        check(words, |manifest| manifest.version = String::new(), "its version");
        check(operations, |manifest| manifest.operations = vec![Operation::Verify], "`erase`");
        check(operations, |manifest| manifest.operations.push(Operation::Other("Sing!".into())), "not a word");
        check(identifiers, |manifest| manifest.identifiers = Default::default(), "no kind");
        check(identifiers, |manifest| manifest.identifiers.required.push(ANY.into()), "`*`");
        check(identifiers, |manifest| manifest.identifiers.optional.push("E-Mail".into()), "not a word");
        check(identifiers, |manifest| manifest.identifiers.optional.push("email".into()), "twice");
        check(returns, |manifest| manifest.operations.push(Operation::Find), "only one of");
        check(
            returns,
            |manifest| {
                manifest.operations.push(Operation::Find);
                manifest.returns.push("guest_id".into());
            },
            "no plugin may return",
        );
        check(limits, |manifest| manifest.timeouts.erase_ms = 0, "`erase_ms` is 0");
        check(limits, |manifest| manifest.timeouts.health_ms = 60_000, "`health_ms`");
        check(limits, |manifest| manifest.max_concurrency = 65, "`max_concurrency` is 65");
        check(limits, |manifest| manifest.ports.push(0), "port 0");
        check(pointers, |manifest| manifest.ports_from.push("base_url".into()), "not a JSON pointer");
        check(pointers, |manifest| manifest.reads_from.push("/a~2".into()), "not a JSON pointer");
        check(pointers, |manifest| manifest.writes_from.push("/folder/0".into()), "no `folder`");
        check(pointers, |manifest| manifest.returns_from.push("/find/*/returns".into()), "no `find`");
        check(schema, |manifest| manifest.config_schema = serde_json::Value::Null, "no `config_schema`");
        check(schema, |manifest| manifest.config_schema = json!({ "type": "strnig" }), "it is not one");
    }
}
