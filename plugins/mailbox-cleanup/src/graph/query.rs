//! What Graph is asked for: makes a query of an address, in which no character of the address can leave its place. It
//! may find too much, and never too little: [`Wanted`](crate::wanted::Wanted) decides.

use crate::wanted::Place;

/// One query for messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// `$search`, by Exchange's index: any place of a message, at most 1,000 results, and a little behind.
    Search(String),
    /// `$filter`, by the messages themselves: the sender only, without a limit.
    Filter(String),
    /// Everything.
    All,
}

impl Query {
    /// The queries for one spelling of an address. Both find what somebody sent, as the index may lag behind.
    pub(super) fn all(spelling: &str, place: Place) -> [Self; 2] {
        let property = match place {
            Place::Senders => "from",
            Place::Headers | Place::Anywhere => "participants",
        };
        let quoted = spelling.replace('\'', "''");
        [Self::Search(search(property, spelling)), Self::Filter(format!("from/emailAddress/address eq '{quoted}'"))]
    }

    /// The query option, and its value.
    pub(super) fn option(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Search(text) => Some(("$search", text)),
            Self::Filter(text) => Some(("$filter", text)),
            Self::All => None,
        }
    }

    /// Whether what it finds has matched an address.
    pub(super) fn is_selective(&self) -> bool {
        !matches!(self, Self::All)
    }

    /// Whether what it finds shows the address in From. `$filter` compares the sender's address as a whole, whereas `$search` also
    /// finds names and aliases (<https://learn.microsoft.com/graph/search-query-parameter#using-search-on-message-collections>): what
    /// shows other addresses only is rightly somebody else's there.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Filter(_))
    }

    /// What a message must hold somewhere to be found by it.
    pub(super) fn phrase(&self) -> &str {
        match self {
            Self::Search(text) => text.split_once(':').map_or("", |(_, value)| value.trim_matches(['"', '\\'])),
            Self::Filter(_) | Self::All => "",
        }
    }

    /// Whether it shows no more than some.
    pub(super) fn is_limited(&self) -> bool {
        matches!(self, Self::Search(_))
    }
}

/// A condition in KQL, in the quotes that `$search` needs. What KQL reads as an operator goes into quotes of its own; what
/// would end these, and the `*` of a prefix, cannot be searched for, so that the domain has to do.
fn search(property: &str, spelling: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@._-".contains(c);
    let is_word = spelling.starts_with(char::is_alphanumeric) && spelling.chars().all(plain);
    if is_word {
        return format!("\"{property}:{spelling}\"");
    }
    let domain = spelling.rsplit_once('@').map_or(spelling, |(_, domain)| domain);
    let phrase = if spelling.contains(['"', '\\', '*']) { domain } else { spelling };
    format!("\"{property}:\\\"{phrase}\\\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spelling: &str, search: &str, filter: &str) {
        let [found, exact] = Query::all(spelling, Place::Headers);
        assert!(spelling.ends_with(found.phrase()) && found.phrase().ends_with(".cz"), "{}", found.phrase());
        assert_eq!(found.option(), Some(("$search", search)));
        assert_eq!(exact.option(), Some(("$filter", filter)));
    }

    #[test]
    fn no_address_leaves_its_place() {
        check("ann@x.cz", r#""participants:ann@x.cz""#, "from/emailAddress/address eq 'ann@x.cz'");
        check("o'hara@x.cz", r#""participants:\"o'hara@x.cz\"""#, "from/emailAddress/address eq 'o''hara@x.cz'");
        check("-a+b@x.cz", r#""participants:\"-a+b@x.cz\"""#, "from/emailAddress/address eq '-a+b@x.cz'");
        check("a*@x.cz", r#""participants:\"x.cz\"""#, "from/emailAddress/address eq 'a*@x.cz'");
        check(r#""a\"b"@x.cz"#, r#""participants:\"x.cz\"""#, r#"from/emailAddress/address eq '"a\"b"@x.cz'"#);
        check("ann@příklad.cz", r#""participants:ann@příklad.cz""#, "from/emailAddress/address eq 'ann@příklad.cz'");
    }

    #[test]
    fn where_only_senders_count_only_they_are_searched() {
        assert_eq!(Query::all("ann@x.cz", Place::Senders)[0], Query::Search(r#""from:ann@x.cz""#.into()));
    }
}
