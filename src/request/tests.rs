use jiff::civil::date;

use super::*;
use crate::consent::CameBy;
use crate::hold::HoldReason;

fn at(day: Date) -> Timestamp {
    Calendar::of("Europe/Prague").and_then(|calendar| calendar.begin(day)).expect("a day")
}

fn by(name: &str) -> Actor {
    Actor::cli(name)
}

const RECEIVED: Date = date(2026, 11, 3);
const TODAY: Date = date(2026, 11, 10);

fn entered() -> Request {
    let entered = Entered {
        id: RequestId([1; 16]),
        number: None,
        mluvii: InstallationName("acme".into()),
        came: Came::Letter,
        received: RECEIVED,
        verified: None,
        targets: vec![TargetName::mluvii()],
        kinds: [Kind::Email].into(),
    };
    Request::of(entered, RequestNumber::own(7), &by("ann"), at(TODAY))
}

fn verified() -> Request {
    entered().verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)).expect("verified")
}

fn plan(hash: &str, count: i64) -> Plan {
    let session = |id| PlannedSession {
        session: format!("acme/{id}").parse().expect("a session"),
        certainty: "certain".into(),
        reason: "email".into(),
    };
    let sessions = (0..count).map(session).collect();
    let (by, at) = (by("bob"), at(TODAY));
    Plan { hash: hash.into(), sessions, by, at, approved: None, foreseen: None }
}

#[test]
fn a_request_goes_from_the_letter_to_the_receipt() {
    let request = entered();
    assert_eq!((request.state(), request.number.as_str()), (RequestState::Unverified, "R-7"));
    assert_eq!(request.due(), Some(date(2026, 12, 3)));
    let request = request.verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)).expect("verified");
    assert_eq!(request.state(), RequestState::Verified);
    let request = request.planned(plan("aa", 2), Chosen::default()).expect("planned");
    assert_eq!(request.state(), RequestState::Planned);
    let (request, asked) = request.run("aa", ErasureId([4; 16]), false).expect("asked for");
    assert_eq!((request.state(), asked.sessions.len()), (RequestState::Erasing, 2));
    let request = request.erased(ErasureId([4; 16]), Rest::Nothing, at(TODAY));
    assert_eq!(
        (request.state(), request.days_left(&Calendar::of("Europe/Prague").expect("known"), at(TODAY))),
        (RequestState::Done, None)
    );
    // Nothing comes after the end.
    assert_eq!(request.clone().planned(plan("bb", 1), Chosen::default()), Err(Refused::Ended(RequestState::Done)));
}

#[test]
fn an_unverified_request_can_neither_be_planned_nor_run() {
    assert_eq!(entered().planned(plan("aa", 1), Chosen::default()), Err(Refused::NotVerified));
    let forged = Request { plan: Some(plan("aa", 1)), ..entered() };
    assert_eq!(forged.clone().approve("aa", &by("eve"), at(TODAY)), Err(Refused::NotVerified));
    assert_eq!(forged.run("aa", ErasureId([4; 16]), false).map(drop), Err(Refused::NotVerified));
}

#[test]
fn asking_for_more_pauses_the_deadline_until_there_is_an_answer() {
    let asked = entered().ask(date(2026, 11, 5), TODAY).expect("asked");
    assert_eq!((asked.state(), asked.due()), (RequestState::Asked, None));
    assert_eq!(asked.clone().ask(TODAY, TODAY), Err(Refused::AskedAlready(date(2026, 11, 5))));
    // An answer that does not help; asked again on the same day.
    let answered = asked.clone().answered(date(2026, 11, 8), TODAY).expect("answered");
    assert_eq!(
        (answered.state(), answered.due()),
        (RequestState::Unverified, Some(date(2026, 12, 7))),
        "6 December is a Sunday"
    );
    let again = answered.clone().ask(date(2026, 11, 8), TODAY).expect("asked");
    assert_eq!(
        again.verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)).expect("verified").term.paused_days(),
        5
    );
    // Verifying is an answer.
    let verified = asked.clone().verify(VerifiedBy::KnownContact, TODAY, &by("ann"), at(TODAY)).expect("verified");
    assert_eq!((verified.term.is_paused(), verified.due()), (false, Some(date(2026, 12, 8))));
    // Not before it came, not in the future, not before it was asked.
    let early = Refused::NotThen { from: RECEIVED, to: TODAY };
    assert_eq!(entered().ask(date(2026, 11, 2), TODAY), Err(early.clone()));
    assert_eq!(entered().ask(date(2026, 11, 11), TODAY), Err(early));
    assert!(asked.answered(date(2026, 11, 4), TODAY).is_err());
    assert_eq!(entered().answered(TODAY, TODAY), Err(Refused::NotAsked));
    assert_eq!(
        answered.ask(date(2026, 11, 7), TODAY).map(drop),
        Err(Refused::NotThen { from: date(2026, 11, 8), to: TODAY })
    );
    // A deadline that is over does not stop.
    let late = date(2026, 12, 4);
    assert_eq!(entered().ask(late, late), Err(Refused::Late(date(2026, 12, 3))));
    assert!(verified.ask(TODAY, TODAY).is_err(), "nothing is unclear any more");
}

#[test]
fn the_day_on_which_it_became_known_is_kept_and_is_not_before_it_came() {
    let verify = |day| entered().verify(VerifiedBy::KnownContact, day, &by("ann"), at(TODAY));
    let day = date(2026, 11, 6);
    assert_eq!(verify(day).expect("verified").verified.and_then(|verified| verified.on), Some(day));
    assert_eq!(verify(date(2026, 11, 2)).map(drop), Err(Refused::NotThen { from: RECEIVED, to: RECEIVED }));
}

#[test]
fn a_link_verifies_what_waits_for_it_and_a_document_more_than_a_link() {
    let link = Actor::link(3);
    let by_link = |request: Request| request.verify_by_link(TODAY, &link, at(TODAY));
    assert!(entered().wants_link().is_ok());
    let verified = by_link(entered()).expect("verified");
    assert_eq!((verified.state(), verified.is_by_address_alone()), (RequestState::Verified, true));
    assert_eq!(verified.verified.as_ref().map(|how| (&how.by, how.on)), Some((&link, Some(TODAY))));
    // It is an answer to what was asked for, also by a clock that is behind.
    let asked = entered().ask(date(2026, 11, 5), TODAY).expect("asked");
    assert!(asked.clone().wants_link().is_ok());
    assert_eq!(by_link(asked.clone()).expect("verified").due(), Some(date(2026, 12, 8)));
    let behind = asked.verify_by_link(date(2026, 11, 1), &link, at(TODAY)).expect("verified");
    assert_eq!(behind.due(), Some(date(2026, 12, 3)));
    // What it shows is no more than an address, so that a document is taken all the same; what was planned by it is planned anew.
    let planned = verified.planned(plan("aa", 1), Chosen::default()).expect("planned");
    assert_eq!(by_link(planned.clone()), Err(Refused::Verified));
    assert_eq!(planned.clone().wants_link(), Err(Refused::Verified));
    let wider = planned.verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)).expect("verified");
    assert_eq!((wider.state(), wider.is_by_address_alone()), (RequestState::Verified, false));
    // Not the other way.
    for done in [wider, self::verified()] {
        assert_eq!(by_link(done.clone()), Err(Refused::Verified));
        assert_eq!(done.verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)), Err(Refused::Verified));
    }
    let ended = entered().end(Ended::Withdrawn, &by("ann"), at(TODAY)).expect("ended");
    assert_eq!(ended.clone().wants_link(), Err(Refused::Ended(RequestState::Withdrawn)));
    assert_eq!(by_link(ended), Err(Refused::Ended(RequestState::Withdrawn)));
}

#[test]
fn a_request_is_extended_within_its_month_and_by_two_more_at_most() {
    let extend = |request: Request, months, today| {
        request.extend(months, ExtendedBecause::Complexity, &by("ann"), at(TODAY), today)
    };
    let once = extend(entered(), 1, TODAY).expect("extended");
    assert_eq!(once.due(), Some(date(2027, 1, 4)), "3 January is a Sunday");
    let twice = extend(once, 1, date(2026, 12, 3)).expect("on its last day");
    assert_eq!(twice.due(), Some(date(2027, 2, 3)));
    assert_eq!(extend(twice, 1, TODAY), Err(Refused::ExtendedEnough(2)));
    assert_eq!(extend(entered(), 3, TODAY), Err(Refused::ExtendedEnough(0)));
    assert_eq!(extend(entered(), 2, date(2026, 12, 4)), Err(Refused::TooLateToExtend(date(2026, 12, 3))));
}

#[test]
fn a_refusal_is_late_after_the_first_month_whatever_the_extension() {
    let calendar = Calendar::of("Europe/Prague").expect("known");
    let extend = |request: Request| {
        request.extend(2, ExtendedBecause::Complexity, &by("ann"), at(TODAY), TODAY).expect("extended")
    };
    let rejected = |request: Request, on: Date| {
        let ended = Ended::Rejected(RejectedBecause::LegalClaims);
        request.end(ended, &by("ann"), at(on)).expect("ended").refused_after(&calendar)
    };
    let (last, after) = (date(2026, 12, 3), date(2026, 12, 4));
    assert_eq!((rejected(entered(), last), rejected(extend(entered()), last)), (None, None), "on its last day");
    assert_eq!((rejected(entered(), after), rejected(extend(entered()), after)), (Some(last), Some(last)));
    assert_eq!(entered().end(Ended::Withdrawn, &by("ann"), at(after)).expect("ended").refused_after(&calendar), None);
}

#[test]
fn how_long_a_request_can_be_extended_is_known() {
    let last = date(2026, 12, 3);
    let extend = |months, request: Request| {
        request.extend(months, ExtendedBecause::Complexity, &by("ann"), at(TODAY), TODAY).expect("extended")
    };
    assert_eq!(entered().extendable_until(last), Some(last));
    assert_eq!(entered().extendable_until(date(2026, 12, 4)), None);
    assert_eq!(extend(1, entered()).extendable_until(TODAY), Some(last), "its first month, and no other");
    assert_eq!(extend(2, entered()).extendable_until(TODAY), None);
}

#[test]
fn nobody_approves_what_they_entered_or_planned() {
    let planned = verified().planned(plan("aa", 1), Chosen::default()).expect("planned");
    let run = |request: &Request| request.clone().run("aa", ErasureId([4; 16]), true).map(drop);
    assert_eq!(run(&planned), Err(Refused::NotApproved));
    let approve = |name: &str| planned.clone().approve("aa", &by(name), at(TODAY));
    assert_eq!(approve("ann"), Err(Refused::SamePerson(by("ann"))), "who has entered it");
    assert_eq!(approve("bob"), Err(Refused::SamePerson(by("bob"))), "who has planned it");
    assert_eq!(approve("root (sudo: ann)"), Err(Refused::SamePerson(by("ann"))));
    let approved = approve("eve").expect("approved");
    assert_eq!((approved.state(), run(&approved)), (RequestState::Approved, Ok(())));
    assert_eq!(approved.clone().approve("aa", &by("eve"), at(TODAY)), Err(Refused::Approved));
    // What is shown anew and is the same stays approved; what is not has to be approved anew.
    let again = approved.clone().planned(plan("aa", 1), Chosen::default()).expect("planned");
    assert_eq!(again.state(), RequestState::Approved);
    let other = approved.planned(plan("bb", 2), Chosen::default()).expect("planned");
    assert_eq!(other.state(), RequestState::Planned);
    assert_eq!(other.approve("aa", &by("eve"), at(TODAY)), Err(Refused::OtherPlan("bb".into())));
}

#[test]
fn who_looks_at_a_plan_does_not_become_the_one_who_made_it() {
    let by_whom = |name: &str, hash: &str| Plan { by: by(name), ..plan(hash, 1) };
    let look = |request: &Request, name: &str, hash: &str| {
        request.clone().planned(by_whom(name, hash), Chosen::default()).expect("planned")
    };
    let made = look(&verified(), "bob", "aa");
    let looked = look(&made, "eve", "aa");
    assert_eq!(looked.clone().approve("aa", &by("bob"), at(TODAY)), Err(Refused::SamePerson(by("bob"))));
    assert_eq!(looked.approve("aa", &by("eve"), at(TODAY)).expect("approved").state(), RequestState::Approved);
    // What is not the same is made by who had it shown, and by who had made what it came from.
    let other = look(&made, "eve", "bb");
    for maker in ["bob", "eve"] {
        assert_eq!(other.clone().approve("bb", &by(maker), at(TODAY)), Err(Refused::SamePerson(by(maker))));
    }
    assert_eq!(other.approve("bb", &by("zoe"), at(TODAY)).expect("approved").state(), RequestState::Approved);
}

#[test]
fn nobody_approves_what_they_have_decided_about_a_single_session() {
    let (by_whom, id) = (|name: &str, hash: &str| Plan { by: by(name), ..plan(hash, 1) }, ErasureId([4; 16]));
    let kept = Choice { session: "acme/9".parse().expect("a session"), because: ChosenBecause::Shared };
    let chosen = || Chosen { exclude: vec![kept.clone()], ..Chosen::default() };
    let planned = |request: &Request, name: &str, hash: &str, chosen| {
        request.clone().planned(by_whom(name, hash), chosen).expect("planned")
    };
    let approve = |request: &Request, hash: &str, name: &str| request.clone().approve(hash, &by(name), at(TODAY));
    let refused = |name: &str| Err(Refused::SamePerson(by(name)));
    let made = planned(&verified(), "bob", "aa", Chosen::default());
    let approved = approve(&made, "aa", "eve").expect("approved");
    // The same sessions go, but what the receipt says of the others is another thing: that is no look.
    let changed = planned(&approved, "eve", "aa", chosen());
    assert_eq!(changed.state(), RequestState::Planned);
    assert_eq!((approve(&changed, "aa", "bob"), approve(&changed, "aa", "eve")), (refused("bob"), refused("eve")));
    // What was decided stands in the next plan, too, whoever has it shown.
    let ran = approve(&changed, "aa", "zoe").expect("approved").run("aa", id, true).expect("asked for").0;
    let next = planned(&ran, "zoe", "bb", chosen());
    assert_eq!((approve(&next, "bb", "eve"), approve(&next, "bb", "zoe")), (refused("eve"), refused("zoe")));
    // Who begins anew has made it alone: two people are enough, one of whom has entered nothing.
    let anew = planned(&next, "bob", "bb", Chosen { anew: true, ..Chosen::default() });
    assert_eq!((anew.state(), approve(&anew, "bb", "bob")), (RequestState::Planned, refused("bob")));
    assert_eq!(approve(&anew, "bb", "eve").expect("approved").state(), RequestState::Approved);
    // Without decisions, a plan that has run is over.
    let ran = approve(&anew, "bb", "eve").expect("approved").run("bb", id, true).expect("asked for").0;
    assert_eq!(approve(&planned(&ran, "eve", "cc", Chosen::default()), "cc", "bob").map(drop), Ok(()));
}

#[test]
fn what_ends_otherwise_says_why_and_not_while_it_is_erased() {
    let end = |request: Request, ended| request.end(ended, &by("ann"), at(TODAY));
    let id = ErasureId([4; 16]);
    let erasing = Request { erasures: vec![id], ..verified() };
    assert_eq!(end(erasing, Ended::Withdrawn), Err(Refused::Erasing(id)));
    let rejected = end(entered(), Ended::Rejected(RejectedBecause::NotThePerson)).expect("rejected");
    assert_eq!(rejected.state(), RequestState::Rejected);
    assert_eq!(end(rejected, Ended::Withdrawn), Err(Refused::Ended(RequestState::Rejected)));
    let nothing = verified().planned(plan("aa", 0), Chosen::default()).expect("planned");
    assert_eq!(nothing.clone().run("aa", id, false).map(drop), Err(Refused::NothingPlanned));
    assert_eq!(nothing.clone().approve("aa", &by("eve"), at(TODAY)), Err(Refused::NothingPlanned));
    assert!(with_crm(nothing.clone()).approve("aa", &by("eve"), at(TODAY)).is_ok());
    // Who has no session may be known to another target, which is asked.
    let elsewhere = Request { targets: vec![TargetName::mluvii(), TargetName("crm".into())], ..nothing.clone() };
    assert_eq!(elsewhere.run("aa", id, false).map(|(request, _)| request.state()), Ok(RequestState::Erasing));
    let nothing_held = Ended::Closed(ClosedBecause::NothingHeld);
    let held = |request: &Request| match end(request.clone(), nothing_held) {
        Err(Refused::SomethingHeld(held)) => held,
        other => panic!("{other:?}"),
    };
    let going = verified().planned(plan("aa", 2), Chosen::default()).expect("planned");
    assert_eq!(held(&going), "2 sessions go");
    assert_eq!(end(going, Ended::Closed(ClosedBecause::Mistake)).map(|closed| closed.found_nothing), Ok(None));
    let told = Foreseen {
        at: at(TODAY),
        reasons: Vec::new(),
        absent: vec![TargetName::mluvii()],
        there: vec![TargetName("crm".into())],
        not_known: Vec::new(),
        further: Vec::new(),
        answers: Vec::new(),
        holds: Vec::new(),
    };
    let elsewhere = Plan { foreseen: Some(told.clone()), ..plan("aa", 0) };
    let elsewhere = verified().planned(elsewhere, Chosen::default()).expect("planned");
    assert_eq!(held(&elsewhere), "crm holds something");
    let unseen = Foreseen { there: Vec::new(), not_known: told.there.clone(), ..told };
    let unseen = Plan { foreseen: Some(unseen), ..plan("aa", 0) };
    let unseen = verified().planned(unseen, Chosen::default()).expect("planned");
    assert!(
        end(unseen, nothing_held).is_ok_and(|closed| closed.found_nothing.is_some()),
        "that is for a person to say"
    );
    let incomplete = Ended::Closed(ClosedBecause::Incomplete);
    assert_eq!(end(nothing.clone(), incomplete), Err(Refused::NoReceipt), "nobody has erased anything");
    assert_eq!(end(entered(), incomplete), Err(Refused::NoReceipt));
    let closed = end(nothing, nothing_held).expect("closed");
    assert_eq!((closed.state(), closed.plan), (RequestState::Closed, None));
}

#[test]
fn what_has_come_since_it_was_planned_keeps_a_request_open() {
    let [first, second] = [4, 5].map(|byte| ErasureId([byte; 16]));
    let run = |request: Request, hash: &str, id| request.run(hash, id, false).expect("asked for").0;
    let with_plan = |request: Request, hash: &str| request.planned(plan(hash, 1), Chosen::default()).expect("planned");
    let erasing = run(with_plan(verified(), "aa"), "aa", first);
    // A follow-up that is planned, and then one that is under way.
    let planned = with_plan(erasing.clone(), "bb").erased(first, Rest::Nothing, at(TODAY));
    assert_eq!(planned.state(), RequestState::Planned);
    let both = run(with_plan(erasing.clone(), "bb"), "bb", second).erased(first, Rest::Nothing, at(TODAY));
    assert_eq!((both.state(), both.erasing()), (RequestState::Erasing, Some(second)));
    assert_eq!(both.erased(second, Rest::Nothing, at(TODAY)).state(), RequestState::Done);
    // The receipt says that a session was left that nobody has decided to leave.
    let left = erasing.clone().erased(first, Rest::Something, at(TODAY));
    assert_eq!((left.state(), left.more), (RequestState::Verified, true));
    let done = run(with_plan(left, "cc"), "cc", second).erased(second, Rest::Nothing, at(TODAY));
    assert_eq!(done.state(), RequestState::Done);
    let open = erasing.clone().erased(first, Rest::Something, at(TODAY));
    assert_eq!((open.end.as_ref(), open.due()), (None, Some(date(2026, 12, 3))), "and its deadline runs");
    let closed = open.end(Ended::Closed(ClosedBecause::Incomplete), &by("ann"), at(TODAY)).expect("closed");
    assert_eq!(closed.state(), RequestState::Closed);
    // One that was cancelled before it began is as if nobody had asked for it.
    assert_eq!(erasing.without(first).state(), RequestState::Verified);
}

fn with_crm(request: Request) -> Request {
    Request { targets: vec![TargetName::mluvii(), TargetName("crm".into())], ..request }
}

#[test]
fn what_was_erased_by_an_address_alone_is_not_the_end_once_more_is_proved() {
    let [narrow, wide] = [4, 5].map(|byte| ErasureId([byte; 16]));
    let by_link = with_crm(entered()).verify_by_link(TODAY, &Actor::link(3), at(TODAY)).expect("verified");
    let planned = |request: Request, count| request.planned(plan("aa", count), Chosen::default()).expect("planned");
    let run = |request: Request, id| request.run("aa", id, false).expect("asked for").0;
    let widen =
        |request: Request| request.verify(VerifiedBy::Document, TODAY, &by("ann"), at(TODAY)).expect("verified");
    let ends = |request: Request, id| request.erased(id, Rest::Nothing, at(TODAY));
    let erasing = run(planned(by_link.clone(), 1), narrow);
    let widened = widen(erasing.clone());
    assert_eq!(widened.state(), RequestState::Erasing);
    let text = serde_json::to_string(&widened).expect("JSON");
    assert_eq!(serde_json::from_str::<Request>(&text).expect("reads"), widened);
    // Nobody has planned it anew when the receipt comes, or its plan has no session: the CRM was never asked by all that is proved.
    assert_eq!(ends(widened.clone(), narrow).state(), RequestState::Verified);
    assert_eq!(ends(planned(widened.clone(), 0), narrow).state(), RequestState::Planned);
    // By what runs then it ends, whichever receipt comes last.
    let both = run(planned(widened.clone(), 0), wide);
    assert_eq!(ends(ends(both.clone(), narrow), wide).state(), RequestState::Done);
    assert_eq!(ends(ends(both.clone(), wide), narrow).state(), RequestState::Done);
    // Not where that is cancelled.
    assert_eq!(ends(both.without(wide), narrow).state(), RequestState::Verified);
    // Before anything is erased, there is nothing that was erased by less.
    assert!(!widen(planned(by_link, 1)).widened);
    assert_eq!(ends(erasing, narrow).state(), RequestState::Done);
}

#[test]
fn a_plan_without_a_session_that_targets_are_asked_by_keeps_a_request_open() {
    let id = ErasureId([4; 16]);
    let planned = |request: Request, count| request.planned(plan("aa", count), Chosen::default()).expect("planned");
    let run = |request: Request| request.run("aa", id, false).expect("asked for").0;
    let ended = |request: Request| request.erased(id, Rest::Nothing, at(TODAY)).state();
    assert_eq!(ended(planned(run(planned(with_crm(verified()), 1)), 0)), RequestState::Planned);
    assert_eq!(ended(planned(run(planned(verified(), 1)), 0)), RequestState::Done, "it would erase nothing");
}

#[test]
fn what_a_target_has_left_is_settled_only_by_who_tells_it_the_same_sessions() {
    let [first, second] = [4, 5].map(|byte| ErasureId([byte; 16]));
    let run = |request: Request, plan: Plan, id| {
        let planned = request.planned(plan, Chosen::default()).expect("planned");
        planned.run("aa", id, false).expect("asked for").0
    };
    let left = |count, rest| run(with_crm(verified()), plan("aa", count), first).erased(first, rest, at(TODAY));
    let then = |left: Request, plan: Plan| {
        let ended = run(left, plan, second).erased(second, Rest::Nothing, at(TODAY));
        (ended.state(), ended.more)
    };
    let (open, done) = ((RequestState::Verified, true), (RequestState::Done, false));
    // mluvii has erased the session, so that no further plan has it; the CRM may have known the person by nothing else.
    assert_eq!(then(left(1, Rest::Elsewhere), plan("aa", 0)), open);
    let mut other = plan("aa", 2);
    other.sessions.remove(0);
    assert_eq!(then(left(1, Rest::Elsewhere), other.clone()), open);
    assert_eq!(then(left(1, Rest::Elsewhere), plan("aa", 2)), done);
    // It was told no session, or the rest is of mluvii, which looks for itself.
    assert_eq!(then(left(0, Rest::Elsewhere), plan("aa", 0)), done);
    assert_eq!(then(left(1, Rest::Something), other), done);
    let closed = left(1, Rest::Elsewhere).end(Ended::Closed(ClosedBecause::Incomplete), &by("ann"), at(TODAY));
    assert!(closed.expect("closed").told.is_empty());
}

#[test]
fn what_a_cancelled_erasure_was_to_take_is_not_known_to_be_gone() {
    let [first, second, third] = [4, 5, 6].map(|byte| ErasureId([byte; 16]));
    let next = |request: Request, id| {
        let planned = request.planned(plan("aa", 1), Chosen::default()).expect("planned");
        planned.run("aa", id, false).expect("asked for").0
    };
    let left = next(verified(), first).erased(first, Rest::Something, at(TODAY));
    let cancelled = next(next(left, second), third).without(second);
    assert_eq!(cancelled.erased(third, Rest::Nothing, at(TODAY)).state(), RequestState::Verified);
}

#[test]
fn what_is_found_again_opens_a_request_for_another_month_and_its_erasure_ends_it() {
    let [first, second, other] = [4, 5, 6].map(|byte| ErasureId([byte; 16]));
    let seen = date(2027, 11, 8);
    let planned = verified().planned(plan("aa", 1), Chosen::default()).expect("planned");
    let erasing = planned.run("aa", first, false).expect("asked for").0;
    assert_eq!(erasing.clone().reopen(first, at(seen), seen), None, "it is open");
    let done = erasing.clone().erased(first, Rest::Nothing, at(TODAY));
    assert_eq!(done.clone().reopen(other, at(seen), seen), None, "nothing of it was erased by that");
    let open = done.reopen(first, at(seen), seen).expect("open");
    assert_eq!((open.state(), open.due(), &open.end), (RequestState::Reopened, Some(date(2027, 12, 8)), &None));
    assert_eq!(open.term.received, RECEIVED, "the letter came when it came");
    // Nobody knows any more whom it is about.
    let refused = Err(Refused::Reopened(first));
    assert_eq!(open.clone().planned(plan("bb", 1), Chosen::default()), refused);
    assert_eq!(open.clone().approve("bb", &by("eve"), at(seen)), refused);
    assert_eq!(open.clone().run("bb", second, false).map(|(request, _)| request), refused);
    let extended = open.clone().extend(1, ExtendedBecause::Complexity, &by("ann"), at(seen), seen).expect("extended");
    assert_eq!((extended.due(), extended.term.extended), (Some(date(2028, 1, 10)), 0));
    let text = serde_json::to_string(&extended).expect("JSON");
    assert_eq!(serde_json::from_str::<Request>(&text).expect("reads"), extended);

    let again = open.clone().erased_again_by(first, second).expect("it waits for that");
    assert_eq!((again.state(), again.erasing()), (RequestState::Erasing, Some(second)));
    assert_eq!(again.clone().without(second).state(), RequestState::Reopened, "it was cancelled");
    let left = again.clone().erased(second, Rest::Something, at(seen));
    assert_eq!(left.state(), RequestState::Reopened, "the receipt leaves something");
    let ended = again.erased(second, Rest::Nothing, at(seen));
    assert_eq!(ended.state(), RequestState::Done);
    // Asked for while it is over, it is one of its erasures, and no news.
    let again_since = ended.clone().erased_again_by(first, other).expect("its own");
    assert_eq!((again_since.state(), &again_since.end), (RequestState::Done, &ended.end));
    assert_eq!(again_since.clone().reopen(other, at(seen), seen), None, "it has no receipt yet");
    let receipted = again_since.erased(other, Rest::Nothing, at(TODAY));
    assert_eq!((receipted.state(), &receipted.end), (RequestState::Done, &ended.end));
    assert_eq!(receipted.reopen(other, at(seen), seen).expect("open").state(), RequestState::Reopened);
    assert_eq!(open.clone().erased_again_by(other, second), None, "nothing of it was erased by that");
    // Something is there at another target, too: what came back here does not end it, and what comes back there does.
    let here = open.clone().erased_again_by(first, second).expect("asked for").erased(second, Rest::Again, at(seen));
    assert_eq!((here.state(), here.more), (RequestState::Reopened, false));
    let there = here.erased_again_by(first, other).expect("it waits for that").erased(other, Rest::Nothing, at(seen));
    assert_eq!(there.state(), RequestState::Done);
    // What a receipt has left is not settled by what is erased again elsewhere.
    let left =
        open.clone().erased_again_by(first, second).expect("asked for").erased(second, Rest::Something, at(seen));
    let else_where =
        left.clone().erased_again_by(first, other).expect("asked for").erased(other, Rest::Nothing, at(seen));
    assert_eq!(else_where.state(), RequestState::Reopened);
    let anew = left.erased_again_by(second, other).expect("asked for").erased(other, Rest::Nothing, at(seen));
    assert_eq!(anew.state(), RequestState::Done);
    let once_more = ended.reopen(second, at(seen), seen).expect("open");
    assert_eq!((once_more.state(), once_more.erasing()), (RequestState::Reopened, None));
    let closed = once_more.end(Ended::Closed(ClosedBecause::AnsweredElsewhere), &by("ann"), at(seen)).expect("closed");
    assert_eq!(closed.clone().erased_again_by(second, other), None, "a person has ended it otherwise");
    assert_eq!(closed.reopen(second, at(seen), seen), None, "a person has ended it otherwise");
    let withdrawn = verified().end(Ended::Withdrawn, &by("ann"), at(TODAY)).expect("withdrawn");
    assert_eq!(withdrawn.clone().erased_again_by(first, other), None, "nothing of it was erased");
    assert_eq!(withdrawn.reopen(first, at(seen), seen), None);
}

#[test]
fn a_request_is_written_as_it_is_read_and_holds_no_name() {
    let request = verified().planned(plan("aa", 2), Chosen::default()).expect("planned");
    let text = serde_json::to_string(&request).expect("JSON");
    assert_eq!(serde_json::from_str::<Request>(&text).expect("reads"), request);
    let ended = entered().end(Ended::Closed(ClosedBecause::Mistake), &by("ann"), at(TODAY)).expect("closed");
    let text = serde_json::to_string(&ended).expect("JSON");
    assert_eq!(serde_json::from_str::<Request>(&text).expect("reads"), ended);
}

#[test]
fn a_number_is_no_name() {
    for good in ["2026/117", "GDPR-2026.9", "R-7", "0"] {
        assert_eq!(good.parse::<RequestNumber>().map(|number| number.to_string()).as_deref(), Ok(good));
    }
    for bad in ["", "Novak", "Jan Novak 1", "jan@example.com1", "-1", "Nováková1", "1\u{202e}", &"1".repeat(41)] {
        assert!(bad.parse::<RequestNumber>().is_err(), "{bad}");
    }
    assert!("R-12".parse::<RequestNumber>().is_ok_and(|number| number.is_own()));
    assert!("R-12a".parse::<RequestNumber>().is_ok_and(|number| !number.is_own()));
}

#[test]
fn words_are_read_as_they_are_written() {
    for state in RequestState::ALL {
        assert_eq!(state.as_str().parse(), Ok(*state));
    }
    let wrong = "fax".parse::<Came>().expect_err("no such way");
    assert_eq!(wrong, "it is none of letter, email, phone, in-person, form");
}

/// What means the same is spelt the same, wherever somebody types it, and wherever it is written down or read.
#[test]
fn one_word_is_spelt_one_way() {
    let rejected: Vec<_> = RejectedBecause::ALL.iter().map(|word| word.as_str()).collect();
    for reason in [HoldReason::LegalClaims, HoldReason::LegalObligation] {
        assert!(rejected.contains(&reason.as_str()), "{reason:?}");
    }
    for came in CameBy::ALL {
        let word = came.as_str().strip_prefix("officer-").expect("an officer was told");
        assert!(word.parse::<Came>().is_ok(), "{word}");
    }
    let words = [
        HoldReason::ALL.map(HoldReason::as_str).to_vec(),
        Came::ALL.iter().map(|word| word.as_str()).collect(),
        VerifiedBy::ALL.iter().map(|word| word.as_str()).collect(),
        ExtendedBecause::ALL.iter().map(|word| word.as_str()).collect(),
        ClosedBecause::ALL.iter().map(|word| word.as_str()).collect(),
        ChosenBecause::ALL.iter().map(|word| word.as_str()).collect(),
        rejected,
    ];
    for word in words.concat() {
        assert!(!word.contains('_'), "{word}");
    }
}
