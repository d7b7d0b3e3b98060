//! Accounts and tokens by command.

use super::*;
use crate::access::{Bearer, BearerKind, PasswordHash, SESSION_MAX};
use crate::audit::Actor;
use crate::ledger::{Accounts as _, NewSession};

const PASSWORD: &str = "correct horse battery";

impl Home {
    /// Somebody gets an account, with a password from a file.
    fn add_user(&self, name: &str, more: &[&str]) -> (u8, String) {
        self.write("password", &format!("{PASSWORD}\n"));
        let password = format!("@{}", self.path("password").display());
        let add = ["users", "add", name, "--shown-as", "Anna Nováková", "--role", "officer", "--password", &password];
        self.run(&[&add, more].concat())
    }

    /// They sign in, as far as the ledger knows.
    fn signs_in(&self, name: &str) {
        let ledger = SqliteLedger::open(&self.path("quietus.db")).expect("opens");
        let name: crate::access::AccountName = name.parse().expect("a name");
        wait(async {
            let stored = ledger.account(&name).await.expect("read").expect("is there");
            let password: PasswordHash = stored.password.expect("it has one");
            let Bearer { id, hash, .. } = Bearer::generate(BearerKind::Session);
            let new = NewSession { id, hash, account: name.clone(), browser: None, lasts: SESSION_MAX };
            assert!(ledger.add_session(&new, &password, &Actor::user(&name)).await.expect("begun"));
            ledger.shutdown().await;
            Ok(Exit::Done)
        })
        .expect("is written");
    }

    fn sessions(&self, name: &str) -> usize {
        self.json(&["users", "show", name])["sessions"].as_array().expect("sessions").len()
    }
}

#[test]
fn an_account_is_added_shown_changed_and_disabled() {
    let home = Home::new();
    assert_eq!(home.add_user("ann", &["--role", "approver", "--company", "acme"]), (0, "added\n".into()));
    let (code, taken) = home.add_user("ann", &[]);
    assert_eq!((code, &*taken), (1, "error: there is an account ann\n"));
    let (code, unknown) = home.add_user("bob", &["--company", "initech"]);
    assert!(code == 2 && unknown.contains("there is no mluvii installation `initech`"), "{unknown}");
    let (code, said) = home.run(&["users", "add", "script", "--shown-as", "The warehouse", "--role", "operator"]);
    assert!(code == 0 && said.contains("quietus users password script"), "{said}");

    let list = home.json(&["users", "list"]);
    let names: Vec<_> = list.as_array().expect("accounts").iter().map(|one| one["name"].as_str()).collect();
    assert_eq!(names, [Some("ann"), Some("script")]);
    assert_eq!(list[0]["roles"], serde_json::json!(["officer", "approver"]));
    // The one company of the configuration, by the name of its source.
    assert_eq!(
        (&list[0]["companies"], &list[1]["companies"]),
        (&serde_json::json!(["mluvii"]), &serde_json::Value::Null)
    );
    assert!(list[0]["password_changed"].is_string() && list[1]["password_changed"].is_null());
    let shown = home.on_terminal(&["users", "list"]);
    assert!(shown.lines().all(|line| line.chars().count() <= 80) && shown.contains("no password"), "{shown}");

    assert_eq!(home.run(&["users", "change", "ann", "--role", "operator", "--all-companies"]), (0, "changed\n".into()));
    let ann = home.json(&["users", "show", "ann"]);
    assert_eq!((&ann["roles"], &ann["companies"]), (&serde_json::json!(["operator"]), &serde_json::Value::Null));
    assert_eq!(ann["shown_as"], "Anna Nováková");
    let shown = home.run(&["users", "show", "ann"]).1;
    assert!(shown.contains("may        see, operate, see_accounts, accounts, own\n"), "{shown}");
    home.signs_in("ann");
    assert_eq!(home.sessions("ann"), 1);
    assert_eq!(home.json(&["users", "sign-out", "ann"])["ended"], 1);
    home.signs_in("ann");
    assert_eq!(home.run(&["users", "disable", "ann"]).0, 0);
    assert_eq!(home.run(&["users", "disable", "ann"]), (1, "the account ann is disabled already\n".into()));
    assert_eq!((home.sessions("ann"), home.json(&["users", "show", "ann"])["disabled"].is_string()), (0, true));
    assert_eq!(home.run(&["users", "enable", "ann"]).0, 0);
    for missing in ["show", "disable", "enable", "sign-out"] {
        assert_eq!(home.run(&["users", missing, "mallory"]), (1, "error: there is no account mallory\n".into()));
    }
    assert!(Cli::try_parse_from(["quietus", "users", "change", "ann"]).is_err(), "nothing is to be changed");
    assert!(Cli::try_parse_from(["quietus", "users", "add", "ann", "--shown-as", "A"]).is_err(), "it has no role");
    let said = home.json(&["audit", "list"]).to_string();
    assert!(!said.contains("mallory") && !said.contains(PASSWORD), "{said}");
}

#[test]
fn a_password_is_never_taken_from_an_argument_nor_a_weak_one_from_anywhere() {
    let home = Home::new();
    assert_eq!(home.add_user("ann", &[]).0, 0);
    home.signs_in("ann");
    let (code, said) = home.run(&["users", "password", "ann", PASSWORD]);
    assert!(code == 2 && said.contains("can see arguments") && !said.contains(PASSWORD), "{said}");
    let file = format!("@{}", home.path("password").display());
    for (weak, expected) in
        [("short", "at least 12 characters"), ("", "at least 12 characters"), ("ann", "name is no password")]
    {
        home.write("password", &format!("{weak}\n"));
        let (code, said) = home.run(&["users", "password", "ann", &file]);
        assert!(code == 2 && said.contains(expected), "{said}");
    }
    assert_eq!(home.sessions("ann"), 1, "nothing has changed");
    home.write("password", "  another horse battery \r\n");
    assert_eq!(home.run(&["users", "password", "ann", &file]), (0, "changed; its sessions have ended\n".into()));
    assert_eq!(home.sessions("ann"), 0);
    let ledger = SqliteLedger::open(&home.path("quietus.db")).expect("opens");
    let is_kept = wait(async {
        let stored = ledger.account(&"ann".parse().expect("a name")).await.expect("read").expect("is there");
        let of = |text: &str| stored.password.as_ref().is_some_and(|kept| kept.is_of(&crate::keys::Secret::new(text)));
        Ok(of("  another horse battery ") && !of("another horse battery"))
    });
    assert!(is_kept.expect("read"), "each of its characters counts");
}

#[test]
fn a_token_is_shown_once_and_only_its_digest_is_kept() {
    let home = Home::new();
    assert_eq!(home.add_user("ann", &[]).0, 0);
    let issue = ["tokens", "issue", "ann", "--role", "officer", "--for", "the data warehouse"];
    let (code, said) = home.run(&issue);
    let token = said.lines().find(|line| line.starts_with("qt_")).expect("the token");
    assert!(code == 0 && said.contains("shown this once"), "{said}");
    let (id, _) = token["qt_".len()..].split_once('_').expect("two parts");
    let list = home.json(&["tokens", "list", "ann"]);
    assert_eq!((list[0]["id"].as_str(), &list[0]["for"]), (Some(id), &"the data warehouse".into()));
    assert_eq!(home.json(&["users", "show", "ann"])["tokens"], list);
    let shown = home.on_terminal(&["tokens", "list"]);
    assert!(shown.lines().all(|line| line.chars().count() <= 80) && shown.contains(id), "{shown}");
    assert!(!format!("{shown}{list}{}", home.json(&["audit", "list"])).contains(token));
    assert_eq!(home.json(&[&issue[..], &["--expires", "1h"]].concat())["token"].as_str().map(str::len), Some(68));

    for (more, expected) in [
        (&["--role", "approver"][..], "ann has officer"),
        (&["--expires", "366d"][..], "a year at most"),
        (&["--company", "initech"][..], "`initech`"),
    ] {
        let (code, said) = home.run(&[&issue, more].concat());
        assert!(code == 2 && said.contains(expected), "{said}");
    }
    assert_eq!(home.run(&["tokens", "revoke", id]), (0, "revoked\n".into()));
    assert_eq!(home.run(&["tokens", "revoke", id]).0, 1);
    assert_eq!(home.json(&["tokens", "list"]).as_array().map(Vec::len), Some(1));
    assert_eq!(home.run(&["tokens", "list", "mallory"]).0, 1);
}

#[test]
fn nobody_is_signed_in_by_a_ledger_that_was_restored() {
    let home = Home::new();
    assert_eq!(home.add_user("ann", &[]).0, 0);
    home.signs_in("ann");
    let backup = home.path("backup.db").display().to_string();
    let (code, said) = home.run(&["ledger", "backup", "--to", &backup]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(home.run(&["users", "sign-out", "ann"]).0, 0);
    let (code, said) = home.run(&["ledger", "restore", "--from", &backup, "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(home.sessions("ann"), 0);
    assert_eq!(home.json(&["users", "list"]).as_array().map(Vec::len), Some(1));
}
