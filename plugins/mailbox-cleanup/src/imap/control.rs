//! Whether a server's search of headers finds what is there. One that answers every such search with nothing looks as if nobody had
//! written: only a search for what a message shows tells.

use std::num::NonZeroU32;

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::AString;
use imap_next::imap_types::core::Vec1;
use imap_next::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName, Section};
use imap_next::imap_types::response::Data;
use imap_next::imap_types::search::SearchKey;
use mail_parser::MessageParser;
use quietus_plugin::PluginError;

use super::opened::{search, set};
use super::session::Session;

/// How many messages are asked for a sender that can be searched for.
const MESSAGES_MAX: usize = 20;

/// Searches the open folder for the sender of one of these messages. `false`: none of them shows one.
pub(super) fn control(session: &mut Session<'_>, uids: &[u32]) -> Result<bool, PluginError> {
    let last = &uids[uids.len().saturating_sub(MESSAGES_MAX)..];
    let Some((uid, sender)) = sender(session, last)? else { return Ok(false) };
    let (Some(one), Ok(text)) = (set(&[uid]), AString::try_from(sender)) else { return Ok(false) };
    let is_found = match search(session, None, vec![SearchKey::Uid(one.clone()), SearchKey::From(text.clone())])? {
        Ok(Some(found)) => found.contains(&uid),
        // As in the search for the person: where it says nothing, it has found what it does not name when it is asked for the others.
        Ok(None) => {
            let others = vec![SearchKey::Uid(one), SearchKey::Not(Box::new(SearchKey::From(text)))];
            search(session, None, others)?.is_ok_and(|others| others.is_none_or(|others| !others.contains(&uid)))
        }
        Err(_) => false,
    };
    match is_found {
        true => Ok(true),
        false => {
            let text = "the server's search does not find a message by the sender that it shows: nobody has looked";
            Err(PluginError::retryable(text))
        }
    }
}

/// One of these messages, and the address of its sender as it stands there.
fn sender(session: &mut Session<'_>, uids: &[u32]) -> Result<Option<(u32, String)>, PluginError> {
    let from = AString::try_from("FROM").ok().and_then(|from| Vec1::try_from(vec![from]).ok());
    let (Some(sequence_set), Some(from)) = (set(uids), from) else { return Ok(None) };
    let section = Some(Section::HeaderFields(None, from));
    let part = MessageDataItemName::BodyExt { section, partial: None, peek: true };
    let names = MacroOrMessageDataItemNames::MessageDataItemNames(vec![MessageDataItemName::Uid, part]);
    let body = CommandBody::Fetch { sequence_set, macro_or_item_names: names, uid: true };
    let mut shown = None;
    session.ask(body, |data| {
        let Data::Fetch { items, .. } = data else { return };
        let (mut uid, mut address) = (None, None);
        for item in items {
            match item {
                MessageDataItem::Uid(number) => uid = Some(NonZeroU32::get(number)),
                MessageDataItem::BodyExt { data, .. } => address = data.0.and_then(|raw| address_in(raw.as_ref())),
                _ => {}
            }
        }
        shown = uid.filter(|uid| uids.contains(uid)).zip(address).or(shown.take());
    })?;
    Ok(shown)
}

/// The address in a header From, if it stands there by the letter: only then every search finds it.
fn address_in(raw: &[u8]) -> Option<String> {
    let message = MessageParser::new().with_address_headers().parse_headers(raw)?;
    let address = message.from()?.first()?.address()?.to_owned();
    let is_plain = address.contains('@') && address.bytes().all(|b| b.is_ascii_alphanumeric() || b"@._-+".contains(&b));
    (is_plain && str::from_utf8(raw).ok()?.contains(&address)).then_some(address)
}
