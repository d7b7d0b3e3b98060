//! How far attempts came that ran out of time or were killed, so that the next one does not look again where they were
//! through. Numbers only. Stored beside what was erased; what does not fit is looked at again.

use std::collections::BTreeMap;

use quietus_plugin::{Own, leb128};

/// How far a step's calls are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begun {
    /// A mark of whom and what was looked for.
    about: u64,
    pub(crate) erasing: Through,
    pub(crate) looking: Through,
}

/// What one task has looked at, by marks of the places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Through {
    places: BTreeMap<u64, Looked>,
    /// By marks of the places, messages from which a mark was taken for a moment that others had given them.
    aside: BTreeMap<u64, Vec<u64>>,
}

/// What was seen in one place, such as a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// All was looked at up to this number.
    pub(crate) up_to: u64,
    /// The numbers of the wanted messages among it.
    pub(crate) found: Vec<u64>,
    /// The numbers of messages that are too large to be looked into.
    pub(crate) untold: Vec<u64>,
    /// The numbers of messages that do not show whose they are.
    pub(crate) unclear: Vec<u64>,
}

impl Begun {
    /// What was looked at for other addresses, or by other settings, was not looked at for these: it is looked at again. What was
    /// set aside is so whoever is looked for.
    pub(crate) fn is_about(&mut self, about: u64) {
        if self.about != about {
            self.about = about;
            self.erasing.places.clear();
            self.looking.places.clear();
        }
    }
}

impl Through {
    /// What was seen in a place so far; nothing yet is the beginning.
    pub(crate) fn at(&mut self, place: u64) -> &mut Looked {
        self.places.entry(place).or_default()
    }

    /// What was set aside in a place.
    pub(crate) fn aside(&mut self, place: u64) -> &mut Vec<u64> {
        self.aside.entry(place).or_default()
    }

    /// In so many bytes at most, except for what was set aside: nothing else tells of that.
    fn put(&self, bytes: &mut Vec<u8>, most: usize) {
        let aside: Vec<_> = self.aside.iter().filter(|(_, numbers)| !numbers.is_empty()).collect();
        leb128::put(bytes, aside.len() as u64);
        for (place, numbers) in aside {
            bytes.extend_from_slice(&place.to_le_bytes());
            put_numbers(bytes, numbers);
        }
        let seen = self.places.iter().filter(|(_, looked)| **looked != Looked::default());
        let mut places: Vec<_> = seen.map(|(place, looked)| looked.bytes(*place)).collect();
        // The shortest first, so that as many as possible fit.
        places.sort_by_key(Vec::len);
        let mut left = most.saturating_sub(bytes.len() + NUMBER_MAX);
        let fitting = places.iter().take_while(|place| {
            let fits = place.len() <= left;
            left = left.saturating_sub(place.len());
            fits
        });
        let fitting = fitting.count();
        leb128::put(bytes, fitting as u64);
        places[..fitting].iter().for_each(|place| bytes.extend_from_slice(place));
    }

    fn take(left: &mut &[u8]) -> Option<Self> {
        let mut through = Self::default();
        for _ in 0..leb128::take(left)? {
            through.aside.insert(take_mark(left)?, take_numbers(left)?);
        }
        for _ in 0..leb128::take(left)? {
            through.places.insert(take_mark(left)?, Looked::take(left)?);
        }
        Some(through)
    }
}

impl Own for Begun {
    fn to_bytes(&self, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        if *self != (Self { about: self.about, ..Self::default() }) {
            bytes.extend_from_slice(&self.about.to_le_bytes());
            // Two bytes at least are left to the other.
            self.erasing.put(&mut bytes, most.saturating_sub(2));
            self.looking.put(&mut bytes, most);
        }
        bytes
    }

    fn of_bytes(mut bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let about = take_mark(&mut bytes)?;
        let begun = Self { about, erasing: Through::take(&mut bytes)?, looking: Through::take(&mut bytes)? };
        bytes.is_empty().then_some(begun)
    }
}

impl Looked {
    fn bytes(&self, place: u64) -> Vec<u8> {
        let mut bytes = place.to_le_bytes().to_vec();
        leb128::put(&mut bytes, self.up_to);
        // Most places are one message's, and have none of these.
        let lists = [&self.found, &self.untold, &self.unclear];
        let last = lists.iter().rposition(|list| !list.is_empty()).map_or(0, |last| last + 1);
        leb128::put(&mut bytes, last as u64);
        lists[..last].iter().for_each(|list| put_numbers(&mut bytes, list));
        bytes
    }

    fn take(left: &mut &[u8]) -> Option<Self> {
        let mut looked = Self { up_to: leb128::take(left)?, ..Self::default() };
        let lists = usize::try_from(leb128::take(left)?).ok()?;
        let all = [&mut looked.found, &mut looked.untold, &mut looked.unclear];
        if lists > all.len() {
            return None;
        }
        for list in all.into_iter().take(lists) {
            *list = take_numbers(left)?;
        }
        Some(looked)
    }
}

/// The longest number.
const NUMBER_MAX: usize = 10;

/// By their distances: most follow each other closely.
fn put_numbers(bytes: &mut Vec<u8>, numbers: &[u64]) {
    leb128::put(bytes, numbers.len() as u64);
    let mut before = 0;
    for number in numbers {
        leb128::put(bytes, number.wrapping_sub(before));
        before = *number;
    }
}

fn take_numbers(left: &mut &[u8]) -> Option<Vec<u64>> {
    let mut before = 0u64;
    let mut numbers = Vec::new();
    for _ in 0..leb128::take(left)? {
        before = before.wrapping_add(leb128::take(left)?);
        numbers.push(before);
    }
    Some(numbers)
}

fn take_mark(left: &mut &[u8]) -> Option<u64> {
    let (mark, rest) = left.split_first_chunk()?;
    *left = rest;
    Some(u64::from_le_bytes(*mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 32 << 10;

    fn begun() -> Begun {
        let mut begun = Begun { about: 4, ..Begun::default() };
        *begun.erasing.at(7) = Looked { up_to: 50_000, found: vec![1, 2, 40_000, 3], ..Looked::default() };
        *begun.erasing.at(8) = Looked { unclear: vec![u64::MAX, 0], untold: vec![9], ..Looked::default() };
        begun.erasing.aside(9).extend([70, 80]);
        begun.looking.at(u64::MAX).up_to = 3;
        begun
    }

    #[test]
    fn what_is_stored_is_read_again() {
        assert_eq!(Begun::of_bytes(&begun().to_bytes(MOST)), Some(begun()));
        assert_eq!(Begun::of_bytes(&Begun::default().to_bytes(MOST)), Some(Begun::default()));
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        let bytes = begun().to_bytes(MOST);
        assert!((1..bytes.len()).all(|length| Begun::of_bytes(&bytes[..length]).is_none()));
        assert_eq!(Begun::of_bytes(&[&bytes[..], &[0]].concat()), None, "more than there is");
        assert_eq!(Begun::of_bytes(&[0xff; 100]), None);
    }

    #[test]
    fn what_was_looked_at_for_somebody_else_is_looked_at_again() {
        let mut same = begun();
        same.is_about(4);
        assert_eq!(same, begun());
        let mut other = begun();
        other.is_about(5);
        assert_eq!((other.erasing.at(7), other.looking.at(u64::MAX)), (&mut Looked::default(), &mut Looked::default()));
        assert_eq!(*other.erasing.aside(9), [70, 80]);
    }

    #[test]
    fn what_does_not_fit_is_looked_at_again_but_for_what_was_set_aside() {
        let mut begun = begun();
        for place in 1_000..20_000 {
            begun.erasing.at(place).up_to = 1;
            begun.looking.at(place).up_to = 2;
        }
        begun.erasing.at(6).found = (0..30_000).collect();
        let bytes = begun.to_bytes(MOST);
        assert!(bytes.len() <= MOST && bytes.len() > MOST - 40, "{}", bytes.len());
        let mut read = Begun::of_bytes(&bytes).expect("read");
        assert_eq!(*read.erasing.at(1_000), Looked { up_to: 1, ..Looked::default() });
        assert_eq!((read.erasing.at(6), read.looking.at(1_000)), (&mut Looked::default(), &mut Looked::default()));
        assert_eq!(*read.erasing.aside(9), [70, 80]);
        let mut least = Begun::of_bytes(&begun.to_bytes(0)).expect("read");
        assert_eq!(*least.erasing.at(7), Looked::default());
        assert_eq!(*least.erasing.aside(9), [70, 80]);
    }
}
