//! What Gmail is asked for: makes a query in the language of Gmail's search box, in which no character of
//! an address can leave its place. It may find too much, and never too little: [`Wanted`] decides.

use crate::wanted::{Place, Wanted};

/// Messages that may carry one of the addresses. Terms in braces are alternatives.
pub(super) fn query(wanted: &Wanted) -> String {
    let operators: &[&str] = match wanted.place() {
        Place::Senders => &["from"],
        Place::Headers | Place::Anywhere => &["from", "to", "cc", "bcc"],
    };
    let spellings = wanted.addresses().iter().flat_map(|address| address.spellings());
    let terms = spellings.flat_map(|spelling| {
        let words = words(&spelling);
        operators.iter().map(move |operator| format!("{operator}:\"{words}\"")).collect::<Vec<_>>()
    });
    format!("{{{}}}", terms.collect::<Vec<_>>().join(" "))
}

/// What a quote, which nothing can escape, would end is searched for as the words around it: Gmail's index holds words.
fn words(spelling: &str) -> String {
    spelling.replace(['"', '\\'], " ").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::wanted;

    #[track_caller]
    fn check(addresses: &[&str], place: Place, expected: &str) {
        assert_eq!(query(&wanted(addresses, place)), expected);
    }

    #[test]
    fn each_place_is_asked_for_each_spelling() {
        check(&["ann@x.cz"], Place::Headers, r#"{from:"ann@x.cz" to:"ann@x.cz" cc:"ann@x.cz" bcc:"ann@x.cz"}"#);
        check(&["ann@x.cz", "ann@y.cz"], Place::Senders, r#"{from:"ann@x.cz" from:"ann@y.cz"}"#);
        check(&["ann@příklad.cz"], Place::Senders, r#"{from:"ann@xn--pklad-zsa96e.cz" from:"ann@příklad.cz"}"#);
    }

    #[test]
    fn no_address_leaves_its_place() {
        check(&["a}or{b@x.cz"], Place::Senders, r#"{from:"a}or{b@x.cz"}"#);
        check(&[r#""a\" from:b"@x.cz"#], Place::Senders, r#"{from:"a   from:b @x.cz"}"#);
    }
}
