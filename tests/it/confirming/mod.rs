//! Links that confirm: a form names an address, whoever has its mailbox clicks, and only then anything goes.

mod away;
mod fleet;
mod page;
mod people;
mod requests;
mod settings;

use serde_json::{Value, json};
use test_servers::exim::Exim;

use crate::harness::{Deployment, Server, StandIn, client, http, wait_for};

pub(crate) const ANN: &str = "ann.link@example.com";
pub(crate) const BOB: &str = "bob.link@example.com";

/// The form that asks for erasure, confirmed by a link.
pub(crate) const RULE: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[mluvii.params]
oo1_guest_email = "email"
oo1_guest_phone = "phone"

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
confirm = "email"
targets = ["mluvii"]
"#;

/// `[confirmation]` by this mail server.
pub(crate) fn settings(exim: &Exim) -> String {
    format!(
        "[confirmation]\ncompany = \"Acme & synové\"\nfrom = \"Acme <privacy@example.com>\"\n\
         mail_server = {{ server = \"localhost\", port = {}, ca_file = \"{}\", user = \"quietus\", password = {{ file = \"smtp.secret\" }} }}\n",
        exim.port(),
        exim.certificate().display(),
    )
}

/// Says where links lead to.
pub(crate) fn publish(deployment: &Deployment) {
    deployment.replace("[server]\n", "[server]\npublic_url = \"https://quietus.example.com/\"\n");
    deployment.write("smtp.secret", "hunter2");
}

/// A company whose deletion form is confirmed by a link.
struct Company {
    // In this order they end.
    server: Server,
    deployment: Deployment,
    standin: StandIn,
    exim: Exim,
}

impl Company {
    fn start() -> Self {
        let (standin, exim) = (StandIn::start(), Exim::start());
        let deployment = Deployment::bare(&standin.mluvii, &format!("{RULE}{}", settings(&exim)));
        publish(&deployment);
        let server = Server::start(&deployment);
        standin.register(&server.callback());
        Self { server, deployment, standin, exim }
    }

    /// Sessions that show these addresses, each of a guest of its own.
    fn talks(&self, sessions: &[(i64, &str)]) {
        for (id, email) in sessions {
            self.standin.begin(*id, email, Some("v3"));
            self.standin.end(*id);
        }
        self.deployment.settled(sessions.len());
    }

    /// Somebody fills in the deletion form in a session.
    fn submits(&self, session: i64, params: &Value) {
        self.standin.submit(session, 4711, params);
    }

    /// The same with an address alone.
    fn asks(&self, session: i64, email: &str) {
        self.submits(session, &json!({ "oo1_guest_email": email }));
    }

    /// The one erasure that waits, as it is shown.
    #[track_caller]
    fn waiting(&self) -> Value {
        wait_for("an erasure that waits", || self.requested().first().cloned())
    }

    fn requested(&self) -> Vec<Value> {
        let all = self.deployment.json(&["erasures", "list", "--state", "requested"]);
        all.as_array().expect("a list").clone()
    }

    /// What `erasures show` says of an erasure.
    fn shown(&self, erasure: &Value) -> String {
        let output = self.deployment.run(&["erasures", "show", erasure["id"].as_str().expect("an id")]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The tokens of all mails, once there are so many.
    #[track_caller]
    fn links(&self, count: usize) -> Vec<String> {
        links(&self.exim, count)
    }

    fn page(&self, token: &str) -> String {
        self.server.url(&format!("/confirm/{token}"))
    }

    /// Clicks.
    fn clicks(&self, token: &str) -> (u16, String) {
        http(client().post(self.page(token)))
    }

    fn codes(&self) -> Vec<String> {
        let all = self.deployment.json(&["attention", "list"]);
        let code = |found: &Value| found["code"].as_str().expect("a code").to_owned();
        all.as_array().expect("a list").iter().map(code).collect()
    }
}

/// The tokens in the mails that came, once there are so many.
#[track_caller]
pub(crate) fn links(exim: &Exim, count: usize) -> Vec<String> {
    wait_for(&format!("{count} mails"), || {
        let mails = exim.mails();
        (mails.len() >= count).then(|| mails.iter().map(|mail| token(mail)).collect())
    })
}

/// The token in a mail, which has one link, however often.
#[track_caller]
pub(crate) fn token(mail: &str) -> String {
    let text = decoded(mail);
    let mut found: Vec<_> =
        text.split("https://quietus.example.com/confirm/").skip(1).map(|rest| rest[..43].to_owned()).collect();
    found.dedup();
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

/// The text of a mail, whichever way it was encoded.
pub(crate) fn decoded(mail: &str) -> String {
    use base64::Engine as _;
    let (head, body) = mail.split_once("\n\n").expect("a head and a body");
    if head.to_ascii_lowercase().contains("transfer-encoding: base64") {
        let body: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
        return String::from_utf8(bytes).expect("UTF-8");
    }
    let body = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<_> = rest.by_ref().take(2).collect();
        let digits = String::from_utf8(digits).expect("two digits");
        bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'='));
    }
    String::from_utf8(bytes).expect("UTF-8")
}
