//! Whatever stands in a configuration as a rule is compiled or refused, and what is compiled is evaluated.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::*;
use crate::consent::ConsentRecord;
use crate::event::Form;
use crate::fuzz::Fuzz;
use crate::keys::Secret;
use crate::subject::{InstallationName, SessionId, SessionKey};

/// What is strung together in an expression is evaluated by calls within calls.
const STACK_BYTES: usize = 64 << 20;

#[test]
fn rules() {
    let fuzzing = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(fuzz_rules);
    fuzzing.expect("a thread").join().expect("none of them failed");
}

fn fuzz_rules() {
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    let record = ConsentRecord::new(session);
    let params = BTreeMap::from([("Agree".to_owned(), Secret::new("no"))]);
    let form =
        Form { origin: "hero_card".into(), id: Some(4711), submitted: true, by_client: None, params, time: None };
    let facts = Facts { record: &record, form: Some(&form) };
    Fuzz::new("rules").run(800, |input| {
        let text = String::from_utf8_lossy(input);
        match Expression::compile(&text, Trigger::FormSubmitted) {
            Ok((expression, _)) => format!("{:?}", expression.applies("r", &facts)),
            // What it says of the text itself is nothing new.
            Err(why) => {
                why.join("; ").split('`').step_by(2).collect::<String>().replace(|c: char| c.is_ascii_digit(), "")
            }
        }
    });
}
