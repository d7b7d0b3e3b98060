//! One deletion form makes a person disappear from everywhere at once: mluvii, a CRM, a mailbox, a folder, two databases, one of
//! which is away for a while; and whoever reads a stream is told. Others stay, and the receipt says what happened, where each system
//! was looked at, and what it keeps.

use std::collections::BTreeMap;

use quietus_plugin::http::test::Server as Crm;
use serde_json::{Value, json};
use test_servers::dovecot::{Dovecot, Message, PASSWORD};
use test_servers::nats::Nats;
use test_servers::{mariadb, postgres};

use super::crm_purge::{TOKEN, hubspot};
use crate::harness::{Deployment, Server, StandIn, oracle, receipts, wait_for};
use crate::main_job::approve;

const USER: &str = "office";
const SQL_PURGE: &str = include_str!("../../../plugins/sql-purge/README.md");
const FILES: &str = include_str!("../../../plugins/files/README.md");
const FORWARD: &str = include_str!("../../../plugins/forward/README.md");
const CRM_PURGE: &str = include_str!("../../../plugins/crm-purge/README.md");
const MAILBOX: &str = concat!(
    include_str!("../../../plugins/mailbox-cleanup/README.md"),
    include_str!("../../../plugins/mailbox-cleanup/imap.md")
);
const MLUVII: &str = include_str!("../../../docs/mluvii.md");

/// The systems of a company.
struct Systems {
    standin: StandIn,
    crm: Crm,
    mail: Dovecot,
    /// The mail server's certificate, where a plugin in its sandbox can read it.
    ca: tempfile::NamedTempFile,
    shop: postgres::Cluster,
    archive: mariadb::Server,
    folder: tempfile::TempDir,
    events: Nats,
}

impl Systems {
    /// Ann is in each of them, and so is somebody whose address ends like hers.
    fn start() -> Self {
        let mail = Dovecot::start();
        let message =
            |from: &str, to: &str| Message::new(format!("From: {from}\nTo: {to}\nSubject: Hello\n\nHello.\n"));
        mail.deliver(USER, "INBOX", [message("Ann <ANN@x.cz>", "office@x.cz"), message("joann@x.cz", "office@x.cz")]);
        mail.deliver(USER, "Sent", [message("office@x.cz", "\"Novák, Anna\" <ann@x.cz>")]);
        let ca = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::copy(mail.certificate(), ca.path()).expect("copied");
        let shop = postgres::Cluster::start();
        shop.create_database("shop");
        shop.sql("shop", "CREATE TABLE orders (id int, mail text)");
        shop.sql("shop", "INSERT INTO orders VALUES (1, 'ann@x.cz'), (2, 'Ann@X.cz'), (3, 'joann@x.cz')");
        let archive = mariadb::Server::start();
        archive.sql("mysql", "CREATE DATABASE archive CHARACTER SET utf8mb4");
        archive.sql("mysql", "CREATE USER 'quietus'@'127.0.0.1'; GRANT ALL ON archive.* TO 'quietus'@'127.0.0.1'");
        archive.sql("archive", "CREATE TABLE calls (id int, mail varchar(200), note text) ENGINE=InnoDB");
        archive.sql("archive", "INSERT INTO calls VALUES (1, 'ann@x.cz', 'a secret'), (2, 'joann@x.cz', 'another')");
        let folder = tempfile::TempDir::new().expect("a folder");
        for name in ["Ann@x.cz.wav", "joann@x.cz.wav"] {
            std::fs::write(folder.path().join(name), "what was said").expect("written");
        }
        let events = Nats::start();
        events.make_stream("erasures", "erasures.>");
        Self { standin: StandIn::start(), crm: hubspot(), mail, ca, shop, archive, folder, events }
    }

    fn install(&self) -> Deployment {
        let rule = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
approve = true
targets = ["mluvii", "hubspot", "mailbox", "shop", "archive", "recordings", "events"]
"#;
        let plugins = [
            plugin(
                "hubspot",
                "libcrm_purge.so",
                "token",
                &json!({
                    "vendor": "hubspot", "base_url": self.crm.url, "auth": { "bearer": { "secret": "token" } },
                    "rate": 1000, "search_rate": 1000, "verify_after": "0s",
                }),
            ),
            plugin(
                "mailbox",
                "libmailbox_cleanup.so",
                "mail",
                &json!({ "accounts": [{ "name": USER, "imap": {
                "url": format!("imaps://localhost:{}", self.mail.tls_port()), "ca_file": self.ca.path(),
                "user": USER, "password": "mail",
            } }] }),
            ),
            plugin(
                "shop",
                "libsql_purge.so",
                "unused",
                &json!({ "url": self.shop.url("shop"), "statement": [
                { "name": "orders", "sql": "DELETE FROM orders WHERE lower(mail) = lower(:email)", "rows_max": 10 },
            ] }),
            ),
            plugin(
                "archive",
                "libsql_purge.so",
                "unused",
                &json!({
                    "url": self.archive.url_of("quietus", "archive"), "statement": [{ "name": "calls", "rows_max": 10,
                    "sql": "UPDATE calls SET mail = NULL, note = NULL WHERE lower(mail) = lower(:email)" }],
                }),
            ),
            plugin(
                "recordings",
                "libfiles.so",
                "unused",
                &json!({ "place": [{ "name": "recordings", "local": { "root": self.folder.path(), "path": "{email}.wav" } }] }),
            ),
            plugin(
                "events",
                "libforward.so",
                "nats",
                &json!({ "nats": {
                    "url": self.events.url(), "subject": "erasures.demanded",
                    "auth": { "password": { "user": "narrow", "secret": "nats" } },
                } }),
            ),
        ];
        let deployment = Deployment::bare(&self.standin.mluvii, &format!("{rule}\n{}", plugins.join("\n")));
        deployment.write("token", TOKEN);
        deployment.write("mail", PASSWORD);
        deployment.write("nats", "hunter2");
        deployment
    }

    /// What is left of everybody, by system.
    fn left(&self) -> BTreeMap<&'static str, String> {
        let mail = ["INBOX", "Sent"].map(|folder| self.mail.messages(USER, folder));
        let mail = mail.concat().into_iter().map(|message| String::from_utf8_lossy(&message.text).into_owned());
        BTreeMap::from([
            ("mail", mail.collect()),
            ("shop", self.shop.sql("shop", "SELECT string_agg(mail, ' ' ORDER BY id) FROM orders")),
            ("archive", self.archive.sql("archive", "SELECT id, mail, note FROM calls ORDER BY id")),
        ])
    }
}

/// A plugin's block; its configuration is JSON, which TOML reads nearly as it is.
fn plugin(name: &str, library: &str, secret: &str, config: &Value) -> String {
    let config = toml::to_string(&json!({ "plugin": [{ "config": config }] })).expect("TOML");
    let block = config.replacen("[[plugin]]", "", 1);
    let secrets = match secret {
        "unused" => String::new(),
        secret => format!("secrets = {{ {secret} = {{ file = \"{secret}\" }} }}\n"),
    };
    format!("[[plugin]]\nname = \"{name}\"\nlibrary = \"{library}\"\ngrants = [\"email\"]\n{secrets}{block}\n")
}

#[test]
fn one_deletion_form_makes_a_person_disappear_everywhere() {
    let systems = Systems::start();
    let deployment = systems.install();
    let server = Server::start(&deployment);
    let standin = &systems.standin;
    standin.register(&server.callback());
    for (id, email) in [(101, "ann@x.cz"), (102, "joann@x.cz")] {
        standin.begin(id, email, Some("v3"));
        standin.end(id);
    }
    deployment.settled(2);

    systems.shop.stop(postgres::Mode::Immediate);
    standin.submit(101, 4711, &json!({ "oo1_guest_email": "Ann@x.cz" }));
    approve(&deployment);
    let waits = wait_for("the others to be done", || {
        let erasure = deployment.json(&["erasures", "list"])[0].clone();
        let steps = erasure["steps"].as_array()?;
        let open: Vec<_> = steps.iter().filter(|step| !step["stage"].is_null()).collect();
        (open.len() == 1 && open[0]["attempts"].as_u64() > Some(0)).then(|| open[0].clone())
    });
    assert_eq!((&waits["target"], &waits["outcome"]), (&json!("shop"), &Value::Null), "{waits}");
    assert_eq!(deployment.json(&["receipts", "list"]), json!([]), "no receipt without an outcome for each step");
    systems.shop.start_again();

    let receipts = receipts(&deployment, 1);
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let of = |step: &Value| (step["target"].clone(), step["outcome"].clone(), step["counts"].clone());
    let expected = [
        ("archive", "erased", json!({ "calls": 1 })),
        // Nobody sees what becomes of a message.
        ("events", "unverifiable", json!({})),
        ("hubspot", "erased", json!({ "contacts": 2 })),
        ("mailbox", "erased", json!({ "messages": 2 })),
        // The guest is not asked for, since mluvii's own list of the guest's sessions is not searched here.
        ("mluvii", "erased", json!({ "sessions": 1 })),
        ("recordings", "erased", json!({ "files": 1 })),
        ("shop", "erased", json!({ "orders": 2 })),
    ];
    let expected = expected.map(|(target, outcome, counts)| (json!(target), json!(outcome), counts));
    assert_eq!(steps.iter().map(of).collect::<Vec<_>>(), expected);
    let unseen = |step: &&Value| !step["verified_at"].is_string();
    assert!(steps.iter().filter(unseen).all(|step| step["target"] == "events"), "{steps:#?}");
    each_says_where_it_looked_and_what_is_kept(&receipts[0]["statement"]);
    assert_eq!(receipts[0]["statement"]["scope"], "person");

    let left = systems.left();
    assert_eq!(left["shop"], "joann@x.cz");
    assert_eq!(left["archive"], "1|NULL|NULL\n2|joann@x.cz|another");
    assert!(
        left["mail"].contains("joann@x.cz") && !left["mail"].to_lowercase().replace("joann", "").contains("ann@x.cz")
    );
    let files = std::fs::read_dir(systems.folder.path()).expect("read").map(|entry| entry.expect("read").file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["joann@x.cz.wav"]);
    assert!(!standin.holds("\"ann@x.cz\"") && standin.holds("joann@x.cz"));
    let said = server.log().join("\n").to_lowercase().replace("joann", "");
    assert!(!said.contains("ann@x.cz"), "the log knows her");
    oracle::the_receipts_verify(&deployment);
}

/// What each target says is said in the words of its plugin's README, and what is kept or was not looked at is a reason for the
/// verdict.
fn each_says_where_it_looked_and_what_is_kept(statement: &Value) {
    let texts = |step: &Value, field: &str| -> Vec<String> {
        step[field].as_array().expect("a list").iter().map(|text| text.as_str().expect("text").to_owned()).collect()
    };
    let reasons = statement["reasons"].as_array().expect("reasons");
    let mut unsaid = Vec::new();
    for step in statement["steps"].as_array().expect("steps") {
        let target = step["target"].as_str().expect("a target");
        let [looked_at, not_looked_at, keeps] = ["looked_at", "not_looked_at", "keeps"].map(|field| texts(step, field));
        match target {
            "events" => assert!(looked_at.is_empty(), "{step:#}"),
            _ => assert!(!looked_at.is_empty(), "{step:#}"),
        }
        for (code, all) in [("not_looked_at", &not_looked_at), ("kept_by_vendor", &keeps)] {
            let said = |text: &String| {
                reasons.iter().any(|reason| {
                    (&reason["code"], &reason["target"], &reason["detail"])
                        == (&json!(code), &json!(target), &json!(text))
                })
            };
            let is_accepted = |text: &&String| step["accepted"].get(text.as_str()).is_some();
            assert!(all.iter().filter(|text| !is_accepted(text)).all(said), "{code}: {step:#}");
        }
        // The example of the README is about other names than these systems have.
        let (readme, ours, theirs) = match target {
            "shop" => (SQL_PURGE, "", ""),
            "archive" => (SQL_PURGE, "calls", "orders"),
            "recordings" => (FILES, "email", "session_id"),
            "events" => (FORWARD, "", ""),
            "hubspot" => (CRM_PURGE, "", ""),
            "mailbox" => (MAILBOX, "account `office`: ", ""),
            "mluvii" => (MLUVII, "", ""),
            _ => panic!("a target without a README: {target}"),
        };
        assert!(!not_looked_at.is_empty(), "{step:#}");
        // Nothing says of a mail server, or of mluvii, what it keeps of what is gone.
        assert_eq!(keeps.is_empty(), ["mailbox", "mluvii"].contains(&target), "{step:#}");
        let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in looked_at.iter().chain(&not_looked_at).chain(&keeps) {
            let text = if ours.is_empty() { text.clone() } else { text.replace(ours, theirs) };
            if !readme.contains(&text) {
                unsaid.push(format!("{target}: {text}"));
            }
        }
    }
    assert!(unsaid.is_empty(), "no README says so: {unsaid:#?}");
    assert_eq!(statement["verdict"], "incomplete", "nobody has looked at backups");
}
