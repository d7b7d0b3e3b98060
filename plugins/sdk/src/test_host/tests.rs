use std::time::Duration;

use super::*;
use crate::{Call, Secrets};

/// Does what the name in the request says.
struct Moody;

impl Plugin for Moody {
    type Config = std::collections::BTreeMap<String, u8>;

    fn manifest() -> Manifest {
        Manifest::new("moody", "1").requires("name").accepts("session_id").accepts_secret("token").dry_run()
    }

    fn configure(config: Self::Config, secrets: Secrets) -> Result<Self, PluginError> {
        assert!(!config.contains_key("panic"), "as asked");
        match config.contains_key("tell") {
            true => Err(PluginError::permanent(format!("no {}", secrets.require("token")?.expose()))),
            false => Ok(Self),
        }
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let mood = request.values(Kind::Name).next().unwrap_or_default();
        let session = request.values(Kind::SessionId).next().unwrap_or_default();
        match mood {
            "boom" => panic!("{mood}"),
            "groundless" => Ok(Answer { reason: None, ..Answer::retained("") }),
            "upper" => Ok(Answer::erased().count("Count 1", 1)),
            "annie" => Ok(Answer::erased().count("annie", 1)),
            "huge" => Ok(Answer::retained("x".repeat(FRAME))),
            "reason" => Ok(Answer::retained("a reason\nto keep")),
            "fail" => Err(PluginError::retryable(format!("cannot {mood}"))),
            "flood" => {
                (0..200).for_each(|n| call.log(Level::Info, n.to_string()));
                Ok(Answer::absent())
            }
            _ => {
                call.log(Level::Warn, format!("{mood}, hunter2, session {session}"));
                call.check()?;
                Ok(request.writes().map_or(Answer::residual(), |_| Answer::erased()))
            }
        }
    }
}

const FRAME: usize = crate::protocol::FRAME_BYTES_MAX;

fn host() -> TestHost<Moody> {
    TestHost::with_secrets(serde_json::json!({}), [("token", "hunter2")]).expect("configured")
}

#[track_caller]
fn fails(mood: &str, class: ErrorClass, message: &str) {
    let error = host().erase([("name", mood)]).expect_err("an error");
    assert_eq!((error.class, error.message.as_str()), (class, message));
}

#[test]
fn a_panic_is_an_error_that_shows_nothing() {
    fails("boom", ErrorClass::Retryable, "the plugin panicked");
    let refused = TestHost::<Moody>::new(serde_json::json!({ "panic": 1 })).err().expect("refused");
    assert_eq!(refused.message, "the plugin panicked while it was configured");
}

#[test]
fn an_answer_that_the_host_refuses_is_an_error() {
    let names =
        "the plugin's answer is not one: what it counts is not named by plain words of a-z, `_`, `-` and spaces";
    fails("upper", ErrorClass::Protocol, names);
    fails("groundless", ErrorClass::Protocol, "the plugin's answer is not one: retained without a reason");
    fails("annie", ErrorClass::Protocol, "the plugin names a count by a value");
    fails("huge", ErrorClass::Protocol, "the answer is too large");
}

#[test]
fn errors_and_reasons_are_shown_as_in_the_host() {
    fails("fail", ErrorClass::Retryable, "cannot [redacted]");
    assert_eq!(host().erase([("name", "reason")]), Ok(Answer::retained("a [redacted] to keep")));
    let refused = TestHost::<Moody>::with_secrets(serde_json::json!({ "tell": 1 }), [("token", "hunter2")]);
    assert_eq!(refused.err().expect("refused").message, "no [redacted]");
}

#[test]
fn lines_are_shown_as_in_the_host() {
    let host = host();
    host.erase([("name", "Ann Novák"), ("session_id", "4711")]).expect("an answer");
    assert_eq!(host.log(), [(Level::Warn, "[redacted], [redacted], session 4711".to_owned())]);
    host.erase([("name", "flood")]).expect("an answer");
    assert_eq!(host.log().len(), 100);
}

#[test]
fn only_declared_identifiers_and_secrets_are_sent() {
    let error = host().erase([("email", "ann@x.cz")]).expect_err("not declared");
    assert!(error.message.contains("does not declare `email`"), "{}", error.message);
    let answer = host().erase([("session_id", "4711")]).expect("an answer");
    assert_eq!(answer.outcome, crate::Outcome::Unverifiable, "a required kind is not there");
    let refused = TestHost::<Moody>::with_secrets(serde_json::json!({}), [("tokken", "x")]).err().expect("refused");
    assert_eq!(refused.message, "secrets: the plugin does not know `tokken`");
}

#[test]
fn a_call_is_cancelled_when_it_is_told_and_when_its_time_is_over() {
    let cancelled = Err(PluginError::cancelled());
    assert_eq!(host().cancel_after(0).erase([("name", "Ann")]), cancelled);
    assert_eq!(host().cancel_after(1).erase([("name", "Ann")]), Ok(Answer::erased()));
    assert_eq!(host().call_max(Duration::ZERO).erase([("name", "Ann")]), cancelled);
}

#[test]
fn a_dry_run_gets_no_leave_to_write() {
    assert_eq!(host().dry_run([("name", "Ann")]), Ok(Answer::residual()));
    assert_eq!(host().erase([("name", "Ann")]), Ok(Answer::erased()));
}
