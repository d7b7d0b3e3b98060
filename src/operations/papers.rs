//! Papers: a certificate of what a receipt says, and letters. They change nothing and hold nothing personal; each is in the audit before
//! it is answered, as it says what became of a person.

use jiff::Timestamp;

use super::requests::{self, Named};
use super::{OperationError, Operations, receipts};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::key_files::read_public_keys;
use crate::papers::{Audience, Case, Certificate, ChainPlace, Lang, Letter, LetterKind, Nothing};
use crate::receipt::{Receipt, Statement, id_of_public_key};
use crate::request::{Request, RequestState};
use crate::subject::TargetName;

/// The certificate of a receipt, as HTML for A4; with what the request says that it answers.
pub(crate) async fn certificate(
    on: &Operations,
    sequence: u64,
    request: Option<&Named>,
    lang: Lang,
    audience: Audience,
    by: &Actor,
) -> Result<String, OperationError> {
    let receipt = receipts::show(on, sequence).await?;
    let request = match request {
        Some(named) => Some(of_receipt(on, named, &receipt).await?),
        None => None,
    };
    let case = request.as_ref().map(|shown| Case::of(&shown.request));
    let chain = place(on, &receipt).await?;
    let letterhead = &on.settings.letterhead;
    let issued = Timestamp::now();
    let titles = &on.settings.titles;
    let calendar = &on.settings.limits.calendar;
    let case = case.as_ref();
    let certificate = Certificate { receipt: &receipt, case, letterhead, chain: &chain, titles, calendar, issued };
    let html = certificate.html(lang, audience);
    let entry = AuditEntry::new(by, Act::WriteCertificate, Object::receipt(sequence), ActResult::Done);
    on.ledger.note(entry.with_word("for", audience.as_str()).with_word("lang", lang.as_str())).await?;
    Ok(html)
}

/// A letter, as HTML for A4: filled from the request, and from the receipt of what was done. Where that is not named, it is the
/// request's newest. What was done is said by the worst of all the receipts of the request.
pub(crate) async fn letter(
    on: &Operations,
    kind: LetterKind,
    request: Option<&Named>,
    sequence: Option<u64>,
    lang: Lang,
    by: &Actor,
) -> Result<String, OperationError> {
    let request = match request {
        Some(named) => Some(requests::show(on, named).await?),
        None => None,
    };
    let all = match &request {
        Some(shown) => requests::receipts_of(on, &shown.request).await?,
        None => Vec::new(),
    };
    let named = match sequence {
        Some(sequence) => Some(receipts::show(on, sequence).await?),
        None => None,
    };
    let (receipt, nothing) = filled(kind, request.as_ref(), &all, named, &on.settings.targets)?;
    let case = request.as_ref().map(|shown| Case::of(&shown.request)).unwrap_or_default();
    let statement = receipt.as_ref().map(|receipt| &receipt.statement);
    let others = all.into_iter().map(|receipt| receipt.statement);
    let others: Vec<_> = others.filter(|other| Some(other.sequence) != statement.map(|one| one.sequence)).collect();
    let calendar = &on.settings.limits.calendar;
    let written = calendar.day(Timestamp::now());
    let letterhead = &on.settings.letterhead;
    let titles = &on.settings.titles;
    let nothing = nothing.as_ref();
    let html = Letter { kind, case: &case, letterhead, titles, calendar, statement, others: &others, nothing, written }
        .html(lang);
    if let Some(object) = letter_object(request.as_ref().map(|shown| &shown.request), statement) {
        let entry = AuditEntry::new(by, Act::WriteLetter, object, ActResult::Done);
        on.ledger.note(entry.with_word("letter", kind.as_str()).with_word("lang", lang.as_str())).await?;
    }
    Ok(html)
}

/// The letters that would be true of a request as it is now.
pub(crate) async fn letters(on: &Operations, shown: &requests::Shown) -> Result<Vec<LetterKind>, OperationError> {
    let all = requests::receipts_of(on, &shown.request).await?;
    let is_true = |kind: &LetterKind| filled(*kind, Some(shown), &all, None, &on.settings.targets).is_ok();
    Ok(LetterKind::ALL.into_iter().filter(is_true).collect())
}

/// The receipt that a letter is filled from, and what shows that nothing is held where it says so; or why it would not be true.
fn filled(
    kind: LetterKind,
    request: Option<&requests::Shown>,
    all: &[Receipt],
    named: Option<Receipt>,
    everywhere: &[TargetName],
) -> Result<(Option<Receipt>, Option<Nothing>), OperationError> {
    if let Some(shown) = request {
        may_be_written(kind, &shown.request).map_err(OperationError::Conflict)?;
    }
    let receipt = named.or_else(|| newest(kind, all).cloned());
    if let (Some(receipt), Some(request)) = (&receipt, request) {
        must_be_of(request, receipt)?;
    }
    let nothing = match kind {
        LetterKind::NothingHeld => {
            Some(nothing(request.map(|shown| &shown.request), all, receipt.as_ref(), everywhere)?)
        }
        _ => None,
    };
    if kind.needs_receipt() && receipt.is_none() {
        let text = "this letter says what was done, and no receipt says it yet: name one";
        return Err(OperationError::Conflict(text.to_owned()));
    }
    let number = request.map(|shown| shown.request.number.to_string());
    let known = all.iter().chain(&receipt).map(|receipt| &receipt.statement);
    must_be_said(kind, number.as_deref(), known).map_err(OperationError::Conflict)?;
    Ok((receipt, nothing))
}

/// Which request or receipt a letter is filled from; none of a form that says nothing of anybody.
fn letter_object(request: Option<&Request>, statement: Option<&Statement>) -> Option<Object> {
    match request {
        Some(request) => Some(Object::request(&request.mluvii, &request.number)),
        None => statement.map(|statement| Object::receipt(statement.sequence)),
    }
}

/// What shows that nothing is held of the person; of a receipt alone nobody knows whether it is all that there is. What is missing is said.
fn nothing(
    request: Option<&Request>,
    all: &[Receipt],
    named: Option<&Receipt>,
    everywhere: &[TargetName],
) -> Result<Nothing, OperationError> {
    let Some(request) = request else {
        let text =
            "this letter says that nothing is held of the person: name the request that is answered by it (--request)";
        return Err(OperationError::Conflict(text.to_owned()));
    };
    requests::nothing_held(request, all, named, everywhere).map_err(|missing| {
        let what = format!("nothing shows that nothing is held of whom request {} is about", request.number);
        OperationError::Conflict(format!("{what}: {}", missing.join("; ")))
    })
}

/// Whether the letter would be true of the request, or why not.
fn may_be_written(kind: LetterKind, request: &Request) -> Result<(), String> {
    let number = &request.number;
    if (kind.needs_receipt() || kind == LetterKind::NothingHeld)
        && let Some(erasure) = request.erasing()
    {
        return Err(format!(
            "this letter says what was done, and an erasure of request {number} has not ended: see `quietus erasures show {erasure}`"
        ));
    }
    if kind == LetterKind::Extension && request.extension.is_none() {
        return Err(format!(
            "request {number} is not extended: `quietus requests extend {number} --months 1|2 --because complexity|number-of-requests`"
        ));
    }
    let state = request.state();
    if kind == LetterKind::NothingHeld && matches!(state, RequestState::Rejected | RequestState::Withdrawn) {
        return Err(format!(
            "request {number} is {}: its letter is another one (`quietus letters --help`)",
            state.as_str()
        ));
    }
    if kind == LetterKind::Refusal && state != RequestState::Rejected {
        return Err(match state.is_open() {
            true => format!(
                "request {number} is not rejected: `quietus requests reject {number} --because …` says why (`quietus requests reject --help`)"
            ),
            false => format!(
                "request {number} is not rejected, it is {}: its letter is another one (`quietus letters --help`)",
                state.as_str()
            ),
        });
    }
    Ok(())
}

/// The newest receipt that says of what a letter tells, or the newest of all.
fn newest(kind: LetterKind, all: &[Receipt]) -> Option<&Receipt> {
    all.iter().rfind(|receipt| kind.is_said_by(&receipt.statement)).or(all.last())
}

/// Whether the receipts say that of which the letter tells, or what to do. Without a request or a receipt it is a form to be filled in.
fn must_be_said<'a>(
    kind: LetterKind,
    request: Option<&str>,
    receipts: impl Iterator<Item = &'a Statement>,
) -> Result<(), String> {
    let mut receipts = receipts.peekable();
    let is_form = request.is_none() && receipts.peek().is_none();
    if is_form || receipts.any(|statement| kind.is_said_by(statement)) {
        return Ok(());
    }
    let of = request.map(|number| format!(" of request {number}")).unwrap_or_default();
    match kind {
        LetterKind::PartialRefusal => Err(format!(
            "no receipt{of} says that anything is retained: `quietus letters confirmation` says what was done, and where nothing is erased, \
             `quietus requests reject` and `quietus letters refusal` say why"
        )),
        LetterKind::Recipients => Err(format!(
            "no receipt{of} says that anything was erased, so that there is nothing to tell a recipient; once there is one, write it again, \
             and without --request and --receipt it is a form to fill in"
        )),
        LetterKind::Acknowledgement
        | LetterKind::Extension
        | LetterKind::Confirmation
        | LetterKind::Refusal
        | LetterKind::NothingHeld => Ok(()),
    }
}

/// The request, which must be the one that the receipt answers.
async fn of_receipt(on: &Operations, named: &Named, receipt: &Receipt) -> Result<requests::Shown, OperationError> {
    let request = requests::show(on, named).await?;
    must_be_of(&request, receipt)?;
    Ok(request)
}

/// No paper says of one person what was done for another.
fn must_be_of(shown: &requests::Shown, receipt: &Receipt) -> Result<(), OperationError> {
    if shown.request.erasures.contains(&receipt.statement.erasure) {
        return Ok(());
    }
    let (sequence, number) = (receipt.statement.sequence, &shown.request.number);
    Err(OperationError::Conflict(format!("receipt {sequence} is not one of request {number}")))
}

/// Where the receipt stands, and who outside knows how far the chain goes.
async fn place(on: &Operations, receipt: &Receipt) -> Result<ChainPlace, OperationError> {
    let head = on.ledger.receipt_head().await?.unwrap_or_else(|| receipt.head());
    let keys = read_public_keys(&on.resources.keys_dir)?;
    let signed = |key: &String| id_of_public_key(key).as_ref() == Some(&receipt.statement.key);
    let public_key = keys.into_iter().find(signed);
    let open = on.ledger.attention_untried(&on.settings.limits).await?;
    let fails = |name: &str| open.iter().any(|found| found.object == Object::keeper(name));
    let witnesses = on.settings.witnesses.iter().map(|name| (name.clone(), !fails(name))).collect();
    Ok(ChainPlace { head, public_key, witnesses })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::audit::Actor;
    use crate::erasure::sample::{session, step};
    use crate::erasure::{ErasureId, MluviiSearch, Outcome};
    use crate::receipt::sample::issued;
    use crate::request::{
        Came, End, Ended, Entered, ExtendedBecause, RejectedBecause, RequestId, RequestNumber, VerifiedBy,
    };
    use crate::subject::{InstallationName, Kind, Scope};

    fn request() -> Request {
        let entered = Entered {
            id: RequestId([1; 16]),
            number: None,
            mluvii: InstallationName("acme".into()),
            came: Came::Letter,
            received: date(2026, 11, 3),
            verified: Some(VerifiedBy::Document),
            targets: vec![TargetName::mluvii()],
            kinds: [Kind::Email].into(),
        };
        Request::of(entered, RequestNumber::own(7), &Actor::cli("ann"), Timestamp::UNIX_EPOCH)
    }

    #[track_caller]
    fn check(request: &Request, refused: &[LetterKind]) {
        for kind in LetterKind::ALL {
            assert_eq!(may_be_written(kind, request).is_err(), refused.contains(&kind), "{kind:?}");
        }
    }

    #[test]
    fn a_letter_that_would_not_be_true_of_its_request_is_refused() {
        let day = date(2026, 11, 10);
        check(&request(), &[LetterKind::Extension, LetterKind::Refusal]);
        let why = may_be_written(LetterKind::Extension, &request()).expect_err("refused");
        assert!(why.contains("quietus requests extend R-7"), "{why}");
        let (why, by) = (ExtendedBecause::Complexity, Actor::cli("ann"));
        let extended = request().extend(2, why, &by, Timestamp::UNIX_EPOCH, day).expect("extended");
        check(&extended, &[LetterKind::Refusal]);
        // The first erasure has its receipt, and what was found later is still being erased.
        let [first, second] = [1, 2].map(|byte| ErasureId([byte; 16]));
        let erasing = Request { erasures: vec![first, second], receipted: vec![first], ..extended };
        let done = [LetterKind::Confirmation, LetterKind::PartialRefusal, LetterKind::Refusal, LetterKind::NothingHeld];
        check(&erasing, &done);
        check(&Request { receipted: vec![first, second], ..erasing }, &[LetterKind::Refusal]);
    }

    #[test]
    fn only_of_a_request_that_is_rejected_there_is_a_letter_that_refuses_it() {
        let ended = |ended| Request { end: Some(End { ended, by: None, at: Timestamp::UNIX_EPOCH }), ..request() };
        let refused = [LetterKind::Extension, LetterKind::NothingHeld];
        check(&ended(Ended::Rejected(RejectedBecause::LegalClaims)), &refused);
        check(&ended(Ended::Done), &[LetterKind::Extension, LetterKind::Refusal]);
        let why = |request: &Request| may_be_written(LetterKind::Refusal, request).expect_err("refused");
        let (open, done) = (why(&request()), why(&ended(Ended::Done)));
        assert!(open.contains("quietus requests reject R-7 --because"), "{open}");
        assert!(done.contains("it is done") && !done.contains("requests reject"), "{done}");
    }

    #[test]
    fn that_nothing_is_held_is_written_only_where_all_that_is_known_shows_it() {
        let of = |outcome| {
            let mut receipt = issued(&session(vec![step("crm", outcome)]), None);
            let statement = &mut receipt.statement;
            (statement.scope, statement.search, statement.sessions) = (Scope::Person, MluviiSearch::Done, 0);
            receipt
        };
        let [absent, erased] = [Outcome::Absent, Outcome::Erased].map(of);
        let [crm, erp] = ["crm", "erp"].map(|name| TargetName(name.into()));
        let nothing = |request: Option<&Request>, all: &[Receipt], named: Option<&Receipt>| {
            super::nothing(request, all, named, std::slice::from_ref(&crm))
        };
        let why = |shown: Result<Nothing, OperationError>| shown.expect_err("refused").to_string();
        assert!(why(nothing(None, &[], Some(&absent))).contains("name the request"), "of others nobody knows");
        assert!(why(nothing(Some(&request()), &[], None)).contains("quietus requests plan"));
        let [first, second] = [1, 2].map(|byte| ErasureId([byte; 16]));
        let both = Request { erasures: vec![first, second], receipted: vec![first, second], ..request() };
        assert!(nothing(Some(&both), &[absent.clone(), absent.clone()], None).is_ok());
        assert!(why(nothing(Some(&both), &[absent.clone(), erased], None)).contains("crm is erased there"));
        let elsewhere = super::nothing(Some(&both), &[absent.clone(), absent.clone()], None, &[crm.clone(), erp]);
        assert!(why(elsewhere).contains("says anything of erp"), "it was not among the request's targets");
        // One of them has moved to an archive: nobody knows here what it says.
        assert!(why(nothing(Some(&both), &[absent], None)).contains("not all of its receipts"));
    }

    #[test]
    fn what_no_receipt_says_no_letter_says() {
        let of = |outcome| issued(&session(vec![step("crm", outcome)]), None);
        let [erased, retained, absent] = [Outcome::Erased, Outcome::Retained, Outcome::Absent].map(of);
        let both = [erased.clone(), retained.clone()];
        let cases: [(&[Receipt], &[LetterKind]); 5] = [
            (std::slice::from_ref(&erased), &[LetterKind::PartialRefusal]),
            (std::slice::from_ref(&retained), &[LetterKind::Recipients]),
            (std::slice::from_ref(&absent), &[LetterKind::PartialRefusal, LetterKind::Recipients]),
            (&both, &[]),
            // Nothing was done yet.
            (&[], &[LetterKind::PartialRefusal, LetterKind::Recipients]),
        ];
        for (receipts, refused) in cases {
            for kind in LetterKind::ALL {
                let said = must_be_said(kind, Some("R-7"), receipts.iter().map(|receipt| &receipt.statement));
                assert_eq!(said.is_err(), refused.contains(&kind), "{kind:?}: {said:?}");
                assert!(said.err().is_none_or(|why| why.contains("no receipt of request R-7")), "{kind:?}");
            }
        }
        // Of several, the letter is dated by the one that says it; and without any, it is a form.
        let newest = |kind| newest(kind, &both).map(|receipt| receipt.statement.steps[0].outcome);
        assert_eq!(newest(LetterKind::Recipients), Some(Outcome::Erased));
        assert_eq!(newest(LetterKind::Confirmation), Some(Outcome::Retained));
        for kind in LetterKind::ALL {
            assert_eq!(must_be_said(kind, None, std::iter::empty()), Ok(()));
        }
    }
}
