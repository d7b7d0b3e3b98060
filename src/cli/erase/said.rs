//! What targets say of what would go there, and which holds concern it: of a dry run, and of a request's plan. No identifier is shown,
//! only how many of which kind are known.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::reach::kinds;
use crate::cli::out::{self, Out};
use crate::operations::erasures::{MayHold, NotSaid, Reach, Said, WouldBe};
use crate::subject::TargetName;

/// How often it is seen that something goes on.
const TICK: Duration = Duration::from_millis(200);

/// Says which target is being asked: on standard error, and only where that is a terminal.
pub(in crate::cli) fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
    let bar = ProgressBar::new_spinner().with_style(style.expect("the template is sound"));
    bar.set_message("looking for sessions");
    bar.enable_steady_tick(TICK);
    bar
}

pub(in crate::cli) fn asking(bar: &ProgressBar, target: &TargetName) {
    bar.set_message(format!("asking {target}"));
}

pub(in crate::cli) fn json(said: &Said) -> Value {
    let answers: BTreeMap<_, _> = said.iter().map(|(name, answer)| (name, answered(answer))).collect();
    json!(answers)
}

fn answered(answer: &Result<WouldBe, NotSaid>) -> Value {
    match answer {
        Ok(WouldBe { outcome, reason, counts, evidence, told, verify_after }) => {
            json!({
                "would_be": outcome, "reason": reason, "counts": counts, "told": told, "looked_at": evidence.looked_at,
                "not_looked_at": evidence.not_looked_at, "keeps": evidence.keeps, "left": evidence.left,
                "accepted": evidence.accepted, "verify_after_s": verify_after.map(|pause| pause.as_secs()),
            })
        }
        Err(why @ NotSaid::Paused(paused)) => {
            json!({ "error": why.to_string(), "paused": { "reason": paused.pause.reason, "until": paused.pause.until } })
        }
        Err(why) => json!({ "error": why.to_string() }),
    }
}

pub(in crate::cli) fn holds_json(holds: &[MayHold]) -> Value {
    let shown = |hold: &MayHold| {
        let MayHold { held, on, until, waits, sessions, staying, unproved } = hold;
        json!({
            "hold": held, "on": on, "until": until, "waits": waits, "sessions": sessions, "staying": staying,
            "unproved": unproved,
        })
    };
    holds.iter().map(shown).collect()
}

/// Whom targets are told of, as far as that is granted to each.
pub(in crate::cli) fn write_whom(reach: &Reach, out: &mut Out) -> std::io::Result<()> {
    let identifiers = kinds(&reach.found.whom.identifiers);
    out.line(format_args!("guests       {}", reach.found.whom.guests.len()))?;
    if let Some(contacts) = reach.found.contacts {
        let counted = match contacts {
            0 => "none at mluvii".to_owned(),
            1 => "1 at mluvii, whose record stays".to_owned(),
            more => format!("{more} at mluvii, whose records stay"),
        };
        out.line(format_args!("contacts     {counted}"))?;
    }
    out.line(format_args!("identifiers  {}", listed(identifiers.iter().map(|(kind, count)| format!("{count} {kind}")))))
}

/// What each target says, and what it does not look at. One of which nothing is known is never shown as one that holds nothing.
pub(in crate::cli) fn write(said: &Said, out: &mut Out) -> std::io::Result<()> {
    out.table(["TARGET", "WOULD BE", "COUNTS", "REASON"], said.iter().map(row))?;
    for (name, answer) in said {
        let Ok(WouldBe { evidence, told, .. }) = answer else { continue };
        if !told.is_empty() {
            out.line(format_args!("{name} is told: {}", listed(told)))?;
        }
        // Places and what is kept are sentences with commas of their own.
        for place in &evidence.not_looked_at {
            out.line(format_args!("{name} does not look at: {place}"))?;
        }
        if let Some(keeps) = evidence.keeps.as_ref().filter(|keeps| !keeps.is_empty()) {
            out.line(format_args!("{name} keeps: {}", keeps.join("; ")))?;
        }
    }
    Ok(())
}

fn row((name, answer): (&TargetName, &Result<WouldBe, NotSaid>)) -> [String; 4] {
    match answer {
        Ok(WouldBe { outcome, reason, counts, .. }) => {
            let counts = counts.iter().map(|(what, count)| match (&**what, *count) {
                ("sessions", 1) => "1 session".to_owned(),
                ("guests", 1) => "1 guest".to_owned(),
                (what, count) => format!("{count} {what}"),
            });
            let reason = reason.clone().unwrap_or_default();
            [name.to_string(), outcome.as_str().to_owned(), listed(counts), reason]
        }
        Err(why) => [name.to_string(), "not known".to_owned(), String::new(), why.to_string()],
    }
}

/// What a hold does to it.
pub(in crate::cli) fn of_hold(hold: &MayHold) -> String {
    let MayHold { held, on, until, waits, sessions, staying, unproved } = hold;
    let end = until.map_or_else(|| "without an end".to_owned(), |until| format!("until {}", out::time(until)));
    let hold = format!("the hold {held}, on a {on}, {end}");
    if *unproved {
        return format!(
            "{hold}, concerns what is given and not proved: it is not run before that is proved, or the hold ends"
        );
    }
    if !waits {
        return format!("{hold}, concerns {staying} of the sessions that stay; with one of them, it would wait");
    }
    let staying = if *staying > 0 { format!(", and {staying} of those that stay") } else { String::new() };
    format!("it would wait for {hold}, which may concern {sessions} of the sessions{staying}")
}

fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{Evidence, Outcome};
    use crate::hold::{HeldBy, HoldId, HoldReason};
    use crate::subject::Kind;
    use crate::target::TargetError;

    fn said() -> Said {
        let evidence = Evidence {
            looked_at: vec!["contacts by email".into()],
            not_looked_at: vec!["leads: not configured".into()],
            keeps: Some(vec!["the bin, for 30 days".into()]),
            ..Evidence::default()
        };
        let found = WouldBe {
            outcome: Outcome::Erased,
            reason: None,
            counts: [("contacts".to_owned(), 2)].into(),
            evidence,
            told: [Kind::Email].into(),
            verify_after: None,
        };
        let away = NotSaid::Failed(TargetError::Unavailable("the plugin is not running: it crashed".into()));
        [(TargetName("crm".into()), Ok(found)), (TargetName("erp".into()), Err(away))].into()
    }

    #[test]
    fn what_is_not_known_is_said_as_that_within_80_columns() {
        let (mut out, captured) = Out::captured_on_terminal();
        write(&said(), &mut out).expect("written");
        let text = captured.text();
        assert!(text.contains("not known") && text.contains("2 contacts"), "{text}");
        assert!(text.contains("crm does not look at: leads: not configured"), "{text}");
        assert!(text.contains("crm keeps: the bin, for 30 days") && text.contains("crm is told: email"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn json_has_all_of_it() {
        let json = json(&said());
        assert_eq!(json["crm"]["not_looked_at"], json!(["leads: not configured"]));
        assert_eq!((&json["crm"]["counts"]["contacts"], &json["crm"]["told"]), (&json!(2), &json!(["email"])));
        assert_eq!(json["erp"], json!({ "error": "the plugin is not running: it crashed" }));
    }

    #[test]
    fn a_hold_says_whether_anything_waits_for_it() {
        let held = HeldBy { hold: HoldId([1; 6]), reason: HoldReason::LegalClaims, case: "21 C 1/2026".parse().ok() };
        let mut hold =
            MayHold { held, on: "session", until: None, waits: true, sessions: 2, staying: 1, unproved: false };
        assert_eq!(
            of_hold(&hold),
            "it would wait for the hold h-010101010101 (legal-claims, 21 C 1/2026), on a session, without an end, which may concern 2 of the \
             sessions, and 1 of those that stay"
        );
        (hold.waits, hold.sessions) = (false, 0);
        assert!(of_hold(&hold).ends_with("concerns 1 of the sessions that stay; with one of them, it would wait"));
        hold.unproved = true;
        assert!(of_hold(&hold).ends_with("it is not run before that is proved, or the hold ends"));
        assert_eq!(holds_json(&[hold])[0]["unproved"], true);
    }
}
