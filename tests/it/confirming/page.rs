//! The page behind a link.

use super::{ANN, BOB, Company};
use crate::harness::{client, http};

/// Status, headers that matter, and body.
fn answered(request: reqwest::RequestBuilder) -> (u16, reqwest::header::HeaderMap, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.text().await.expect("a body of text"))
    })
}

#[test]
fn the_page_says_the_same_of_every_link_before_the_click_and_of_every_wrong_one_after_it() {
    let company = Company::start();
    company.talks(&[(101, ANN), (102, BOB)]);
    company.asks(101, ANN);
    let real = company.links(1).remove(0);
    let unknown = "A".repeat(43);
    let wrong = [unknown.as_str(), "x", "%00", "e-00000000000000000000000000000000"];
    let asked =
        |token: &str, language: &str| answered(client().get(company.page(token)).header("accept-language", language));
    let (status, headers, page) = asked(&real, "cs");
    assert_eq!(status, 200);
    assert!(
        page.contains("Potvrdit žádost") && page.contains("Acme &amp; synové") && page.contains("lang=\"cs\""),
        "{page}"
    );
    assert!(asked(&real, "en-GB,en;q=0.9,cs;q=0.1").2.contains("Confirm the request"));
    for token in wrong {
        assert_eq!((asked(token, "cs").0, asked(token, "cs").2), (200, page.clone()), "{token}");
    }
    let header =
        |name: &str| headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().expect("text").to_owned();
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-robots-tag"), "noindex, nofollow");
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert!(!page.contains(&real) && !page.contains("<script"), "{page}");

    // An old one, one that is none, and one whose erasure a person has rejected.
    let said = |token: &str| company.clicks(token);
    let (status, not_valid) = said(&unknown);
    assert_eq!(status, 404);
    assert!(!not_valid.contains("<button"), "{not_valid}");
    company.deployment.ledger().execute("UPDATE confirmation_link SET expires = 1", []).expect("an update");
    assert_eq!(said(&real), (404, not_valid.clone()));
    assert_eq!(said("x"), (404, not_valid.clone()));
    company.deployment.ledger().execute("UPDATE confirmation_link SET expires = 9999999999999", []).expect("an update");
    company.asks(102, BOB);
    super::links(&company.exim, 2);
    for waits in company.requested() {
        let rejected = company.deployment.run(&["erasures", "reject", waits["id"].as_str().expect("an id")]);
        assert!(rejected.status.success());
    }
    assert_eq!(said(&real), (404, not_valid));
    assert!(company.standin.holds(ANN) && company.standin.holds(BOB));
}

#[test]
fn no_other_method_and_no_other_path_does_anything() {
    let company = Company::start();
    company.talks(&[(101, ANN)]);
    company.asks(101, ANN);
    let token = company.links(1).remove(0);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let (status, headers, body) = answered(client().request(method, company.page(&token)));
        assert_eq!((status, body.as_str()), (405, ""));
        assert_eq!(headers["allow"], "GET, HEAD, POST");
    }
    for path in ["/confirm", "/confirm/", &format!("/confirm/{token}/x"), &format!("/Confirm/{token}")] {
        assert_eq!(http(client().post(company.server.url(path))).0, 404, "{path}");
    }
    assert_eq!(company.requested().len(), 1);
}

#[test]
fn whoever_guesses_a_thousand_times_is_answered_ten_times_a_minute() {
    let company = Company::start();
    company.talks(&[(101, ANN)]);
    company.asks(101, ANN);
    let token = company.links(1).remove(0);
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().tls_certs_only([]).build().expect("a client");
        for number in 0..1_000 {
            let guess = company.page(&format!("{number:0>43}"));
            let response = client.post(guess).send().await.expect("the server answers");
            *statuses.entry(response.status().as_u16()).or_default() += 1;
        }
    });
    // A minute may have begun meanwhile, on a slow machine more than one.
    assert!(statuses.get(&404).is_some_and(|tried| (10..=100).contains(tried)), "{statuses:?}");
    assert_eq!(statuses.values().sum::<usize>(), 1_000);
    assert!(statuses.keys().all(|status| [404, 429].contains(status)), "{statuses:?}");
    let (status, headers, page) = answered(client().post(company.page(&token)));
    if status == 429 {
        assert!(headers.contains_key("retry-after") && !page.contains("<button"), "{page}");
        assert_eq!(company.requested().len(), 1, "nothing is used up by it");
    }
}

#[test]
fn a_deployment_without_links_has_no_such_page() {
    let standin = crate::harness::StandIn::start();
    let deployment = crate::harness::Deployment::bare(&standin.mluvii, "");
    let server = crate::harness::Server::start(&deployment);
    for request in [
        client().get(server.url("/confirm/x")),
        client().post(server.url("/confirm/x")),
        client().put(server.url("/confirm/x")),
    ] {
        assert_eq!(http(request), (404, String::new()));
    }
}
