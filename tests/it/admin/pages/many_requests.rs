//! Many open requests: each is on one page, the most urgent first, and programs and commands read them alike.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{ADMIN, Api, Browser, done, user};
use crate::admin::token;
use crate::harness::{Deployment, Server, StandIn};

/// More than are read at once anywhere.
const REQUESTS: usize = 510;

/// The last one that is entered, which came long ago.
const LATE: &str = "2026/509";

fn enter(deployment: &Deployment) {
    let mut csv = "number,email,came,verified,received\n".to_owned();
    for person in 0..REQUESTS {
        let received = if person + 1 == REQUESTS { "2020-01-06" } else { "" };
        writeln!(csv, "2026/{person},person{person}@example.com,letter,document,{received}").expect("written");
    }
    deployment.write("letters.csv", &csv);
    let letters = deployment.path("letters.csv");
    done(&deployment.run(&["requests", "new", "--csv", letters.to_str().expect("UTF-8")]));
}

/// The numbers of the requests on a page, in its order, and the address of the next one.
fn read(page: &str) -> (Vec<String>, Option<String>) {
    let behind = |text: &str, begin: &str| -> Vec<String> {
        let parts = text.split(begin).skip(1);
        parts.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    let numbers = behind(page, "role=\"rowheader\"><a href=\"/requests/acme/");
    let next = behind(page, "<a href=\"/requests?show=open&amp;from=").pop();
    let numbers = numbers.iter().map(|number| number.replace("%2F", "/")).collect();
    (numbers, next.map(|from| format!("/requests?show=open&from={from}")))
}

#[test]
fn each_of_many_open_requests_is_on_one_page_and_the_newest_too() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "beata", "Beata", &["officer"], &["acme"]);
    enter(&deployment);
    let all: BTreeSet<String> = (0..REQUESTS).map(|person| format!("2026/{person}")).collect();
    for name in ["olga", "beata"] {
        let browser = Browser::signed_in(&server, name);
        browser.get("/").is(200).says(&["1 open request is late.", "most urgent open requests"]);
        let first = browser.get("/requests").is(200);
        let first = first.says(&["510 open requests", "1 of them is late.", "<b>510</b>"]);
        assert_eq!(read(&first.text).0.first().map(String::as_str), Some(LATE), "{}", first.text);
        let (mut seen, mut next) = (Vec::new(), Some("/requests".to_owned()));
        while let Some(path) = next {
            let (numbers, following) = read(&browser.get(&path).is(200).text);
            seen.extend(numbers);
            next = following;
        }
        assert_eq!(seen.len(), REQUESTS, "{name}: each once");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{name}");
        let late = browser.get("/requests?show=late").is(200);
        assert_eq!(read(&late.text).0, [LATE]);
        assert_eq!(read(&browser.get("/requests?show=late&target=nowhere").is(200).text).0, [""; 0]);
        // Whatever it is that waits for nobody else; the page says where it goes on.
        browser.get("/requests?show=open&waits=person").is(200);
        for wrong in ["from=x", "from=l1", "show=open&from=d1", "show=ended&from=l1-1"] {
            browser.get(&format!("/requests?{wrong}")).is(400);
        }
    }
    let jana = Browser::signed_in(&server, "olga");
    jana.get("/language/cs?next=/").leads_to("/");
    jana.get("/").is(200).says(&["Zde se prochází jen 500 nejnaléhavějších otevřených žádostí."]);

    let api = Api::of(&server, Some(&token(&deployment, "petra", &["officer"], &[])));
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/v1/requests?order=due&limit=200{cursor}")).is(200);
        listed.extend(page["items"].as_array().expect("a list").iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let numbers = |listed: &[serde_json::Value]| -> BTreeSet<String> {
        listed.iter().filter_map(|one| one["number"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!((listed.len(), numbers(&listed)), (REQUESTS, all.clone()));
    assert_eq!(listed[0]["number"], LATE);
    let left: Vec<i64> = listed.iter().map(|one| one["days_left"].as_i64().expect("it runs")).collect();
    assert!(left.is_sorted() && left[0] < 0 && left[1] >= 0, "{left:?}");
    let due = api.get("/api/v1/requests?order=due&limit=1").is(200);
    let due = due["next"].as_str().expect("there are more");
    for wrong in ["order=due&all=true", "order=due&state=done", "order=first"] {
        api.get(&format!("/api/v1/requests?{wrong}")).refused(400, "not_understood");
    }
    api.get(&format!("/api/v1/requests?order=entered&cursor={due}")).refused(400, "not_understood");
    api.get(&format!("/api/v1/requests?cursor={due}")).is(200);

    let by_command = deployment.json(&["requests", "list", "--order", "due", "--limit", "1000"]);
    let by_command = by_command.as_array().expect("a list");
    assert_eq!(numbers(by_command), all);
    assert_eq!(by_command[0]["number"], LATE);
    for wrong in [&["--order", "due", "--all"][..], &["--order", "due", "--state", "done"], &["--cursor", due, "--all"]]
    {
        assert_eq!(deployment.run(&[&["requests", "list"][..], wrong].concat()).status.code(), Some(2), "{wrong:?}");
    }
}
