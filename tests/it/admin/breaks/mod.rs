//! The API's description beside that of the commit before, and of the last release: what breaks programs is declared in CHANGELOG.md, or is a
//! mistake.

mod cases;
mod comparison;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use comparison::{Break, breaks};

const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");
const CHANGES: &str = include_str!("../../../../CHANGELOG.md");

/// How an item of CHANGELOG.md begins that declares a break. It names each operation as it is found here: `POST /api/v1/holds`.
const DECLARES: &str = "API break:";

#[test]
#[expect(clippy::print_stderr, reason = "what was not compared is said")]
fn what_breaks_programs_is_declared_in_the_changelog() {
    let Some(folder) = std::env::var_os("QUIETUS_TEST_PREVIOUS_API").map(PathBuf::from) else {
        eprintln!("no QUIETUS_TEST_PREVIOUS_API, which tests/run sets: there is nothing to compare the API with");
        return;
    };
    let present: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
    // One for each version that is compared.
    for version in std::fs::read_dir(&folder).expect("a folder") {
        let version = version.expect("a version").path();
        let read = |name: &str| std::fs::read_to_string(version.join(name)).expect("it is there");
        let before: Value = serde_json::from_str(&read("openapi.json")).expect("JSON");
        let undeclared = undeclared(breaks(&before, &present), &read("CHANGELOG.md"), CHANGES);
        assert!(
            undeclared.is_empty(),
            "the API breaks with {}; if that is meant, CHANGELOG.md has to say so in an item `- {DECLARES} …` with each operation: \
             {undeclared:#?}",
            version.display()
        );
    }
}

/// Those that no new item of the changes declares.
fn undeclared(mut breaks: Vec<Break>, before: &str, after: &str) -> Vec<Break> {
    let old: BTreeSet<&str> = items(before).collect();
    let declared: Vec<&str> = items(after).filter(|item| item.starts_with(DECLARES) && !old.contains(item)).collect();
    breaks.retain(|one| {
        let name = format!("`{}`", one.operation);
        !declared.iter().any(|item| item.contains(&name))
    });
    breaks
}

/// What is listed, item by item.
fn items(changes: &str) -> impl Iterator<Item = &str> {
    changes.split("\n- ").skip(1).map(|item| item.split("\n\n").next().unwrap_or(item).trim_end())
}
