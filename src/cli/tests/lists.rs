//! What is listed fits a terminal, and is there for programs.

use super::*;
use crate::cli::rechecks;
use crate::erasure::{Recheck, RecheckOutcome};
use crate::operations::recheck::{Rechecks, ToCome};

/// Each list that stands in a table, with what it lists in [`full`].
const LISTS: [&[&str]; 10] = [
    &["erasures", "list"],
    &["audit", "list"],
    &["quarantine", "list"],
    &["receipts", "list"],
    &["requests", "list", "--all"],
    &["tasks", "list"],
    &["holds", "list", "--all"],
    &["targets", "list"],
    &["users", "list"],
    &["tokens", "list"],
];

/// A ledger of which each list shows something, as far as no server is needed for it.
pub(super) fn full() -> Home {
    let home = Home::new();
    home.quarantine("name=Ann");
    home.write("who", "ann@example.com\n");
    home.write("letter", "email: ann@example.com\n");
    let who = format!("@{}", home.path("who").display());
    let letter = home.path("letter").display().to_string();
    let purpose = "the data warehouse of the whole group, and what it is for besides";
    for order in [
        &["erase", "--email", &who][..],
        &["requests", "new", "--came", "letter", "--verified", "document", "--file", &letter],
        &["holds", "add", "--email", &who, "--reason", "legal-claims", "--case", "21 C 123/2026"],
        &["targets", "pause", "mluvii", "--reason", "maintenance", "--case", "OPS-4711", "--until", "2999-01-31"],
        &["users", "add", "ann", "--shown-as", "Anna Nováková-Dvořáková", "--role", "officer", "--role", "operator"],
        &["tokens", "issue", "ann", "--role", "officer", "--for", purpose],
    ] {
        let (code, said) = home.run(order);
        assert_eq!(code, 0, "{order:?}: {said}");
    }
    home
}

/// Whether nothing of it is wider than a terminal, but for remarks, which a terminal breaks.
#[track_caller]
pub(super) fn fits(text: &str) {
    let lines = text.lines().filter(|line| !line.starts_with("note:"));
    let wide: Vec<_> = lines.filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:#?}: {text}");
}

#[test]
fn lists_fit_a_terminal_of_80_columns() {
    let home = full();
    for list in LISTS {
        fits(&home.on_terminal(list));
    }
    let who = format!("@{}", home.path("who").display());
    let found = home.on_terminal(&["receipts", "find", "--email", &who]);
    assert!(found.contains("RECEIPT"), "one is listed: {found}");
    fits(&found);
}

#[test]
fn what_is_seen_again_fits_a_terminal_of_80_columns() {
    let at = jiff::Timestamp::from_second(1_750_000_000).expect("a time");
    let look = |outcome, why: Option<&str>| Recheck {
        erasure: ErasureId::generate(at),
        target: TargetName("a-crm-with-a-long-name".into()),
        due: at,
        looked: at,
        outcome,
        why: why.map(str::to_owned),
        records: 12,
        unsettled: true,
    };
    let looked = vec![
        look(RecheckOutcome::Residual, None),
        look(RecheckOutcome::Unclear, Some("unknown")),
        look(
            RecheckOutcome::NotLooked,
            Some("the system said that it is being maintained until Monday, and to come back"),
        ),
    ];
    let to_come = vec![ToCome { target: TargetName::mluvii(), at }];
    let (mut out, captured) = Out::captured_on_terminal();
    rechecks::write(&Rechecks { looked, to_come }, &mut out).expect("is written");
    let text = captured.text();
    // A word may be broken over lines.
    assert!(text.contains("AGAIN") && text.lines().count() > 5, "{text}");
    fits(&text);
}

#[test]
fn what_needs_a_person_is_named_within_80_columns() {
    let home = full();
    let Cli { global, command } = home.parsed(&["attention", "list"]);
    let (mut out, captured) = Out::captured_on_terminal();
    run(command, &global, &mut out).expect("runs");
    let text = captured.text();
    // Sentences are indented, and a terminal breaks them.
    let headings: Vec<_> = text.lines().filter(|line| !line.starts_with("          ")).collect();
    assert!(headings.iter().any(|line| line.contains("deliveries_unreadable")), "{text}");
    fits(&headings.join("\n"));
}

#[test]
fn every_list_is_an_array_for_programs() {
    let home = full();
    for list in LISTS {
        assert!(home.json(list).is_array(), "{list:?}");
    }
    for (list, count) in [(&["holds", "list"][..], 1), (&["users", "list"][..], 1), (&["requests", "list"][..], 1)] {
        assert_eq!(home.json(list).as_array().map(Vec::len), Some(count), "{list:?}");
    }
}

/// The commands that do something, each by the words that name it.
pub(super) fn leaves(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below: Vec<_> = below.collect();
    if below.is_empty() || !command.is_subcommand_required_set() {
        found.push(path.to_vec());
    }
    for next in below {
        leaves(next, &[path, &[next.get_name().to_owned()]].concat(), found);
    }
}

#[test]
fn every_command_takes_json() {
    let mut found = Vec::new();
    leaves(&Cli::command(), &["quietus".to_owned()], &mut found);
    found.retain(|path| path.len() > 1);
    assert!(found.len() > 60, "all are walked through, or this test tests nothing: {found:?}");
    for path in found {
        let kind = |more: &str| {
            let asked = path.iter().map(String::as_str).chain([more]);
            Cli::try_parse_from(asked).err().map(|error| error.kind())
        };
        // What is missing besides is another matter.
        let refused = [
            clap::error::ErrorKind::UnknownArgument,
            clap::error::ErrorKind::InvalidSubcommand,
            clap::error::ErrorKind::ArgumentConflict,
        ];
        assert!(kind("--json").is_none_or(|kind| !refused.contains(&kind)), "{path:?}");
        assert_eq!(kind("--jsno"), Some(clap::error::ErrorKind::UnknownArgument), "{path:?}: or this tests nothing");
    }
}
