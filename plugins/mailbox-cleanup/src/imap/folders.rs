//! Which folders of an account are searched: the server's list and the operator's choice enter.

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
    attributes: Vec<String>,
}

/// Which folders are searched.
pub(super) struct Choice {
    chosen: Option<Vec<String>>,
    exclude: Vec<String>,
}

impl Choice {
    /// The error names the setting that is wrong.
    pub(super) fn new(chosen: Option<Vec<String>>, exclude: Vec<String>) -> Result<Self, String> {
        let wrong = |pattern: &&String| {
            let star = pattern.find('*').is_some_and(|at| at + 1 < pattern.len());
            pattern.is_empty() || star || pattern.chars().any(char::is_control)
        };
        for (key, list) in [("folders", chosen.as_ref()), ("exclude", Some(&exclude))] {
            if let Some(pattern) = list.and_then(|list| list.iter().find(wrong)) {
                return Err(format!("{key}: `{pattern}` is no folder; a `*` may stand at the end only"));
            }
        }
        match chosen {
            Some(list) if list.is_empty() => Err("folders: none is named; leave it out for all".into()),
            chosen => Ok(Self { chosen, exclude }),
        }
    }

    /// Whether a folder whose name cannot be read may be one of those that are searched.
    pub(super) fn may_mean_others(&self) -> bool {
        let several = |pattern: &String| pattern.ends_with('*') || pattern.starts_with('\\');
        self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(several))
    }

    /// The folders to search, of those that are there. One that is named and is not there is an error: what was in it may
    /// be elsewhere now, and one that is to be left alone may be spelt otherwise.
    pub(super) fn of(&self, there: Vec<Folder>) -> Result<Vec<Folder>, PluginError> {
        let missing = |pattern: &&String| !there.iter().any(|folder| folder.is(pattern));
        let named = self.exclude.iter().filter(|pattern| !pattern.ends_with('*'));
        let chosen = self.chosen.iter().flatten().map(|pattern| ("folders", pattern));
        let mut all = chosen.chain(named.map(|pattern| ("exclude", pattern)));
        if let Some((key, pattern)) = all.find(|(_, pattern)| missing(pattern)) {
            return Err(PluginError::needs_operator(format!("there is no folder `{pattern}` (see `{key}`)")));
        }
        let wanted = |folder: &Folder| self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(|p| folder.is(p)));
        let excluded = |folder: &Folder| self.exclude.iter().any(|pattern| folder.is(pattern));
        Ok(there.into_iter().filter(|folder| wanted(folder) && !excluded(folder)).collect())
    }
}

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

    /// The folder of this name: as it would be spelt by the standard, or as it is read.
    pub(super) fn find<'f>(&self, there: &'f [Self]) -> Option<&'f Self> {
        let spelt = there.iter().find(|folder| folder.mailbox == self.mailbox);
        spelt.or_else(|| there.iter().find(|folder| same(&folder.name, &self.name)))
    }

    /// Whether a pattern of the operator's means this folder.
    fn is(&self, pattern: &str) -> bool {
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

pub(super) fn list(session: &mut Session<'_>) -> Result<Listed, PluginError> {
    let mut folders = Vec::<Folder>::new();
    let mut unnamed = 0;
    let mut too_many = false;
    let body = CommandBody::List {
        reference: Mailbox::try_from("").map_err(|_| PluginError::permanent("no reference"))?,
        mailbox_wildcard: ListMailbox::try_from("*").map_err(|_| PluginError::permanent("no wildcard"))?,
    };
    let ended = session.ask(body, |data| {
        let Data::List { items, mailbox, .. } = data else { return };
        let name = match &mailbox {
            Mailbox::Inbox => b"INBOX".as_slice(),
            Mailbox::Other(other) => other.inner().as_ref(),
        };
        let Some(folder) = Folder::sent(name, items.iter().map(ToString::to_string).collect()) else {
            unnamed += 1;
            return;
        };
        too_many |= folders.len() >= FOLDERS_MAX;
        if !too_many && folder.opens() && !folders.iter().any(|known| known.mailbox == folder.mailbox) {
            folders.push(folder);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, attributes: &[&str]) -> Folder {
        let attributes = attributes.iter().map(|&attribute| attribute.to_owned()).collect();
        Folder { attributes, ..Folder::named(name).expect("a name") }
    }

    fn there() -> Vec<Folder> {
        let plain = ["INBOX", "Práce/2024", "Práce/2025", "a*b"].map(|name| folder(name, &[]));
        plain.into_iter().chain([folder("Koš", &["\\HasNoChildren", "\\Trash"])]).collect()
    }

    #[track_caller]
    fn check(chosen: Option<&[&str]>, exclude: &[&str], expected: &[&str]) {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let choice = Choice::new(chosen.map(owned), owned(exclude)).expect("a choice");
        let names: Vec<_> = choice.of(there()).expect("all there").into_iter().map(|folder| folder.name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn folders_are_chosen_and_left_out_by_name_by_beginning_and_by_use() {
        check(None, &[], &["INBOX", "Práce/2024", "Práce/2025", "a*b", "Koš"]);
        check(Some(&["inbox", "\\trash"]), &[], &["INBOX", "Koš"]);
        check(Some(&["Práce/*"]), &["Práce/2025"], &["Práce/2024"]);
        check(None, &["Práce/*", "\\Trash"], &["INBOX", "a*b"]);
    }

    #[test]
    fn a_named_folder_that_is_not_there_is_an_error() {
        let choice = Choice::new(Some(vec!["Archive".into()]), Vec::new()).expect("a choice");
        let error = choice.of(there()).expect_err("not there");
        assert_eq!(error.message, "there is no folder `Archive` (see `folders`)");
        let spelt_otherwise = Choice::new(None, vec!["práce/2024".into()]).expect("a choice");
        let error = spelt_otherwise.of(there()).expect_err("it would be emptied");
        assert_eq!(error.message, "there is no folder `práce/2024` (see `exclude`)");
        let beginning = Choice::new(None, vec!["Later/*".into()]).expect("a choice");
        assert_eq!(beginning.of(there()).expect("none begins so").len(), there().len());
    }

    #[test]
    fn what_cannot_be_a_choice_is_refused() {
        for (chosen, exclude) in
            [(Some(vec![]), vec![]), (Some(vec!["a*b"]), vec![]), (None, vec![""]), (None, vec!["a\n"])]
        {
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            assert!(Choice::new(chosen.map(owned), owned(exclude)).is_err());
        }
    }
}
