//! The pages that `quietus demo --keep` serves, as whoever has just started it opens them.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::Browser;
use crate::harness::{Needles, Process, quietus};

/// Each signs in with the one password and does what their role is for; nobody else comes in, and nothing is left of it.
#[test]
fn the_demo_that_is_kept_serves_the_pages_to_its_three_accounts_until_it_ends() {
    let mut command = quietus();
    command.args(["demo", "--keep"]);
    let mut demo = Process::spawn(command);
    let (pages, password) = demo.told("where to sign in", invitation);
    let folder = demo
        .told("where its files are", |line| line.split_once(", with its files in ").map(|(_, path)| path.to_owned()));
    demo.told("the last that can be tried", |line| line.contains("Authorization: Bearer").then_some(()));
    let folder = PathBuf::from(folder);
    let port = pages.strip_prefix("http://127.0.0.1:").expect("on the loopback only").to_owned();

    for (name, own) in [("officer", "/people"), ("approver", "/rules/trial?days=30"), ("operator", "/accounts")] {
        let browser = Browser::at(pages.clone());
        browser.sign_in(name, "not the password that it printed").is(403);
        browser.get(own).goes_on();
        browser.sign_in(name, &password).leads_to("/");
        browser.get(own).is(200);
        // The erasures of the demo are there, and by no page the people who were erased.
        let erasures = browser.get("/erasures").is(200).says(&["no consent, nothing kept"]);
        assert!(!erasures.text.contains("@example.com"), "{}", erasures.text);
    }
    // A role is no other one here either.
    let approver = Browser::at(pages.clone());
    approver.sign_in("approver", &password).leads_to("/");
    approver.get("/accounts").is(403);

    let printed: Vec<_> = demo.lines().into_iter().filter(|line| line.contains(&password)).collect();
    assert_eq!(printed.len(), 1, "once: {printed:#?}");
    let mode = folder.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads its files");
    let needles = Needles::of([password.as_str()]);
    needles.must_be_absent_in(&folder);
    for process in demo.children().into_iter().chain([demo.id().to_string()]) {
        let arguments = std::fs::read(format!("/proc/{process}/cmdline")).expect("it runs");
        needles.must_be_absent("its arguments", &arguments);
    }

    demo.signal("INT");
    assert!(demo.end().success(), "{:#?}", demo.lines());
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "the pages outlived it");
    assert!(!folder.exists(), "its files outlived it");
}

/// The next demo has another password.
#[test]
fn each_demo_has_a_password_of_its_own() {
    let told = [(), ()].map(|()| {
        let mut command = quietus();
        command.args(["demo", "--keep"]);
        let mut demo = Process::spawn(command);
        let (_, password) = demo.told("where to sign in", invitation);
        demo.signal("TERM");
        assert!(demo.end().success(), "{:#?}", demo.lines());
        password
    });
    assert_ne!(told[0], told[1]);
    assert!(told.iter().all(|password| password.len() == 23), "a random one: {told:?}");
}

/// Where to sign in, and with what.
fn invitation(line: &str) -> Option<(String, String)> {
    let (pages, password) = line.trim().split_once("/   sign in as one of officer, approver, operator; password: ")?;
    Some((pages.to_owned(), password.to_owned()))
}
