//! Consents over time: who agreed to which text when, how a consent ended, and the end of one that a person has told an officer of.
//! They are what the consent records say; nothing that a form held is kept.

mod export;
mod find;
mod withdraw;

pub(crate) use export::{BegunExport, Exported, ExportedSome, Format, begin_export, export, export_some, write_heads};
pub(super) use find::found;
pub(crate) use find::{FoundConsent, Shown, show};
pub(crate) use withdraw::{Asked, DemandShown, ForeseenSession, ForeseenWithdrawal, Left, foresee, withdraw};
