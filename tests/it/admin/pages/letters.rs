//! The letters of a request in a browser: those that would be true, in both languages, and nobody in them.

use super::{ADMIN, Browser, user};
use crate::harness::{Deployment, Needles, Server, StandIn};

const ANN: &str = "ann@example.com";

#[test]
fn a_letter_is_offered_where_it_would_be_true_and_names_nobody() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "adam", "Adam", &["approver"], &[]);
    let (olga, adam) = (Browser::signed_in(&server, "olga"), Browser::signed_in(&server, "adam"));
    let form = [("email", ANN), ("came", "letter"), ("verified", "document"), ("number", "2026/041")];
    let at = olga.post("/requests/new", &form).goes_on();
    let letter = |kind: &str, lang: &str| format!("{at}/letters/{kind}/{lang}");

    let open = olga.get(&at).is(200).says(&["Letters", "The request has come"]);
    assert!(open.text.contains(&letter("acknowledgement", "cs")), "{}", open.text);
    for untrue in ["extension", "refusal", "confirmation", "partial-refusal"] {
        assert!(!open.text.contains(&format!("/letters/{untrue}/")), "{untrue}: {}", open.text);
        olga.get(&letter(untrue, "en")).is(409);
    }
    let czech = olga.get(&letter("acknowledgement", "cs")).is(200).says(&["2026/041", "lang=\"cs\""]);
    let english = olga.get(&letter("acknowledgement", "en")).is(200).says(&["2026/041", "lang=\"en\""]);
    for paper in [&czech, &english] {
        assert_eq!(paper.header("cache-control"), "no-store");
        let policy = paper.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'unsafe-inline'") && !policy.contains("script"),
            "{policy}"
        );
        assert!(!paper.text.contains("<script") && !paper.text.contains("<form"), "{}", paper.text);
    }

    // What has become of the request makes another letter true.
    olga.post(&format!("{at}/extend"), &[("months", "1"), ("extend-because", "complexity")]).leads_to(&at);
    olga.get(&at).is(200).says(&["The answer takes longer"]);
    olga.get(&letter("extension", "en")).is(200).says(&["2026/041"]);
    olga.post(&format!("{at}/reject"), &[("reject-because", "legal-claims")]).leads_to(&at);
    let rejected = olga.get(&at).is(200).says(&["The request is refused"]);
    let refusal = olga.get(&letter("refusal", "cs")).is(200).says(&["2026/041"]);

    // Who approves sees the request, and writes no letters of it.
    let seen = adam.get(&at).is(200);
    assert!(!seen.text.contains("/letters/"), "{}", seen.text);
    adam.get(&letter("acknowledgement", "cs")).is(403);
    for wrong in [
        letter("verdict", "cs"),
        letter("acknowledgement", "de"),
        "/requests/acme/404/letters/acknowledgement/cs".into(),
    ] {
        olga.get(&wrong).is(404);
    }
    let rows = deployment.json(&["audit", "list"]);
    let written = rows.as_array().expect("rows").iter().filter(|row| row["entry"]["act"] == "letter.write").count();
    assert_eq!(written, 4, "each one that was opened: {rows}");
    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    for text in [&open.text, &czech.text, &english.text, &rejected.text, &refusal.text, &log.join("\n")] {
        needles.must_be_absent("a page", text.as_bytes());
    }
}
