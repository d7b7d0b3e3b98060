//! Which part of a list a page shows. A list is read of all companies at once, or of one after the other where an account may see some only.

use std::fmt::Display;
use std::str::FromStr;

use super::fields::Fields;
use crate::admin::problem::{Code, Problem};
use crate::ledger::Cursor;

/// Items of one page.
pub(super) const PAGE: u32 = 50;

/// That an address names no list, or no part of one.
pub(super) fn no_such_list() -> Problem {
    Problem::new(Code::NotUnderstood, "the address names a list, or a part of it, that is not there")
}

/// Where a page of a list begins that is of all companies: at this end of it where the address says nothing.
pub(super) fn cursor(fields: &Fields, end: Cursor) -> Result<Cursor, Problem> {
    match fields.text("from") {
        "" => Ok(end),
        text => text.parse().map_err(|_| no_such_list()),
    }
}

/// Where a page begins: of which company, and where in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begin<C> {
    pub(super) company: usize,
    pub(super) cursor: Option<C>,
}

impl<C: FromStr> Begin<C> {
    /// Reads what [`next`] wrote; the beginning of all where nothing is said.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { company: 0, cursor: None });
        }
        let (company, cursor) = text.split_once('~')?;
        let cursor = match cursor {
            "" => None,
            cursor => Some(cursor.parse::<C>().ok()?),
        };
        Some(Self { company: company.parse().ok()?, cursor })
    }
}

/// Where the next page begins, of so many companies.
pub(super) fn next<C: Display>(company: usize, of: usize, cursor: Option<C>) -> Option<String> {
    match cursor {
        Some(cursor) => Some(format!("{company}~{cursor}")),
        None => (company + 1 < of).then(|| format!("{}~", company + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_in_the_next_company_and_then_ends() {
        let mut text = String::new();
        let mut seen = Vec::new();
        // Two pages of each of two companies.
        for _ in 0..4 {
            let begin = Begin::<u32>::read(&text).expect("a place");
            seen.push((begin.company, begin.cursor));
            let further = begin.cursor.is_none().then_some(7);
            text = next(begin.company, 2, further).unwrap_or_default();
        }
        assert_eq!(seen, [(0, None), (0, Some(7)), (1, None), (1, Some(7))]);
        assert_eq!(text, "", "it has ended");
        for wrong in ["7", "x~", "0~x", "~"] {
            assert_eq!(Begin::<u32>::read(wrong), None, "{wrong}");
        }
    }
}
