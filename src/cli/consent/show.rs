//! `quietus consent show`.

use super::WhoseArgs;
use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, Out};
use crate::consent::Consent;
use crate::operations::Operations;
use crate::operations::consent::{self, FoundConsent, Shown};

/// Show the consents of a session, a guest or a person: which text, given when, by which form, and how it ended
///
/// Guests and identifiers are `-` (asked for without showing it, or one line of standard input) or `@FILE` (the file's first line); none is
/// written out, as other users of this machine could see it.
///
/// Newest first. A person's sessions are found by fingerprints: `certain` where everything that identifies a person agrees, `possible`
/// where less does. A session that was erased is found by its number or its guest, and by identifiers where it proves a consent, for as
/// long as fingerprints are kept (`erasing.keep_fingerprints`, `retention.fingerprints`). Exit code 1 when nothing is found, which does
/// not say that there was no consent.
#[derive(clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    whose: WhoseArgs,
}

impl Show {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Shown { consents: found, erased_are_found } = consent::show(on, &self.whose.read()?, &actor()).await?;
        if out.is_json() {
            out.json(&found)?;
        } else if found.is_empty() {
            out.line("nothing was found")?;
        } else {
            let rows = found.iter().flat_map(rows);
            out.table(["SESSION", "MEANT", "SINCE", "CONSENT", "VERSION", "BY"], rows)?;
            for one in found.iter().filter(|one| one.earlier_left_out > 0) {
                let FoundConsent { session, earlier_left_out, .. } = one;
                out.note(format_args!("{session}: {earlier_left_out} further changes, after the first, are not kept"));
            }
        }
        if !erased_are_found {
            out.note(
                "conversations that were erased are not found by identifiers, because `erasing.keep_fingerprints` is off: who agreed to \
                 what in them is shown by their numbers (--session) or their guest (--guest)",
            );
        } else if found.is_empty() {
            out.note("that does not say that there was no consent: docs/consent.md says what is not found");
        }
        Ok(Exit::when(!found.is_empty()))
    }
}

fn rows(found: &FoundConsent) -> Vec<[String; 6]> {
    let all = std::iter::once(&found.consent).chain(found.earlier.iter().rev());
    let row = |(index, consent): (usize, &Consent)| {
        let [session, meant] = match index {
            0 => [found.session.clone(), found.meant.to_owned()],
            _ => [String::new(), String::new()],
        };
        let version = consent.version.clone().unwrap_or_else(|| "-".to_owned());
        [session, meant, out::time_or_dash(consent.since), consent.state.as_str().to_owned(), version, by(consent)]
    };
    all.enumerate().map(row).collect()
}

/// The form, or who said it.
pub(super) fn by(consent: &Consent) -> String {
    let origin = consent.origin.as_deref().unwrap_or("-");
    match consent.form_id {
        Some(form) => format!("{origin} {form}"),
        None => origin.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ConsentState;

    #[test]
    fn consents_fit_a_terminal_of_80_columns() {
        let consent = |state, origin: &str| Consent {
            state,
            version: Some("the text of 2026, as it was approved in May".to_owned()),
            origin: Some(origin.to_owned()),
            form_id: Some(4711),
            since: Some(jiff::Timestamp::from_second(1_750_000_000).expect("a time")),
            cause: None,
        };
        let found = FoundConsent {
            session: "a-company-with-a-name/1234567".to_owned(),
            meant: "certain",
            why: String::new(),
            tenant: None,
            started: None,
            ended: None,
            erased: None,
            consent: consent(ConsentState::Withdrawn, "officer-in-person"),
            earlier: vec![consent(ConsentState::Given, "entry_form")],
            earlier_left_out: 0,
        };
        let (mut out, captured) = Out::captured_on_terminal();
        out.table(["SESSION", "MEANT", "SINCE", "CONSENT", "VERSION", "BY"], rows(&found)).expect("is written");
        let text = captured.text();
        assert!(text.contains("a-company-with-a-name/1234567"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
