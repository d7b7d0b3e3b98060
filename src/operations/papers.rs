//! Papers: a certificate of what a receipt says, and letters. Reading them changes nothing; they hold nothing personal.

use jiff::Timestamp;

use super::requests::{self, Named};
use super::{OperationError, Operations, receipts};
use crate::audit::Object;
use crate::key_files::read_public_keys;
use crate::papers::{Audience, Case, Certificate, ChainPlace, Lang, Letter, LetterKind};
use crate::receipt::{Receipt, id_of_public_key};

/// The certificate of a receipt, as HTML for A4; with what the request says that it answers.
pub(crate) async fn certificate(
    on: &Operations,
    sequence: u64,
    request: Option<&Named>,
    lang: Lang,
    audience: Audience,
) -> Result<String, OperationError> {
    let receipt = receipts::show(on, sequence).await?;
    let request = match request {
        Some(named) => Some(of_receipt(on, named, &receipt).await?),
        None => None,
    };
    let case = request.as_ref().map(|request| case(on, request));
    let chain = place(on, &receipt).await?;
    let letterhead = &on.settings.letterhead;
    let issued = Timestamp::now();
    let certificate = Certificate { receipt: &receipt, case: case.as_ref(), letterhead, chain: &chain, issued };
    Ok(certificate.html(lang, audience))
}

/// A letter, as HTML for A4: filled from the request, and from the receipt of what was done. Where that is not named, it is the
/// request's newest.
pub(crate) async fn letter(
    on: &Operations,
    kind: LetterKind,
    request: Option<&Named>,
    sequence: Option<u64>,
    lang: Lang,
) -> Result<String, OperationError> {
    let request = match request {
        Some(named) => Some(requests::show(on, named).await?),
        None => None,
    };
    let receipt = match (sequence, &request) {
        (Some(sequence), _) => Some(receipts::show(on, sequence).await?),
        (None, Some(request)) => newest(on, request).await?,
        (None, None) => None,
    };
    if let (Some(receipt), Some(request)) = (&receipt, &request) {
        must_be_of(request, receipt)?;
    }
    if kind.needs_receipt() && receipt.is_none() {
        let text = "this letter says what was done, and no receipt says it yet: name one";
        return Err(OperationError::Conflict(text.to_owned()));
    }
    let case = request.as_ref().map(|request| case(on, request)).unwrap_or_default();
    let statement = receipt.as_ref().map(|receipt| &receipt.statement);
    let written = on.settings.limits.calendar.day(Timestamp::now());
    Ok(Letter { kind, case: &case, letterhead: &on.settings.letterhead, statement, written }.html(lang))
}

fn case(on: &Operations, shown: &requests::Shown) -> Case {
    Case::of(&shown.request, &on.settings.limits.calendar)
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

/// The newest receipt of a request.
async fn newest(on: &Operations, shown: &requests::Shown) -> Result<Option<Receipt>, OperationError> {
    for erasure in shown.request.erasures.iter().rev() {
        if let Some(receipt) = on.ledger.receipt_of(*erasure).await? {
            return Ok(Some(receipt));
        }
    }
    Ok(None)
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
