//! Every command beside what does the same over the API and on a page. The promise is held here: what can be ordered of requests, erasures,
//! holds, consent, receipts, quarantine, attention, plugins, webhook and rules is possible in all three ways. What is not says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::quietus;

/// A command, the operations of the API and the pages that do the same, and why it has none of either.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);

const NO_WRITING: &str = "it changes nothing, and the page says the same";
const BY_PASSWORD: &str = "who may do what is given in a browser, with one's own password, and by no token";
const FILE: &str = "it writes into a folder of the machine";

const ACTS: &[Row] = &[
    ("status", &["status", "me"], &["GET /"], ""),
    ("reload", &["reload_configuration"], &[], "whoever has changed the file is on its machine"),
    ("plugin list", &["list_plugins"], &["GET /targets/{name}"], ""),
    ("plugin reload", &["reload_plugin"], &["POST /targets/{name}/reload"], ""),
    ("webhook status", &["list_webhooks"], &["GET /mluvii"], ""),
    ("webhook register", &["register_webhook"], &["POST /mluvii/register"], ""),
    ("webhook unregister", &["unregister_webhook"], &["GET /mluvii/unregister", "POST /mluvii/unregister"], ""),
    ("reconcile", &["order_past_job"], &["POST /mluvii/past"], ""),
    ("reconcile status", &["list_past_jobs", "show_past_job"], &["GET /mluvii", "GET /mluvii/past/{number}"], ""),
    ("reconcile confirm", &["confirm_past_job"], &["POST /mluvii/past/{number}/confirm"], ""),
    ("reconcile cancel", &["cancel_past_job"], &["POST /mluvii/past/{number}/cancel"], ""),
    (
        "erase",
        &["request_erasure", "foresee_erasure"],
        &["GET /erasures/new", "POST /erasures/new/foresee", "POST /erasures/new/do"],
        "",
    ),
    ("erase-again", &["order_sweep"], &["POST /sweeps", "POST /sweeps/{company}/{target}/erase"], ""),
    ("erase-again status", &["list_sweeps"], &["GET /sweeps", "GET /sweeps/{company}/{target}"], ""),
    ("erase-again cancel", &["cancel_sweep"], &["POST /sweeps/{company}/{target}/cancel"], ""),
    ("erasures list", &["list_erasures"], &["GET /erasures"], ""),
    ("erasures show", &["show_erasure"], &["GET /erasures/{id}"], ""),
    ("erasures approve", &["approve_erasure"], &["POST /erasures/{id}/approve"], ""),
    ("erasures reject", &["reject_erasure"], &["POST /erasures/{id}/reject"], ""),
    ("erasures begin", &["begin_erasure"], &["POST /erasures/{id}/begin"], ""),
    (
        "erasures retry",
        &["retry_erasure", "retry_undecided"],
        &["POST /erasures/{id}/retry", "GET /erasures/retry", "POST /erasures/retry", "POST /attention/retry"],
        "",
    ),
    ("erasures stop", &["stop_erasure"], &["POST /erasures/{id}/stop"], ""),
    ("erasures cancel", &["cancel_erasure"], &["POST /erasures/{id}/cancel"], ""),
    (
        "requests new",
        &["enter_request"],
        &[
            "GET /requests/new",
            "POST /requests/new",
            "POST /requests/new/of",
            "GET /requests/import",
            "POST /requests/import",
        ],
        "",
    ),
    ("requests list", &["list_requests"], &["GET /requests"], ""),
    ("requests show", &["show_request"], &["GET /requests/{company}/{number}"], ""),
    ("requests find", &["find_requests"], &["GET /people", "POST /people"], ""),
    (
        "requests verify",
        &["verify_request"],
        &[
            "POST /requests/{company}/{number}/verify",
            "POST /requests/{company}/{number}/ask",
            "POST /requests/{company}/{number}/answered",
            "POST /requests/{company}/{number}/link",
        ],
        "",
    ),
    ("requests extend", &["extend_request"], &["POST /requests/{company}/{number}/extend"], ""),
    ("requests reject", &["reject_request"], &["POST /requests/{company}/{number}/reject"], ""),
    ("requests withdraw", &["withdraw_request"], &["POST /requests/{company}/{number}/withdraw"], ""),
    ("requests close", &["close_request"], &["POST /requests/{company}/{number}/close"], ""),
    (
        "requests plan",
        &["plan_request", "show_plan"],
        &["POST /requests/{company}/{number}/plan", "GET /requests/{company}/{number}/plan"],
        "",
    ),
    ("requests approve", &["approve_request"], &["POST /requests/{company}/{number}/approve"], ""),
    ("requests run", &["run_request"], &["POST /requests/{company}/{number}/run"], ""),
    ("tasks list", &["list_tasks"], &["GET /tasks"], ""),
    ("tasks show", &["show_task", "reveal_task"], &["GET /tasks/{id}"], ""),
    ("tasks done", &["finish_task"], &["POST /tasks/{id}/done"], ""),
    ("tasks link", &["link_task"], &["POST /tasks/{id}/link"], ""),
    ("holds add", &["add_hold"], &["GET /holds/new", "POST /holds/new", "POST /holds/new/of"], ""),
    ("holds list", &["list_holds"], &["GET /holds"], ""),
    ("holds show", &["show_hold"], &["GET /holds/{id}"], ""),
    ("holds lift", &["lift_hold"], &["POST /holds/{id}/lift"], ""),
    ("targets list", &["list_targets"], &["GET /targets"], ""),
    ("targets pause", &["pause_target"], &["POST /targets/{name}/pause"], ""),
    ("targets resume", &["resume_target"], &["POST /targets/{name}/resume"], ""),
    ("receipts list", &["list_receipts"], &["GET /receipts"], ""),
    ("receipts show", &["show_receipt"], &["GET /receipts/{number}"], ""),
    ("receipts find", &["find_receipts"], &["GET /people", "POST /people"], ""),
    (
        "receipts certificate",
        &["certificate"],
        &[
            "GET /receipts/{number}/certificate",
            "GET /requests/{company}/{number}/certificates/{receipt}/{audience}/{lang}",
        ],
        "",
    ),
    ("receipts acknowledge", &["acknowledge_receipts"], &["POST /receipts/acknowledge"], ""),
    ("receipts export", &["export_receipts"], &["GET /receipts/export"], ""),
    ("receipts archive", &[], &[], FILE),
    (
        "receipts verify",
        &[],
        &["GET /receipts/{number}/verified"],
        "it verifies files without this server, which is what makes it a proof; the page looks at one receipt",
    ),
    ("letters", &["letter"], &["GET /requests/{company}/{number}/letters/{kind}/{lang}"], ""),
    ("rules test", &[], &[], "it tests rules of files that no server works by yet, such as in CI"),
    ("rules try", &["try_rules"], &["GET /rules/trial"], ""),
    ("rules confirm", &["confirm_rule", "list_rules"], &["POST /rules/confirm", "GET /rules"], ""),
    ("rules reject", &["reject_rule"], &["POST /rules/reject"], ""),
    ("explain", &[], &["GET /explain"], NO_WRITING),
    (
        "consent show",
        &["find_consents"],
        &["GET /consents", "GET /consents/session", "GET /consents/{company}/{session}"],
        "",
    ),
    (
        "consent withdraw",
        &["foresee_withdrawal", "withdraw_consents"],
        &["POST /consents/withdraw", "POST /consents/withdraw/foresee", "POST /consents/withdraw/do"],
        "",
    ),
    ("consent export", &["export_consents"], &["GET /consents/export"], ""),
    ("quarantine list", &["list_quarantine"], &["GET /quarantine"], ""),
    ("quarantine show", &["show_quarantined"], &["GET /quarantine/{number}"], ""),
    (
        "quarantine replay",
        &["replay_quarantined"],
        &["POST /quarantine/{number}/replay", "GET /quarantine/replay", "POST /quarantine/replay"],
        "",
    ),
    ("quarantine drop", &["drop_quarantined"], &["POST /quarantine/{number}/drop"], ""),
    ("attention list", &["list_attention"], &["GET /attention", "GET /"], ""),
    ("attention acknowledge", &["mute_attention"], &["POST /attention/mute"], ""),
    ("attention mute", &["mute_attention"], &["GET /attention/mute", "POST /attention/mute"], ""),
    ("attention unmute", &["unmute_attention"], &["POST /attention/unmute"], ""),
    ("audit list", &["list_audit"], &["GET /audit"], ""),
    ("audit export", &[], &[], "it is a whole ledger's, for a witness on the machine; the list has the same rows"),
    ("audit archive", &[], &[], FILE),
    ("audit verify", &[], &[], "it verifies files without this server, which is what makes it a proof"),
    ("users list", &["list_accounts"], &["GET /accounts"], ""),
    ("users show", &["list_accounts"], &["GET /accounts/{name}"], ""),
    ("users add", &[], &["GET /accounts/new", "POST /accounts/orders", "POST /accounts/orders/do"], BY_PASSWORD),
    ("users change", &[], &["POST /accounts/orders", "GET /accounts/orders/{sealed}"], BY_PASSWORD),
    ("users password", &[], &["POST /password", "GET /password", "POST /sign-in/password"], BY_PASSWORD),
    ("users disable", &[], &["POST /accounts/orders"], BY_PASSWORD),
    ("users enable", &[], &["POST /accounts/orders"], BY_PASSWORD),
    ("users sign-out", &[], &["POST /accounts/orders", "POST /sessions/end", "POST /sessions/{id}/end"], BY_PASSWORD),
    ("tokens list", &["list_tokens"], &["GET /accounts"], ""),
    ("tokens issue", &[], &["POST /accounts/orders"], BY_PASSWORD),
    ("tokens revoke", &[], &["POST /accounts/orders"], BY_PASSWORD),
];

/// Commands, or groups of them, that are for the terminal alone, and why.
const TERMINAL: &[(&str, &str)] = &[
    ("serve", "it is the server"),
    ("demo", "it is a server of its own"),
    ("standin", "it is a server of its own, for tests"),
    ("check", "it looks at a configuration before a server works by it"),
    ("config", "it shows the file of this machine"),
    ("migrate", "no server runs meanwhile"),
    ("keys", "keys do not leave their machine"),
    ("ledger", "no server can restore, copy or accept its own ledger, and a backup is a file of the machine"),
    ("mluvii", "it finds out how a mluvii behaves before a server works with it"),
    ("plugin new", "it is for who writes plugins"),
    ("plugin recipe", "it is for who writes plugins"),
    ("plugin describe", "it is for who writes plugins"),
    ("plugin run", "it is for who writes plugins"),
    ("plugin test", "it is for who writes plugins"),
    ("alerts", "what no alert reaches must not be tried by who may be the one who is not reached"),
    ("clock", "whoever sets the machine's clock right is on it"),
    ("completions", "it is for the shell"),
];

/// Forms of pages that are about whoever looks, and no order of the deployment.
const OWN: &[&str] = &["POST /sign-in", "POST /sign-out", "POST /preferences"];

/// The commands below one, as its help lists them.
fn below(command: &[String]) -> Vec<String> {
    let output = quietus().args(command).arg("-h").output().expect("quietus runs");
    let help = String::from_utf8(output.stdout).expect("text");
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What goes on in a further line is indented more.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command that is no group of others.
fn leaves() -> BTreeSet<String> {
    let mut leaves = BTreeSet::new();
    let mut next: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(command) = next.pop() {
        let below = below(&command);
        if below.is_empty() {
            leaves.insert(command.join(" "));
        }
        next.extend(below.into_iter().map(|name| [&command[..], &[name]].concat()));
    }
    assert!(leaves.len() > 60, "{leaves:#?}");
    leaves
}

/// Whether a command is one of the terminal alone, or is in such a group.
fn is_of_terminal(command: &str) -> bool {
    let is_in = |group: &str| command.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    TERMINAL.iter().any(|(group, _)| is_in(group))
}

/// The operations of the API by their ids, each with its method and path.
fn operations() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let description: Value = serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("JSON");
    let mut all = BTreeMap::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            all.insert(id, format!("{method} {path}"));
        }
    }
    all
}

/// The pages' routes, as they stand in the sources: `GET /holds`.
fn pages() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/admin/pages")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).expect("text");
                all.extend(text.split(".route(\"").skip(1).flat_map(routes_of));
            }
        }
    }
    assert!(all.len() > 80, "{all:#?}");
    all
}

/// What stands behind `.route("`: a path, and what it is asked with.
fn routes_of(text: &str) -> Vec<String> {
    let (path, rest) = text.split_once('"').expect("a path");
    // A line has a route, or several of them, each of which is cut off before the next.
    let rest = rest.lines().next().unwrap_or_default();
    let methods = [("GET", "get("), ("POST", "post(")].into_iter().filter(|(_, call)| rest.contains(call));
    methods.map(|(method, _)| format!("{method} {path}")).collect()
}

#[test]
fn every_command_has_what_does_the_same_over_the_api_and_on_a_page_or_says_why_not() {
    let leaves = leaves();
    let rows: BTreeSet<&str> = ACTS.iter().map(|(command, ..)| *command).collect();
    assert_eq!(rows.len(), ACTS.len(), "a command stands there twice");
    let neither: Vec<_> = leaves.iter().filter(|leaf| !rows.contains(leaf.as_str()) && !is_of_terminal(leaf)).collect();
    assert!(neither.is_empty(), "they have neither a route nor a page nor a reason: {neither:#?}");
    // What is not there any more is not said to be; a group can be a command, too.
    let is_known =
        |command: &str| leaves.contains(command) || leaves.iter().any(|leaf| leaf.starts_with(&format!("{command} ")));
    for command in rows.iter().copied().chain(TERMINAL.iter().map(|(command, _)| *command)) {
        assert!(is_known(command), "there is no command {command:?}");
    }
    for command in &rows {
        assert!(!is_of_terminal(command), "{command} is said to be of the terminal alone");
    }
}

#[test]
fn what_is_said_to_do_the_same_is_there_and_what_is_missing_has_its_reason() {
    let (operations, pages) = (operations(), pages());
    for (command, api, shown, why) in ACTS {
        for id in *api {
            assert!(operations.contains_key(*id), "{command}: the API has no operation {id}");
        }
        for page in *shown {
            assert!(pages.contains(*page), "{command}: there is no page {page}");
        }
        let is_whole = !api.is_empty() && !shown.is_empty();
        assert_eq!(is_whole, why.is_empty(), "{command}: what it lacks needs a reason, and nothing else has one");
    }
    // And the other way round: nothing is ordered over the API or on a page that no command orders.
    let by_api: BTreeSet<&str> = ACTS.iter().flat_map(|(_, api, ..)| *api).copied().collect();
    let without: Vec<_> = operations.iter().filter(|(id, _)| !by_api.contains(id.as_str())).collect();
    assert!(without.is_empty(), "no command does the same as {without:#?}");
    let on_pages: BTreeSet<&str> =
        ACTS.iter().flat_map(|(_, _, shown, _)| *shown).copied().chain(OWN.iter().copied()).collect();
    let without: Vec<_> =
        pages.iter().filter(|page| page.starts_with("POST ") && !on_pages.contains(page.as_str())).collect();
    assert!(without.is_empty(), "no command does the same as {without:#?}");
}

/// The acts of which the issue promises all three ways: each has both others, unless it is one of these few.
#[test]
fn what_can_be_ordered_of_the_promised_nouns_can_be_ordered_in_all_three_ways() {
    let promised = [
        "requests",
        "erase",
        "erase-again",
        "erasures",
        "holds",
        "consent",
        "receipts",
        "quarantine",
        "attention",
        "webhook",
        "rules",
        "plugin",
    ];
    let lacking = ACTS.iter().filter(|(_, api, shown, _)| api.is_empty() || shown.is_empty());
    let lacking = lacking.map(|(command, ..)| *command);
    let lacking: Vec<_> =
        lacking.filter(|command| promised.contains(&command.split(' ').next().unwrap_or_default())).collect();
    // None of them is an act on what the ledger has: files of the machine, and tools for files.
    assert_eq!(lacking, ["receipts archive", "receipts verify", "rules test"]);
}
