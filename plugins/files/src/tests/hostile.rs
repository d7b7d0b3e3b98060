//! Identifiers are what a stranger typed into a form: they mean themselves, in files and in keys.

use super::*;

fn values() -> Vec<String> {
    let long = "x".repeat(10_000);
    let wide = "ž".repeat(5_000);
    let values = [
        "'\"`",
        "a\nb",
        "a\r\nX: b",
        "a\0b",
        "\u{1b}[2J\u{7f}",
        "%s%n%00%2e%2e%2f",
        "*",
        "**",
        "?",
        "[a-z]",
        "{a,b}",
        "../secret.txt",
        "../../secret",
        "..",
        ".",
        "/",
        "/etc/passwd",
        "a/../b",
        "~root",
        "$(id)",
        "`id`",
        "-rf",
        "\\..\\b",
        "' OR '1'='1",
        "*)(uid=*))(|(uid=",
        "\",\"x\":\"",
        "<Key>x</Key>",
        "&amp;&#47;",
        "]]>",
        "{session_id}",
        "{{email}}",
        "\u{202e}abc",
        "שלום",
        "e\u{301}",
        "é",
        "\u{200b}x",
        "a b",
        " a",
        "a ",
        "a+b",
        "a%20b",
        "č.txt",
        "a?versionId=1#b",
        "null",
        &long,
        &wide,
    ];
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn a_value_names_its_own_file_only() {
    for value in values() {
        let root = Root::new();
        let secret = root.secret();
        let decoys = ["a.txt", "b.txt", "passwd.txt", "secret.txt", "x.txt", ".txt", "e.txt", "a-1.txt", "d/a.txt"];
        decoys.iter().for_each(|name| drop(root.file(name)));
        let before = root.all();
        for settings in [
            json!({ "path": "{odd}.txt", "recursive": true, "others": "remove" }),
            json!({ "path": "{odd}", "recursive": true, "others": "remove" }),
            json!({ "path": "*/{odd}-*", "recursive": true, "others": "remove" }),
        ] {
            let plugin = root.plugin(settings.clone());
            let answer = plugin.erase([("odd", value.as_str())]).expect("an answer");
            assert!(matches!(answer.outcome, Outcome::Absent | Outcome::Unverifiable), "{settings}: {answer:?}");
        }
        assert_eq!(root.all(), before);
        assert!(secret.exists());
        // Its own, where a file can be named so.
        let name = format!("{value}.txt");
        if value.contains(['/', '\0']) || name.len() > 255 {
            continue;
        }
        std::fs::write(root.path().join(&name), "hers").expect("written");
        let plugin = root.plugin(json!({ "path": "{odd}.txt" }));
        assert_eq!(plugin.erase([("odd", value.as_str())]), Ok(Answer::erased().count("files", 1)), "{value:?}");
        assert_eq!(root.all(), before);
    }
}

#[test]
fn a_value_names_its_own_object_only() {
    let bucket = Bucket::new("hostile", Keeps::Versions);
    let decoys =
        ["p/a.txt", "p/b.txt", "p/.txt", "p/x.txt", "secret.txt", "etc/passwd.txt", "p/e.txt", "p/null.txt.old"];
    decoys.iter().for_each(|key| bucket.object(key));
    let before = bucket.keys();
    for value in values() {
        let (exact, below) =
            (bucket.plugin(json!({ "key": "p/{odd}.txt" })), json!({ "key": "p/{odd}/", "recursive": true }));
        for plugin in [&exact, &bucket.plugin(below)] {
            let answer = plugin.erase([("odd", value.as_str())]).expect("an answer");
            assert!(matches!(answer.outcome, Outcome::Absent | Outcome::Unverifiable), "{value:?}: {answer:?}");
        }
        // Control characters do not come through this storage's own XML.
        if value.contains('/') || value.len() > 255 || value.chars().any(char::is_control) {
            continue;
        }
        bucket.object(&format!("p/{value}.txt"));
        let erased = Answer::erased().count("objects", 1).count("versions", 1);
        let request = Request { idempotency_key: value.clone(), ..[("odd", value.as_str())].into() };
        assert_eq!(exact.erase(request), Ok(erased), "{value:?}");
        assert_eq!(bucket.keys(), before, "{value:?}");
    }
}

#[test]
fn nothing_that_is_said_holds_a_value() {
    let root = Root::new();
    let mark = "kmark77";
    let plugin = root.plugin(json!({ "path": "{odd}.txt" }));
    std::fs::create_dir(root.path().join(format!("{mark}.txt"))).expect("made");
    let error = plugin.erase([("odd", mark)]).expect_err("a folder");
    let answer = plugin.erase([("odd", format!("{mark}/x"))]).expect("an answer");
    assert!(!format!("{error:?}{answer:?}{:?}", plugin.log()).contains(mark));
}
