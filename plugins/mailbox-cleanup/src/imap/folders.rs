//! The folders of an account, as the server lists them.

use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_next::imap_types::response::Data;
use quietus_plugin::{ErrorClass, PluginError};
use unicode_normalization::UnicodeNormalization as _;

use super::odd::About;
use super::refusal::Refusal;
use super::session::{Ended, Session};
use super::utf7;

/// The most folders of one account.
const FOLDERS_MAX: usize = 20_000;

/// A folder that can be opened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folder {
    /// As people read it.
    pub(super) name: String,
    /// As the server calls it, in one spelling: what came as an atom, in quotes or as a literal is the same name.
    pub(super) mailbox: Mailbox<'static>,
    /// What the server says of it, such as `\Trash`.
    pub(super) attributes: Vec<String>,
}

/// What folders are for, and the word for it.
const USES: [(&str, &str); 5] =
    [("\\Archive", "archive"), ("\\Drafts", "drafts"), ("\\Junk", "junk"), ("\\Sent", "sent"), ("\\Trash", "trash")];

impl Folder {
    pub(super) fn named(name: &str) -> Result<Self, PluginError> {
        let mailbox = Mailbox::try_from(utf7::encode(name));
        let mailbox =
            mailbox.map_err(|_| PluginError::needs_operator(format!("`{name}` cannot be a folder's name")))?;
        Ok(Self { name: name.to_owned(), mailbox, attributes: Vec::new() })
    }

    /// Of a name as a server sends it: in modified UTF-7, or in UTF-8 or anything else.
    fn sent(name: &[u8], attributes: Vec<String>) -> Option<Self> {
        let mailbox = Mailbox::try_from(name.to_vec()).ok()?;
        let name = match &mailbox {
            Mailbox::Inbox => "INBOX".to_owned(),
            Mailbox::Other(_) => utf7::decode(&String::from_utf8_lossy(name)),
        };
        Some(Self { name, mailbox, attributes })
    }

    /// What tells it from all others, also where two names are read alike.
    pub(super) fn key(&self) -> String {
        match &self.mailbox {
            Mailbox::Inbox => "INBOX".to_owned(),
            Mailbox::Other(other) => other.inner().as_ref().escape_ascii().to_string(),
        }
    }

    /// Whether both are read alike, however they are spelt.
    pub(super) fn is_called_as(&self, other: &Self) -> bool {
        self.mailbox == other.mailbox || same(&self.name, &other.name)
    }

    /// Whether a pattern of the operator's means this folder.
    pub(super) fn is(&self, pattern: &str) -> bool {
        if pattern.starts_with('\\') {
            return self.attributes.iter().any(|attribute| attribute.eq_ignore_ascii_case(pattern));
        }
        match pattern.strip_suffix('*') {
            Some(beginning) => self.name.nfc().collect::<String>().starts_with(&beginning.nfc().collect::<String>()),
            None => {
                same(&self.name, pattern) || (self.mailbox == Mailbox::Inbox && pattern.eq_ignore_ascii_case("inbox"))
            }
        }
    }

    pub(super) fn is_inbox(&self) -> bool {
        self.mailbox == Mailbox::Inbox
    }

    /// What the server says that it is for (RFC 6154).
    pub(super) fn uses(&self) -> impl Iterator<Item = &'static str> {
        USES.into_iter().filter(|(attribute, _)| self.is(attribute)).map(|(_, word)| word)
    }

    fn opens(&self) -> bool {
        let closed = |attribute: &String| {
            attribute.eq_ignore_ascii_case("\\Noselect") || attribute.eq_ignore_ascii_case("\\NonExistent")
        };
        !self.attributes.iter().any(closed)
    }
}

/// Whether two names are one to those who read them: `š` is one character or two.
fn same(one: &str, other: &str) -> bool {
    one.nfc().eq(other.nfc())
}

/// What the server lists.
pub(super) struct Listed {
    /// All folders that can be opened, trash and junk among them.
    pub(super) folders: Vec<Folder>,
    /// How many names cannot be read.
    pub(super) unnamed: usize,
}

impl Listed {
    pub(super) fn has(&self, folder: &Folder) -> bool {
        self.folders.iter().any(|listed| listed.mailbox == folder.mailbox)
    }
}

pub(super) fn list(session: &mut Session<'_>) -> Result<Listed, PluginError> {
    let mut folders = Vec::<Folder>::new();
    let mut unnamed = 0;
    let mut too_many = false;
    let body = CommandBody::List {
        reference: Mailbox::try_from("").map_err(|_| PluginError::permanent("no reference"))?,
        mailbox_wildcard: ListMailbox::try_from("*").map_err(|_| PluginError::permanent("no wildcard"))?,
    };
    // Of those whose line was mended: blanks at a name's end may be its own, or nobody's.
    let mut mended = Vec::<Mailbox<'static>>::new();
    let ended = session.ask(body, |data| {
        let Data::List { items, delimiter, mailbox } = data else { return };
        let name = match &mailbox {
            Mailbox::Inbox => b"INBOX".as_slice(),
            Mailbox::Other(other) => other.inner().as_ref(),
        };
        let Some(folder) = Folder::sent(name, items.iter().map(ToString::to_string).collect()) else {
            unnamed += 1;
            return;
        };
        too_many |= folders.len() >= FOLDERS_MAX;
        if too_many || !folder.opens() {
            return;
        }
        if delimiter.is_none() {
            mended.push(folder.mailbox.clone());
        }
        match folders.iter().any(|known| known.mailbox == folder.mailbox) {
            false => folders.push(folder),
            // Two lines that were not the same: one of the folders would not be looked through.
            true if folder.mailbox != Mailbox::Inbox && mended.contains(&folder.mailbox) => unnamed += 1,
            true => {}
        }
    })?;
    unnamed += session.unreadable(&[About::List, About::Unknown]);
    match ended {
        Ended::Done(_) if too_many => Err(PluginError::permanent(format!("there are more than {FOLDERS_MAX} folders"))),
        // RFC 3501, 5.1: there is always an INBOX.
        Ended::Done(_) if folders.is_empty() => {
            Err(PluginError::retryable("the server lists no folder that can be read"))
        }
        Ended::Done(_) => Ok(Listed { folders, unnamed }),
        Ended::Refused(code) => {
            Err(Refusal::new(code).error("the server does not list folders", ErrorClass::Retryable))
        }
    }
}
