//! The oracle of persons: many people who share phones, browsers, names and typing errors talk to two companies, whose
//! mluviis are awkward; some ask to be forgotten. Nobody else's conversation goes, none of theirs that is certain stays,
//! and no receipt says more than the truth.

pub(crate) mod population;
pub(crate) mod truth;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{API_SECRET, CONNECTIONS, Deployment, Seed, Server, StandIn, company, runtime, sender, wait_for};
use population::{Conversation, Person, spelled_email, spelled_name, spelled_phone};

/// `QUIETUS_PEOPLE` and `QUIETUS_CONVERSATIONS` make it as long as one likes.
const PEOPLE: usize = 200;
const CONVERSATIONS: usize = 2_000;
/// One in so many people asks to be forgotten; another one sends the form, which reaches their own guest only.
const ASKS: usize = 5;
/// The number of the form.
const FORM: i64 = 4711;

const COMPANIES: [&str; 2] = ["acme", "globex"];

/// What a request was and what it made.
struct Request {
    person: usize,
    company: usize,
    erasure: String,
}

#[test]
fn nobody_elses_conversation_goes_and_no_receipt_says_more_than_the_truth() {
    people_ask(number("QUIETUS_PEOPLE", PEOPLE), number("QUIETUS_CONVERSATIONS", CONVERSATIONS), 0);
}

/// Of fewer people: whoever is a person under one key is that person under the other.
#[test]
fn nor_where_the_index_key_is_replaced_between_their_conversations() {
    people_ask(PEOPLE / 4, CONVERSATIONS / 4, 2);
}

/// Has everybody talk, and some ask. So many times, evenly spread, the index key is replaced meanwhile; the last time, once
/// everything was said.
fn people_ask(people: usize, conversations: usize, replacements: usize) {
    let seed = Seed::new();
    let mut random = seed.random();
    let people = population::people(people, &mut random);
    let conversations = population::conversations(&people, conversations, &mut random);
    let mluviis = [StandIn::start(), StandIn::start()];
    make_awkward(&mluviis);
    let deployment = install(&mluviis);
    let mut server = serve(&mluviis, &deployment);
    let part = conversations.len().div_ceil(replacements.max(1));
    for (number, part_of) in conversations.chunks(part).enumerate() {
        talk(&mluviis, part_of);
        deployment.settled(number * part + part_of.len());
        if replacements > 0 {
            assert!(server.stop().0.success());
            deployment.json(&["keys", "rotate", "index"]);
            server = serve(&mluviis, &deployment);
        }
    }

    let requests = ask(&deployment, &people);
    let forms = send_forms(&mluviis, &people, &conversations);
    let receipts = all_receipts(&deployment, requests.len() + forms.len());
    let gone: Vec<BTreeSet<i64>> =
        (0..2).map(|company| anonymized(&mluviis[company], company, &conversations)).collect();
    for request in &requests {
        let person = &people[request.person];
        let meant = truth::meant(person, request.company, &conversations, truth::all_agree);
        let stays: Vec<_> = meant.certain.difference(&gone[request.company]).collect();
        assert!(stays.is_empty(), "certain and still there: {stays:?} of {person:?}, {}", request.erasure);
        the_receipt_is_true(&receipts[&request.erasure], request, &meant, &gone[request.company]);
    }
    let asked = requests.iter().map(|request| (request.company, request.person)).chain(forms).collect();
    nobody_else_is_gone(&asked, &conversations, &gone);
    // What was possible and left needs a person.
    assert_eq!(deployment.run(&["status"]).status.code(), Some(1));
    drop(seed);
}

/// A server of which both companies know.
fn serve(mluviis: &[StandIn; 2], deployment: &Deployment) -> Server {
    let server = Server::start(deployment);
    for (mluvii, company) in mluviis.iter().zip(COMPANIES) {
        mluvii.register(&server.callback_of(company));
    }
    server
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// Look-ups lag behind the events at both; one leaves nulls out and is slow to anonymize, the other leaves something
/// personal behind. Both answer 404 or 503 to some calls.
fn make_awkward(mluviis: &[StandIn; 2]) {
    mluviis[0].behave(&json!({ "lag_ms": 200, "consent_lag_ms": 200, "nulls": "omitted", "anonymize_delay_ms": 700 }));
    mluviis[1].behave(&json!({ "lag_ms": 200, "anonymize_leaves": ["ip_address"] }));
    for mluvii in mluviis {
        mluvii.fault(&json!({ "path": "/api/v1/Sessions", "times": 40, "kind": "status", "status": 404 }));
        mluvii.fault(&json!({ "path": "/api/v1/Sessions", "times": 10, "kind": "status", "status": 503 }));
        mluvii.fault(&json!({ "path": "/api/v1/Sessions", "times": 10, "kind": "error_document" }));
    }
}

fn install(mluviis: &[StandIn; 2]) -> Deployment {
    let deployment = Deployment::bare(&mluviis[0].mluvii, "");
    let company = |number: usize, nulls: &str| {
        let more = format!(
            "nulls = \"{nulls}\"\nverify_within = \"4s\"\naccept_left = [\"contact record\", \"e-mail threads\"]\nconcurrency_max = 8"
        );
        company(COMPANIES[number], &mluviis[number].mluvii, 62 + number, &more)
    };
    let companies = company(0, "omitted") + &company(1, "explicit");
    deployment.write(
        "quietus.toml",
        &format!(
            r#"
[server]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"

[log]
format = "json"

[person]
region = "CZ"
accept_ledger_only = true

[settling]
limit = "0s"
pause = "0s"

[erasing]
breaker_pause = "100ms"

[erasing.retry]
attempts_max = 20
pause_min = "20ms"
pause_max = "500ms"
{companies}
[[rule]]
name = "nothing is kept without consent"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]

[[rule]]
name = "the form: this guest"
on = "form-submitted"
when = "form.id == {FORM}"
erase = "guest"
targets = ["mluvii"]
"#
        ),
    );
    assert_eq!(API_SECRET, std::fs::read_to_string(deployment.path("api.secret")).expect("a file"));
    deployment
}

/// Has all conversations, several at once.
pub(crate) fn talk(mluviis: &[StandIn; 2], conversations: &[Conversation]) {
    let client = sender();
    runtime().block_on(async {
        let mut talks = tokio::task::JoinSet::new();
        for conversation in conversations {
            if talks.len() >= CONNECTIONS {
                talks.join_next().await.expect("there is one").expect("it does not panic");
            }
            let (client, base) = (client.clone(), mluviis[conversation.company].mluvii.clone());
            let (id, begin) = (conversation.id, conversation.begin.clone());
            talks.spawn(async move {
                let post = async |path: String, body: &Value| {
                    let answer = client.post(format!("{base}/standin/conversations{path}")).json(body).send().await;
                    assert!(answer.expect("the stand-in answers").status().is_success(), "{path}");
                };
                post(String::new(), &begin).await;
                post(format!("/{id}/end"), &json!({})).await;
                post(format!("/{id}/conclude"), &json!({})).await;
            });
        }
        while let Some(ended) = talks.join_next().await {
            ended.expect("it does not panic");
        }
    });
}

/// Every fifth person asks one of the companies, spelling themselves as they like.
fn ask(deployment: &Deployment, people: &[Person]) -> Vec<Request> {
    let all = people.iter().enumerate().step_by(ASKS);
    all.map(|(number, person)| {
        let company = number / ASKS % 2;
        deployment.write("name", &spelled_name(person.name, 1));
        deployment.write("email", &spelled_email(person.email, 1));
        deployment.write("phone", &spelled_phone(person.phone, 3));
        let file = |name: &str| format!("@{}", deployment.path(name).display());
        let made = deployment.json(&[
            "erase",
            "--mluvii",
            COMPANIES[company],
            "--name",
            &file("name"),
            "--email",
            &file("email"),
            "--phone",
            &file("phone"),
        ]);
        Request { person: number, company, erasure: made["id"].as_str().expect("an id").to_owned() }
    })
    .collect()
}

/// People who do not ask send the form from a conversation in which they said who they are: the company and the person.
fn send_forms(mluviis: &[StandIn; 2], people: &[Person], conversations: &[Conversation]) -> Vec<(usize, usize)> {
    let senders = (0..people.len()).filter(|person| person % ASKS == 3);
    senders
        .map(|person| {
            let own = conversations.iter().find(|one| one.person == person && one.company == person % 2);
            let own = own.expect("each has one at each company");
            mluviis[own.company].submit(own.id, FORM, &json!({ "reason": "enough" }));
            (own.company, person)
        })
        .collect()
}

/// The receipts by their erasures.
fn all_receipts(deployment: &Deployment, count: usize) -> BTreeMap<String, Value> {
    let receipts = wait_for("the receipts", || {
        let receipts = deployment.json(&["receipts", "list", "--limit", "1000"]);
        (receipts.as_array().map(Vec::len) == Some(count)).then_some(receipts)
    });
    let receipts = receipts.as_array().cloned().expect("a list").into_iter();
    let of = |receipt: &Value| receipt["statement"]["erasure"].as_str().expect("an id").to_owned();
    receipts.map(|receipt| (of(&receipt), receipt["statement"].clone())).collect()
}

/// The conversations that mluvii has anonymized: their notes are gone.
fn anonymized(mluvii: &StandIn, company: usize, conversations: &[Conversation]) -> BTreeSet<i64> {
    let held = mluvii.get(&mluvii.mluvii, "/standin/search?text=note%20of");
    let held: BTreeSet<i64> =
        held.as_array().expect("a list").iter().filter_map(|place| place["id"].as_i64()).collect();
    let all = conversations.iter().filter(|one| one.company == company).map(|one| one.id);
    all.filter(|id| !held.contains(id)).collect()
}

#[track_caller]
fn the_receipt_is_true(statement: &Value, request: &Request, meant: &truth::Meant, gone: &BTreeSet<i64>) {
    let erasure = &request.erasure;
    assert_eq!(statement["installation"], COMPANIES[request.company], "{erasure}");
    assert_eq!(statement["sessions"], meant.certain.len(), "{erasure}: {statement:#}");
    // What an earlier request of somebody else has erased is not possible any more.
    let left = meant.possible.difference(gone).count() as u64;
    let said = statement["possible_left"].as_u64().expect("a number");
    assert!(said >= left && said <= meant.possible.len() as u64, "{erasure}: {left} of {:?}", meant.possible);
    let complete = statement["verdict"] == "complete";
    assert!(!complete || left == 0, "{erasure} is complete, and {left} possible sessions were left");
    // The second company leaves addresses behind, and every one of its receipts has to say so.
    assert!(!complete || request.company == 0, "{erasure} is complete, and IP addresses are left");
    assert_eq!(complete, request.company == 0 && said == 0, "{erasure}: {statement:#}");
}

/// Whatever is gone belongs to somebody who asked this company.
#[track_caller]
fn nobody_else_is_gone(asked: &BTreeSet<(usize, usize)>, conversations: &[Conversation], gone: &[BTreeSet<i64>]) {
    let others = conversations
        .iter()
        .filter(|one| gone[one.company].contains(&one.id) && !asked.contains(&(one.company, one.person)));
    let others: Vec<_> = others.map(|one| (one.company, one.id, one.person, one.typed)).collect();
    assert!(others.is_empty(), "{} conversations of others are gone: {others:?}", others.len());
}
