//! What shows that nothing is held of a person: that it was looked everywhere, and that nothing was found. Pure: from receipts, or from what
//! every target has said of a plan, to where it was looked, or to what is missing.

use jiff::Timestamp;

use super::told::Word;
use crate::erasure::{MluviiSearch, Outcome, ReasonCode};
use crate::receipt::{Advised, ForeseenAdvice, ReasonStatement, Statement, advised};
use crate::request::{ClosedBecause, Ended, Request};
use crate::subject::{InstallationName, Scope, TargetName};

/// Where it was looked, and nothing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nothing {
    pub(crate) installation: InstallationName,
    /// When it was looked, the last time.
    pub(crate) at: Timestamp,
    pub(crate) looked: Vec<TargetName>,
    /// Where people have looked, by their word.
    pub(crate) by_word: Vec<TargetName>,
    /// What nobody has looked at, as the configuration accepts.
    pub(crate) accepted: Vec<ReasonStatement>,
}

/// Why nobody may say that nothing is held.
pub(crate) type Missing = Vec<String>;

impl Nothing {
    /// By all receipts of a request. `everywhere` are all targets of the configuration.
    pub(crate) fn by_receipts(statements: &[&Statement], everywhere: &[TargetName]) -> Result<Self, Missing> {
        let Some(last) = statements.iter().max_by_key(|statement| statement.ended) else {
            return Err(vec!["there is no receipt of it".to_owned()]);
        };
        let (installation, at) = (last.installation.clone(), last.ended);
        let mut nothing = Self { installation, at, looked: Vec::new(), by_word: Vec::new(), accepted: Vec::new() };
        let mut missing = Missing::new();
        for statement in statements {
            let mut told = not_of_the_person(statement);
            nothing.take(advised(statement), true, &mut told);
            for step in &statement.steps {
                let word = step.reason.as_deref().and_then(Word::of).map(|word| word.outcome());
                match (step.outcome, word) {
                    (Outcome::Absent, _) => add(&mut nothing.looked, &step.target),
                    (Outcome::Unverifiable, Some(Outcome::Absent)) if step.expected => {
                        add(&mut nothing.by_word, &step.target);
                    }
                    (outcome, _) => told.push(format!("{} is {} there", step.target, outcome.as_str())),
                }
            }
            missing.extend(told.into_iter().map(|what| format!("receipt {}: {what}", statement.sequence)));
        }
        let asked: Vec<_> = statements.iter().flat_map(|one| &one.steps).map(|step| &step.target).collect();
        let others = everywhere.iter().filter(|target| !asked.contains(target));
        missing.extend(others.map(|target| format!("no receipt of it says anything of {target}")));
        if missing.is_empty() { Ok(nothing) } else { Err(missing) }
    }

    /// By what every target has said of a request's plan, or of the last one before it was closed, as nothing is held.
    /// `everywhere` are all targets of the configuration.
    pub(crate) fn by_plan(request: &Request, everywhere: &[TargetName]) -> Result<Self, Missing> {
        let foreseen = match &request.end {
            Some(end) if end.ended == Ended::Closed(ClosedBecause::NothingHeld) => request.found_nothing.as_ref(),
            Some(_) => None,
            None => request.plan.as_ref().and_then(|plan| plan.foreseen.as_ref()),
        };
        let Some(foreseen) = foreseen else {
            return Err(vec!["no plan of it shows where it was looked: `quietus requests plan`".to_owned()]);
        };
        let (installation, at) = (request.mluvii.clone(), foreseen.at);
        let mut nothing = Self { installation, at, looked: Vec::new(), by_word: Vec::new(), accepted: Vec::new() };
        let mut missing = Missing::new();
        let going = request.plan.as_ref().map_or(0, |plan| plan.sessions.len());
        if going > 0 {
            missing.push(format!("{going} sessions would go by its plan"));
        }
        nothing.take(ForeseenAdvice::from(foreseen).reasons, false, &mut missing);
        // Who was asked without it may know the person by that.
        missing.extend(
            foreseen.further.iter().map(|target| format!("by what else {target} knows the person is not settled")),
        );
        let others = everywhere.iter().filter(|target| !request.targets.contains(target));
        for target in request.targets.iter().chain(others) {
            match foreseen.absent.contains(target) {
                true => add(&mut nothing.looked, target),
                false => missing.push(format!("{target} has not said that nothing is there")),
            }
        }
        if missing.is_empty() { Ok(nothing) } else { Err(missing) }
    }

    /// What lowers a verdict is missing, and so is what is left by somebody's leave; a place that nobody looks at, as is accepted, is named.
    fn take(&mut self, reasons: Vec<Advised>, may_be_word: bool, missing: &mut Missing) {
        for one in reasons {
            let left = one.reason.count.is_some_and(|count| count > 0);
            let is_said = match one.reason.code.parse() {
                Ok(ReasonCode::LeftAccepted) if !left => {
                    self.accepted.push(one.reason.clone());
                    true
                }
                Ok(ReasonCode::LedgerOnlyAccepted) => {
                    self.accepted.push(one.reason.clone());
                    true
                }
                // Somebody else's sessions, and a hold that is over.
                Ok(ReasonCode::PossibleExcluded | ReasonCode::Held) => true,
                // Whether somebody's word is that nothing was there stands in the step.
                Ok(ReasonCode::ExpectedUnverifiable) => may_be_word,
                _ => false,
            };
            if !is_said {
                missing.push(one.named());
            }
        }
    }
}

/// What a receipt has not looked for of a person as a whole: such as of a form's rule about one conversation, or of what was erased again.
fn not_of_the_person(statement: &Statement) -> Missing {
    let mut missing = Missing::new();
    if statement.scope != Scope::Person {
        missing.push(format!("it is about a {}, and not about a person", statement.scope.as_str()));
    }
    match statement.search {
        MluviiSearch::Done | MluviiSearch::OffAccepted => {}
        MluviiSearch::Off | MluviiSearch::NotNeeded | MluviiSearch::IdentifiersOnly => {
            missing.push("mluvii was not searched for the person".to_owned());
        }
    }
    let mut steps = statement.steps.iter();
    let has_none = steps.any(|step| step.target.is_mluvii() && step.outcome == Outcome::Absent);
    if statement.sessions > 0 && !has_none {
        missing.push(format!("{} sessions of the person were found", statement.sessions));
    }
    missing
}

fn add(targets: &mut Vec<TargetName>, target: &TargetName) {
    if !targets.contains(target) {
        targets.push(target.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;
    use crate::audit::Actor;
    use crate::erasure::sample::{session, step};
    use crate::erasure::{Evidence, Findings, Foreseen, SaidBefore, Step};
    use crate::receipt::sample::issued;
    use crate::request::{Came, Chosen, Entered, Plan, PlannedSession, RequestId, RequestNumber, VerifiedBy};
    use crate::subject::Kind;

    fn statement(steps: Vec<Step>) -> Statement {
        let statement = issued(&session(steps), None).statement;
        Statement { scope: Scope::Person, search: MluviiSearch::Done, sessions: 0, ..statement }
    }

    fn by_receipts(statements: &[&Statement]) -> Result<Nothing, Missing> {
        Nothing::by_receipts(statements, &[])
    }

    fn by_plan(request: &Request) -> Result<Nothing, Missing> {
        Nothing::by_plan(request, &[])
    }

    fn absent(target: &str) -> Step {
        step(target, Outcome::Absent)
    }

    #[track_caller]
    fn refused(steps: Vec<Step>, missing: &str) {
        let statement = statement(steps);
        let why = by_receipts(&[&statement]).expect_err("refused").join("; ");
        assert!(why.contains(missing), "{why}");
    }

    fn with(evidence: Evidence) -> Vec<Step> {
        vec![absent("mluvii"), Step { evidence, ..absent("crm") }]
    }

    #[test]
    fn nothing_is_held_only_where_everybody_has_looked_and_nothing_was_there() {
        let all = statement(vec![absent("mluvii"), absent("crm")]);
        let nothing = by_receipts(&[&all]).expect("nothing is held");
        assert_eq!(nothing.looked, ["mluvii", "crm"].map(|name| TargetName(name.into())));
        assert!(nothing.by_word.is_empty() && nothing.accepted.is_empty());
        assert!(by_receipts(&[]).is_err(), "nobody has looked");
        for outcome in [Outcome::Erased, Outcome::Retained, Outcome::Residual, Outcome::Unverifiable] {
            refused(vec![absent("mluvii"), step("crm", outcome)], &format!("receipt 1: crm is {}", outcome.as_str()));
        }
        // One receipt that shows something is enough.
        let erased = statement(vec![step("crm", Outcome::Erased)]);
        assert!(by_receipts(&[&all, &erased]).is_err());
        let archive = || vec!["archive".to_owned()];
        refused(with(Evidence { not_looked_at: archive(), ..Evidence::default() }), "not_looked_at at crm: archive");
        refused(with(Evidence { keeps: Some(archive()), ..Evidence::default() }), "kept_by_vendor at crm: archive");
        let left = |count: u64| BTreeMap::from([("ip_address".to_owned(), count)]);
        refused(with(Evidence { left: left(1), ..Evidence::default() }), "left_behind at crm");
        // What may be left is there all the same.
        refused(with(Evidence { accepted: left(1), ..Evidence::default() }), "left_accepted at crm");
    }

    #[test]
    fn a_receipt_shows_it_only_of_a_person_that_was_looked_for_in_all_targets() {
        let all = statement(vec![absent("mluvii"), absent("crm")]);
        let everywhere = ["mluvii", "crm", "erp"].map(|name| TargetName(name.into()));
        assert!(Nothing::by_receipts(&[&all], &everywhere[..2]).is_ok());
        let missing = |statements: &[&Statement]| {
            Nothing::by_receipts(statements, &everywhere).err().unwrap_or_default().join("; ")
        };
        assert_eq!(missing(&[&all]), "no receipt of it says anything of erp");
        let other = statement(vec![absent("erp")]);
        assert_eq!(missing(&[&all, &other]), "", "another one of the request does");
        let of_session = Statement { scope: Scope::Session, ..all.clone() };
        assert_eq!(missing(&[&of_session, &other]), "receipt 1: it is about a session, and not about a person");
        for search in [MluviiSearch::NotNeeded, MluviiSearch::IdentifiersOnly, MluviiSearch::Off] {
            let unsearched = Statement { search, ..all.clone() };
            assert_eq!(missing(&[&unsearched, &other]), "receipt 1: mluvii was not searched for the person");
        }
        let accepted = Statement { search: MluviiSearch::OffAccepted, ..all.clone() };
        assert_eq!(missing(&[&accepted, &other]), "");
        // Sessions that mluvii does not have any more are none; where it was not asked, they are.
        let known = |statement: Statement| Statement { sessions: 2, ..statement };
        assert_eq!(missing(&[&known(all.clone()), &other]), "");
        let why = missing(&[&all, &known(other.clone())]);
        assert_eq!(why, "receipt 1: 2 sessions of the person were found");
    }

    #[test]
    fn a_place_that_nobody_looks_at_as_is_accepted_is_named() {
        let evidence = Evidence {
            not_looked_at: vec!["archive".to_owned()],
            accepted: [("archive".to_owned(), 0)].into(),
            ..Evidence::default()
        };
        let statement = statement(with(evidence));
        let nothing = by_receipts(&[&statement]).expect("nothing is held");
        let named: Vec<_> = nothing.accepted.iter().map(|one| one.detail.as_deref()).collect();
        assert_eq!(named, [Some("archive")]);
    }

    #[test]
    fn a_colleagues_word_counts_where_it_is_that_nothing_was_there() {
        let said = |outcome: &str| {
            let mut step = step("legal", Outcome::Unverifiable);
            step.reason = Some(format!("cli:ann said so at 2026-11-30T10:00:00Z: {outcome}"));
            step.evidence.expected = true;
            vec![absent("mluvii"), step]
        };
        let nothing = statement(said("absent"));
        let nothing = by_receipts(&[&nothing]).expect("nothing is held");
        assert_eq!(nothing.by_word, [TargetName("legal".into())]);
        refused(said("erased"), "legal is unverifiable");
    }

    fn request(targets: &[&str]) -> Request {
        let entered = Entered {
            id: RequestId([1; 16]),
            number: None,
            mluvii: InstallationName("acme".into()),
            came: Came::Letter,
            received: date(2026, 11, 3),
            verified: Some(VerifiedBy::Document),
            targets: targets.iter().map(|name| TargetName((*name).into())).collect(),
            kinds: [Kind::Email].into(),
        };
        Request::of(entered, RequestNumber::own(7), &Actor::cli("ann"), Timestamp::UNIX_EPOCH)
    }

    /// Planned, where each of these targets has said so much.
    fn planned(request: Request, said: &[(&str, Outcome)], findings: Findings, sessions: usize) -> Request {
        let evidence = Evidence { looked_at: vec!["contacts".into()], ..Evidence::default() };
        let said: Vec<_> = said.iter().map(|(name, outcome)| (TargetName((*name).into()), *outcome)).collect();
        let counts = BTreeMap::new();
        let before = said.iter().map(|(target, outcome)| SaidBefore {
            target,
            outcome: *outcome,
            reason: None,
            counts: &counts,
            evidence: &evidence,
        });
        let foreseen = Foreseen::of(&findings, Scope::Person, before, Vec::new(), Timestamp::UNIX_EPOCH);
        let session = PlannedSession {
            session: "acme/1".parse().expect("a session"),
            certainty: "certain".into(),
            reason: "email".into(),
        };
        let (hash, by, at) = ("aa".into(), Actor::cli("ann"), Timestamp::UNIX_EPOCH);
        let sessions = vec![session; sessions];
        let plan = Plan { hash, sessions, by, at, approved: None, foreseen: Some(foreseen) };
        request.planned(plan, Chosen::default()).expect("planned")
    }

    #[test]
    fn a_plan_shows_it_where_every_target_has_said_so_and_what_it_showed_lasts_beyond_the_end() {
        let searched = || Findings { search: MluviiSearch::Done, ..Findings::default() };
        let all = [("mluvii", Outcome::Absent), ("crm", Outcome::Absent)];
        let shown = planned(request(&["mluvii", "crm"]), &all, searched(), 0);
        assert!(by_plan(&shown).is_ok());
        let close = |request: Request, because| {
            request.end(Ended::Closed(because), &Actor::cli("ann"), Timestamp::UNIX_EPOCH).expect("closed")
        };
        let closed = close(shown.clone(), ClosedBecause::NothingHeld);
        assert_eq!(by_plan(&closed).expect("nothing is held").looked.len(), 2);
        assert!(by_plan(&close(shown.clone(), ClosedBecause::Mistake)).is_err(), "it was closed as something else");
        let erp = [TargetName("erp".into())];
        for request in [&shown, &closed] {
            let why = Nothing::by_plan(request, &erp).expect_err("refused").join("; ");
            assert_eq!(why, "erp has not said that nothing is there", "it was not among the request's targets");
        }
        assert!(by_plan(&request(&["mluvii"])).is_err(), "nobody has looked");
        let unplanned = close(request(&["mluvii"]), ClosedBecause::NothingHeld);
        assert!(by_plan(&unplanned).is_err(), "nobody has looked");

        let refused = |said: &[(&str, Outcome)], findings, sessions, missing: &str| {
            let why = by_plan(&planned(request(&["mluvii", "crm"]), said, findings, sessions));
            let why = why.expect_err("refused").join("; ");
            assert!(why.contains(missing), "{missing}: {why}");
        };
        refused(&all[..1], searched(), 0, "crm has not said that nothing is there");
        refused(&[all[0], ("crm", Outcome::Erased)], searched(), 0, "crm has not said");
        refused(&[all[0], ("crm", Outcome::Unverifiable)], searched(), 0, "unverifiable at crm");
        refused(&all, searched(), 1, "1 sessions would go");
        refused(&all, Findings { possible_left: 1, ..searched() }, 0, "possible_left, 1");
        refused(&all, Findings::default(), 0, "ledger_only");
    }
}
