//! Courier 5 and Cyrus 3, as Debian ships them.

use std::sync::atomic::{AtomicU32, Ordering};

use test_servers::courier::Courier;
use test_servers::cyrus::Cyrus;
use test_servers::imap::Client;

use super::proxy::plain;
use super::*;

const HERS: [&str; 3] = [
    "From: Ann <ANN@x.cz>\nSubject: x\n\nHello.\n",
    "From: bob@y.cz\nTo: =?utf-8?Q?=C4=8Cesk=C3=A1?= <ann@x.cz>, eve@y.cz\nSubject: x\n\nHello.\n",
    "From: bob@y.cz\nReply-To: ann@x.cz\nSubject: x\n\nHello.\n",
];
const OTHERS: [&str; 3] = [
    "From: joann@x.cz\nSubject: x\n\nHello.\n",
    "From: \"ann@x.cz\" <eve@y.cz>\nSubject: ann@x.cz\n\nHello.\n",
    "From: eve@y.cz\nSubject: x\n\nann@x.cz\n",
];

/// A server, seen from here.
struct Real<'s> {
    client: &'s dyn Fn(&str) -> Client,
    /// With UIDPLUS, and without.
    ports: [u16; 2],
    /// Names that the server takes, as the wire has them.
    odd_names: &'s [&'static str],
}

static USERS: AtomicU32 = AtomicU32::new(0);

impl Real<'_> {
    /// A new user with her messages and others' in each folder; one of the others' in the INBOX is marked as deleted.
    fn user(&self) -> (String, Client) {
        let user = format!("user{}", USERS.fetch_add(1, Ordering::Relaxed));
        let mut client = (self.client)(&user);
        for folder in ["INBOX"].iter().chain(self.odd_names) {
            client.deliver(folder, &[HERS.as_slice(), &OTHERS].concat());
        }
        client.say("SELECT INBOX", None);
        client.say("STORE 4 +FLAGS (\\Deleted)", None);
        // Not CLOSE, which expunges.
        client.say("EXAMINE INBOX", None);
        (user, client)
    }

    fn works(&self) {
        self.erases();
        self.moves();
        let (user, _) = self.user();
        let host = host(plain(self.ports[0], &user));
        for address in ["nobody@x.cz", "o'hara@x.cz", "\"a b\"@x.cz"] {
            let answer = host.whole().erase([("email", address)]).expect("an answer");
            assert_eq!(answer.outcome, Outcome::Absent, "{address}");
        }
        let wrong = with(plain(self.ports[0], &user), json!({ "password": "wrong" }));
        assert_eq!(super::host(wrong).health().expect_err("a wrong password").class, ErrorClass::NeedsOperator);
    }

    fn erases(&self) {
        for port in self.ports {
            let (user, mut client) = self.user();
            let host = host(plain(port, &user));
            let hers = (HERS.len() * (1 + self.odd_names.len())) as u64;
            assert_eq!(host.health(), Ok(()));
            assert_eq!(host.dry_run(ANN), residual(hers));
            assert_eq!(host.erase(ANN), erased(hers));
            assert_eq!(host.verify(ANN), Ok(Answer::absent()));
            for folder in ["INBOX"].iter().chain(self.odd_names) {
                assert_eq!(client.messages(folder), OTHERS, "{folder}");
            }
            client.say("EXAMINE INBOX", None);
            assert_eq!(client.line_of("SEARCH DELETED").trim_end(), "* SEARCH 1", "it is marked still");
        }
    }

    fn moves(&self) {
        for port in self.ports {
            let (user, mut client) = self.user();
            client.deliver("INBOX.To &AWE- it", &[]);
            let account = with(plain(port, &user), json!({ "move_to": "INBOX.To š it", "folders": ["INBOX"] }));
            let host = host(account);
            assert_eq!(host.health(), Ok(()));
            let answer = host.erase(ANN).expect("an answer");
            assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 3), "{answer:?}");
            assert_eq!(client.messages("INBOX"), OTHERS);
            assert_eq!(client.messages("INBOX.To &AWE- it").len(), 3);
        }
    }
}

#[test]
fn courier_is_looked_through_and_erased_in() {
    let server = Courier::start();
    let ports = [server.port(), server.port_without_uidplus()];
    let odd_names = ["INBOX.Ko&AWE-", "INBOX.a]b (c)", "INBOX.a \"b\" c", "INBOX.100%"];
    Real { client: &|user| server.client(user), ports, odd_names: &odd_names }.works();
}

#[test]
fn cyrus_is_looked_through_and_erased_in() {
    let server = Cyrus::start();
    let ports = [server.port(), server.port_without_uidplus()];
    let odd_names = ["INBOX.Ko&AWE-", "INBOX.a]b (c)", "INBOX.a &- b"];
    Real { client: &|user| server.client(user), ports, odd_names: &odd_names }.works();
}
