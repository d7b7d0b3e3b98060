//! The admin API, as another system uses it: over HTTP, with tokens.

mod breaks;
mod consents;
mod documented;
mod four_eyes;
mod given;
mod jobs;
mod operating;
mod pages;
mod receipts;
mod rules;
mod schemathesis;
mod secure;
mod story;
mod tasks;
mod twice;
mod walk;
mod who;

use std::process::Output;

use serde_json::Value;

use crate::harness::{Deployment, Server, StandIn, client, http, wait_for};

/// The listener, on a port of its own.
const ADMIN: &str = "\n[admin]\nlisten = \"127.0.0.1:0\"\n";

/// The API of a server, by a token or by none.
struct Api {
    base: String,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}: {}", self.status, self.text))
    }

    /// What it says, with this status.
    #[track_caller]
    fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// A problem of this code, which says what happened and what to do.
    #[track_caller]
    fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.is(status);
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        assert!(problem["advice"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        problem
    }
}

impl Api {
    fn of(server: &Server, token: Option<&str>) -> Self {
        let address = wait_for("where the admin API is", || {
            let lines = server.log().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
            lines.filter_map(|line| Some(line["fields"]["admin_listen"].as_str()?.to_owned())).next()
        });
        Self { base: format!("http://{address}"), token: token.map(str::to_owned) }
    }

    /// By the token of a new account with these roles.
    fn by(server: &Server, deployment: &Deployment, name: &str, roles: &[&str], companies: &[&str]) -> Self {
        Self::of(server, Some(&token(deployment, name, roles, companies)))
    }

    fn asked(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.to_uppercase().parse().expect("a method");
        let request = client().request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn get(&self, path: &str) -> Answer {
        sent(self.asked("get", path))
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        sent(self.asked("post", path).json(body))
    }
}

/// Has somebody talk in session 101, and waits until it is settled.
fn talked(standin: &StandIn, server: &Server, deployment: &Deployment, email: &str) {
    standin.register(&server.callback());
    standin.begin(101, email, Some("v1"));
    standin.end(101);
    deployment.settled(1);
}

fn sent(request: reqwest::RequestBuilder) -> Answer {
    let (status, text) = http(request);
    Answer { status, text }
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An account with these roles, and a token of it with all of them.
fn token(deployment: &Deployment, name: &str, roles: &[&str], companies: &[&str]) -> String {
    let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
    let companies: Vec<&str> = companies.iter().flat_map(|company| ["--company", company]).collect();
    done(&deployment.run(&[&["users", "add", name, "--shown-as", name][..], &roles, &companies].concat()));
    let issue = [&["tokens", "issue", name, "--for", "a test"][..], &roles].concat();
    let output = deployment.run(&issue);
    done(&output);
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// The rows of an act in the audit, the newest first.
fn rows_of(deployment: &Deployment, act: &str) -> Vec<Value> {
    let rows = deployment.json(&["audit", "list", "--act", act, "--limit", "200"]);
    rows.as_array().expect("rows").iter().map(|row| row["entry"].clone()).collect()
}

/// What was ordered: all rows of the audit but of exports, which need nothing to be named and are had by whoever may.
fn ordered(deployment: &Deployment) -> Vec<Value> {
    let rows = deployment.json(&["audit", "list", "--limit", "200"]);
    let orders = rows.as_array().expect("rows").iter().filter(|row| row["entry"]["act"] != "consent.export");
    orders.map(|row| row["entry"]["act"].clone()).collect()
}
