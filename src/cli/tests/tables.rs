//! Every table of the commands fits a terminal, whatever stands in it.

use std::collections::{BTreeMap, BTreeSet};

use super::lists::fits;
use super::*;

/// Where tables are drawn.
const DRAWN_IN: [&str; 26] = [
    "audit.rs",
    "consent/show.rs",
    "erase/reach.rs",
    "erase/said.rs",
    "erase_again.rs",
    "erasures.rs",
    "holds.rs",
    "ledger.rs",
    "past.rs",
    "plugin/describe.rs",
    "plugin/list.rs",
    "plugin/recipe.rs",
    "quarantine.rs",
    "receipts/find.rs",
    "receipts/list.rs",
    "receipts/show.rs",
    "rechecks.rs",
    "reconcile.rs",
    "requests/list.rs",
    "requests/plan.rs",
    "rules/trial.rs",
    "status.rs",
    "targets.rs",
    "tasks.rs",
    "tokens.rs",
    "users.rs",
];

/// As long as a target's name and a title may be.
const LONG: usize = 60;

/// An erasure's id, which is copied into the next command.
const ID: &str = "e-0123456789abcdef0123456789abcdef";

/// The sources below a folder, but for tests, by their path.
fn sources(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("the sources are there") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        let path = format!("{below}{name}");
        if entry.file_type().expect("a type").is_dir() {
            if name != "tests" {
                sources(&entry.path(), &format!("{path}/"), found);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.insert(path, std::fs::read_to_string(entry.path()).expect("UTF-8"));
        }
    }
}

/// What stands in quotes in the first brackets.
fn quoted(text: &str) -> Vec<String> {
    let (_, list) = text.split_once('[').expect("a list");
    let (list, _) = list.split_once(']').expect("its end");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The headers of the tables that a source draws.
fn headers(source: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (place, call) in source.match_indices("out.table(") {
        let given = source[place + call.len()..].trim_start();
        if given.starts_with('[') {
            found.push(quoted(given));
        } else {
            // By its name: it stands above.
            let (name, _) = given.split_once(',').expect("rows follow");
            let above = source[..place].rfind(&format!("let {name} = [")).expect("it is named above");
            found.push(quoted(&source[above..]));
        }
    }
    found
}

fn drawn<const COLUMNS: usize>(header: &[String], rows: &[Vec<String>]) -> String {
    let (mut out, captured) = Out::captured_on_terminal();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let header: [&str; COLUMNS] = header.try_into().expect("as many");
    let rows = rows.iter().map(|row| <[String; COLUMNS]>::try_from(row.clone()).expect("as many"));
    out.table(header, rows).expect("is written");
    captured.text()
}

/// A table of this header, as the commands draw it.
fn table(header: &[String], rows: &[Vec<String>]) -> String {
    match header.len() {
        2 => drawn::<2>(header, rows),
        3 => drawn::<3>(header, rows),
        4 => drawn::<4>(header, rows),
        5 => drawn::<5>(header, rows),
        6 => drawn::<6>(header, rows),
        7 => drawn::<7>(header, rows),
        columns => panic!("a table of {columns} columns: does it fit a terminal?"),
    }
}

#[test]
fn every_table_fits_a_terminal_of_80_columns_with_long_names_in_each_column() {
    let mut all = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli"), "", &mut all);
    let tables: BTreeMap<_, _> = all.iter().map(|(path, source)| (path.as_str(), headers(source))).collect();
    let drawing: BTreeSet<_> =
        tables.iter().filter(|(_, headers)| !headers.is_empty()).map(|(path, _)| *path).collect();
    assert_eq!(drawing, BTreeSet::from(DRAWN_IN), "a table elsewhere is tried here, too");
    let tables: Vec<_> = tables.into_values().flatten().collect();
    assert!(tables.len() >= 30, "{tables:?}, or this tests nothing");

    for header in tables {
        let columns = header.len();
        // No letter that another column has: what is broken over lines is all there.
        let long = |column: usize| ["a", "b", "c", "d", "f", "g", "h"][column].repeat(LONG);
        let filled = |is_long: &dyn Fn(usize) -> bool| -> Vec<String> {
            (0..columns).map(|column| if is_long(column) { long(column) } else { "-".to_owned() }).collect()
        };
        for only in 0..columns {
            let text = table(&header, &[filled(&|column| column == only)]);
            fits(&text);
            assert_eq!(text.matches(['a', 'b', 'c', 'd', 'f', 'g', 'h']).count(), LONG, "{header:?}: {text}");
        }
        let text = table(&header, &[filled(&|_| true), filled(&|column| column == 0)]);
        fits(&text);
        assert_eq!(text.matches('a').count(), 2 * LONG, "{header:?}: {text}");

        // What is copied into the next command stays in one piece, whatever is said of it.
        let mut row = filled(&|column| column > 0);
        row[0] = ID.to_owned();
        let text = table(&header, &[row]);
        fits(&text);
        assert!(text.contains(ID), "{header:?}: {text}");
        assert!(text.matches('b').count() >= LONG, "{header:?}: {text}");
    }
}

#[test]
fn a_sentence_in_a_table_is_broken_between_its_words() {
    let header = ["TARGET", "REASON"].map(str::to_owned);
    let sentence = "the system said that it is being maintained until Monday, and to come back then";
    let text = table(&header, &[vec!["x".repeat(LONG), sentence.to_owned()]]);
    fits(&text);
    for word in sentence.split(' ') {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn a_target_with_a_long_name_is_listed_within_80_columns() {
    let home = Home::new();
    let name = "the-data-warehouse-of-the-whole-group-and-of-all-its-brands";
    home.write("quietus.toml", &format!("{CONFIG}\n[[manual]]\nname = \"{name}\"\ntext = \"Shred the file.\"\n"));
    let paused = ["targets", "pause", name, "--reason", "maintenance", "--case", "OPS-4711", "--until", "2999-01-31"];
    let (code, said) = home.run(&paused);
    assert_eq!(code, 0, "{said}");
    let text = home.on_terminal(&["targets", "list"]);
    assert!(text.contains(&name[..12]) && text.contains("paused"), "{text}");
    fits(&text);
}
