//! Findings as JUnit XML, which continuous integration reads. Written by hand: it is five elements.

use std::fmt::Write as _;
use std::time::Duration;

use crate::plugin::{Finding, Verdict};

/// The file's content.
pub(super) fn write(file: &str, findings: &[Finding]) -> String {
    let failures = findings.iter().filter(|finding| finding.verdict.is_failed()).count();
    let skipped = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Skipped { .. })).count();
    let took = findings.iter().map(|finding| finding.took).sum();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{}\"",
        findings.len(),
        seconds(took)
    );
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing into a string does not fail.
    let _ = writeln!(xml, "<testsuites {counts}>\n  <testsuite name=\"{}\" {counts}>", escaped(file));
    for finding in findings {
        case(&mut xml, finding);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn case(xml: &mut String, Finding { id, sentence, verdict, took }: &Finding) {
    let _ =
        write!(xml, "    <testcase classname=\"quietus.plugin\" name=\"{}\" time=\"{}\">", escaped(id), seconds(*took));
    let said = match verdict {
        Verdict::Passed { note } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            format!("<system-out>{}{}</system-out>", escaped(sentence), escaped(&note))
        }
        Verdict::Failed { why, advice } => {
            format!(
                "<failure message=\"{}\">{}</failure>",
                escaped(why),
                escaped(&format!("{sentence}: no. {why}. {advice}"))
            )
        }
        Verdict::Skipped { why } => format!("<skipped message=\"{}\"/>", escaped(why)),
    };
    let _ = writeln!(xml, "{said}</testcase>");
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// Text that may stand in an element and in an attribute; characters that XML 1.0 cannot carry are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn findings_are_written_as_xml_that_nothing_breaks_out_of() {
        let took = Duration::from_millis(12);
        let finding = |id, verdict| Finding { id, sentence: "it is so", verdict, took };
        let findings = [
            finding("a", Verdict::Passed { note: Some("2 < 3".into()) }),
            finding("b", Verdict::Failed { why: "\"]]>&\u{0}\u{1b}\n".into(), advice: "don't" }),
            finding("c", Verdict::Skipped { why: "no".into() }),
        ];
        assert_snapshot!(write("a&b.so", &findings), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="3" failures="1" errors="0" skipped="1" time="0.036">
          <testsuite name="a&amp;b.so" tests="3" failures="1" errors="0" skipped="1" time="0.036">
            <testcase classname="quietus.plugin" name="a" time="0.012"><system-out>it is so: 2 &lt; 3</system-out></testcase>
            <testcase classname="quietus.plugin" name="b" time="0.012"><failure message="&quot;]]&gt;&amp;��&#10;">it is so: no. &quot;]]&gt;&amp;��&#10;. don&apos;t</failure></testcase>
            <testcase classname="quietus.plugin" name="c" time="0.012"><skipped message="no"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
