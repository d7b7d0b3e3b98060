//! Requests are paced by what they cost of Google's quota (<https://developers.google.com/workspace/gmail/api/reference/quota>), which
//! the stand-in counts.

use std::time::Duration;

use quietus_plugin::ErrorClass;

use super::*;

/// The plugin with one mailbox and this quota, whose calls last ten seconds.
fn paced(google: &Google, units_per_minute: u32) -> Host {
    let mut account = account(google, USER);
    account["units_per_minute"] = json!(units_per_minute);
    let host = configured(json!([{ "name": "support", "gmail": account }]), json!({})).expect("configured");
    host.call_max(Duration::from_secs(10))
}

/// How long the plugin asks to wait where a call is too short, in units of the quota of which 0.9 may be used.
#[track_caller]
fn waits(google: &Google, units_per_minute: u32) -> f64 {
    let error = paced(google, units_per_minute).erase(ANN).expect_err("too slow for ten seconds");
    assert_eq!(error.class, ErrorClass::RateLimited, "{error}");
    error.retry_after_ms.expect("a pause") as f64 / 60_000.0 * 0.9 * f64::from(units_per_minute)
}

/// Whether a wait is for so many units, of which less than one may have come back meanwhile, at this rate of at most one in some seconds.
fn is_for(waits: f64, units: u32) -> bool {
    (f64::from(units) - 4.0..=f64::from(units) + 0.1).contains(&waits)
}

#[test]
fn each_request_is_waited_for_as_long_as_it_costs() {
    // A unit in 33 seconds: the list is sent, and nothing after it.
    let google = Google::with(&["ann@x.cz"; 20]);
    assert!(is_for(waits(&google, 2), 5));
    assert_eq!(google.senders().len(), 20);
    assert_eq!(google.state().units, 5);
    // A unit in a quarter of a second: the headers of 20 messages are sent, too.
    let google = Google::with(&["ann@x.cz"; 20]);
    let waited = waits(&google, 240);
    assert!((300.0..=400.1).contains(&waited), "{waited}");
    assert_eq!(google.senders().len(), 20);
    assert_eq!(google.state().units, 405);
}

#[test]
fn a_whole_erasure_costs_what_google_says() {
    let google = Google::with(&["ann@x.cz"; 30]);
    google.add("INBOX", &[("From", "joann@x.cz")]);
    assert_eq!(host(&google, json!({})).erase(ANN).expect("an answer").counts["messages"], 30);
    // Two lists, 31 messages in two batches, one deletion.
    assert_eq!(google.state().units, 5 + 31 * 20 + 50 + 5);
}
