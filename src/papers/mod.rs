//! Papers that an officer prints: the certificate of an erasure, and letters. Pure: from what is known to HTML for A4, in Czech or English,
//! which loads nothing from anywhere. Names nobody: where a name or an address belongs, there is a line to write on. A paper says no
//! more than the receipt that it is made of.

mod audience;
mod case;
mod certificate;
mod figures;
mod headline;
mod in_words;
mod letter;
mod notes;
mod nothing;
mod outcome;
mod reasons;
mod settings;
mod sheet;
mod told;

pub(crate) use crate::language::Lang;
pub(crate) use audience::Audience;
pub(crate) use case::Case;
pub(crate) use certificate::{Certificate, ChainPlace};
pub(crate) use in_words::InWords;
pub(crate) use letter::{Letter, LetterKind};
pub(crate) use nothing::Nothing;
pub(crate) use settings::PapersSettings;
pub(crate) use sheet::Letterhead;

#[cfg(test)]
mod tests;
