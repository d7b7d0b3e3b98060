//! What an answer says of the search.

use super::*;
use crate::gmail::NOT_LOOKED_AT;
use crate::scope::{DEVICES, RECEIVED, TEXTS_NEVER};

#[test]
fn what_was_looked_at_is_told_and_nothing_is_known_of_what_google_keeps() {
    for (more, headers, not_looked_at) in [
        (json!({}), "From, To, Cc and Bcc", &[TEXTS_NEVER][..]),
        (json!({ "only_from": true }), "From", &[TEXTS_NEVER, RECEIVED]),
    ] {
        let google = Google::with(&["ann@x.cz", "joann@x.cz"]);
        let host = host(&google, more);
        for answer in [host.whole().dry_run(ANN), host.whole().erase(ANN), host.whole().verify(ANN)] {
            let answer = answer.expect("an answer");
            let places = "messages of all labels, spam and trash included";
            let told = format!("account `support`: {places}, by Gmail's search and their headers {headers}");
            assert_eq!(answer.looked_at, [told]);
            assert_eq!(answer.not_looked_at, [not_looked_at, &NOT_LOOKED_AT, &[DEVICES]].concat());
            assert_eq!(answer.keeps, None);
        }
    }
}
