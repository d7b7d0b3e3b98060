//! The sentences that can stand on a receipt, each once: README.md has them all, and a test compares. `{…}` is a name of the
//! configuration's, a status or a number, never a value of a person's.

/// Where a step looked, and by what.
pub(crate) const LOOKED: &str = "`{request}`, by {by}";
/// A search that is believed.
pub(crate) const TRUSTED: &str =
    "step `{step}`: what the search gave was taken as the person's, and does not show it (`trust_search`)";
/// Results that only a person can judge.
pub(crate) const HIDDEN: &str = "{count} results of step `{step}` do not show whose they are (`match`), and stay";
/// Results that may be somebody else's although they hold what was asked for.
pub(crate) const NEEDS_PERSON: &str =
    "{count} results of step `{step}` hold what was asked for and may be somebody else's (`needs_person`), and stay";
/// Items that a step was refused.
pub(crate) const REFUSED: &str =
    "{count} items were refused to step `{step}` ({status}), so that nobody has judged them, and stay";
/// Pages that nobody has read.
pub(crate) const CUT: &str =
    "step `{step}` was shown a part of what there is, and nobody has read the rest, as nothing says how (`paging`)";
/// Values that are no identifiers.
pub(crate) const UNUSABLE: &str = "{count} identifiers that have no form that a record could hold";
/// A deletion without a search, answered 404, and nothing to compare that with.
pub(crate) const UNCONTROLLED: &str =
    "what step `{step}` erases: it was answered that nothing is there, which proves nothing by itself";
/// A deletion without a search that was not answered, and finds nothing now.
pub(crate) const UNANSWERED: &str =
    "what was there before step `{step}`: nothing is there now, and one of its deletions was not answered";
/// Why nobody can say what became of it.
pub(crate) const UNPROVED: &str = "nobody has looked at {what} ({advice})";
/// The system says that it must keep the data.
pub(crate) const RETAINED: &str = "step `{step}` was answered {status}: the system must keep the data";
/// A dry run of a step that erases without a search.
pub(crate) const BLIND: &str = "step `{step}` erases without looking first";
/// Nothing could be asked about this person.
pub(crate) const UNASKED: &str = "no step applies to these identifiers";
/// Nothing could be asked again about this person.
pub(crate) const UNASKED_AGAIN: &str = "no verify step applies to these identifiers";
/// Nothing is there to ask again with.
pub(crate) const NO_VERIFY: &str = "no verify steps are configured";

#[cfg(test)]
pub(crate) const ALL: [&str; 15] = [
    LOOKED,
    TRUSTED,
    HIDDEN,
    NEEDS_PERSON,
    REFUSED,
    CUT,
    UNUSABLE,
    UNCONTROLLED,
    UNANSWERED,
    UNPROVED,
    RETAINED,
    BLIND,
    UNASKED,
    UNASKED_AGAIN,
    NO_VERIFY,
];

/// A sentence with its names put in.
pub(crate) fn filled(sentence: &str, names: &[(&str, &str)]) -> String {
    let fill = |text: String, (name, value): &(&str, &str)| text.replace(&format!("{{{name}}}"), value);
    names.iter().fold(sentence.to_owned(), fill)
}
