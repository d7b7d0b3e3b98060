//! What a plugin says is not to be trusted with personal data: text of a plugin enters, text that may be logged leaves.

use crate::keys::Secret;

/// As the plugin's side does it with what it knows: without the values, in one printable line of at most 500 characters.
pub(super) fn redact<'a>(text: &str, values: impl IntoIterator<Item = &'a Secret>) -> String {
    quietus_plugin::shown(text, values.into_iter().map(Secret::expose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, values: &[&str], expected: &str) {
        let values: Vec<_> = values.iter().copied().map(Secret::new).collect();
        assert_eq!(redact(text, &values), expected);
    }

    #[test]
    fn values_are_replaced_wherever_they_stand() {
        check("no ANN@x.cz here: ann@x.cz", &["ann@x.cz"], "no [redacted] here: [redacted]");
        check("Žofie and Žofie", &["Žofie"], "[redacted] and [redacted]");
        check("ann@x.cz.example", &["ann@x.cz", "ann@x.cz.example"], "[redacted]");
        check("nothing", &[""], "nothing");
    }

    #[test]
    fn values_are_replaced_as_they_stand_in_a_url() {
        check("GET /c?email=ann%40x.cz&n=1", &["ann@x.cz"], "GET /c?email=[redacted]&n=1");
        check("/c/%C5%BDofie%20Nov%c3%a1", &["Žofie Nová"], "/c/[redacted]");
        check("name=%C5%BDofie+Nov%C3%A1", &["Žofie Nová"], "name=[redacted]");
        check("tel=%2b420 777", &["+420 777"], "tel=[redacted]");
        check("100% of it, 50%zž, %", &["ann@x.cz"], "100% of it, 50%zž, %");
    }

    #[test]
    fn short_values_are_replaced_where_they_stand_alone() {
        check("status 401, person 40", &["40"], "status 401, person [redacted]");
        check("Li", &["Li"], "[redacted]");
    }

    #[test]
    fn text_becomes_one_printable_line_of_bounded_length() {
        check("a\nb\u{1b}[31m", &[], "a b [31m");
        assert_eq!(redact(&"x".repeat(10_000), &[]).chars().count(), 501);
    }
}
