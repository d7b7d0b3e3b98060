//! A message in words, for people, and as programs get it.

use std::fmt::Write as _;

use serde_json::json;

use super::message::{Item, Message, MessageKind, Over, Sorts};
use crate::attention::time;

impl Message {
    /// What it says, in a line: a mail's subject, after the name of the program.
    pub(crate) fn summary(&self) -> String {
        match self.kind {
            MessageKind::Test => format!("a test of the alert {}", self.alert),
            MessageKind::Digest => format!("daily digest: {}", needs(self.counts.open, "nothing needs a person")),
            MessageKind::Alert => {
                let over = match self.counts.recovered {
                    0 => String::new(),
                    1 => "1 is over".to_owned(),
                    count => format!("{count} are over"),
                };
                match (self.counts.new.all, over.as_str()) {
                    (0, _) => format!("{over}, {}", left(self.counts.open)),
                    (_, "") => needs(self.counts.new, ""),
                    _ => format!("{}; {over}", needs(self.counts.new, "")),
                }
            }
        }
    }

    /// The text of a mail.
    pub(super) fn body(&self) -> String {
        let mut text = format!("quietus at {}: {}.\n", self.deployment, self.summary());
        if self.kind == MessageKind::Test {
            text += "\nNothing has happened: somebody has run `quietus alerts test`. Alerts of this deployment reach you.\n";
        }
        list(&mut text, if self.kind == MessageKind::Digest { "" } else { "New:" }, &self.new);
        if !self.recovered.is_empty() {
            text += "\nOver:\n\n";
            self.recovered.iter().for_each(|over| recovered(&mut text, over));
        }
        list(&mut text, if self.kind == MessageKind::Digest { "There is:" } else { "Still there:" }, &self.open);
        if self.omitted > 0 {
            let _ = write!(text, "\n{} more are not listed here: quietus attention list\n", self.omitted);
        }
        if !self.new.is_empty() || !self.open.is_empty() {
            text += "\nWhat is seen to: quietus attention acknowledge CODE, or mute CODE --for 7d\n";
        }
        let _ = write!(
            text,
            "\n-- \nThe alert {} of quietus. It is sent by a program, which reads no answer, and names nobody.\n",
            self.alert
        );
        text
    }

    /// What a program is told, in the form that Standard Webhooks recommends.
    pub(crate) fn json(&self) -> String {
        let kind = match self.kind {
            MessageKind::Alert => "quietus.alert",
            MessageKind::Digest => "quietus.digest",
            MessageKind::Test => "quietus.test",
        };
        let data = json!({
            "id": self.id, "alert": self.alert, "deployment": self.deployment, "summary": self.summary(),
            "new": self.new, "recovered": self.recovered, "open": self.open, "omitted": self.omitted,
        });
        json!({ "type": kind, "timestamp": self.at.to_string(), "data": data }).to_string()
    }
}

/// How many things need a person.
fn needs(sorts: Sorts, nothing: &str) -> String {
    let things = |count, one: &str, more: &str| match count {
        1 => format!("1 thing {one}"),
        count => format!("{count} things {more}"),
    };
    let urgent = if sorts.urgent > 0 { format!(" ({} urgent)", sorts.urgent) } else { String::new() };
    match (sorts.person, sorts.all) {
        (0, 0) => nothing.to_owned(),
        (0, all) => things(all, "is worth knowing", "are worth knowing"),
        (person, _) => things(person, "needs a person", "need a person") + &urgent,
    }
}

/// What is still there.
fn left(sorts: Sorts) -> String {
    match sorts.all {
        0 => "nothing is left".to_owned(),
        left => format!("{left} left"),
    }
}

fn list(text: &mut String, heading: &str, items: &[Item]) {
    if items.is_empty() {
        return;
    }
    let _ = write!(text, "\n{heading}\n");
    for item in items {
        let since = item.since.map(|since| format!(", since {}", time(since))).unwrap_or_default();
        let Item { severity, code, object, text: said, .. } = item;
        let _ = write!(text, "\n{} {code} {object}{since}\n  {said}\n", severity.as_str());
    }
}

fn recovered(text: &mut String, Over { code, object, told, gone }: &Over) {
    let _ = writeln!(text, "{code} {object}, which you were told at {}: gone since {}", time(*told), time(*gone));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::attention::Severity;

    fn item(severity: Severity) -> Item {
        Item {
            code: "target_out".into(),
            severity,
            object: "target:crm".into(),
            since: Some(Timestamp::UNIX_EPOCH),
            text: "target crm is out".into(),
            parameters: BTreeMap::new(),
        }
    }

    fn over() -> Over {
        let at = Timestamp::UNIX_EPOCH;
        Over { code: "log_long".into(), object: "ledger".into(), told: at, gone: at }
    }

    fn message(kind: MessageKind, new: &[Severity], recovered: usize, open: &[Severity]) -> Message {
        let items = |all: &[Severity]| all.iter().copied().map(item).collect();
        let message = Message::new(kind, "ops", "hooks.example.com", Timestamp::UNIX_EPOCH);
        message.with(items(new), vec![over(); recovered], items(open))
    }

    #[track_caller]
    fn check(kind: MessageKind, new: &[Severity], recovered: usize, open: &[Severity], expected: &str) {
        assert_eq!(message(kind, new, recovered, open).summary(), expected);
    }

    #[test]
    fn a_subject_says_how_much_and_how_bad() {
        use MessageKind::{Alert, Digest, Test};
        use Severity::{Attention, Notice, Urgent};
        check(Alert, &[Attention, Urgent], 0, &[Attention], "2 things need a person (1 urgent)");
        check(Alert, &[Attention], 0, &[], "1 thing needs a person");
        check(Alert, &[Notice, Notice], 0, &[], "2 things are worth knowing");
        check(Alert, &[Attention, Notice], 1, &[], "1 thing needs a person; 1 is over");
        check(Alert, &[], 2, &[], "2 are over, nothing is left");
        check(Alert, &[], 1, &[Urgent], "1 is over, 1 left");
        check(Digest, &[], 0, &[Urgent, Notice], "daily digest: 1 thing needs a person (1 urgent)");
        check(Digest, &[], 0, &[], "daily digest: nothing needs a person");
        check(Test, &[], 0, &[], "a test of the alert ops");
    }

    #[test]
    fn a_mail_says_what_it_is_and_what_helps() {
        let message = message(MessageKind::Alert, &[Severity::Attention, Severity::Urgent], 1, &[Severity::Notice]);
        insta::assert_snapshot!(message.body(), @"
        quietus at hooks.example.com: 2 things need a person (1 urgent); 1 is over.

        New:

        urgent target_out target:crm, since 1970-01-01T00:00:00Z
          target crm is out

        attention target_out target:crm, since 1970-01-01T00:00:00Z
          target crm is out

        Over:

        log_long ledger, which you were told at 1970-01-01T00:00:00Z: gone since 1970-01-01T00:00:00Z

        Still there:

        notice target_out target:crm, since 1970-01-01T00:00:00Z
          target crm is out

        What is seen to: quietus attention acknowledge CODE, or mute CODE --for 7d

        -- 
        The alert ops of quietus. It is sent by a program, which reads no answer, and names nobody.
        ");
    }
}
