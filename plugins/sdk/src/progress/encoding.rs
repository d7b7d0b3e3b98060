//! Marks by what they count as, and a plugin's own bytes, as one value. A mark has eight bytes, all other numbers are LEB128.

use std::collections::BTreeMap;

use super::marks::Marks;
use crate::leb128;

/// Of this form; a value of another one is as none.
const VERSION: u8 = 1;

pub(super) fn encode(counts: &BTreeMap<String, Marks>, own: &[u8]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    let known = || counts.iter().filter(|(_, marks)| !marks.is_empty());
    leb128::put(&mut bytes, known().count() as u64);
    for (name, marks) in known() {
        leb128::put(&mut bytes, name.len() as u64);
        bytes.extend_from_slice(name.as_bytes());
        leb128::put(&mut bytes, marks.more);
        for list in [&marks.done, &marks.unsure] {
            leb128::put(&mut bytes, list.len() as u64);
            list.in_order().into_iter().for_each(|mark| bytes.extend_from_slice(&mark.to_le_bytes()));
        }
    }
    bytes.extend_from_slice(own);
    bytes
}

/// `None` where it is of another form.
pub(super) fn decode(bytes: &[u8]) -> Option<(BTreeMap<String, Marks>, &[u8])> {
    let mut left = bytes.strip_prefix(&[VERSION])?;
    let mut counts = BTreeMap::new();
    for _ in 0..leb128::take(&mut left)? {
        let length = leb128::take(&mut left)?;
        let name = std::str::from_utf8(taken(&mut left, length)?).ok()?;
        let mut marks = Marks::default();
        marks.more = leb128::take(&mut left)?;
        for list in [&mut marks.done, &mut marks.unsure] {
            let length = leb128::take(&mut left)?;
            for mark in taken(&mut left, length.checked_mul(8)?)?.chunks_exact(8) {
                list.insert(u64::from_le_bytes(mark.try_into().ok()?));
            }
        }
        counts.insert(name.to_owned(), marks);
    }
    Some((counts, left))
}

fn taken<'b>(left: &mut &'b [u8], length: u64) -> Option<&'b [u8]> {
    let (taken, rest) = left.split_at_checked(usize::try_from(length).ok()?)?;
    *left = rest;
    Some(taken)
}
