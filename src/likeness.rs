//! What may have been meant by a name that is not known.

/// From this likeness on, one is said to be meant.
const LIKE: f64 = 0.8;

/// The known name that is most like this one, as the end of a sentence; nothing where none is like it.
pub(crate) fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let near = known.into_iter().map(|known| (strsim::jaro_winkler(name, known), known));
    let meant = near.filter(|(likeness, _)| *likeness > LIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    meant.map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"))
}
