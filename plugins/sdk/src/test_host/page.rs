//! Whether a page says what receipts say.

use crate::protocol::TEXT_CHARS_MAX;

/// What keeps a page from being true to a plugin's receipts: the sentences that a receipt can have and the page has not, wherever its
/// lines are broken, and those that the host would cut off.
///
/// ```
/// let readme = "It does not look at\nnotes and calls.";
/// assert_eq!(quietus_plugin::unsaid(readme, ["notes and calls"]), [""; 0]);
/// assert_eq!(quietus_plugin::unsaid(readme, ["tasks"]), ["not on the page: tasks"]);
/// ```
pub fn unsaid<S: AsRef<str>>(page: &str, sentences: impl IntoIterator<Item = S>) -> Vec<String> {
    let page = flat(page);
    let mut wrong = Vec::new();
    for sentence in sentences {
        let sentence = sentence.as_ref();
        if !page.contains(&flat(sentence)) {
            wrong.push(format!("not on the page: {sentence}"));
        }
        if sentence.chars().count() > TEXT_CHARS_MAX {
            wrong.push(format!("longer than the {TEXT_CHARS_MAX} characters that the host keeps: {sentence}"));
        }
    }
    wrong
}

/// In one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_and_what_would_be_cut_is_told() {
        let long = "a ".repeat(100) + "b";
        let page = format!("One,\n  two. {long}");
        assert_eq!(unsaid(&page, ["One, two.", " two.  "]), [""; 0]);
        assert_eq!(unsaid(&page, ["three"]), ["not on the page: three"]);
        assert_eq!(unsaid(&page, [&long]), [format!("longer than the 200 characters that the host keeps: {long}")]);
        assert_eq!(unsaid(&page, [format!("{long}!")]).len(), 2);
        assert_eq!(unsaid(&page, [&long[..200]]), [""; 0]);
    }
}
