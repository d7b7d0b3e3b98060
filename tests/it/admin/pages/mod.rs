//! The pages, as a browser uses them: through the binary, with cookies, and without following anything by itself.

mod accounts;
mod approvals;
mod attention;
mod audit;
mod by_hand;
mod canary;
mod chromium;
mod consents;
mod crossing;
mod crowded;
mod demo;
mod erasures;
mod explaining;
mod holds;
mod hostile;
mod import;
mod letters;
mod looks;
mod many_requests;
mod mluvii;
mod people;
mod planned;
mod preferences;
mod quarantine;
mod receipts;
mod rules;
mod signing;
mod stored;
mod story;
mod sweeps;
mod targets;
mod task_links;
mod tasks;
mod unseen;
mod who;

use std::cell::RefCell;
use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};

use super::{ADMIN, Api, done, rows_of};
use crate::harness::{Deployment, Server, client};

/// What everybody's account has.
const PASSWORD: &str = "four unrelated canary words";

/// A browser with one window.
struct Browser {
    base: String,
    client: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What was answered.
#[derive(Debug)]
struct Page {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Browser {
    fn of(server: &Server) -> Self {
        Self::at(Api::of(server, None).base)
    }

    /// One that looks at the pages of an address.
    fn at(base: String) -> Self {
        // It has TLS made ready, too.
        drop(client());
        let builder = reqwest::Client::builder().pool_max_idle_per_host(0).tls_certs_only([]);
        let client = builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { base, client, cookies: RefCell::default() }
    }

    /// One in which somebody has signed in.
    #[track_caller]
    fn signed_in(server: &Server, name: &str) -> Self {
        let browser = Self::of(server);
        browser.sign_in(name, PASSWORD).leads_to("/");
        browser
    }

    /// One in which somebody has signed in whose account is made for it.
    #[track_caller]
    fn by(
        server: &Server,
        deployment: &Deployment,
        name: &str,
        shown_as: &str,
        roles: &[&str],
        companies: &[&str],
    ) -> Self {
        user(deployment, name, shown_as, roles, companies);
        Self::signed_in(server, name)
    }

    fn sign_in(&self, name: &str, password: &str) -> Page {
        self.post("/sign-in", &[("user", name), ("password", password), ("next", "/")])
    }

    fn asked(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.base));
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    fn get(&self, path: &str) -> Page {
        self.keep(sent(self.asked("GET", path).header("Sec-Fetch-Site", "same-origin")))
    }

    /// Sends a form from a page of ours.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.keep(sent(self.asked("POST", path).header("Sec-Fetch-Site", "same-origin").form(fields)))
    }

    /// Keeps the cookies that an answer sets.
    fn keep(&self, page: Page) -> Page {
        for line in page.headers.get_all(SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match line.contains("Max-Age=0") {
                true => self.cookies.borrow_mut().remove(name),
                false => self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned()),
            };
        }
        page
    }

    fn session(&self) -> String {
        self.cookies.borrow().get("quietus").cloned().expect("a session")
    }
}

impl Page {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// It says all of this.
    #[track_caller]
    fn says(self, texts: &[&str]) -> Self {
        // What keeps a line whole is no other word.
        let plain = self.text.replace('\u{a0}', " ");
        for text in texts {
            assert!(plain.contains(text), "it does not say {text:?}: {plain}");
        }
        self
    }

    /// Where the browser goes on.
    #[track_caller]
    fn goes_on(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers[LOCATION].to_str().expect("text").to_owned()
    }

    #[track_caller]
    fn leads_to(&self, path: &str) {
        assert_eq!(self.goes_on(), path);
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// What a hidden field of a form holds.
    #[track_caller]
    fn hidden(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&begin).unwrap_or_else(|| panic!("no field {name}: {}", self.text));
        rest.split('"').next().expect("an end").to_owned()
    }
}

fn sent(request: reqwest::RequestBuilder) -> Page {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, text: response.text().await.expect("a body of text") }
    })
}

/// An account with these roles, and the password of all.
fn user(deployment: &Deployment, name: &str, shown_as: &str, roles: &[&str], companies: &[&str]) {
    deployment.write("password.txt", PASSWORD);
    let file = format!("@{}", deployment.path("password.txt").display());
    let roles: Vec<&str> = roles.iter().flat_map(|role| ["--role", role]).collect();
    let companies: Vec<&str> = companies.iter().flat_map(|company| ["--company", company]).collect();
    let add = ["users", "add", name, "--shown-as", shown_as, "--password", &file];
    done(&deployment.run(&[&add[..], &roles, &companies].concat()));
}

/// How many rows the audit has.
fn rows(deployment: &Deployment) -> usize {
    deployment.json(&["audit", "list"]).as_array().expect("rows").len()
}
