//! Tells what has happened since the last look: deliveries, decisions, calls, outcomes.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style};

use super::setup::DemoSetup;
use crate::audit::Actor;
use crate::cli::exit::Failure;
use crate::cli::out::{GOOD, Out};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step, Verdict};
use crate::ledger::ErasureFilter;
use crate::operations::erasures;
use crate::standin::Call;

const CAME_IN: Style = AnsiColor::Cyan.on_default();
const DECIDED: Style = AnsiColor::Magenta.on_default();
const CALLED: Style = AnsiColor::Yellow.on_default();

/// How long the people's data may take to go; what is due later is for later.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What was told already.
#[derive(Default)]
pub(super) struct Narrator {
    deliveries: usize,
    mluvii_calls: usize,
    crm_calls: usize,
    erasures: BTreeMap<ErasureId, Erasure>,
}

impl Narrator {
    /// Another one whenever something has happened.
    pub(super) fn told(&self) -> (usize, usize, usize, Vec<(ErasureState, usize)>) {
        let ended = |erasure: &Erasure| erasure.steps.iter().filter(|step| step.final_outcome().is_some()).count();
        let erasures = self.erasures.values().map(|erasure| (erasure.state, ended(erasure))).collect();
        (self.deliveries, self.mluvii_calls, self.crm_calls, erasures)
    }

    /// What is not done yet.
    pub(super) fn awaited(&self) -> String {
        let open = self.erasures.values().filter(|erasure| erasure.state != ErasureState::Done);
        let open: Vec<_> = open
            .map(|erasure| {
                let steps = erasure.steps.iter().filter(|step| step.final_outcome().is_none());
                let targets: Vec<_> = steps.map(|step| step.target.to_string()).collect();
                format!("{} waits for {}", short(erasure.id), targets.join(", "))
            })
            .collect();
        if open.is_empty() { "no erasure is decided on yet".to_owned() } else { open.join("; ") }
    }

    /// Tells what is new; `true` when all that is due now is done and nothing more is coming in.
    pub(super) async fn tell(&mut self, stage: &DemoSetup, out: &mut Out) -> Result<bool, Failure> {
        let deliveries = stage.mluvii.deliveries();
        for delivery in deliveries.iter().skip(self.deliveries) {
            let status = delivery.status.map_or("no answer".to_owned(), |status| status.to_string());
            say(
                out,
                CAME_IN,
                "webhook",
                format_args!("{} of {} → {status}", delivery.event_type, delivery.conversation),
            )?;
        }
        self.deliveries = deliveries.len();

        let erasures = erasures::list(&stage.operations, ErasureFilter::newest(100)).await?.items;
        for erasure in erasures.iter().rev().filter(|erasure| !self.erasures.contains_key(&erasure.id)) {
            say(out, DECIDED, "decided", decision(erasure))?;
        }
        self.approve(stage, &erasures, out).await?;
        self.tell_calls(stage, out)?;
        for erasure in erasures.iter().rev() {
            self.tell_outcomes(erasure, out)?;
        }
        let kept = |erasure: &Erasure| erasure.state == ErasureState::Done;
        let for_now = |erasure: &&Erasure| erasure.due < erasure.created.saturating_add(PATIENCE).unwrap_or_default();
        let all_kept =
            erasures.iter().filter(for_now).all(kept) && erasures.iter().filter(|e| kept(e)).count() >= ERASURES_DUE;
        self.erasures = erasures.into_iter().map(|erasure| (erasure.id, erasure)).collect();
        Ok(all_kept && stage.mluvii.undelivered() == 0)
    }

    /// Plays the officer, who approves once everything else is done.
    async fn approve(&self, stage: &DemoSetup, erasures: &[Erasure], out: &mut Out) -> Result<(), Failure> {
        let requested: Vec<_> = erasures.iter().filter(|erasure| erasure.state == ErasureState::Requested).collect();
        let done = erasures.iter().filter(|erasure| erasure.state == ErasureState::Done).count();
        if done + requested.len() < ERASURES_DUE {
            return Ok(());
        }
        for erasure in requested {
            if erasures::approve(&stage.operations, erasure.id, &erasure.version(), &Actor::cli("demo")).await.is_ok() {
                let command = "quietus erasures approve";
                say(
                    out,
                    DECIDED,
                    "approved",
                    format_args!("{}: by an officer, as with `{command}`", short(erasure.id)),
                )?;
            }
        }
        Ok(())
    }

    fn tell_calls(&mut self, stage: &DemoSetup, out: &mut Out) -> std::io::Result<()> {
        let mluvii = stage.mluvii.calls();
        let answered = mluvii.iter().skip(self.mluvii_calls).take_while(|call| call.ended.is_some());
        let answered: Vec<_> = answered.collect();
        self.mluvii_calls += answered.len();
        for call in answered.into_iter().filter(|call| call.path.ends_with("/anonymous")) {
            say(out, CALLED, "mluvii", exchange(call))?;
        }
        let crm = stage.crm.calls();
        let answered: Vec<_> = crm.iter().skip(self.crm_calls).take_while(|call| call.ended.is_some()).collect();
        self.crm_calls += answered.len();
        answered.into_iter().try_for_each(|call| say(out, CALLED, "crm", exchange(call)))
    }

    fn tell_outcomes(&self, erasure: &Erasure, out: &mut Out) -> std::io::Result<()> {
        let before = self.erasures.get(&erasure.id);
        for step in &erasure.steps {
            let was = before.and_then(|before| before.steps.iter().find(|was| was.target == step.target));
            let has_ended = was.is_none_or(|was| was.final_outcome().is_none());
            if let Some(outcome) = step.final_outcome().filter(|_| has_ended) {
                let what = format!("{} at {}, re-checked and gone", outcome.as_str(), step.target);
                say(out, GOOD, "verified", format_args!("{}: {what}", short(erasure.id)))?;
            } else if was.is_some_and(|was: &Step| step.rounds > was.rounds) {
                say(
                    out,
                    CALLED,
                    "residual",
                    format_args!("{}: {} still holds it; once more", short(erasure.id), step.target),
                )?;
            }
        }
        let done = |erasure: &Erasure| erasure.state == ErasureState::Done;
        if done(erasure) && !before.is_some_and(done) {
            let verdict = erasure.verdict.map_or("done", Verdict::as_str);
            say(out, GOOD, "receipt", format_args!("{}: {verdict}", short(erasure.id)))?;
        }
        Ok(())
    }
}

/// Erasures that must be done at the end: Bořek's session, Cecílie's browser and Cecílie.
const ERASURES_DUE: usize = 3;

fn decision(erasure: &Erasure) -> String {
    let targets = erasure.steps.iter().map(|step| step.target.to_string()).collect::<Vec<_>>().join(", ");
    let when = if erasure.state == ErasureState::Requested {
        "waits for approval".to_owned()
    } else if erasure.due > erasure.created.saturating_add(PATIENCE).unwrap_or_default() {
        format!("due {}", crate::cli::out::time(erasure.due))
    } else {
        "now".to_owned()
    };
    format!(
        "{}: {}: {}, at {targets}, {when}",
        short(erasure.id),
        erasure.rules.join(", "),
        erasure.subject.scope().as_str()
    )
}

fn exchange(call: &Call) -> String {
    let status = call.status.map_or("cut off".to_owned(), |status| status.to_string());
    format!("{} {} → {status}", call.method, call.path)
}

/// As much of an id as tells it apart here.
fn short(id: ErasureId) -> String {
    let id = id.to_string();
    format!("e-…{}", &id[id.len() - 4..])
}

fn say(out: &mut Out, style: Style, word: &str, text: impl Display) -> std::io::Result<()> {
    out.marked(style, &format!("{word:<9}"), text)
}
