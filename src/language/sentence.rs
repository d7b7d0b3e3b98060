//! Sentences with names in them: whether a text is one of them, and with which names.

/// What stands for a name or a number in a sentence that is known.
pub(crate) const HOLE: &str = "{}";

/// The names in a text that is this sentence, in their order; `None` where it is another one.
pub(crate) fn names<'t>(sentence: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = sentence.split(HOLE);
    let first = pieces.next()?;
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return (sentence == text).then(Vec::new) };
    let mut rest = text.strip_prefix(first)?.strip_suffix(*last)?;
    let mut names = Vec::new();
    for (place, piece) in between.iter().enumerate() {
        // A name in front may hold what stands between the last two.
        let is_last = place + 1 == between.len();
        let parts = if is_last { rest.rsplit_once(*piece) } else { rest.split_once(*piece) };
        let (name, after) = parts?;
        names.push(name);
        rest = after;
    }
    names.push(rest);
    names.iter().all(|name| !name.is_empty()).then_some(names)
}

/// The sentence with its names put in. Names that it has no place for are left out.
pub(crate) fn filled(sentence: &str, names: &[String]) -> String {
    let mut filled = String::new();
    let mut names = names.iter();
    for (place, piece) in sentence.split(HOLE).enumerate() {
        if place > 0 {
            filled.push_str(names.next().map(String::as_str).unwrap_or_default());
        }
        filled.push_str(piece);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_sentence_where_every_name_has_its_place() {
        assert_eq!(names("the hold {} has ended", "the hold h-1 has ended"), Some(vec!["h-1"]));
        assert_eq!(names("{} of {} sessions", "1 of 2 of 3 sessions"), Some(vec!["1 of 2", "3"]));
        assert_eq!(names("nothing is parked", "nothing is parked"), Some(Vec::new()));
        for other in ["the hold  has ended", "the hold h-1 has ended, and more", "the hold"] {
            assert_eq!(names("the hold {} has ended", other), None, "{other}");
        }
        assert_eq!(filled("{} z {}", &["1".to_owned(), "2".to_owned()]), "1 z 2");
        assert_eq!(filled("nic", &["1".to_owned()]), "nic");
    }
}
