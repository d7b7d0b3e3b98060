//! Prometheus's text format: families with their help, and samples.

use std::fmt::Write as _;

/// Families, one after another.
#[derive(Default)]
pub(super) struct Exposition(String);

/// What a family's numbers are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Gauge,
    Counter,
}

/// A family whose samples are being written.
pub(super) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a family. Nothing may be written of it twice: Prometheus would refuse the whole answer.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { text: &mut self.0, name }
    }

    /// A family of one sample without labels.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str, value: impl Number) {
        self.family(name, Kind::Gauge, help).sample(&[], value);
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// Writes one sample.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Number) {
        self.text.push_str(self.name);
        for (index, (name, value)) in labels.iter().enumerate() {
            let begin = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{begin}{name}=\"{}\"", escaped(value));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {}", value.number());
    }
}

/// The value of a sample.
pub(super) trait Number {
    fn number(self) -> f64;
}

impl Number for u64 {
    fn number(self) -> f64 {
        self as f64
    }
}

impl Number for f64 {
    fn number(self) -> f64 {
        self
    }
}

impl Number for bool {
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_with_its_help_and_its_labels_are_escaped() {
        let mut text = Exposition::default();
        let mut family = text.family("quietus_of_a_test", Kind::Counter, "Of a\ntest.");
        family.sample(&[("source", "a\"b\\c\nd"), ("result", "é")], 3_u64);
        family.sample(&[], 0.5);
        text.gauge("quietus_other", "Other.", true);
        assert_eq!(
            text.into_text(),
            "# HELP quietus_of_a_test Of a\\ntest.\n# TYPE quietus_of_a_test counter\n\
             quietus_of_a_test{source=\"a\\\"b\\\\c\\nd\",result=\"é\"} 3\nquietus_of_a_test 0.5\n\
             # HELP quietus_other Other.\n# TYPE quietus_other gauge\nquietus_other 1\n"
        );
    }
}
