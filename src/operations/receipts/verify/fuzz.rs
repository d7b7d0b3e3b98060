//! Whatever a file of receipts says, only receipts that were signed are verified.

use std::collections::BTreeSet;

use super::super::sample::{chain, export, key};
use super::*;
use crate::fuzz::Fuzz;

#[test]
fn receipts() {
    let receipts = chain(4);
    let signed: BTreeSet<_> = receipts.iter().map(|receipt| receipt.head().hash).collect();
    let trusted = [key(2).public()];
    let file = |receipts| export(receipts).join("\n").into_bytes();
    let corpus = vec![file(&receipts), file(&receipts[1..3]), file(&[])];
    let texts = |error: &NotVerified| error.to_string().replace(|c: char| c.is_ascii_hexdigit(), "");
    Fuzz::of("receipts", corpus).run(800, |input| match verify([Ok(input)], &trusted, &Expected::default()) {
        Ok(None) => "none".into(),
        Ok(Some(verified)) => {
            assert!(signed.contains(&verified.last.hash), "nobody has signed that");
            format!("{} to {}", verified.first, verified.last.sequence)
        }
        Err(error) => texts(&error),
    });
}
