//! One name, exact or with wildcards, and whether a name that is there is meant by it.

use quietus_plugin::identity;
use unicode_normalization::UnicodeNormalization as _;

/// The parts of a name between `/`.
pub(crate) type Name = Vec<Pattern>;

/// Texts with any text between one and the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern(Vec<Vec<Piece>>);

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// Byte for byte.
    Exact(String),
    /// An e-mail address in a normal form's spelling: whatever [`identity`] calls the same, letter by letter.
    Address(String),
}

/// How a system writes letters with marks: as one character or as several, which file systems and programs choose for themselves.
#[derive(Clone, Copy)]
pub(super) enum Composed {
    AsGiven,
    Whole,
    Apart,
}

impl Composed {
    pub(super) const ALL: [Self; 3] = [Self::AsGiven, Self::Whole, Self::Apart];

    fn spelled(self, text: &str) -> String {
        // A Kelvin sign would become a `K`, which is another letter to who has typed it.
        let is_replaced = |c: char| !std::iter::once(c).nfc().eq([c]);
        match self {
            _ if text.chars().any(is_replaced) => text.to_owned(),
            Self::AsGiven => text.to_owned(),
            Self::Whole => text.nfc().collect(),
            Self::Apart => text.nfd().collect(),
        }
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self(vec![Vec::new()])
    }
}

impl Pattern {
    pub(super) fn push(&mut self, text: &str) {
        let Some(last) = self.0.last_mut() else { return };
        match last.last_mut() {
            Some(Piece::Exact(before)) => before.push_str(text),
            _ => last.push(Piece::Exact(text.to_owned())),
        }
    }

    pub(super) fn push_address(&mut self, text: &str) {
        self.0.last_mut().into_iter().for_each(|last| last.push(Piece::Address(text.to_owned())));
    }

    pub(super) fn push_any(&mut self) {
        self.0.push(Vec::new());
    }

    /// The same name with its letters composed so.
    pub(super) fn composed(&self, how: Composed) -> Self {
        let piece = |piece: &Piece| match piece {
            Piece::Exact(text) => Piece::Exact(how.spelled(text)),
            Piece::Address(text) => Piece::Address(how.spelled(text)),
        };
        Self(self.0.iter().map(|text| text.iter().map(piece).collect()).collect())
    }

    /// The name, where there is but one.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => match only.as_slice() {
                [] => Some(""),
                [Piece::Exact(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the operator has written `*` in it.
    pub(crate) fn is_wild(&self) -> bool {
        self.0.len() > 1
    }

    /// The bytes of the shortest name that is meant.
    pub(super) fn least(&self) -> usize {
        self.0.iter().flatten().map(|piece| piece.text().len()).sum()
    }

    /// Whether a name is meant.
    pub(crate) fn matches(&self, name: &[u8]) -> bool {
        let [first, between @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| after(only, name).is_some_and(<[u8]>::is_empty));
        };
        let Some(mut rest) = after(first, name) else { return false };
        for text in between {
            let Some(found) = starts(rest).find_map(|from| after(text, from)) else { return false };
            rest = found;
        }
        starts(rest).any(|from| after(last, from).is_some_and(<[u8]>::is_empty))
    }
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Address(text) => text,
        }
    }

    /// What follows it, where the name begins with it.
    fn after<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let address = match self {
            Self::Exact(text) => return name.strip_prefix(text.as_bytes()),
            Self::Address(address) => address,
        };
        let readable = name.utf8_chunks().next()?.valid();
        let mut letters = readable.chars();
        let is_like = |wanted: char| letters.next().is_some_and(|is| is.to_lowercase().eq(wanted.to_lowercase()));
        if !address.chars().all(is_like) {
            return None;
        }
        let bytes = readable.len() - letters.as_str().len();
        // A small letter may be that of another one that only looks like it.
        let is_same = identity::email(&readable[..bytes]).is_some_and(|form| Some(form) == identity::email(address));
        is_same.then_some(&name[bytes..])
    }
}

/// What follows a text, where the name begins with it.
fn after<'n>(text: &[Piece], name: &'n [u8]) -> Option<&'n [u8]> {
    text.iter().try_fold(name, |rest, piece| piece.after(rest))
}

/// All that a name can go on with.
fn starts(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..=name.len()).map(move |at| &name[at..])
}

/// A key: the parts of an exact name with `/` between them.
pub(crate) fn key(name: &Name) -> String {
    name.iter().filter_map(Pattern::exact).collect::<Vec<_>>().join("/")
}
