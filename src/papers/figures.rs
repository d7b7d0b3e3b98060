//! Hashes and keys, set so that they can be compared by eye.

use maud::{Markup, html};

/// Hex digits in groups of eight.
pub(super) fn hash(hex: &str) -> Markup {
    let groups: Vec<String> = hex.chars().collect::<Vec<_>>().chunks(8).map(|group| group.iter().collect()).collect();
    html! { span.hash { (groups.join(" ")) } }
}
