//! Two calls at once on one account of a server without UIDPLUS: what others have marked as deleted stays.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use quietus_plugin::Request;

use super::script::{Manner, PLAIN, Script, numbers};
use super::*;

/// How far the two calls are.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Step {
    Begin,
    /// The first has taken others' mark away, has lost its connection, and is about to make a new one.
    Losing,
    /// It got none.
    Lost,
    /// The second has looked which messages are marked, and is about to expunge.
    Expunging,
    /// The first, tried again, is giving the mark back, and has been answered.
    Marking,
    Marked,
}

static STEP: Mutex<Step> = Mutex::new(Step::Begin);
static CHANGED: Condvar = Condvar::new();
/// How long the second waits for what the first must not do meanwhile.
const MOMENT: Duration = Duration::from_millis(700);

fn go_to(step: Step) {
    *STEP.lock().expect("not poisoned") = step;
    CHANGED.notify_all();
}

fn wait_for(step: Step, longest: Duration) {
    let guard = STEP.lock().expect("not poisoned");
    drop(CHANGED.wait_timeout_while(guard, longest, |at| *at < step).expect("not poisoned"));
}

/// Loses the first connection once others' mark is taken away, and the next one before it is of any use.
fn refuse(_: &str, text: &str) -> Option<&'static str> {
    let step = *STEP.lock().expect("not poisoned");
    match step {
        Step::Begin if text.starts_with("UID STORE 1 +FLAGS") => {
            go_to(Step::Losing);
            Some("")
        }
        Step::Losing if text.starts_with("AUTHENTICATE") => {
            go_to(Step::Lost);
            Some("")
        }
        _ => None,
    }
}

/// Holds the second's EXPUNGE back for a moment.
fn meanwhile(text: &str) -> Option<super::script::Renamed> {
    let step = *STEP.lock().expect("not poisoned");
    match step {
        Step::Lost if text == "EXPUNGE" => {
            go_to(Step::Expunging);
            wait_for(Step::Marked, MOMENT);
        }
        Step::Expunging if text.starts_with("UID STORE 2 +FLAGS") => go_to(Step::Marking),
        Step::Marking => go_to(Step::Marked),
        _ => {}
    }
    None
}

/// The script knows one person: of the second's search, only hers is found.
fn search(_: &str, text: &str, uids: &[u32]) -> String {
    let others: &[u32] = if text.contains("bea@x.cz") { &[1, 2] } else { &[] };
    let found: Vec<u32> = uids.iter().copied().filter(|uid| !others.contains(uid)).collect();
    format!("* SEARCH{}\r\n", numbers(&found))
}

#[test]
fn a_mark_that_one_call_gives_back_is_not_expunged_by_another() {
    let inbox: [(&[u8], &[&str]); 1] =
        [(b"INBOX", &["From: ann@x.cz", "From: joann@x.cz", "From: bea@x.cz\r\nTo: joann@x.cz"])];
    let server = Script::start(Manner { search, refuse, meanwhile, capabilities: "", ..PLAIN }, &inbox);
    server.mark(b"INBOX", 2);
    let host = host(with(server.imap(), json!({ "timeout": "9s" })));
    assert_eq!(class(host.erase(ANN)), ErrorClass::Retryable);
    assert_eq!(server.marked(b"INBOX"), Vec::<u32>::new(), "the mark is taken away");
    std::thread::scope(|scope| {
        let other = Request { idempotency_key: "k-2".into(), ..Request::from([("email", "bea@x.cz")]) };
        let second = scope.spawn(|| host.erase(other));
        wait_for(Step::Expunging, Duration::from_secs(9));
        assert_eq!(host.erase(ANN), erased(1));
        assert_eq!(second.join().expect("no panic"), erased(1));
    });
    assert_eq!((server.left(b"INBOX"), server.marked(b"INBOX")), (vec!["From: joann@x.cz".to_owned()], vec![2]));
}
