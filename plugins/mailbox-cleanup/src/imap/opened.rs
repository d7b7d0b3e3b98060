//! An open folder: it is opened to look or to change, and its numbers are those of one UIDVALIDITY.

use std::num::NonZeroU32;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::{Charset, Vec1};
use imap_next::imap_types::response::{Code, Data};
use imap_next::imap_types::search::SearchKey;
use imap_next::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use quietus_plugin::{ErrorClass, PluginError};

use super::folders::Folder;
use super::refusal::Refusal;
use super::session::{Ended, Session};

/// Messages of one command: servers take a command of some kilobytes only.
pub(super) const BATCH: usize = 500;

/// What a server says of a folder that it opens.
pub(super) struct Opened {
    /// UIDs of another validity are other messages' (RFC 3501, 2.3.1.1).
    pub(super) validity: u32,
    pub(super) read_only: bool,
    pub(super) messages: u32,
}

/// What a folder is opened for.
#[derive(Clone, Copy)]
pub(super) enum For {
    Looking,
    Changing,
}

/// Opens a folder; `None` when it is not there any more.
pub(super) fn open(session: &mut Session<'_>, folder: &Folder, what: For) -> Result<Option<Opened>, PluginError> {
    let mailbox = folder.mailbox.clone();
    let body = match what {
        // Read-only: a look changes nothing, not even which messages count as recent.
        For::Looking => CommandBody::Examine { mailbox },
        For::Changing => CommandBody::Select { mailbox },
    };
    let mut validity = None;
    let mut messages = None;
    let mut count = |data| {
        if let Data::Exists(exists) = data {
            messages = Some(exists);
        }
    };
    let ended = session.ask_all(body, &mut count, &mut |code| {
        if let Code::UidValidity(number) = code {
            validity = Some(number.get());
        }
    })?;
    match (ended, validity) {
        (Ended::Done(code), Some(validity)) => {
            // RFC 3501, 6.3.1: it always says so, also of none.
            let Some(messages) = messages else {
                return Err(PluginError::retryable("the server did not say how many messages there are"));
            };
            let read_only = matches!(code, Some(Code::ReadOnly));
            Ok(Some(Opened { validity, read_only, messages }))
        }
        (Ended::Done(_), None) => {
            let text = format!("the folder `{}` has no UIDVALIDITY, so its messages cannot be told apart", folder.name);
            Err(PluginError::needs_operator(text))
        }
        (Ended::Refused(code), _) => match Refusal::new(code) {
            refusal if refusal.is("NONEXISTENT") => Ok(None),
            refusal => {
                Err(refusal.error(&format!("the folder `{}` cannot be opened", folder.name), ErrorClass::Retryable))
            }
        },
    }
}

/// The UIDs that a search finds in the open folder, in order.
pub(super) fn search(
    session: &mut Session<'_>,
    charset: Option<Charset<'static>>,
    keys: Vec<SearchKey<'static>>,
) -> Result<Result<Vec<u32>, Refusal>, PluginError> {
    let criteria = Vec1::try_from(keys).map_err(|_| PluginError::permanent("a search for nothing"))?;
    let mut found: Option<Vec<u32>> = None;
    let ended = session.ask(CommandBody::Search { charset, criteria, uid: true }, |data| {
        if let Data::Search(uids) = data {
            found.get_or_insert_default().extend(uids.into_iter().map(NonZeroU32::get));
        }
    })?;
    match (ended, found) {
        (Ended::Refused(code), _) => Ok(Err(Refusal::new(code))),
        (Ended::Done(_), Some(mut uids)) => {
            uids.sort_unstable();
            uids.dedup();
            Ok(Ok(uids))
        }
        // RFC 3501, 6.4.4: a search that finds nothing says so.
        (Ended::Done(_), None) => Err(PluginError::retryable("the server did not say what it found")),
    }
}

/// A search that no server has a reason to refuse.
pub(super) fn plain_search(session: &mut Session<'_>, keys: Vec<SearchKey<'static>>) -> Result<Vec<u32>, PluginError> {
    search(session, None, keys)?.map_err(|refusal| refusal.error("the server does not search", ErrorClass::Retryable))
}

/// Which of these messages are in the open folder.
pub(super) fn existing(session: &mut Session<'_>, uids: &[u32]) -> Result<Vec<u32>, PluginError> {
    let mut all = Vec::new();
    for batch in uids.chunks(BATCH) {
        let Some(set) = set(batch) else { continue };
        let there = plain_search(session, vec![SearchKey::Uid(set)])?;
        all.extend(there.into_iter().filter(|uid| batch.contains(uid)));
    }
    Ok(all)
}

/// A set of UIDs in few words; `None` when there are none. They are in order.
pub(super) fn set(uids: &[u32]) -> Option<SequenceSet> {
    let mut ranges: Vec<(NonZeroU32, NonZeroU32)> = Vec::new();
    for uid in uids.iter().filter_map(|uid| NonZeroU32::new(*uid)) {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let sequences = ranges.into_iter().map(|(first, last)| match first == last {
        true => Sequence::Single(SeqOrUid::Value(first)),
        false => Sequence::Range(SeqOrUid::Value(first), SeqOrUid::Value(last)),
    });
    Vec1::try_from(sequences.collect::<Vec<_>>()).ok().map(SequenceSet)
}
