//! The person of a campaign, who does what the status says, and nothing else.

use std::collections::BTreeMap;

use serde_json::Value;

use super::site::Site;
use super::truth::Truth;

/// How often which erasure was retried.
pub(super) type Retried = BTreeMap<String, usize>;

/// Does what the status asks of a person, and returns it.
#[track_caller]
pub(super) fn acts(site: &impl Site, truth: &mut Truth, retried: &mut Retried) -> Value {
    let status = site.json(&["status"]);
    // Last: what is asked for again is to find what was set going again.
    let (incomplete, others) = needs(&status).partition::<Vec<_>, _>(|found| found["code"] == "receipts_incomplete");
    for found in others {
        match found["code"].as_str().expect("a code") {
            "steps_parked" => retry_parked(site, retried),
            "work_parked" => drop(site.run(&["erasures", "retry", "--undecided"])),
            "target_out" if is_mluvii(found) => drop(site.run(&["erasures", "retry", "--undecided"])),
            "target_out" => {
                if let Some(erasure) = found["parameters"]["erasure"].as_str() {
                    retry(site, erasure, retried);
                }
            }
            "approval_waiting" => decide(site, truth),
            "plugin_broken" => {
                let plugin = found["parameters"]["target"].as_str().expect("a name");
                site.run(&["plugin", "reload", plugin]);
            }
            "state_begun_anew" => drop(site.run(&["attention", "acknowledge", "state_begun_anew"])),
            "clock_doubted" => drop(site.run(&["clock", "accept"])),
            // It is asked again until nothing is said: a server is being started, or something heals by itself.
            _ => {}
        }
    }
    if !incomplete.is_empty() {
        ask_again(site, truth);
    }
    status
}

/// What needs a person.
pub(super) fn needs(status: &Value) -> impl Iterator<Item = &Value> {
    let all = status["attention"].as_array().expect("a list");
    // A comparison that failed is tried again by itself, later than a campaign waits.
    let waits = |found: &&Value| found["code"] != "reconcile_failed";
    all.iter().filter(|found| found["severity"] != "notice" && found["muted"].is_null()).filter(waits)
}

fn is_mluvii(found: &Value) -> bool {
    found["parameters"]["target"].as_str().is_some_and(|target| target.starts_with("mluvii"))
}

#[track_caller]
fn retry_parked(site: &impl Site, retried: &mut Retried) {
    let parked = site.json(&["erasures", "list", "--state", "parked"]);
    for erasure in parked.as_array().expect("a list") {
        retry(site, erasure["id"].as_str().expect("an id"), retried);
    }
}

fn retry(site: &impl Site, erasure: &str, retried: &mut Retried) {
    *retried.entry(erasure.to_owned()).or_default() += 1;
    site.run(&["erasures", "retry", erasure]);
}

/// Approves what waits for it, or rejects it.
#[track_caller]
fn decide(site: &impl Site, truth: &Truth) {
    let waiting = site.json(&["erasures", "list", "--state", "requested"]);
    // In this order: each of those that wait is known by now.
    let rejected = truth.rejected(site);
    for erasure in waiting.as_array().expect("a list") {
        let id = erasure["id"].as_str().expect("an id");
        let order = match rejected.contains(id) {
            true => vec!["erasures", "reject", id],
            false => vec!["erasures", "approve", id, "--yes"],
        };
        site.run(&order);
    }
}

/// Asks once more for what a receipt says may be left, as some sessions could not be read, or were read for the first time.
#[track_caller]
fn ask_again(site: &impl Site, truth: &mut Truth) {
    let incomplete = site.json(&["receipts", "list", "--verdict", "incomplete", "--limit", "1000"]);
    let statements: Vec<_> =
        incomplete.as_array().expect("a list").iter().map(|one| one["statement"].clone()).collect();
    if statements.is_empty() {
        return;
    }
    truth.learn(site, &statements);
    for said in statements.iter().filter(|said| said["unread"] != 0 || said["possible_left"] != 0) {
        let erasure = said["erasure"].as_str().expect("an id");
        if said["scope"] == "session" || !truth.asked_again.insert(erasure.to_owned()) {
            continue;
        }
        let sessions = truth.sessions_of(said);
        let person = truth.people.iter().find(|person| person.ids == sessions).expect("somebody asked for it");
        let made = match said["scope"].as_str() {
            Some("guest") => site.json(&["erase", "--guest", &format!("acme/guest-{}", person.email)]),
            _ => site.json(&["erase", "--email", &person.email]),
        };
        truth.reached.insert(made["id"].as_str().expect("an id").to_owned(), sessions);
    }
    // Not all that there are: one that came meanwhile was not looked at.
    let seen = statements.iter().map(|said| said["sequence"].to_string()).collect::<Vec<_>>();
    let arguments = ["receipts", "acknowledge"].into_iter().chain(seen.iter().map(String::as_str));
    site.run(&arguments.collect::<Vec<_>>());
}
