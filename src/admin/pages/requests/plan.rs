//! A request's plan: every session that was found, with why it is the person's, what each system says, and what is left out. It is made
//! anew each time that it is shown, and nothing is erased by that.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use super::deciding::Approving;
use super::planned::hash;
use super::{deciding, named};
use crate::admin::caller::Requests;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::foretold::{self, Beside};
use crate::admin::pages::parts::{Aria, cell, crumbs, days_left, heads, in_words, path_of, request_path, urgency};
use crate::admin::pages::unreached;
use crate::admin::pages::view::{Section, Sheet, View, see};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::why::why_theirs;
use crate::admin::pages::words::requesting;
use crate::admin::problem::{Code, Problem};
use crate::operations::requests::{self, Planned};
use crate::policy::Certainty;
use crate::request::{Choice, Chosen, ChosenBecause, Request};
use crate::subject::{SessionKey, TargetName};
use crate::worker::Found;

/// What is decided about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Include,
    Exclude,
}

impl Decision {
    const BOTH: [Self; 2] = [Self::Include, Self::Exclude];

    /// Whether it can be decided so for this reason: a namesake's session is nobody's to erase.
    fn fits(self, because: ChosenBecause) -> bool {
        self == Self::Exclude || because.fits_taking()
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
        }
    }
}

/// Decisions as they were sent: the reason of one may be missing.
type Decisions = BTreeMap<SessionKey, (Decision, Option<ChosenBecause>)>;

/// Reads `d-acme/101=include` with `b-acme/101=content`. Nothing where the form has none of them.
fn decisions(fields: &Fields) -> Result<Option<Decisions>, Problem> {
    let mut all = Decisions::new();
    let mut is_decided = false;
    for (session, word) in fields.beginning("d-") {
        is_decided = true;
        if word.is_empty() {
            continue;
        }
        let unknown = || Problem::new(Code::NotUnderstood, "a session's decision cannot be read");
        let decision = Decision::BOTH.into_iter().find(|decision| decision.as_str() == word).ok_or_else(unknown)?;
        let key: SessionKey =
            session.parse().map_err(|_| Problem::new(Code::NotUnderstood, "a session's name cannot be read"))?;
        let because: Option<ChosenBecause> = fields.text(&format!("b-{session}")).parse().ok();
        all.insert(key, (decision, because.filter(|because| decision.fits(*because))));
    }
    Ok(is_decided.then_some(all))
}

/// Those of one kind, where each has its reason.
fn chosen(decisions: &Decisions) -> Option<Chosen> {
    let of = |wanted: Decision| {
        let these = decisions.iter().filter(|(_, (decision, _))| *decision == wanted);
        let choice = |(session, (_, because)): (&SessionKey, &(Decision, Option<ChosenBecause>))| {
            Some(Choice { session: session.clone(), because: (*because)? })
        };
        these.map(choice).collect::<Option<Vec<_>>>()
    };
    Some(Chosen { include: of(Decision::Include)?, exclude: of(Decision::Exclude)?, ..Chosen::default() })
}

/// What was decided before.
fn before(request: &Request) -> Decisions {
    let of = |all: &[Choice], decision| {
        all.iter().map(|one| (one.session.clone(), (decision, Some(one.because)))).collect::<Vec<_>>()
    };
    let include = of(&request.include, Decision::Include);
    include.into_iter().chain(of(&request.exclude, Decision::Exclude)).collect()
}

/// The field by which it is known what whoever decides has read.
const SEEN: &str = "seen";

pub(super) async fn make(visitor: Visitor<Requests>, Path(which): Path<(String, String)>, fields: Fields) -> Response {
    match made(&visitor, &which, &fields).await {
        Ok(Made::Looked(sheet)) => visitor.view.page(&sheet),
        Ok(Made::Decided(path)) => see(&path),
        Err(problem) => visitor.view.problem(&problem),
    }
}

/// What comes of the form.
enum Made {
    /// What was found just now. A browser that sends it again only looks again.
    Looked(Sheet),
    /// What was decided is kept, and read there.
    Decided(String),
}

async fn made(visitor: &Visitor<Requests>, which: &(String, String), fields: &Fields) -> Result<Made, Problem> {
    let named = named(visitor, which)?;
    let path = path_of(&visitor.company(&which.0)?, &which.1);
    let sent = decisions(fields)?;
    let complete = sent.as_ref().map(chosen);
    // Where a reason is missing, what was decided before is shown, and what was sent beside it.
    let is_wrong = matches!(complete, Some(None));
    let complete = complete.flatten();
    let is_decided = complete.is_some();
    // A form that does not say what was read has been read by nobody.
    let complete = complete.map(|chosen| Chosen { seen: Some(fields.text(SEEN).to_owned()), ..chosen });
    let Ok(_turn) = visitor.admin.turn_to_plan().await else {
        return Ok(Made::Looked(no_turn(&visitor.view, &path)));
    };
    // What is decided is shown without hints, which are read from mluvii for whoever decides.
    let planned = requests::plan(&visitor.on, &named, complete, !is_decided, &visitor.actor(), &|_| {}).await;
    let planned = planned.map_err(|error| visitor.told(error))?;
    if is_decided {
        return Ok(Made::Decided(format!("{path}/plan")));
    }
    // What was read before stays what was read: a look for a missing reason must not hide that somebody else has decided.
    let seen = if is_wrong { fields.text(SEEN).to_owned() } else { planned.shown.request.decided() };
    let decisions = sent.filter(|_| is_wrong).unwrap_or_else(|| before(&planned.shown.request));
    let approving = deciding::approving(visitor, &planned.shown).await?;
    let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Made::Looked(Sheet { status, ..sheet(visitor, &planned, &decisions, &seen, &approving) }))
}

/// Nothing was begun, which is said of nothing else that cannot be done just now.
fn no_turn(view: &View, request: &str) -> Sheet {
    let w = view.words();
    let body = html! {
        div.head { h1 { (w.no_turn_to_plan) } p.lead { (w.nothing_was_planned) } }
        div.actions { a.button.primary href=(request) { (w.back_to_request) } }
    };
    Sheet { status: StatusCode::SERVICE_UNAVAILABLE, ..Sheet::new(w.no_turn_to_plan, Section::Requests, body) }
}

fn sheet(
    visitor: &Visitor<Requests>,
    planned: &Planned,
    decisions: &Decisions,
    seen: &str,
    approving: &Approving,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let shown = &planned.shown;
    let request = &shown.request;
    let (title, path) = (view.say(w.plan_of, &[("number", &shown.name())]), request_path(request));
    let all: Vec<_> = planned.reach.found.sessions.values().collect();
    let (certain, possible): (Vec<&Found>, Vec<&Found>) =
        all.into_iter().partition(|found| found.certainty == Certainty::Certain);
    let missing: Vec<_> = decisions.iter().filter(|(_, (_, because))| because.is_none()).map(|(key, _)| key).collect();
    let going = planned.plan.sessions.len();
    // What is kept can be run: it is read next, and that button is the likeliest one then.
    let is_read_next = deciding::includes_anything(shown) && !deciding::waits_for_approval(visitor, shown);
    let body = html! {
        (crumbs(view, &[("/requests", w.requests), (&path, request.number.as_str())], w.step_planned))
        div.head {
            div.line { h1 { (view.count(&w.sessions_go, going as u64)) }
                @if let Some(left) = shown.days_left { " " span class={ "st fill " (urgency(left)) } { (days_left(view, left)) } }
            }
            p.lead { (view.fill(w.plan_says, &[("time", &view.time(view.now))])) " " (hash(view, &planned.plan)) }
        }
        @if !missing.is_empty() {
            div.errors role="alert" aria-labelledby="e" {
                h2 #e { (w.plan_not_changed) }
                ul { @for key in &missing { li { a href={ "#b-" (key) } { (view.say(w.choose_why, &[("session", &key.to_string())])) } } } }
            }
        }
        form.page method="post" action={ (path) "/plan" } {
            input type="hidden" name=(SEEN) value=(seen);
            (certain_ones(visitor, planned, decisions, &certain))
            (possible_ones(visitor, planned, decisions, &possible))
            (not_found_now(view, planned, decisions))
            @if !certain.is_empty() || !possible.is_empty() {
                div.actions { button.primary[!is_read_next] { (w.keep_decisions) } }
            }
        }
        (targets(visitor, planned))
        (foretold::holds(view, &foretold::known(&planned.holds)))
        (not_reached(visitor, planned))
        // What is chosen above and not kept is in no plan: what is kept is read, and approved or run from there.
        @if deciding::waits_for_approval(visitor, shown) {
            (deciding::not_by(view, approving))
            p { a href={ (path) "/plan" } { (w.read_the_plan) } }
        } @else if is_read_next { (deciding::read_to_run(view, shown)) }
        p { a href=(path) { (w.back_to_request) } }
    };
    Sheet::new(title, Section::Requests, body)
}

/// When and by which way it was, and the masked hints of whose it is.
fn about(view: &View, planned: &Planned, found: &Found) -> Markup {
    let w = view.words();
    let record = planned.records.get(&found.key);
    let mut parts = Vec::new();
    parts.extend(record.and_then(|record| record.started).map(|started| view.time(started)));
    parts.extend(record.and_then(|record| record.channel.as_ref()).map(|channel| html! { (channel.0) }));
    let guest = planned.guests.get(&found.key);
    parts.extend(guest.map(|guest| html! { (view.say(w.guest_number, &[("number", &guest.to_string())])) }));
    let hints = planned.hints.get(&found.key).filter(|hints| !hints.is_empty());
    parts.extend(hints.map(|hints| view.fill(w.hint, &[("hints", &html! { span.nowrap { (hints.join(", ")) } })])));
    html! {
        @for (at, part) in parts.iter().enumerate() { @if at > 0 { span aria-hidden="true" { " · " } } (part) }
    }
}

/// Why a decision was made; it is marked where it is missing.
fn why(view: &View, found: &Found, decided: Option<(Decision, Option<ChosenBecause>)>) -> Markup {
    let w = view.words();
    let id = format!("b-{}", found.key);
    let is_missing = matches!(decided, Some((_, None)));
    let because = decided.and_then(|(_, because)| because);
    let aria = Aria::of(&id, false, is_missing);
    html! {
        div.field.wrong[is_missing] {
            label for=(id) { (w.decided_because) span.hidden { " " (found.key) } }
            @if is_missing { span.error id={ (id) "-e" } { span.hidden { (w.error_in_title) " " } (w.choose) } }
            select id=(id) name=(id) aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()] {
                option value="" { (w.choose) }
                (reasons(view, found.certainty, because))
            }
        }
    }
}

/// The reasons that there are to choose from. What is certainly theirs is kept by one, or goes without; of the others those are told apart
/// by which nothing is erased.
fn reasons(view: &View, certainty: Certainty, chosen: Option<ChosenBecause>) -> Markup {
    let (w, own) = (view.words(), requesting(view.lang));
    let (of_either, to_keep): (Vec<ChosenBecause>, Vec<ChosenBecause>) =
        ChosenBecause::ALL.iter().copied().partition(|one| one.fits_taking());
    // Whose a session is then is what the receipt says of it.
    let (theirs, not_theirs): (Vec<ChosenBecause>, Vec<ChosenBecause>) =
        to_keep.iter().copied().partition(|one| one.says_theirs());
    let one = |one: ChosenBecause| {
        html! { option value=(one.as_str()) selected[chosen == Some(one)] { ((w.chosen_because)(one)) } }
    };
    html! {
        @if certainty == Certainty::Certain {
            @for reason in of_either.into_iter().chain(to_keep) { (one(reason)) }
        } @else {
            optgroup label=(own.reasons_of_either) { @for reason in of_either { (one(reason)) } }
            optgroup label=(own.reasons_not_theirs) { @for reason in not_theirs { (one(reason)) } }
            optgroup label=(own.reasons_theirs) { @for reason in theirs { (one(reason)) } }
        }
    }
}

fn certain_ones(visitor: &Visitor<Requests>, planned: &Planned, decisions: &Decisions, all: &[&Found]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let row = |found: &Found| {
        let decided = decisions.get(&found.key).copied();
        let is_kept = matches!(decided, Some((Decision::Exclude, _)));
        let decide = html! {
            select name={ "d-" (found.key) } aria-label={ (w.what_happens) " " (found.key) } {
                option.goes value="" selected[!is_kept] { (w.it_goes) }
                option value="exclude" selected[is_kept] { (w.it_stays) }
            }
            // Only what stays needs it; a browser that cannot tell shows it always.
            div.why-out { (why(view, found, decided)) }
        };
        html! {
            tr.out[!found.goes] role="row" {
                th scope="row" role="rowheader" { (found.key) }
                (cell(w.when_and_how, &about(view, planned, found)))
                (cell(w.why_theirs, &why_theirs(view, &found.reason)))
                (cell(w.what_happens, &decide))
            }
        }
    };
    html! {
        section aria-labelledby="p-certain" {
            h2 #p-certain { (w.certainly_theirs) }
            @if all.is_empty() { p { (w.none_certain) } } @else {
                p.intro { (view.say(w.certainly_theirs_lead, &[])) }
                table.stack role="table" {
                    caption { (view.count(&w.sessions, all.len() as u64)) }
                    (heads(&[w.session, w.when_and_how, w.why_theirs, w.what_happens]))
                    tbody role="rowgroup" { @for found in all { (row(found)) } }
                }
            }
        }
    }
}

fn possible_ones(visitor: &Visitor<Requests>, planned: &Planned, decisions: &Decisions, all: &[&Found]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let card = |found: &Found| {
        let decided = decisions.get(&found.key).copied();
        let pick = |decision: Decision, word: &str| {
            let is_chosen = decided.is_some_and(|(chosen, _)| chosen == decision);
            html! {
                label.pick {
                    input type="radio" name={ "d-" (found.key) } value=(decision.as_str()) checked[is_chosen];
                    " " (word)
                }
            }
        };
        html! {
            fieldset.decide.wrong[matches!(decided, Some((_, None)))] {
                legend { (view.say(w.session_of, &[("session", &found.key.to_string())])) }
                p { (why_theirs(view, &found.reason)) }
                p.small.muted { (about(view, planned, found)) }
                div.picks { (pick(Decision::Include, w.theirs_erase)) (pick(Decision::Exclude, w.it_stays)) }
                (why(view, found, decided))
            }
        }
    };
    html! {
        @if !all.is_empty() {
            section aria-labelledby="p-possible" {
                h2 #p-possible { (w.possibly_theirs) }
                p.intro { (view.say(w.possibly_theirs_lead, &[])) }
                // That the form decides, although nothing may be chosen.
                input type="hidden" name="d-" value="";
                div.cards { @for found in all { (card(found)) } }
            }
        }
    }
}

/// What was decided about sessions that are not found this time: it stays, for they may be found again.
fn not_found_now(view: &View, planned: &Planned, decisions: &Decisions) -> Markup {
    let found = &planned.reach.found.sessions;
    let others: Vec<_> = decisions.iter().filter(|(session, _)| !found.contains_key(*session)).collect();
    let names: Vec<_> = others.iter().map(|(session, _)| session.to_string()).collect();
    html! {
        @for (session, (decision, because)) in &others {
            input type="hidden" name={ "d-" (session) } value=(decision.as_str());
            @if let Some(because) = because { input type="hidden" name={ "b-" (session) } value=(because.as_str()); }
        }
        @if !names.is_empty() { p { (view.say(view.words().decided_not_found, &[("sessions", &names.join(", "))])) } }
    }
}

fn targets(visitor: &Visitor<Requests>, planned: &Planned) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &planned.shown.request;
    let names = in_words(visitor, &request.mluvii);
    let not_said = |target: &TargetName| {
        let why = planned.targets.get(target)?.as_ref().err()?;
        Some(foretold::not_asked(view, &names.system(target), why))
    };
    html! {
        section aria-labelledby="p-where" {
            (foretold::answers(visitor, &request.mluvii, planned.plan.foreseen.as_ref(), w.nothing_was_erased, &not_said))
            @if let Some(contacts) = planned.reach.found.contacts.filter(|contacts| *contacts > 0) {
                p { (view.count(&requesting(view.lang).contacts_found, contacts as u64)) }
            }
            @for purge in planned.purges.iter().filter(|purge| purge.too_late) {
                div.note.is-soon { p {
                    (view.fill(w.purge_too_late, &[("target", &html! { (names.system(&purge.target)) }), ("until", &view.day(purge.until))]))
                } }
            }
        }
    }
}

/// What is not reached, and what the receipt will have to say of it.
fn not_reached(visitor: &Visitor<Requests>, planned: &Planned) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let request = &planned.shown.request;
    let names = in_words(visitor, &request.mluvii);
    let is_held = planned.holds.iter().any(|hold| hold.waits);
    html! {
        section aria-labelledby="p-unseen" {
            h2 #p-unseen { (w.where_nobody_looks) }
            (foretold::verdict_of(visitor, &request.mluvii, planned.plan.foreseen.as_ref(), Beside::of(visitor, request, is_held)))
            ul.plain {
                @for one in &planned.reach.not_reached { li { span.st.is-unseen { (unreached::sentence(view, names, one)) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_needs_its_reason() {
        let read = |text: &str| decisions(&Fields::read(text).expect("a form")).expect("decisions");
        assert!(read("plan=1").is_none(), "the form decides nothing");
        let none = read("d-=").expect("decisions");
        assert!(chosen(&none).is_some_and(|chosen| chosen.include.is_empty() && chosen.exclude.is_empty()));
        let all = read("d-acme%2F1=include&b-acme%2F1=content&d-acme%2F2=exclude&b-acme%2F2=namesake&d-acme%2F3=")
            .expect("decisions");
        let chosen_ones = chosen(&all).expect("complete");
        assert_eq!(chosen_ones.include.len(), 1);
        assert_eq!(chosen_ones.exclude[0].because, ChosenBecause::Namesake);
        assert!(chosen(&read("d-acme%2F1=include&b-acme%2F1=").expect("decisions")).is_none());
        assert!(chosen(&read("d-acme%2F1=include&b-acme%2F1=because").expect("decisions")).is_none());
        assert!(
            chosen(&read("d-acme%2F1=include&b-acme%2F1=namesake").expect("decisions")).is_none(),
            "it is not theirs"
        );
        assert!(decisions(&Fields::read("d-%3Cb%3E=include").expect("a form")).is_err());
    }
}
