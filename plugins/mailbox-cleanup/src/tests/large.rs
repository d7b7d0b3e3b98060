//! A mailbox of 50,000 messages, and connections that are lost in it.

use std::sync::{Arc, Mutex};

use super::mail::{look_alikes, mail};
use super::proxy::{Act, Proxy};
use super::*;
use test_servers::dovecot::Message;

const MESSAGES: usize = 50_000;
/// One in so many is Ann's; another one looks like hers, and a third is marked as deleted.
const EACH: usize = 25;

fn large() -> impl Iterator<Item = Message> {
    let others = look_alikes();
    (0..MESSAGES).map(move |n| match n % EACH {
        0 => mail(&format!("From: Ann <ann@x.cz>\nTo: bob{n}@y.cz")),
        1 => others[n / EACH % others.len()].clone(),
        2 => mail(&format!("From: eve{n}@y.cz\nTo: bob@y.cz")).marked(),
        _ => mail(&format!("From: eve{n}@y.cz\nTo: bob@y.cz, joann{n}@x.cz")),
    })
}

/// Calls again until there is an answer, as the host does; returns it and the errors before it.
fn until_answered(host: &Host) -> (Answer, Vec<PluginError>) {
    let mut errors = Vec::new();
    while errors.len() < 40 {
        match host.erase(ANN) {
            Ok(answer) => return (answer, errors),
            Err(error) => errors.push(error),
        }
    }
    panic!("no answer after {errors:?}");
}

#[test]
fn fifty_thousand_messages_are_worked_through_although_connections_are_lost() {
    let user = "large";
    SERVER.deliver(user, "INBOX", large());
    let mut expunges = 0;
    let lost = Arc::new(Mutex::new(0));
    let losing = Arc::clone(&lost);
    // Connections are lost before and after the server has expunged.
    let proxy = Proxy::start(&SERVER, move |line| {
        let expunges_now = line.contains("UID EXPUNGE");
        expunges += usize::from(expunges_now);
        let act = match expunges {
            2 if expunges_now => Act::CutAfter,
            4 if expunges_now => Act::CutBefore,
            _ => Act::Pass,
        };
        *losing.lock().expect("not poisoned") += usize::from(act != Act::Pass);
        act
    });
    let host = host(proxy.imap(user));
    let (answer, errors) = until_answered(&host);
    assert_eq!(Ok(answer), erased(2_000));
    assert!(errors.iter().all(|error| error.class == ErrorClass::Retryable), "{errors:?}");
    assert!(*lost.lock().expect("not poisoned") == 2, "both were lost");

    let messages = SERVER.messages(user, "INBOX");
    assert_eq!(messages.len(), MESSAGES - MESSAGES / EACH);
    assert!(!messages.iter().any(|message| message.text.starts_with(b"From: Ann")));
    let marked = messages.iter().filter(|message| message.flags.contains('T')).count();
    assert_eq!(marked, MESSAGES / EACH, "they survive, and are marked still");
}
