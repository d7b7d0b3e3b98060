//! Finds a person's messages in the open folder: the server's search brings candidates, as it knows no exact address; the
//! candidates' headers decide. Works through a folder in windows, so that the next attempt can go on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::{AString, Charset, Vec1};
use imap_next::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName, Section};
use imap_next::imap_types::response::Data;
use imap_next::imap_types::search::SearchKey;
use imap_next::imap_types::sequence::SequenceSet;
use quietus_plugin::{ErrorClass, PluginError};

use super::control::control;
use super::odd::About;
use super::opened::{certain_search, existing, search, set, shown};
use super::session::{Ended, Session};
use crate::through::Looked;
use crate::wanted::{Place, Wanted, Whose};

/// Messages of one search.
const WINDOW: usize = 5_000;
/// Messages of one search through texts, which takes far longer.
const WINDOW_OF_TEXTS: usize = 1_000;
/// Messages whose headers are fetched at once.
const HEADERS: usize = 200;

pub(super) const FIELDS: [&str; 6] = ["FROM", "TO", "CC", "BCC", "SENDER", "REPLY-TO"];

/// Goes on looking through the open folder, which has messages, from where `looked` ends, to its end.
pub(super) fn look_on(
    session: &mut Session<'_>,
    wanted: &Wanted,
    body_bytes_max: u32,
    looked: &mut Looked,
    is_controlled: &mut bool,
) -> Result<(), PluginError> {
    let mut uids = certain_search(session, vec![SearchKey::All])?;
    // The folder was just said to have messages. This is the control of all that is searched for in it: a server that lists
    // these also lists what it finds.
    if uids.is_empty() {
        return Err(PluginError::retryable("the server says that there are messages, and does not list them"));
    }
    uids.retain(|uid| u64::from(*uid) > looked.up_to);
    let window = if wanted.place() == Place::Anywhere { WINDOW_OF_TEXTS } else { WINDOW };
    for uids in uids.chunks(window) {
        let Some(last) = uids.last() else { continue };
        let Candidates { uids: candidates, assumed } = candidates(session, wanted, uids)?;
        // That it finds nothing is believed of a search that finds something.
        if candidates.is_empty() && !*is_controlled {
            *is_controlled = control(session, uids)?;
        }
        let mut seen = Looked::default();
        for some in candidates.chunks(HEADERS) {
            let rest = by_headers(session, wanted, some, &assumed, &mut seen)?;
            by_texts(session, wanted, body_bytes_max, &rest, &assumed, &mut seen)?;
        }
        // A window counts when it is through: the next attempt looks at one that was cut off again.
        looked.found.extend(seen.found);
        looked.untold.extend(seen.untold);
        looked.unclear.extend(seen.unclear);
        looked.up_to = u64::from(*last);
    }
    Ok(())
}

/// What may be the person's, in order.
#[derive(Default)]
struct Candidates {
    uids: Vec<u32>,
    /// Those of which the server has not said that they have an address.
    assumed: Vec<u32>,
}

/// What the server's search finds of these messages, for each spelling of each address. Where it says nothing, all count that it does
/// not name when it is asked for the others.
fn candidates(session: &mut Session<'_>, wanted: &Wanted, window: &[u32]) -> Result<Candidates, PluginError> {
    let (Some(first), Some(last)) = (window.first().copied(), window.last().copied()) else {
        return Ok(Candidates::default());
    };
    let range = || SequenceSet::try_from(first..=last).map(SearchKey::Uid);
    let (mut uids, mut assumed) = (Vec::new(), Vec::new());
    for address in wanted.addresses() {
        let spellings = address.searches();
        let has_ascii = spellings.iter().any(|spelling| spelling.is_ascii());
        for spelling in spellings {
            let charset = (!spelling.is_ascii()).then(|| Charset::try_from("UTF-8")).transpose();
            let (Ok(charset), Ok(range), Ok(again)) = (charset, range(), range()) else { continue };
            match search(session, charset.clone(), vec![range, key(&spelling, wanted.place())?])? {
                Ok(Some(found)) => uids.extend(found),
                Ok(None) => {
                    let others = SearchKey::Not(Box::new(key(&spelling, wanted.place())?));
                    let others = search(session, charset, vec![again, others])?.ok().flatten().unwrap_or_default();
                    assumed.extend(window.iter().filter(|uid| others.binary_search(uid).is_err()));
                }
                // The address was searched for in its other spelling.
                Err(refusal) if refusal.is("BADCHARSET") && has_ascii => {}
                Err(refusal) => {
                    let class =
                        if refusal.is("BADCHARSET") { ErrorClass::NeedsOperator } else { ErrorClass::Permanent };
                    return Err(refusal.error("the server does not search for an address", class));
                }
            }
        }
    }
    // A server may pass over the range: messages of other windows would be noted twice.
    uids.retain(|uid| (first..=last).contains(uid));
    let found: BTreeSet<u32> = uids.into_iter().collect();
    let assumed: BTreeSet<u32> = assumed.into_iter().filter(|uid| !found.contains(uid)).collect();
    Ok(Candidates { uids: found.union(&assumed).copied().collect(), assumed: assumed.into_iter().collect() })
}

/// Any of the places where an address counts. What cannot stand in quotes is sent as a literal.
fn key(spelling: &str, place: Place) -> Result<SearchKey<'static>, PluginError> {
    let text =
        || AString::try_from(spelling.to_owned()).map_err(|_| PluginError::permanent("an address cannot be sent"));
    let field = |name: &'static str| AString::try_from(name).map_err(|_| PluginError::permanent("a header's name"));
    let mut keys = vec![
        SearchKey::From(text()?),
        SearchKey::Header(field("Sender")?, text()?),
        SearchKey::Header(field("Reply-To")?, text()?),
    ];
    if place != Place::Senders {
        keys.extend([SearchKey::To(text()?), SearchKey::Cc(text()?), SearchKey::Bcc(text()?)]);
    }
    if place == Place::Anywhere {
        keys.push(SearchKey::Text(text()?));
    }
    let either = |one, other| SearchKey::Or(Box::new(one), Box::new(other));
    keys.into_iter().reduce(either).ok_or_else(|| PluginError::permanent("a search for nothing"))
}

/// Judges messages by their headers, and returns those whose texts have to tell.
fn by_headers(
    session: &mut Session<'_>,
    wanted: &Wanted,
    uids: &[u32],
    assumed: &[u32],
    seen: &mut Looked,
) -> Result<Vec<u32>, PluginError> {
    let fields = FIELDS.map(AString::try_from).into_iter().collect::<Result<Vec<_>, _>>().ok();
    let fields = fields.and_then(|fields| Vec1::try_from(fields).ok());
    let Some(fields) = fields else { return Err(PluginError::permanent("the headers' names")) };
    let headers = fetch(session, uids, Some(Section::HeaderFields(None, fields)), None)?;
    let mut rest = Vec::new();
    for uid in uids {
        let Some(raw) = headers.get(uid) else { continue };
        match (wanted.by_headers(raw), wanted.place()) {
            (Whose::Theirs, _) => seen.found.push(u64::from(*uid)),
            (_, Place::Anywhere) => rest.push(*uid),
            (whose, _) if is_open(whose, assumed, *uid) => seen.unclear.push(u64::from(*uid)),
            _ => {}
        }
    }
    Ok(rest)
}

/// Whether nothing says whose a message is. Of those that are `assumed` to be candidates, nobody has said that they have an address.
fn is_open(whose: Whose, assumed: &[u32], uid: u32) -> bool {
    match whose {
        Whose::Unclear => true,
        Whose::Unexplained => assumed.binary_search(&uid).is_err(),
        Whose::Theirs | Whose::SomebodyElses => false,
    }
}

/// Judges messages by all that stands in them.
fn by_texts(
    session: &mut Session<'_>,
    wanted: &Wanted,
    body_bytes_max: u32,
    uids: &[u32],
    assumed: &[u32],
    seen: &mut Looked,
) -> Result<(), PluginError> {
    let one_more = NonZeroU32::MIN.saturating_add(body_bytes_max);
    for uid in uids {
        let messages = fetch(session, &[*uid], None, Some((0, one_more)))?;
        let Some(raw) = messages.get(uid) else { continue };
        if wanted.in_message(raw) {
            seen.found.push(u64::from(*uid));
        } else if raw.len() > body_bytes_max as usize {
            seen.untold.push(u64::from(*uid));
        } else if is_open(wanted.by_headers(raw), assumed, *uid) && !wanted.explains(raw) {
            seen.unclear.push(u64::from(*uid));
        }
    }
    Ok(())
}

/// A section of each message, or the whole of it, by UID. Empty of a message that is there and of which the server shows nothing, also
/// when it is asked for alone, or does so twice and not alike, or in a way that cannot be read. Where it tells of none at all, although
/// every answer could be read, that is an error; a message that went meanwhile is left out.
fn fetch(
    session: &mut Session<'_>,
    uids: &[u32],
    section: Option<Section<'static>>,
    partial: Option<(u32, NonZeroU32)>,
) -> Result<BTreeMap<u32, Vec<u8>>, PluginError> {
    // `peek`, as other people's messages are among the candidates: a plain fetch would mark them as read.
    let part = MessageDataItemName::BodyExt { section, partial, peek: true };
    let (mut told, is_garbled) = fetch_once(session, uids, &part)?;
    let mut there = untold(session, uids, &told)?;
    if !is_garbled && !there.is_empty() {
        // Where it does not even say that they are there, it answers no such question.
        if told.is_empty() && set(&there).map_or(Ok(Vec::new()), |set| shown(session, set))?.is_empty() {
            let text = format!("the server does not show {} messages that it has found", there.len());
            return Err(PluginError::retryable(text));
        }
        for uid in &there {
            told.extend(fetch_once(session, &[*uid], &part)?.0);
        }
        there = untold(session, &there, &told)?;
    }
    let told = told.into_iter().map(|(uid, told)| (uid, told.into_content()));
    Ok(told.chain(there.into_iter().map(|uid| (uid, Vec::new()))).collect())
}

/// Which of these are there and not told of.
fn untold(session: &mut Session<'_>, uids: &[u32], told: &BTreeMap<u32, Told>) -> Result<Vec<u32>, PluginError> {
    let untold: Vec<u32> = uids.iter().filter(|uid| !told.contains_key(uid)).copied().collect();
    existing(session, &untold)
}

/// What the answers to one command tell of messages, and whether there is one that cannot be read.
fn fetch_once(
    session: &mut Session<'_>,
    uids: &[u32],
    part: &MessageDataItemName<'static>,
) -> Result<(BTreeMap<u32, Told>, bool), PluginError> {
    let Some(sequence_set) = set(uids) else { return Ok((BTreeMap::new(), false)) };
    let part = part.clone();
    let names = MacroOrMessageDataItemNames::MessageDataItemNames(vec![MessageDataItemName::Uid, part]);
    let body = CommandBody::Fetch { sequence_set, macro_or_item_names: names, uid: true };
    let mut told = BTreeMap::<u32, Told>::new();
    let mut is_garbled = false;
    let ended = session.ask(body, |data| {
        let Data::Fetch { items, .. } = data else { return };
        match one(items) {
            Some((Some(uid), content)) if uids.contains(&uid) => told.entry(uid).or_default().add(content),
            Some(_) => {}
            None => is_garbled = true,
        }
    })?;
    // RFC 3501, 7.1.2: NO may only mean that some of them were expunged meanwhile.
    let _: Ended = ended;
    is_garbled |= session.unreadable(&[About::Fetch, About::Unknown]) > 0;
    Ok((told, is_garbled))
}

/// The UID and the content of which one answer tells. `None` where it tells of either twice.
fn one(items: impl IntoIterator<Item = MessageDataItem<'static>>) -> Option<(Option<u32>, Option<Vec<u8>>)> {
    let (mut number, mut content) = (None, None);
    for item in items {
        let told_before = match item {
            MessageDataItem::Uid(uid) => number.replace(uid.get()).is_some(),
            MessageDataItem::BodyExt { data, .. } => {
                let text = data.0.map(|text| text.as_ref().to_vec()).unwrap_or_default();
                content.replace(text).is_some()
            }
            _ => false,
        };
        if told_before {
            return None;
        }
    }
    Some((number, content))
}

/// What the answers to one command have told of a message. Some are about its flags only.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Content(Vec<u8>),
    Contradictory,
}

impl Told {
    fn add(&mut self, content: Option<Vec<u8>>) {
        *self = match (std::mem::take(self), content) {
            (before, None) => before,
            (Self::Nothing, Some(content)) => Self::Content(content),
            (Self::Content(before), Some(content)) if before == content => Self::Content(content),
            (Self::Content(_) | Self::Contradictory, Some(_)) => Self::Contradictory,
        };
    }

    fn into_content(self) -> Vec<u8> {
        match self {
            Self::Content(content) => content,
            Self::Nothing | Self::Contradictory => Vec::new(),
        }
    }
}
