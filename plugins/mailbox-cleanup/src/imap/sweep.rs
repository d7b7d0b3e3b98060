//! Who stands in the headers of an account's messages: one folder after the other, in the order of their names, and one message after the
//! other, in the order of their numbers. Looks, and changes nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::{AString, Vec1};
use imap_next::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName, Section};
use imap_next::imap_types::response::Data;
use imap_next::imap_types::search::SearchKey;
use quietus_plugin::{Call, PluginError};
use serde::{Deserialize, Serialize};

use super::account::Imap;
use super::find::FIELDS;
use super::folders::Folder;
use super::opened::{For, certain_search, open, set};
use super::session::{Ended, Session};
use crate::headers::people;
use crate::holding::{Held, Holding, begin_anew, no_place};

/// Messages whose headers are fetched at once.
const HEADERS: usize = 100;
/// Messages of one page, whoever stands in them.
const MESSAGES_MAX: usize = 2_000;

/// There are more than a search for all finds.
pub(crate) const UNLISTED: &str = "messages that the server counts and does not list";

/// Where a page begins.
#[derive(Serialize, Deserialize)]
struct At {
    /// The folder; its numbers are those of one UIDVALIDITY. Where it is gone, or another one has its name, nobody knows what of it has been
    /// told: it may have another name by now, among those that are passed over.
    folder: String,
    validity: u64,
    /// The last message that is told whole.
    uid: u32,
    /// So many people of the next one are told.
    part: usize,
}

impl Imap {
    pub(super) fn hold(&self, place: Option<&str>, holding: &Holding<'_>, call: &Call) -> Result<Held, PluginError> {
        let at: Option<At> = place.map(serde_json::from_str).transpose().map_err(no_place)?;
        let mut session = self.log_in(call)?;
        let folders = self.folders(&mut session)?;
        let mut searched = folders.searched;
        searched.sort_by_key(Folder::key);
        if at.as_ref().is_some_and(|at| !searched.iter().any(|folder| folder.key() == at.folder)) {
            return Err(begin_anew());
        }
        let mut held = Held::default();
        if folders.unnamed > 0 {
            held.not_looked_at.push("folders whose names cannot be read".to_owned());
        }
        for folder in searched {
            let key = folder.key();
            if at.as_ref().is_some_and(|at| key < at.folder) {
                continue;
            }
            let opened = match open(&mut session, &folder, For::Looking)? {
                Ok(opened) => opened,
                Err(_) => {
                    held.not_looked_at.push("a folder that the server lists and does not open".to_owned());
                    continue;
                }
            };
            let here = at.as_ref().filter(|at| at.folder == key);
            // An empty one need not say which it is.
            if here.is_some_and(|at| opened.validity != at.validity && (opened.validity != 0 || opened.messages > 0)) {
                return Err(begin_anew());
            }
            if opened.messages == 0 {
                continue;
            }
            let (uid, part) = here.map_or((0, 0), |at| (at.uid, at.part));
            let mut uids = certain_search(&mut session, vec![SearchKey::All])?;
            if uids.len() < opened.messages as usize {
                held.note(UNLISTED);
            }
            uids.retain(|own| *own > uid);
            if uids.is_empty() {
                continue;
            }
            let (uid, part) = page(&mut session, &uids, (uid, part), holding, &mut held)?;
            let next = At { folder: key, validity: opened.validity, uid, part };
            held.next = serde_json::to_string(&next).ok();
            break;
        }
        session.close();
        Ok(held)
    }
}

/// Tells of people in these messages until the page is full; returns the last one that is told whole, and how many of the next one's are.
fn page(
    session: &mut Session<'_>,
    uids: &[u32],
    (mut done, mut part): (u32, usize),
    holding: &Holding<'_>,
    held: &mut Held,
) -> Result<(u32, usize), PluginError> {
    let mut full = holding.page();
    'page: for some in uids[..uids.len().min(MESSAGES_MAX)].chunks(HEADERS) {
        let headers = fetch(session, some)?;
        for uid in some {
            let Some((raw, at)) = headers.get(uid) else {
                held.note("messages whose headers the server does not show");
                (done, part) = (*uid, 0);
                continue;
            };
            if let ControlFlow::Break(told) = full.add(people(raw, holding.place), part, *at) {
                part = told;
                break 'page;
            }
            (done, part) = (*uid, 0);
        }
    }
    held.records = full.records();
    Ok((done, part))
}

/// A message's headers, and when the server got it, by its UID.
type Fetched = BTreeMap<u32, (Vec<u8>, Option<i64>)>;

/// The headers of messages, and when the server got them; without those of which it tells twice and not alike.
fn fetch(session: &mut Session<'_>, uids: &[u32]) -> Result<Fetched, PluginError> {
    let fields = FIELDS.map(AString::try_from).into_iter().collect::<Result<Vec<_>, _>>().ok();
    let fields = fields.and_then(|fields| Vec1::try_from(fields).ok());
    let (Some(fields), Some(sequence_set)) = (fields, set(uids)) else {
        return Err(PluginError::permanent("the headers' names"));
    };
    let section = Some(Section::HeaderFields(None, fields));
    let part = MessageDataItemName::BodyExt { section, partial: None, peek: true };
    let names = vec![MessageDataItemName::Uid, MessageDataItemName::InternalDate, part];
    let names = MacroOrMessageDataItemNames::MessageDataItemNames(names);
    let mut told = BTreeMap::new();
    let body = CommandBody::Fetch { sequence_set, macro_or_item_names: names, uid: true };
    let ended = session.ask(body, |data| {
        let Data::Fetch { items, .. } = data else { return };
        let (mut uid, mut at, mut headers) = (None, None, None);
        for item in items {
            match item {
                MessageDataItem::Uid(number) => uid = Some(number.get()),
                MessageDataItem::InternalDate(date) => at = Some(date.as_ref().timestamp_millis()),
                MessageDataItem::BodyExt { data, .. } => headers = data.0.map(|text| text.as_ref().to_vec()),
                _ => {}
            }
        }
        if let (Some(uid), Some(headers)) = (uid.filter(|uid| uids.contains(uid)), headers) {
            told.insert(uid, (headers, at));
        }
    })?;
    match ended {
        Ended::Done(_) => Ok(told),
        // Some of them may have gone meanwhile: it is asked again.
        Ended::Refused(_) => Err(PluginError::retryable("the server does not show its messages' headers")),
    }
}
