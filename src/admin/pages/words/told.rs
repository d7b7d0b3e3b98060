//! What needs a person, on the operator's pages: of each code what is so, and what to do.

use super::Forms;

/// What stands in braces is a parameter of what is told, and `{n}` the number that the sentence counts.
pub(in crate::admin::pages) struct Told {
    pub(in crate::admin::pages) what: Forms,
    pub(in crate::admin::pages) act: &'static str,
}

/// A sentence that counts nothing.
pub(super) const fn plain(what: &'static str, act: &'static str) -> Told {
    Told { what: Forms { one: what, few: what, other: what }, act }
}

/// A sentence for one of them, and one for more, as English has it.
pub(super) const fn two(one: &'static str, other: &'static str, act: &'static str) -> Told {
    Told { what: Forms { one, few: other, other }, act }
}

/// A sentence for one of them, for two to four, and for more, as Czech has it.
pub(super) const fn three(one: &'static str, few: &'static str, other: &'static str, act: &'static str) -> Told {
    Told { what: Forms { one, few, other }, act }
}
