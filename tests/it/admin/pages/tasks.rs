//! What people erase by hand, in a browser: all open tasks, the oldest first, fifty erasures on a page.

use std::collections::BTreeSet;

use super::{ADMIN, Browser, Page, user};
use crate::harness::{Deployment, ERASE, Server, StandIn, wait_for};

const MANUAL: &str = r#"
[[manual]]
name = "legal"
text = "Shred the file."
deadline = "21d"

[[manual]]
name = "archive"
text = "Take it out of the archive."
deadline = "7d"
"#;

/// More than are on one page; each is a task at two places.
const ERASURES: i64 = 52;

/// The tasks of a page, and where the next one is.
fn read(page: &Page) -> (Vec<String>, Option<String>) {
    let rows = page.text.split("role=\"rowheader\"><a href=\"/tasks/").skip(1);
    let tasks = rows.map(|rest| rest.split('"').next().expect("an end").to_owned()).collect();
    let next = page.text.split_once("href=\"/tasks?from=").map(|(_, rest)| rest.split('"').next().expect("an end"));
    (tasks, next.map(|from| format!("/tasks?from={from}")))
}

#[test]
fn each_of_many_tasks_is_on_one_page() {
    let standin = StandIn::start();
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"legal\", \"archive\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}{MANUAL}{ADMIN}"));
    let server = Server::start(&deployment);
    server.leaves_work("people are still asked");
    user(&deployment, "olga", "Olga", &["officer"], &[]);
    user(&deployment, "anna", "Anna", &["officer"], &["acme"]);
    standin.register(&server.callback());
    for id in 101..101 + ERASURES {
        standin.begin(id, &format!("person{id}@example.com"), None);
        standin.just_end(id);
    }
    wait_for("all tasks", || {
        let tasks = deployment.json(&["tasks", "list"]);
        (tasks.as_array().expect("a list").len() as i64 == 2 * ERASURES).then_some(())
    });
    for name in ["olga", "anna"] {
        let browser = Browser::signed_in(&server, name);
        let (first, next) = read(&browser.get("/tasks").is(200));
        let next = next.expect("there are more");
        let (second, last) = read(&browser.get(&next).is(200));
        // Those of one erasure stand together.
        assert_eq!((first.len(), second.len(), last), (100, 4, None), "{next}");
        let all: BTreeSet<&String> = first.iter().chain(&second).collect();
        assert_eq!(all.len() as i64, 2 * ERASURES, "each once");
        browser.get("/tasks?from=x").is(400);
    }
}
