//! Whom an installation holds, after a restore.

use std::collections::BTreeSet;

use quietus_plugin::{Call, Plugin, Secrets, Sensitive, Sweep, Swept, SweptRecord};

use super::standin::{Switches, account};
use super::*;

const BOTH: [&str; 2] = ["email", "phone"];
/// When all records were made.
const CREATED_MS: i64 = 1_767_225_600_000;
/// Vendors of which a page may be empty and not the last one.
const HOLLOW: [&str; 3] = ["hubspot", "pipedrive", "dynamics"];

/// The plugin itself, to be asked for one page after the other.
pub(super) fn plugin(standin: &StandIn, more: Value) -> CrmPurge {
    let config = serde_json::from_value(config(standin, more)).expect("a configuration");
    let secrets = Secrets::new([("token".to_owned(), Sensitive::new(TOKEN))].into());
    CrmPurge::configure(config, secrets).expect("configured")
}

/// The page behind another one, as the host asks for it.
pub(super) fn page(plugin: &CrmPurge, kinds: &[&str], before: Option<&Swept>) -> Result<Swept, PluginError> {
    let wanted = Sweep {
        kinds: kinds.iter().map(|kind| quietus_plugin::Kind::from(*kind)).collect(),
        records_max: 500,
        region: None,
        cursor: before.map(|page| page.next.clone().expect("not the last page")),
    };
    let page = plugin.sweep(&wanted, &Call::unattended())?;
    assert_eq!(page.fits(&wanted), Ok(()));
    Ok(page)
}

/// The first page that tells of anybody: of Raynet's people, those who were made invalid come first.
pub(super) fn first(plugin: &CrmPurge, kinds: &[&str]) -> Swept {
    let mut first = page(plugin, kinds, None).expect("the first page");
    while first.records.is_empty() {
        first = page(plugin, kinds, Some(&first)).expect("a page");
    }
    first
}

/// All pages behind one of them.
pub(super) fn rest(plugin: &CrmPurge, kinds: &[&str], before: Option<Swept>) -> Result<Vec<Swept>, PluginError> {
    let mut pages = Vec::new();
    let mut last = before;
    loop {
        let next = page(plugin, kinds, last.as_ref())?;
        pages.extend(last.replace(next));
        if last.as_ref().is_some_and(|page| page.next.is_none()) {
            pages.extend(last);
            return Ok(pages);
        }
    }
}

/// The values of a kind, each as often as it is told.
pub(super) fn values<'r>(records: impl IntoIterator<Item = &'r SweptRecord>, kind: &str) -> Vec<String> {
    let all = records.into_iter().flat_map(|record| &record.identifiers).filter(|one| one.kind.as_str() == kind);
    let mut values: Vec<_> = all.map(|one| one.value.expose().to_owned()).collect();
    values.sort();
    values
}

/// What people have, of Salesforce's contacts the one address that these can have.
pub(super) fn expected(kind: &Kind) -> (Vec<String>, Vec<String>) {
    let addresses = if kind.name == "salesforce" { 1 } else { 2 };
    let (mut emails, mut phones) = (Vec::new(), Vec::new());
    for row in people() {
        emails.extend(row.emails.iter().take(addresses).map(|email| (*email).to_owned()));
        phones.extend(row.phones.iter().map(|phone| (*phone).to_owned()));
    }
    emails.sort();
    phones.sort();
    (emails, phones)
}

#[test]
fn everybody_is_told_once_whatever_the_pages_are() {
    for_all(|kind| {
        let mut rows = people();
        // Who was deleted and lies in the bin is not there.
        rows.push(Row { state: State::Bin, ..person(17, &["bin@x.cz"], &["777 000 000"]) });
        let standin = StandIn::start(kind, rows);
        for records_max in [2, 3, 500] {
            let records = host_with(&standin, json!({ "by": BOTH })).sweep(records_max).expect("told");
            assert_eq!(records.len(), 6, "{} by {records_max}", kind.name);
            assert_eq!((values(&records, "email"), values(&records, "phone")), expected(kind), "{}", kind.name);
            assert!(records.iter().all(|record| record.created_ms == Some(CREATED_MS)), "{}", kind.name);
        }
        assert_eq!(standin.writes(), 0, "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0], "{}", kind.name);
    });
}

#[test]
fn nothing_is_read_but_what_people_are_looked_for_by_and_their_names() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        let records = host(&standin).sweep(500).expect("told");
        assert_eq!(
            (values(&records, "email"), values(&records, "phone")),
            (expected(kind).0, Vec::new()),
            "{}",
            kind.name
        );
        let targets: Vec<_> = standin.server.seen().into_iter().filter(|seen| !is_question(seen)).collect();
        let is_named = |word: &str| targets.iter().any(|seen| seen.target.to_lowercase().contains(word));
        assert!(!is_named("phone"), "{}: {targets:?}", kind.name);
        // Who grants no names is told of none, and asks for none.
        let before = standin.server.seen().len();
        let pages = rest(&plugin(&standin, json!({})), &["email"], None).expect("told");
        let mut told = pages.iter().flat_map(|page| &page.records).flat_map(|record| &record.identifiers);
        assert!(told.all(|one| one.kind == quietus_plugin::Kind::Email), "{}", kind.name);
        let asked: Vec<_> = standin.server.seen().into_iter().skip(before).map(|seen| seen.target).collect();
        assert!(
            !asked.concat().to_lowercase().contains("lastname") && !asked.concat().contains("fullname"),
            "{asked:?}"
        );
    });
}

#[test]
fn where_nothing_is_granted_that_people_are_looked_for_by_nobody_is_told_to_be_nobody() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        for (by, kinds) in [(json!(["email"]), ["phone", "name"]), (json!(["id"]), ["email", "phone"])] {
            let error = page(&plugin(&standin, json!({ "by": by })), &kinds, None).expect_err("nothing to tell by");
            assert_eq!(error.class, ErrorClass::Permanent, "{}", kind.name);
        }
        assert!(standin.server.seen().is_empty(), "{}", kind.name);
    });
}

#[test]
fn by_id_the_ids_are_told_of_those_records_that_an_id_means() {
    for_all(|kind| {
        let mut rows = people();
        rows.push(Row { object: "lead", ..person(18, &["lead@x.cz"], &[]) });
        let standin = StandIn::start(kind, rows);
        let has_leads = matches!(kind.name, "raynet" | "dynamics");
        let related = if has_leads { json!(["leads"]) } else { json!([]) };
        let by_id = json!({ "by": ["id"], "id_kind": "vendor_id", "related": related });
        let pages = rest(&plugin(&standin, by_id), &["vendor_id", "email"], None).expect("told");
        let records: Vec<_> = pages.iter().flat_map(|page| &page.records).collect();
        let ids: Vec<_> = (11..=16).map(kind.id).collect();
        assert_eq!(values(records.iter().copied(), "vendor_id"), ids, "{}", kind.name);
        assert_eq!(values(records, "email"), [""; 0], "{}", kind.name);
    });
}

#[test]
fn all_kinds_of_records_are_told_that_an_erasure_finds() {
    for (vendor, object, related) in
        [(2, "lead", "leads"), (2, "company", "companies"), (3, "lead", "leads"), (4, "lead", "leads")]
    {
        let mut rows = people();
        let others = [("a@x.cz", 21), ("b@x.cz", 22), ("c@x.cz", 23)];
        rows.extend(others.map(|(email, n)| Row { object, ..person(n, &[email], &[]) }));
        let standin = StandIn::start(ALL[vendor], rows);
        let all: BTreeSet<_> = values(&host(&standin).sweep(3).expect("told"), "email").into_iter().collect();
        assert!(others.iter().all(|(email, _)| !all.contains(*email)), "{object}: {all:?}");
        let records = host_with(&standin, json!({ "related": [related] })).sweep(3).expect("told");
        assert_eq!(records.len(), 9, "{object}");
        let all = values(&records, "email");
        assert!(others.iter().all(|(email, _)| all.iter().any(|told| told == email)), "{object}: {all:?}");
        assert_eq!(standin.world().malformed, [""; 0], "{object}");
    }
}

#[test]
fn a_person_account_is_told_as_the_one_record_that_it_is() {
    let rows = [person(1, &["ann@x.cz"], &[]), Row { object: "person_account", ..person(2, &["eve@x.cz"], &[]) }];
    let standin = StandIn::start(ALL[3], rows.to_vec());
    standin.world().switches = Switches { person_accounts: true, ..Switches::default() };
    let by = json!({ "by": ["email", "id"] });
    let pages = rest(&plugin(&standin, by), &["email", "crm_id"], None).expect("told");
    let records: Vec<_> = pages.iter().flat_map(|page| &page.records).collect();
    assert_eq!(values(records.iter().copied(), "email"), ["ann@x.cz", "eve@x.cz"]);
    assert_eq!(values(records, "crm_id"), [account(2), (ALL[3].id)(1)]);
}

#[test]
fn whoever_was_made_invalid_in_raynet_is_told_whether_its_lists_have_them_or_not() {
    for lists_invalid in [false, true] {
        let standin = StandIn::start(ALL[2], people());
        standin.world().invalid = vec![12, 13];
        standin.world().lists_invalid = lists_invalid;
        let mut told = values(&host(&standin).sweep(500).expect("told"), "email");
        told.dedup();
        assert_eq!(told, expected(ALL[2]).0, "{lists_invalid}");
    }
}

#[test]
fn a_user_from_whom_records_are_hidden_is_refused_or_said_to_see_some() {
    for kind in [ALL[3], ALL[4]] {
        let standin = StandIn::start(kind, people());
        standin.world().switches.hides_rows = true;
        let error = host(&standin).sweep(500).expect_err("refused");
        assert_eq!(error.class, ErrorClass::NeedsOperator, "{}", kind.name);
        let pages = rest(&plugin(&standin, json!({ "visibility": "trusted" })), &["email"], None).expect("told");
        let says = |page: &Swept| page.not_looked_at.concat().contains("`visibility = \"trusted\"`");
        assert!(pages.iter().all(says), "{}", kind.name);
    }
}

#[test]
fn a_record_that_does_not_show_when_it_was_changed_or_in_which_zone_has_no_time() {
    let (utc, salesforces) = ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00.000+0000");
    // Raynet writes no zone unless it is asked to, and has not changed these since they were made.
    let raynets = "2026-01-01T01:00:00.000+01:00";
    for (vendor, time) in [(1, utc), (2, raynets), (3, salesforces), (4, utc)] {
        for (instead, is_dated) in [(None, false), (Some(json!("2026-02-01 00:00")), false), (Some(json!(time)), true)]
        {
            let standin = StandIn::start(ALL[vendor], vec![person(1, &["ann@x.cz"], &[])]);
            standin.world().hides = vec![(time, instead.clone())];
            let records = host(&standin).sweep(500).expect("told");
            let has_time = records[0].created_ms.is_some() || records[0].changed_ms.is_some();
            assert_eq!((records.len(), has_time), (1, is_dated), "{vendor}: {instead:?}");
        }
    }
}

#[test]
fn a_value_that_is_not_shown_is_said_not_to_be_looked_at() {
    for_all(|kind| {
        for (hidden, is_said) in [("Ann@X.CZ", true), ("nobody@x.cz", false)] {
            let standin = StandIn::start(kind, people());
            standin.world().hides = vec![(hidden, None)];
            let pages = rest(&plugin(&standin, json!({})), &["email"], None).expect("told");
            let said = pages.iter().any(|page| !page.not_looked_at.is_empty());
            assert_eq!(said, is_said, "{} {hidden}", kind.name);
        }
    });
}

#[test]
fn an_empty_page_is_not_the_last_one_and_a_404_is_not_the_end() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        if HOLLOW.contains(&kind.name) {
            standin.world().hollow = true;
            assert_eq!(host(&standin).sweep(500).expect("told").len(), 6, "{}", kind.name);
        }
        standin.world().before = Some(Box::new(|_, _| Some(Reply::empty(404))));
        assert_eq!(host(&standin).sweep(500).expect_err("nobody has looked").class, ErrorClass::Retryable);
    });
}
