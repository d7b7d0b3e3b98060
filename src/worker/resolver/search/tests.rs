use zeroize::Zeroizing;

use super::*;
use crate::erasure::Selection;
use crate::keys::IndexKey;
use crate::subject::{Identifier, Identifiers, Whom};
use crate::worker::resolver::OnUnread;

fn fingerprinter() -> Fingerprinter {
    Fingerprinter::new(&IndexKey::new(&Zeroizing::new([1; 32])), &InstallationName::unnamed(), None)
}

fn guest() -> GuestId {
    GuestId("g-family".into())
}

/// A session of the guest, as the ledger has it.
fn view(id: i64) -> SessionView {
    let key = SessionKey { installation: InstallationName::unnamed(), session: SessionId(id) };
    let mut view = SessionView { erased_at: None, ..SessionView::of_erased(&key, Timestamp::UNIX_EPOCH) };
    view.record.guest = Some(guest());
    view.record.guest_digest = Some(fingerprinter().guest(&guest()));
    view
}

fn person() -> Subject {
    Subject::Person { installation: InstallationName::unnamed(), digest: Digest([1; 16]) }
}

/// What is found of a person: session 1, which goes, and what is made of that.
fn search<T>(subject: &Subject, whom: Whom, act: impl FnOnce(Search<'_>) -> T) -> T {
    let selection = Selection::default();
    let question = Question { subject, whom, selection: &selection, targets: &[], on_unread: OnUnread::Count };
    let mut search = Search::new(question);
    search.take(view(1), Certainty::Certain, "email".to_owned());
    act(search)
}

#[test]
fn a_guest_of_whom_a_session_stays_is_kept() {
    let of = fingerprinter();
    search(&person(), Whom::default(), |mut search| {
        assert!(!search.keeps(&guest(), &[view(1)], false, &of), "all that is known goes");
        let erased = SessionView { erased_at: Some(Timestamp::UNIX_EPOCH), ..view(2) };
        let email = Identifier::new(Kind::Email, "ann@example.com").expect("an address");
        let again = SessionView { fingerprints: of.of_all(&Identifiers([email].into())), ..erased.clone() };
        assert!(erased.is_gone() && !again.is_gone() && !view(1).is_gone());
        assert!(!search.keeps(&guest(), &[view(1), erased], false, &of), "nothing is left of it");
        assert!(search.keeps(&guest(), &[view(1), again], false, &of), "something came since");
        assert!(search.keeps(&guest(), &[view(1), view(2)], false, &of), "one in the ledger that nobody has judged");
        search.listed_of_guest.insert(guest(), [SessionId(1), SessionId(2)].into());
        assert!(search.keeps(&guest(), &[view(1)], false, &of), "one that mluvii lists");
        search.listed_of_guest.insert(guest(), [SessionId(1)].into());
        assert!(!search.keeps(&guest(), &[view(1)], false, &of));
        search.take(view(2), Certainty::Possible, "same guest".to_owned());
        assert!(search.keeps(&guest(), &[view(1), view(2)], false, &of), "one that is possible only");
    });
}

#[test]
fn a_guest_whom_several_people_use_is_kept_and_any_where_only_an_address_is_proved() {
    let of = fingerprinter();
    search(&person(), Whom::default(), |mut search| {
        assert!(search.keeps(&guest(), &[view(1)], true, &of), "the ledger remembers it");
        search.shared_guests.insert(of.guest(&guest()));
        assert!(search.keeps(&guest(), &[view(1)], false, &of), "it was just seen");
    });
    let by_link = Whom { by_address_alone: true, ..Whom::default() };
    search(&person(), by_link, |search| assert!(search.keeps(&guest(), &[view(1)], false, &of)));
}

/// What is given of a person: an address, a name and a number.
fn given() -> Whom {
    let one = |kind, text| Identifier::new(kind, text).expect("an identifier");
    let all = [(Kind::Name, "Ann"), (Kind::Email, "ann@x.cz"), (Kind::Phone, "+420 777 123 456")];
    Whom { identifiers: Identifiers(all.map(|(kind, text)| one(kind, text)).into()), ..Whom::default() }
}

#[test]
fn what_is_typed_beside_a_proved_address_makes_no_session_certain() {
    let sets: [BTreeSet<Kind>; 2] = [[Kind::Email].into(), [Kind::Name, Kind::Phone].into()];
    let comparison =
        |agreeing: &[Kind]| Comparison { agreeing: agreeing.iter().cloned().collect(), ..Comparison::default() };
    let judged = |by_address_alone, agreeing: &[Kind]| {
        let whom = Whom { by_address_alone, ..given() };
        search(&person(), whom, |search| search.judge(&comparison(agreeing), &sets).map(|(certainty, _)| certainty))
    };
    let number = [Kind::Name, Kind::Phone];
    assert_eq!(judged(false, &number), Some(Certainty::Certain));
    assert_eq!(judged(true, &number), Some(Certainty::Possible));
    assert_eq!(judged(true, &[Kind::Phone]), Some(Certainty::Possible));
    for all in [&[Kind::Email][..], &[Kind::Email, Kind::Name, Kind::Phone]] {
        assert_eq!(judged(true, all), Some(Certainty::Certain), "{all:?}");
    }
    assert_eq!(judged(true, &[]), None);
}

#[test]
fn of_what_is_given_beside_a_proved_address_nobody_is_told() {
    let of = fingerprinter();
    let told = |by_address_alone| {
        let scope = search(&person(), Whom { by_address_alone, ..given() }, |search| search.into_scope(&of));
        let kinds: Vec<_> = scope.whom.identifiers.0.iter().map(|one| one.kind.clone()).collect();
        let found_by: BTreeSet<_> = scope.fingerprints.into_iter().map(|one| one.kind).collect();
        (kinds.len(), kinds.contains(&Kind::Email), found_by == BTreeSet::from([Kind::Email]))
    };
    assert_eq!(told(true), (1, true, true));
    assert_eq!(told(false), (3, true, false));
}

#[test]
fn a_guest_that_is_kept_is_told_to_nobody() {
    let told = |mut search: Search<'_>, is_kept: bool| {
        search.guests_kept.extend(is_kept.then(guest));
        search.into_scope(&fingerprinter()).whom.guests
    };
    assert_eq!(search(&person(), Whom::default(), |search| told(search, true)), BTreeSet::new());
    assert_eq!(search(&person(), Whom::default(), |search| told(search, false)), BTreeSet::from([guest()]));
    // Whoever demands a guest's erasure names the guest.
    let digest = fingerprinter().guest(&guest());
    let subject = Subject::Guest { installation: InstallationName::unnamed(), digest };
    let whom = Whom { guests: BTreeSet::from([guest()]), ..Whom::default() };
    assert_eq!(search(&subject, whom, |search| told(search, false)), BTreeSet::from([guest()]));
}
