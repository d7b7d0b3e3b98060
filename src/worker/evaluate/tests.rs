mod confirmed;
mod erased;
mod settled;
mod withdrawn;

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::*;
use crate::consent::{ConsentState, UnknownCause};
use crate::erasure::Subject;
use crate::keys::{IndexKey, SealKey, Secret};
use crate::ledger::SessionChange;
use crate::mluvii::SessionFacts;
use crate::policy::{CONTENT_AFTER_ERASURE, ConsentRuleSettings, RuleSettings};
use crate::subject::{
    Fingerprinter, GuestId, Identifier, Identifiers, InstallationName, Kind, Narrowed, Scope, SessionId, SourceName,
    TargetName,
};
use crate::worker::settings::SettlingSettings;

const NOW: &str = "2026-01-01T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn key() -> SessionKey {
    SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) }
}

fn index() -> IndexKey {
    IndexKey::new(&Zeroizing::new([1; 32]))
}

fn fingerprinter() -> Fingerprinter {
    Fingerprinter::new(&index(), &key().installation, None)
}

fn event(kind: EventKind) -> EventHead {
    EventHead {
        source: SourceName("acme".into()),
        session: key(),
        kind,
        digest: index().body(b"body"),
        tenant: None,
        time: Some(at("2026-01-01T11:00:00Z")),
        channel: None,
        session_source: None,
        started: None,
        activity: None,
        reconciled: false,
    }
}

fn form(origin: &str, params: &[(&str, &str)]) -> Form {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    Form { origin: origin.into(), id: Some(4711), submitted: true, by_client: None, params, time: None }
}

/// What mluvii says of a session with consent, an e-mail and its entry form.
fn known() -> SessionFacts {
    SessionFacts {
        guest: Some(GuestId("g1".into())),
        consent_version: Some("v3".into()),
        identifiers: Identifiers(Identifier::new(Kind::Email, "ann@x.cz").into_iter().collect()),
        forms: Some(vec![form("entry_form", &[("oo1_guest_email", "ann@x.cz")])]),
        ..SessionFacts::default()
    }
}

/// The row that a decision leaves behind.
fn view(change: &SessionChange, erased_at: Option<Timestamp>) -> SessionView {
    SessionView::after(change.clone(), erased_at)
}

fn rule(on: Trigger, when: &str, erase: Scope) -> RuleSettings {
    let name = format!("{on:?}");
    let targets = vec![TargetName::mluvii()];
    let approve = erase == Scope::Person;
    RuleSettings { name, on, when: Some(when.into()), erase, after: None, targets, approve, confirm: None }
}

fn decide_with(
    rules: &[RuleSettings],
    consent: &[ConsentRuleSettings],
    view: Option<SessionView>,
    cause: Cause<'_>,
    seen: &Seen,
) -> Decision {
    let policy = Policy::compile(consent, rules, &[TargetName::mluvii(), TargetName("crm".into())]).expect("compiles");
    let settling = SettlingSettings {
        limit: "2h".parse().expect("a span"),
        pause: "1m".parse().expect("a span"),
        recorded_channels: Vec::new(),
        patience: "1h".parse().expect("a span"),
        unknown_share_max: 0.05,
    };
    let evaluation = Evaluation {
        policy: &policy,
        settling: &settling,
        params: &BTreeMap::from([
            ("oo1_guest_email".to_owned(), Kind::Email),
            ("oo1_guest_ident".to_owned(), Kind::Name),
            ("příjmení".to_owned(), Kind::Name),
        ]),
        fingerprinter: &fingerprinter(),
        index: &index(),
        four_eyes: false,
        now: at(NOW),
    };
    let seal = SealKey::new(&Zeroizing::new([2; 32]));
    evaluation.decide(&key(), view, cause, seen, &seal).expect("the rules can be evaluated")
}

fn decide(rules: &[RuleSettings], view: Option<SessionView>, cause: Cause<'_>, seen: &Seen) -> Decision {
    decide_with(rules, &[], view, cause, seen)
}

fn read(facts: SessionFacts) -> Seen {
    Seen::Read(Box::new(facts))
}

/// For an hour, mluvii answered 404.
const NOT_FOUND: Seen = Seen::Unknown(UnknownCause::NotFound);

fn scopes(decision: &Decision) -> Vec<Scope> {
    decision.erasures.iter().map(|erasure| erasure.subject.scope()).collect()
}

#[test]
fn an_ended_session_gets_its_record_and_waits_to_settle() {
    let ended = event(EventKind::SessionEnded);
    let decision = decide(&[], None, Cause::Event(&ended, None), &read(known()));
    let record = &decision.session.record;
    assert_eq!(record.consent.state, ConsentState::Given);
    assert_eq!(record.consent.version.as_deref(), Some("v3"));
    assert_eq!(record.guest, Some(GuestId("g1".into())));
    assert_eq!(decision.session.settle_at, Some(at("2026-01-01T13:00:00Z")));
    assert_eq!(decision.session.fingerprints.as_ref().map(Vec::len), Some(1));
}

#[test]
fn a_session_without_a_consent_version_has_none() {
    let found = read(SessionFacts { consent_version: None, ..known() });
    let rules = [rule(Trigger::SessionEnded, "consent.state == 'absent'", Scope::Session)];
    let decision = decide(&rules, None, Cause::Event(&event(EventKind::SessionEnded), None), &found);
    assert_eq!(scopes(&decision), [Scope::Session]);
}

#[test]
fn a_session_that_mluvii_does_not_know_has_an_unknown_consent() {
    let rules = [rule(Trigger::SessionEnded, "consent.state == 'absent'", Scope::Session)];
    let decision = decide(&rules, None, Cause::Event(&event(EventKind::SessionEnded), None), &NOT_FOUND);
    assert_eq!(decision.session.record.consent.state, ConsentState::Unknown);
    assert_eq!(scopes(&decision), []);
}

#[test]
fn call_params_count_as_a_form_once() {
    let rules = [rule(Trigger::FormSubmitted, "form.origin == 'entry_form'", Scope::Person)];
    let updated = event(EventKind::SessionCallParamsUpdated);
    let first = decide(&rules, None, Cause::Event(&updated, None), &read(known()));
    assert_eq!(scopes(&first), [Scope::Person]);
    let again = decide(&rules, Some(view(&first.session, None)), Cause::Event(&updated, None), &read(known()));
    assert_eq!(scopes(&again), []);
}

#[test]
fn the_echo_of_an_anonymization_changes_nothing() {
    let rules = [
        rule(Trigger::FormSubmitted, "true", Scope::Session),
        rule(Trigger::ConsentChanged, "true", Scope::Session),
        rule(Trigger::SessionSettled, "consent.state == 'given'", Scope::Session),
    ];
    let ended = event(EventKind::SessionEnded);
    let mut before = decide(&rules, None, Cause::Event(&ended, None), &read(known()));
    before.session.settle_at = None;
    let empty = read(SessionFacts { guest: Some(GuestId("g1".into())), ..SessionFacts::default() });
    let echo = event(EventKind::SessionCallParamsUpdated);
    let after = decide(&rules, Some(view(&before.session, Some(at(NOW)))), Cause::Event(&echo, None), &empty);
    assert_eq!(scopes(&after), []);
    assert_eq!(after.session.settle_at, None);
    assert_eq!(after.session.record.consent.state, ConsentState::Given);
}

#[test]
fn a_late_recording_of_an_erased_session_has_it_erased_once_more() {
    let rules = [rule(Trigger::SessionSettled, "true", Scope::Session)];
    let ended = event(EventKind::SessionEnded);
    let mut before = decide(&rules, None, Cause::Event(&ended, None), &read(known()));
    before.session.settle_at = None;
    let erased = Some(view(&before.session, Some(at(NOW))));
    let recording = event(EventKind::SessionRecordingPostProcessingCompleted);
    let late = decide(&rules, erased, Cause::Event(&recording, None), &NOT_FOUND);
    assert!(late.session.settle_at.is_some());
    let settled = decide(&rules, Some(view(&late.session, Some(at(NOW)))), Cause::Settle, &NOT_FOUND);
    assert_eq!(scopes(&settled), [Scope::Session]);
    assert_eq!(settled.session.settle_at, None);
}

#[test]
fn an_end_that_arrives_after_all_else_does_not_settle_the_session_again() {
    let rules = [rule(Trigger::SessionSettled, "true", Scope::Session)];
    let found = read(SessionFacts { ended: Some(at("2026-01-01T11:59:00Z")), ..known() });
    let concluded = event(EventKind::SessionOperatorConcluded);
    let first = decide(&rules, None, Cause::Event(&concluded, None), &found);
    let settled = decide(&rules, Some(view(&first.session, None)), Cause::Settle, &found);
    assert_eq!(scopes(&settled), [Scope::Session]);
    let ended = event(EventKind::SessionEnded);
    for erased_at in [None, Some(at(NOW))] {
        let seen = view(&settled.session, erased_at);
        let late = decide(&rules, Some(seen), Cause::Event(&ended, None), &found);
        assert_eq!(late.session.settle_at, None);
    }
}

#[test]
fn a_form_stands_above_what_the_session_says_and_its_change_is_a_moment() {
    let rules = [rule(Trigger::ConsentChanged, "consent.state == 'withdrawn'", Scope::Guest)];
    let consent = [ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some("form.params['agree'] == 'no'".into()),
        state: ConsentState::Withdrawn,
    }];
    let ended = event(EventKind::SessionEnded);
    let given = decide_with(&rules, &consent, None, Cause::Event(&ended, None), &read(known()));
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let no = form("hero_card", &[("agree", "no")]);
    let seen = Some(view(&given.session, None));
    let withdrawn = decide_with(&rules, &consent, seen, Cause::Event(&head, Some(&no)), &read(known()));
    assert_eq!(scopes(&withdrawn), [Scope::Guest]);
    assert_eq!(withdrawn.session.record.consent.origin.as_deref(), Some("hero_card"));
    let seen = Some(view(&withdrawn.session, None));
    let later = decide_with(&rules, &consent, seen, Cause::Event(&ended, None), &read(known()));
    assert_eq!(later.session.record.consent.state, ConsentState::Withdrawn);
    assert_eq!(scopes(&later), []);
}

#[test]
fn a_person_is_who_the_form_names_and_otherwise_who_the_session_knows() {
    let rules = [rule(Trigger::FormSubmitted, "form.id == 4711", Scope::Person)];
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let found = read(SessionFacts { forms: Some(Vec::new()), ..known() });
    let subject = |form: &Form, seen: &Seen| {
        decide(&rules, None, Cause::Event(&head, Some(form)), seen).erasures.remove(0).subject
    };
    let named = subject(&form("hero_card", &[("oo1_guest_email", "Bea@x.cz")]), &found);
    let same = subject(&form("hero_card", &[("oo1_guest_email", "bea@X.cz")]), &NOT_FOUND);
    let silent = subject(&form("hero_card", &[("reason", "x")]), &found);
    assert_eq!(named, same);
    let surnamed = |field| form("hero_card", &[("oo1_guest_email", "bea@x.cz"), (field, "Nováková")]);
    assert_eq!(subject(&surnamed("PŘÍJMENÍ"), &found), subject(&surnamed("příjmení"), &found));
    assert_ne!(subject(&surnamed("PŘÍJMENÍ"), &found), named);
    assert_ne!(named, silent);
    assert_eq!(silent.scope(), Scope::Person);
    assert_eq!(subject(&form("hero_card", &[]), &NOT_FOUND), Subject::Session(key()));
}

#[test]
fn a_name_alone_does_not_say_who_asks() {
    let rules = [rule(Trigger::FormSubmitted, "form.id == 4711", Scope::Person)];
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let found = read(SessionFacts { forms: Some(Vec::new()), ..known() });
    let named = form("hero_card", &[("oo1_guest_ident", "Ann")]);
    let decision = decide(&rules, None, Cause::Event(&head, Some(&named)), &found);
    let output = decision.erasures[0].capsule.as_ref().expect("a capsule").whom();
    assert_eq!(output.identifiers.of_kind(&Kind::Email).count(), 1);
    assert_eq!(output.identifiers.of_kind(&Kind::Name).count(), 1);
}

#[test]
fn plugins_that_are_asked_soon_keep_what_the_session_knows() {
    let crm = |after: &str| RuleSettings {
        after: Some(after.parse().expect("a span")),
        targets: vec![TargetName::mluvii(), TargetName("crm".into())],
        ..rule(Trigger::SessionEnded, "true", Scope::Session)
    };
    let kept = |settings: RuleSettings| {
        let head = event(EventKind::SessionEnded);
        decide(&[settings], None, Cause::Event(&head, None), &read(known())).erasures.remove(0).capsule
    };
    assert!(kept(crm("0s")).is_some());
    assert!(kept(crm("365d")).is_none());
    assert!(kept(rule(Trigger::SessionEnded, "true", Scope::Session)).is_none());
}

#[test]
fn a_settled_session_is_asked_about_and_settles_only_once_its_end_is_known() {
    let rules = [rule(Trigger::SessionSettled, "true", Scope::Session)];
    let head = event(EventKind::SessionOperatorConcluded);
    let open = decide(&rules, None, Cause::Event(&head, None), &read(known()));
    let still = decide(&rules, Some(view(&open.session, None)), Cause::Settle, &read(known()));
    assert_eq!(scopes(&still), []);
    assert!(still.session.settle_at.is_some());
    let ended = SessionFacts { ended: Some(at("2026-01-01T11:59:00Z")), ..known() };
    let settled = decide(&rules, Some(view(&open.session, None)), Cause::Settle, &read(ended));
    assert_eq!(scopes(&settled), [Scope::Session]);
}

#[test]
fn a_withdrawal_that_is_the_first_word_of_a_session_changes_its_consent() {
    let rules = [rule(Trigger::ConsentChanged, "consent.state == 'withdrawn'", Scope::Session)];
    let consent = [ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some("form.params['agree'] == 'no'".into()),
        state: ConsentState::Withdrawn,
    }];
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let no = form("hero_card", &[("agree", "no")]);
    for found in [read(known()), NOT_FOUND] {
        let first = decide_with(&rules, &consent, None, Cause::Event(&head, Some(&no)), &found);
        assert_eq!(scopes(&first), [Scope::Session]);
    }
}

#[test]
fn what_was_taken_back_and_is_said_again_counts_again() {
    let consent = ["no", "yes"].map(|said| ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some(format!("form.params['agree'] == '{said}'")),
        state: if said == "no" { ConsentState::Refused } else { ConsentState::Given },
    });
    let updated = event(EventKind::SessionCallParamsUpdated);
    let mut seen = None;
    for (said, state) in [("no", ConsentState::Refused), ("yes", ConsentState::Given), ("no", ConsentState::Refused)] {
        let found = read(SessionFacts { forms: Some(vec![form("entry_form", &[("agree", said)])]), ..known() });
        let decision = decide_with(&[], &consent, seen, Cause::Event(&updated, None), &found);
        assert_eq!(decision.session.record.consent.state, state);
        seen = Some(view(&decision.session, None));
    }
}

#[test]
fn the_echo_of_an_anonymization_under_way_takes_no_consent_back() {
    let rules = [rule(Trigger::ConsentChanged, "consent.state == 'absent'", Scope::Guest)];
    let ended = event(EventKind::SessionEnded);
    let before = decide(&rules, None, Cause::Event(&ended, None), &read(known()));
    let empty = read(SessionFacts::default());
    let echo = event(EventKind::SessionCallParamsUpdated);
    let after = decide(&rules, Some(view(&before.session, None)), Cause::Event(&echo, None), &empty);
    assert_eq!(scopes(&after), []);
    assert_eq!(after.session.record.consent.state, ConsentState::Given);
}

#[test]
fn a_second_recording_and_a_change_of_consent_are_news_to_a_settled_session() {
    let recording = event(EventKind::SessionRecordingPostProcessingCompleted);
    let first = decide(&[], None, Cause::Event(&recording, None), &read(known()));
    let settled = decide(&[], Some(view(&first.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(settled.session.settle_at, None);
    let seen = || Some(view(&settled.session, None));
    let second = decide(&[], seen(), Cause::Event(&recording, None), &NOT_FOUND);
    assert!(second.session.settle_at.is_some());

    let consent =
        [ConsentRuleSettings { on: Trigger::FormSubmitted, when: Some("true".into()), state: ConsentState::Withdrawn }];
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let no = form("hero_card", &[("agree", "no")]);
    let withdrawn = decide_with(&[], &consent, seen(), Cause::Event(&head, Some(&no)), &NOT_FOUND);
    assert!(withdrawn.session.settle_at.is_some());
}

#[test]
fn a_time_ahead_of_ours_is_now() {
    let mut rules = [rule(Trigger::SessionSettled, "true", Scope::Session)];
    rules[0].after = Some("1d".parse().expect("a span"));
    let mut ended = event(EventKind::SessionEnded);
    ended.time = Some(at("2036-01-01T00:00:00Z"));
    let first = decide(&rules, None, Cause::Event(&ended, None), &NOT_FOUND);
    assert_eq!(first.session.record.ended, Some(at(NOW)));
    let settled = decide(&rules, Some(view(&first.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(settled.erasures[0].due, at("2026-01-02T12:00:00Z"));
}

#[test]
fn nobody_looked_is_not_there_was_nothing() {
    let rules = [rule(Trigger::SessionEnded, "consent.state == 'absent'", Scope::Session)];
    let ended = event(EventKind::SessionEnded);
    let decision = decide(&rules, None, Cause::Event(&ended, None), &Seen::NotLooked);
    assert_eq!(scopes(&decision), []);
    assert_eq!(decision.session.record.consent.state, ConsentState::Unknown);
    assert_eq!(decision.session.record.consent.cause, None);
    assert_eq!(decision.session.read_at, None);
    assert_eq!(decision.session.fingerprints, None);
}

#[test]
fn a_consent_that_stays_unknown_says_why_and_is_forgotten_once_the_session_is_read() {
    let ended = event(EventKind::SessionEnded);
    let unknown = decide(&[], None, Cause::Event(&ended, None), &NOT_FOUND);
    assert_eq!(unknown.session.record.consent.cause, Some(UnknownCause::NotFound));
    let given = decide(&[], Some(view(&unknown.session, None)), Cause::Settle, &read(known()));
    assert_eq!(given.session.record.consent.cause, None);
    assert_eq!(given.session.record.consent.state, ConsentState::Given);
    let later = decide(&[], Some(view(&given.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(later.session.record.consent.state, ConsentState::Given);
}

#[test]
fn an_older_form_never_overwrites_a_newer_consent() {
    let consent = ["no", "yes"].map(|said| ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some(format!("form.params['agree'] == '{said}'")),
        state: if said == "no" { ConsentState::Withdrawn } else { ConsentState::Given },
    });
    let said_at =
        |time: &str| EventHead { time: Some(at(time)), ..event(EventKind::SessionActivityHeroCardSubmission) };
    let say = |seen, time: &str, word: &str| {
        let head = said_at(time);
        let form = form("hero_card", &[("agree", word)]);
        decide_with(&[], &consent, seen, Cause::Event(&head, Some(&form)), &read(SessionFacts::default()))
    };
    let newer = say(None, "2026-01-01T11:30:00Z", "yes");
    let older = say(Some(view(&newer.session, None)), "2026-01-01T11:00:00Z", "no");
    assert_eq!(older.session.record.consent.state, ConsentState::Given);
    let newest = say(Some(view(&older.session, None)), "2026-01-01T11:45:00Z", "no");
    assert_eq!(newest.session.record.consent.state, ConsentState::Withdrawn);
    assert_eq!(newest.session.record.consent.since, Some(at("2026-01-01T11:45:00Z")));
}

#[test]
fn consent_is_since_when_it_was_given_never_since_we_looked() {
    let started = Some(at("2026-01-01T10:00:00Z"));
    let found = read(SessionFacts { started, ..known() });
    let looked = decide(&[], None, Cause::Event(&event(EventKind::SessionEnded), None), &found);
    assert_eq!(looked.session.record.consent.since, started);

    let consent = [ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some("form.origin == 'entry_form'".into()),
        state: ConsentState::Given,
    }];
    let filled = Form { time: Some(at("2026-01-01T09:59:00Z")), ..form("entry_form", &[("agree", "yes")]) };
    let found = read(SessionFacts { forms: Some(vec![filled]), started, ..known() });
    let updated = event(EventKind::SessionCallParamsUpdated);
    let typed = decide_with(&[], &consent, None, Cause::Event(&updated, None), &found);
    assert_eq!(typed.session.record.consent.since, Some(at("2026-01-01T09:59:00Z")));
}

#[test]
fn a_session_that_is_continued_ends_again_and_settles_again() {
    let rules = [rule(Trigger::SessionSettled, "true", Scope::Session)];
    let ended = event(EventKind::SessionEnded);
    let first = decide(&rules, None, Cause::Event(&ended, None), &read(known()));
    let settled = decide(&rules, Some(view(&first.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(settled.session.settle_at, None);
    for erased_at in [None, Some(at(NOW))] {
        let same =
            decide(&rules, Some(view(&settled.session, erased_at)), Cause::Event(&ended, None), &Seen::NotLooked);
        assert_eq!(same.session.settle_at, None);
        let again = EventHead { time: Some(at("2026-01-01T11:30:00Z")), ..event(EventKind::SessionEnded) };
        let seen = Some(view(&settled.session, erased_at));
        let continued = decide(&rules, seen, Cause::Event(&again, None), &Seen::NotLooked);
        assert_eq!(continued.session.record.ended, again.time);
        assert!(continued.session.settle_at.is_some());
    }
}

#[test]
fn a_guest_without_an_id_is_narrowed_to_the_session_and_the_capsule_says_so() {
    let rules = [rule(Trigger::SessionEnded, "true", Scope::Guest)];
    let ended = event(EventKind::SessionEnded);
    let nameless = read(SessionFacts { guest: None, ..known() });
    let erasure = decide(&rules, None, Cause::Event(&ended, None), &nameless).erasures.remove(0);
    assert_eq!(erasure.subject, Subject::Session(key()));
    let whom = erasure.capsule.as_ref().expect("a capsule").whom();
    assert_eq!(whom.narrowed, Some(Narrowed::NoGuestId));

    let whole = decide(&rules, None, Cause::Event(&ended, None), &read(known())).erasures.remove(0);
    assert_eq!(whole.subject.scope(), Scope::Guest);
    let whom = whole.capsule.as_ref().expect("a capsule").whom();
    assert_eq!((whom.narrowed, whom.origin.len()), (None, 1));
}

#[test]
fn a_session_shows_whether_tenants_are_departments() {
    use crate::subject::TenantId;
    let told = |tenant: Option<i64>, department: Option<i64>| {
        let head = EventHead { tenant: tenant.map(TenantId), ..event(EventKind::SessionEnded) };
        let facts = SessionFacts { department: department.map(TenantId), ..known() };
        decide(&[], None, Cause::Event(&head, None), &read(facts)).tenants_are_departments
    };
    assert_eq!(told(Some(62), Some(62)), Some(true));
    assert_eq!(told(Some(62), Some(1)), Some(false));
    assert_eq!(told(None, Some(62)), None);
    assert_eq!(told(Some(62), None), None);
}

#[test]
fn what_mluvii_still_shows_of_an_erased_session_is_not_kept_again() {
    let ended = event(EventKind::SessionEnded);
    let mut before = decide(&[], None, Cause::Event(&ended, None), &read(known()));
    before.session.settle_at = None;
    before.session.record.guest = None;
    let echo = event(EventKind::SessionCallParamsUpdated);
    let still = SessionFacts { forms: Some(Vec::new()), ..known() };
    let after = decide(&[], Some(view(&before.session, Some(at(NOW)))), Cause::Event(&echo, None), &read(still));
    assert_eq!(after.session.record.guest, None);
    assert_eq!(after.session.fingerprints, None);
}

#[test]
fn a_number_to_call_back_is_kept_as_supplementary() {
    let callback = Identifiers(Identifier::new(Kind::Phone, "+420 777 123 456").into_iter().collect());
    let found = read(SessionFacts { callback, ..known() });
    let decision = decide(&[], None, Cause::Event(&event(EventKind::SessionEnded), None), &found);
    let prints = decision.session.fingerprints.expect("it was read");
    let supplementary: Vec<_> = prints.iter().filter(|one| one.supplementary).map(|one| &one.kind).collect();
    assert_eq!(supplementary, [&Kind::Phone]);
}

#[test]
fn erasures_of_one_guest_by_two_people_stay_two() {
    let rules = [rule(Trigger::SessionEnded, "true", Scope::Guest)];
    let ended = event(EventKind::SessionEnded);
    let of = |email: Option<&str>, callback: Option<&str>| {
        let one = |kind: Kind, text: Option<&str>| {
            Identifiers(text.and_then(|text| Identifier::new(kind, text)).into_iter().collect())
        };
        let identifiers = one(Kind::Email, email);
        let callback = one(Kind::Phone, callback);
        let found = read(SessionFacts { identifiers, callback, ..known() });
        decide(&rules, None, Cause::Event(&ended, None), &found).erasures.remove(0)
    };
    let ann = of(Some("ann@x.cz"), None);
    let bob = of(Some("bob@x.cz"), None);
    assert_eq!(ann.subject, bob.subject);
    assert_ne!(ann.merge_key(), bob.merge_key());
    // A number to call back says nothing of whose session it is.
    assert_eq!(ann.merge_key(), of(Some("ANN@x.cz"), Some("+420 777 123 456")).merge_key());
    assert_eq!(of(None, Some("+420 777 123 456")).origin, None);
}
