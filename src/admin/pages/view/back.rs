//! Where each list is: for the navigation, and for the way back from a page that says why something was not done. Nothing of the address that was
//! asked for is repeated.

use super::Section;

/// The navigation: what is to be done, and what is kept.
pub(super) const WORK: [Section; 6] =
    [Section::Home, Section::Requests, Section::People, Section::Consents, Section::Tasks, Section::Holds];
pub(super) const RECORDS: [Section; 10] = [
    Section::Erasures,
    Section::Explain,
    Section::Quarantine,
    Section::Mluvii,
    Section::Sweeps,
    Section::Receipts,
    Section::Rules,
    Section::Audit,
    Section::Targets,
    Section::Accounts,
];

/// Where it is.
pub(super) fn address(section: Section) -> &'static str {
    match section {
        Section::Home => "/",
        Section::Requests => "/requests",
        Section::Erasures => "/erasures",
        Section::Explain => "/explain",
        Section::Receipts => "/receipts",
        Section::People => "/people",
        Section::Consents => "/consents",
        Section::Holds => "/holds",
        Section::Tasks => "/tasks",
        Section::Quarantine => "/quarantine",
        Section::Targets => "/targets",
        Section::Rules => "/rules",
        Section::Mluvii => "/mluvii",
        Section::Sweeps => "/sweeps",
        Section::Audit => "/audit",
        Section::Accounts => "/accounts",
        Section::Own => "/sessions",
    }
}

/// The list to which a path belongs.
pub(super) fn list_of(path: &str) -> Option<Section> {
    let first = path.split('/').nth(1).filter(|first| !first.is_empty())?;
    WORK.into_iter().chain(RECORDS).find(|list| address(*list).strip_prefix('/') == Some(first))
}
