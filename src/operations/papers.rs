//! Papers: a certificate of what a receipt says, and letters. Reading them changes nothing; they hold nothing personal.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::receipts;
use super::{OperationError, Operations};
use crate::audit::Object;
use crate::key_files::read_public_keys;
use crate::papers::{Audience, Case, Certificate, ChainPlace, Lang, Letter, LetterKind};
use crate::receipt::{Receipt, id_of_public_key};

/// The certificate of a receipt, as HTML for A4.
pub(crate) async fn certificate(
    on: &Operations,
    sequence: u64,
    case: Option<&Case>,
    lang: Lang,
    audience: Audience,
) -> Result<String, OperationError> {
    let receipt = receipts::show(on, sequence).await?;
    let chain = place(on, &receipt).await?;
    let letterhead = &on.settings.letterhead;
    let issued = Timestamp::now();
    Ok(Certificate { receipt: &receipt, case, letterhead, chain: &chain, issued }.html(lang, audience))
}

/// A letter, as HTML for A4. `sequence` is the receipt of what was done.
pub(crate) async fn letter(
    on: &Operations,
    kind: LetterKind,
    case: &Case,
    sequence: Option<u64>,
    lang: Lang,
) -> Result<String, OperationError> {
    let receipt = match sequence {
        Some(sequence) => Some(receipts::show(on, sequence).await?),
        None => None,
    };
    let statement = receipt.as_ref().map(|receipt| &receipt.statement);
    let written = Timestamp::now().to_zoned(TimeZone::UTC).date();
    Ok(Letter { kind, case, letterhead: &on.settings.letterhead, statement, written }.html(lang))
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
