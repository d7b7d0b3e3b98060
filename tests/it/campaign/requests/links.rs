//! Requests and forms that a link confirms, among all others. A real mail server takes the mails; whoever reads one follows the link, clicks
//! its button while something befalls the servers, clicks twice, too late or never. Before a click in time nothing of theirs is called, and
//! nobody else waits for it; after it, it goes on once. Where no mail comes, as servers were killed while they sent it, a person decides.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use test_servers::exim::Exim;

use super::{ANN, Asker, Lot, Stage, all_is_read, destructive, order};
use crate::campaign::chosen;
use crate::campaign::engine::Campaign;
use crate::campaign::site::Site;
use crate::campaign::truth::erasures_of;
use crate::confirming;
use crate::harness::{PATIENCE, sender_within, wait_for, wait_within};

const RULE: &str = r#"
[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
confirm = "email"
targets = ["mluvii", "crm"]
"#;

/// After so long, nobody waits for a mail any more.
const MAIL_WITHIN: Duration = Duration::from_secs(5);

/// Where whoever was to send a link is killed, there is a second mail.
const MAILS_OF_A_LINK: usize = 2;

/// How often it is looked after a mail that does not come.
const LOOKS: usize = 4;

/// What has a form, or a request, confirmed by a link.
pub(super) fn configuration(exim: &Exim) -> String {
    format!("{RULE}{}", confirming::settings(exim))
}

/// What is known of somebody's links.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The tokens of those whose button was clicked.
    clicked: BTreeSet<String>,
    /// How many of those that were mailed may be good for nothing by now.
    spoilt: usize,
    /// How often the form was submitted.
    forms: usize,
    /// No mail came, and a person has decided.
    by_person: bool,
}

impl Asker {
    pub(super) fn asks_by_form(&self) -> bool {
        matches!(self.lot, Lot::Form | Lot::FormUnclicked)
    }

    /// How it is known whose the request is.
    pub(super) fn is_verified_by(&self) -> &'static str {
        if self.lot == Lot::ByLink && !self.links.by_person { "email-link" } else { "document" }
    }

    /// Each time somebody types it a little differently, or it would be the same delivery.
    pub(super) fn submits(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        let typed = format!("{}{}", " ".repeat(self.links.forms), self.email);
        self.links.forms += 1;
        let first = *self.ids.first().expect("each has talked");
        campaign.submit(first, 4711, &json!({ "oo1_guest_email": typed }));
        Stage::Entered
    }

    /// What the form asks for is there, and waits.
    pub(super) fn is_asked_by_form(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        self.erasure = wait_for("the form's erasure", || erasures_of(&campaign.site, &self.email).pop());
        campaign.truth.reached.insert(self.erasure.clone(), self.ids.clone());
        self.must_wait(campaign);
        Stage::Mailed
    }

    pub(super) fn wants_link(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        self.is_to_be_mailed(campaign);
        self.must_wait(campaign);
        Stage::Mailed
    }

    /// The older links of the request are good for nothing then; one of an order that was killed may be such a link.
    fn is_to_be_mailed(&mut self, campaign: &mut Campaign<impl Site>) {
        let ordered = order(campaign, ANN, &["requests", "verify", &self.number, "--by-email"]);
        ordered.is_done();
        if ordered.was_killed {
            self.links.spoilt += MAILS_OF_A_LINK;
        }
    }

    /// For another link.
    fn asks_again(&mut self, campaign: &mut Campaign<impl Site>) {
        if self.asks_by_form() {
            self.submits(campaign);
            campaign.deliver_all();
            // Before it is, nobody knows of it, and it would be asked for once more after its erasure has begun.
            all_is_read(campaign);
        } else {
            self.links.spoilt += MAILS_OF_A_LINK;
            self.is_to_be_mailed(campaign);
        }
    }

    /// Somebody clicks in time.
    pub(super) fn is_confirmed(&mut self, campaign: &mut Campaign<impl Site>, exim: &Exim) -> Stage {
        all_is_read(campaign);
        if campaign.random.below(3) == 0 {
            self.is_too_late(campaign, exim);
            self.asks_again(campaign);
        }
        while let Some(token) = self.next_link(campaign, exim) {
            self.is_followed(campaign, &token);
            if self.is_clicked(campaign, &token) {
                return self.begins_by_link(campaign);
            }
        }
        self.is_decided_by_a_person(campaign)
    }

    /// Nobody clicks, or too late. A form waits until the end.
    pub(super) fn is_not_confirmed(&mut self, campaign: &mut Campaign<impl Site>, exim: &Exim) -> Stage {
        match campaign.random.below(3) {
            0 => self.is_too_late(campaign, exim),
            1 => {
                if let Some(token) = self.next_link(campaign, exim) {
                    self.is_followed(campaign, &token);
                }
            }
            _ => self.must_wait(campaign),
        }
        if self.asks_by_form() {
            campaign.unconfirmed += 1;
            Stage::Over
        } else {
            self.is_refused(campaign)
        }
    }

    /// The links run out before anybody clicks.
    fn is_too_late(&mut self, campaign: &mut Campaign<impl Site>, exim: &Exim) {
        let Some(token) = self.next_link(campaign, exim) else { return };
        let (of, id) = if self.asks_by_form() {
            ("erasure", self.erasure.trim_start_matches("e-").to_owned())
        } else {
            let shown = self.request(campaign, "show", &[]);
            ("request", shown["id"].as_str().expect("an id").to_owned())
        };
        let (id, ended) = (campaign.site.id_in_sql(&id), Timestamp::now().as_millisecond() - 1_000);
        let end = format!("UPDATE confirmation_link SET expires = {ended} WHERE {of} = {id} AND expires > {ended}");
        campaign.site.change(&end);
        // And one whose mail is not there yet.
        self.links.spoilt += self.not_clicked(exim).len() + 1;
        assert!(!self.is_clicked(campaign, &token), "it has run out: {self:?}");
        self.must_wait(campaign);
    }

    /// Something in between follows the link, as scanners do, which changes nothing.
    fn is_followed(&self, campaign: &mut Campaign<impl Site>, token: &str) {
        wait_for("the page of a link", || (answer(Method::GET, a_server(campaign), token) == Some(200)).then_some(()));
        self.must_wait(campaign);
    }

    /// Somebody clicks while something befalls the servers, and again until there is an answer. Returns whether the link was good for something.
    fn is_clicked(&mut self, campaign: &mut Campaign<impl Site>, token: &str) -> bool {
        let (server, clicked) = (a_server(campaign), token.to_owned());
        let under_way = std::thread::spawn(move || answer(Method::POST, server, &clicked));
        if campaign.random.below(2) == 0 {
            campaign.befall();
        }
        let first = is_good(under_way.join().expect("it does not panic"));
        let is_good = first.unwrap_or_else(|| says(campaign, token));
        self.links.clicked.insert(token.to_owned());
        if is_good {
            assert!(campaign.random.below(2) == 0 || says(campaign, token), "the button is clicked twice: {self:?}");
        } else {
            let spoilt = self.links.spoilt.checked_sub(1);
            self.links.spoilt = spoilt.unwrap_or_else(|| panic!("a link is good for nothing: {self:?}"));
        }
        is_good
    }

    /// Exactly what the link is for follows.
    fn begins_by_link(&self, campaign: &Campaign<impl Site>) -> Stage {
        if self.asks_by_form() {
            let erasure = self.erasure(campaign);
            assert!(erasure["confirmation"]["confirmed"].is_string(), "{self:?}: {erasure:#}");
            assert!(erasure["state"] != "requested" && erasure["approved"].is_null(), "{self:?}: {erasure:#}");
            return Stage::Over;
        }
        let shown = self.request(campaign, "show", &[]);
        let verified = &shown["verified"];
        assert_eq!(
            (&shown["state"], &verified["how"]),
            (&json!("verified"), &json!("email-link")),
            "{self:?}: {shown:#}"
        );
        assert!(verified["by"].as_str().is_some_and(|by| by.starts_with("link:")), "{self:?}: {shown:#}");
        Stage::Verified
    }

    fn is_decided_by_a_person(&mut self, campaign: &mut Campaign<impl Site>) -> Stage {
        self.links.by_person = true;
        if self.asks_by_form() {
            order(campaign, ANN, &["erasures", "approve", &self.erasure]).is_done();
            return Stage::Over;
        }
        order(campaign, ANN, &["requests", "verify", &self.number, "--how", "document"]).is_done();
        assert_eq!(self.request(campaign, "show", &[])["state"], "verified");
        Stage::Verified
    }

    /// Nobody has clicked in time: nothing of theirs is done, and nothing can be.
    #[track_caller]
    fn must_wait(&self, campaign: &Campaign<impl Site>) {
        self.is_left_alone(&destructive(campaign));
        if self.asks_by_form() {
            assert_eq!(self.erasure(campaign)["state"], "requested", "{self:?}");
        } else {
            assert_eq!(self.request(campaign, "show", &[])["state"], "unverified", "{self:?}");
            self.is_not_done(campaign, "plan", &[]);
        }
    }

    /// One that nobody has clicked yet. Where none comes, another one is asked for, until the address has got enough.
    fn next_link(&mut self, campaign: &mut Campaign<impl Site>, exim: &Exim) -> Option<String> {
        for _ in 0..LOOKS {
            let came = wait_within(MAIL_WITHIN, || self.not_clicked(exim).pop());
            if came.is_some() {
                return came;
            }
            match self.link_state(campaign).as_str() {
                Some("over" | "failed") => return None,
                // Its mail went with whoever was killed while sending it.
                Some("sent") => self.asks_again(campaign),
                // Whoever was to send it was killed, or has lost the ledger: nobody waits here until its lease is over.
                _ => campaign.site.change("UPDATE confirmation_link SET due = 0 WHERE state = 'sending'"),
            }
        }
        None
    }

    /// Of the newest one.
    fn link_state(&self, campaign: &Campaign<impl Site>) -> Value {
        let link = match self.asks_by_form() {
            true => self.erasure(campaign)["confirmation"]["link"].clone(),
            false => self.request(campaign, "show", &[])["link"].clone(),
        };
        link["state"].clone()
    }

    /// The tokens of those that were mailed to them.
    fn not_clicked(&self, exim: &Exim) -> Vec<String> {
        let mails = exim.mails().into_iter().filter(|mail| mail.contains(&self.email));
        mails.map(|mail| confirming::token(&mail)).filter(|token| !self.links.clicked.contains(token)).collect()
    }

    /// By the link and nobody's approval; or it waits still.
    #[track_caller]
    pub(super) fn form_has_ended(&self, campaign: &Campaign<impl Site>, statements: &[Value]) {
        let state = self.erasure(campaign)["state"].clone();
        let receipt = statements.iter().find(|said| said["erasure"] == self.erasure.as_str());
        if self.lot == Lot::FormUnclicked {
            assert_eq!((state, receipt), (json!("requested"), None), "{self:?}");
            return;
        }
        let said = receipt.unwrap_or_else(|| panic!("{self:?} has no receipt, and is {state}"));
        let by = if self.links.by_person { Value::Null } else { json!("email") };
        assert_eq!((&said["confirmed"]["by"], said["approved"].is_string()), (&by, self.links.by_person), "{said:#}");
    }
}

/// Each link that was clicked in time was used once, whatever befell the servers, and no other one.
#[track_caller]
pub(super) fn are_used_once(campaign: &Campaign<impl Site>, askers: &[Asker]) {
    for (act, lot) in [("erasure.confirm", Lot::Form), ("request.verify", Lot::ByLink)] {
        let rows = campaign.site.json(&["audit", "list", "--act", act, "--limit", "500"]);
        let actors = rows.as_array().expect("rows").iter().filter_map(|row| row["entry"]["actor"].as_str());
        let used = actors.filter(|actor| actor.starts_with("link:")).count();
        let clicked = askers.iter().filter(|asker| asker.lot == lot && !asker.links.by_person).count();
        assert_eq!(used, clicked, "{act}: {rows:#}");
    }
}

fn a_server(campaign: &mut Campaign<impl Site>) -> SocketAddr {
    let addresses = campaign.site.addresses();
    chosen(&mut campaign.random, &addresses)
}

/// Clicks until there is an answer that says whether the link is good for something.
#[track_caller]
fn says(campaign: &mut Campaign<impl Site>, token: &str) -> bool {
    wait_for("an answer to a click", || is_good(answer(Method::POST, a_server(campaign), token)))
}

/// `None` where that is to be asked again: too many have clicked in vain, or the ledger was not there.
fn is_good(answer: Option<u16>) -> Option<bool> {
    match answer {
        Some(200) => Some(true),
        Some(404) => Some(false),
        Some(429 | 503) | None => None,
        Some(other) => panic!("{other} for a click"),
    }
}

/// The status of a link's page; `None` where there is no answer.
fn answer(method: Method, server: SocketAddr, token: &str) -> Option<u16> {
    let request = sender_within(PATIENCE).request(method, format!("http://{server}/confirm/{token}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let response = runtime.block_on(async { request.send().await });
    response.ok().map(|response| response.status().as_u16())
}
