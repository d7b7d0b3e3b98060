//! An open folder: it is opened to look or to change, and its numbers are those of one UIDVALIDITY.

use std::num::NonZeroU32;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::{Charset, Vec1};
use imap_next::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName};
use imap_next::imap_types::flag::{Flag, FlagPerm};
use imap_next::imap_types::response::{Code, Data};
use imap_next::imap_types::search::SearchKey;
use imap_next::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use quietus_plugin::{ErrorClass, PluginError, mark};

use super::folders::Folder;
use super::odd::About;
use super::refusal::Refusal;
use super::session::{Ended, Session};

/// Messages of one command: servers take a command of some kilobytes only.
pub(super) const BATCH: usize = 500;

/// What a server says of a folder that it opens.
pub(super) struct Opened {
    /// UIDs of another validity are other messages' (RFC 3501, 2.3.1.1). 0 where there is no message, and the server tells none.
    pub(super) validity: u64,
    pub(super) read_only: bool,
    /// Whether messages may be marked as deleted; so where the server does not say which marks it keeps (RFC 3501, 7.1).
    pub(super) marks: bool,
    pub(super) messages: u32,
}

/// What a folder is opened for.
#[derive(Clone, Copy)]
pub(super) enum For {
    Looking,
    Changing,
}

/// Opens a folder.
pub(super) fn open(
    session: &mut Session<'_>,
    folder: &Folder,
    what: For,
) -> Result<Result<Opened, Refusal>, PluginError> {
    let mailbox = folder.mailbox.clone();
    let body = match what {
        // Read-only: a look changes nothing, not even which messages count as recent.
        For::Looking => CommandBody::Examine { mailbox },
        For::Changing => CommandBody::Select { mailbox },
    };
    let mut validity = None;
    let mut marks = true;
    let mut messages = None;
    let mut count = |data| {
        if let Data::Exists(exists) = data {
            messages = Some(exists);
        }
    };
    let ended = session.ask_all(body, &mut count, &mut |code| {
        validity = told_validity(&code).or(validity);
        if let Code::PermanentFlags(flags) = &code {
            marks = flags.contains(&FlagPerm::Flag(Flag::Deleted));
        }
    })?;
    match ended {
        Ended::Done(code) => {
            // RFC 3501, 6.3.1: it always says so, also of none.
            let Some(messages) = messages else {
                return Err(PluginError::retryable("the server did not say how many messages there are"));
            };
            let validity = validity.unwrap_or_default();
            if validity == 0 && messages > 0 {
                let text = "it has no UIDVALIDITY, so its messages cannot be told apart";
                return Err(PluginError::needs_operator(text));
            }
            let read_only = matches!(code, Some(Code::ReadOnly));
            Ok(Ok(Opened { validity, read_only, marks, messages }))
        }
        Ended::Refused(code) => Ok(Err(Refusal::new(code))),
    }
}

/// The error of a folder that the server lists and does not open. One that says no more than that says so again.
pub(super) fn refused_to_open(refusal: &Refusal) -> PluginError {
    let what = match refusal.is("NONEXISTENT") {
        true => "the server lists it, and says that it is not there",
        false => "it cannot be opened",
    };
    refusal.error(what, ErrorClass::Permanent)
}

/// UIDVALIDITY, which some servers let grow beyond the 32 bits that it may have.
fn told_validity(code: &Code<'_>) -> Option<u64> {
    match code {
        Code::UidValidity(number) => Some(u64::from(number.get())),
        Code::Other(other) => {
            let text = str::from_utf8(other.inner()).ok()?;
            let (name, number) = text.split_once(' ')?;
            let number = number.trim();
            let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            // Only whether it is the same matters.
            (is_number && name.eq_ignore_ascii_case("UIDVALIDITY"))
                .then(|| number.parse().unwrap_or_else(|_| mark([number])))
        }
        _ => None,
    }
}

/// The UIDs that a search finds in the open folder, in order; `None` where the server names no messages and does not say that there are none (RFC 3501, 6.4.4), as iCloud does when
/// nothing matches.
pub(super) fn search(
    session: &mut Session<'_>,
    charset: Option<Charset<'static>>,
    keys: Vec<SearchKey<'static>>,
) -> Result<Result<Option<Vec<u32>>, Refusal>, PluginError> {
    let criteria = Vec1::try_from(keys).map_err(|_| PluginError::permanent("a search for nothing"))?;
    let mut found: Option<Vec<u32>> = None;
    let ended = session.ask(CommandBody::Search { charset, criteria, uid: true }, |data| {
        if let Data::Search(uids) = data {
            found.get_or_insert_default().extend(uids.into_iter().map(NonZeroU32::get));
        }
    })?;
    match ended {
        Ended::Refused(code) => Ok(Err(Refusal::new(code))),
        // What was found may be in it.
        Ended::Done(_) if session.unreadable(&[About::Search, About::Unknown]) > 0 => {
            Err(PluginError::permanent("what the server answers to a search cannot be read"))
        }
        Ended::Done(_) => Ok(Ok(found.map(|mut uids| {
            uids.sort_unstable();
            uids.dedup();
            uids
        }))),
    }
}

/// A search that no server has a reason to refuse. Silence is no answer to it.
pub(super) fn certain_search(
    session: &mut Session<'_>,
    keys: Vec<SearchKey<'static>>,
) -> Result<Vec<u32>, PluginError> {
    let found = search(session, None, keys)?.map_err(refused)?;
    found.ok_or_else(|| PluginError::retryable("the server does not say what its search has found"))
}

/// Which other messages than these, of which one is there at least, somebody has marked as deleted in the open folder. Of what is not
/// told, a plain EXPUNGE would erase what others have marked: where the server is silent, those are that are not among the unmarked ones.
pub(super) fn marked_by_others(session: &mut Session<'_>, ours: &[u32]) -> Result<Vec<u32>, PluginError> {
    let Some(set) = set(ours) else { return Ok(Vec::new()) };
    let others = || SearchKey::Not(Box::new(SearchKey::Uid(set.clone())));
    if let Some(marked) = search(session, None, vec![SearchKey::Deleted, others()])?.map_err(refused)? {
        return Ok(marked);
    }
    let mut all = certain_search(session, vec![SearchKey::All])?;
    all.retain(|uid| !ours.contains(uid));
    if !all.is_empty() {
        let unmarked = certain_search(session, vec![SearchKey::Undeleted, others()])?;
        all.retain(|uid| unmarked.binary_search(uid).is_err());
    }
    Ok(all)
}

fn refused(refusal: Refusal) -> PluginError {
    refusal.error("the server does not search", ErrorClass::Retryable)
}

/// Which of these messages are in the open folder.
pub(super) fn existing(session: &mut Session<'_>, uids: &[u32]) -> Result<Vec<u32>, PluginError> {
    let mut all = Vec::new();
    for batch in uids.chunks(BATCH) {
        let Some(set) = set(batch) else { continue };
        let there = match search(session, None, vec![SearchKey::Uid(set.clone())])?.map_err(refused)? {
            Some(there) => there,
            // That they are gone is believed of a second answer only, to a question of another kind.
            None => shown(session, set)?,
        };
        all.extend(there.into_iter().filter(|uid| batch.contains(uid)));
    }
    Ok(all)
}

/// The UIDs of those of these messages that the server shows.
pub(super) fn shown(session: &mut Session<'_>, sequence_set: SequenceSet) -> Result<Vec<u32>, PluginError> {
    let names = MacroOrMessageDataItemNames::MessageDataItemNames(vec![MessageDataItemName::Uid]);
    let mut there = Vec::new();
    let body = CommandBody::Fetch { sequence_set, macro_or_item_names: names, uid: true };
    let ended = session.ask(body, |data| {
        if let Data::Fetch { items, .. } = data {
            there.extend(items.into_iter().filter_map(|item| match item {
                MessageDataItem::Uid(uid) => Some(uid.get()),
                _ => None,
            }));
        }
    })?;
    match ended {
        Ended::Done(_) if session.unreadable(&[About::Fetch, About::Unknown]) == 0 => {
            there.sort_unstable();
            there.dedup();
            Ok(there)
        }
        _ => Err(PluginError::retryable("the server does not say which messages are there")),
    }
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
