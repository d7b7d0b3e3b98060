//! Whose a message is, by its headers as they came. Mail has all kinds of headers: what cannot be judged is left to a person, and is
//! somebody else's only where the headers show why the search has found it.

use mail_parser::{Addr, Header, MessageParser};
use quietus_plugin::identity::is_masked;

use crate::address::Address;
use crate::wanted::{Place, Wanted, Whose};

/// A header that counts.
struct Field {
    /// The addresses in it.
    shown: Vec<Address>,
    /// What stands in the places of addresses.
    carried: Vec<String>,
    /// Its text as it came, and what in it is no address: empty where all of it is.
    unread: Vec<String>,
    /// Names beside addresses, decoded.
    names: Vec<String>,
    raw: String,
}

impl Wanted {
    /// Whose a message is that a search has found.
    pub(crate) fn by_headers(&self, raw: &[u8]) -> Whose {
        let Some(message) = MessageParser::new().with_address_headers().parse_headers(raw) else {
            return Whose::Unclear;
        };
        let counted = message.headers().iter().filter(|header| self.counts(&header.name));
        let fields: Vec<Field> = counted.map(|header| Field::new(header, raw)).collect();
        if fields.iter().flat_map(|field| &field.shown).any(|found| self.addresses().contains(found)) {
            return Whose::Theirs;
        }
        // What stands in the place of an address and has hers in it, as in a link with `cc=`, explains nobody else's.
        if fields.iter().flat_map(|field| &field.carried).any(|text| self.in_text(text)) {
            return Whose::Unclear;
        }
        // The search has seen an address in headers that the server does not give out, or leaves empty.
        if fields.iter().all(|field| field.shown.is_empty()) {
            return Whose::Unclear;
        }
        // Something is no address, as in `To: Undisclosed recipients`, or is empty. That is nobody's if it does not name the
        // person, and another address explains the find.
        let mut unread = fields.iter().flat_map(|field| &field.unread).peekable();
        let is_read = unread.peek().is_none();
        match (unread.any(|text| self.in_text(text)), fields.iter().any(|field| self.is_explained_by(field))) {
            (false, true) => Whose::SomebodyElses,
            (false, false) if is_read => Whose::Unexplained,
            _ => Whose::Unclear,
        }
    }

    /// Whether a search for one of the addresses finds a header's text, or a name in it. RFC 3501, 6.4.4, has a search find what is a
    /// part of the text, and nothing else. Gmail, too, documents nothing else: that dots do not matter in its addresses makes
    /// `a.nn@gmail.com` the same mailbox, and not somebody else's (<https://support.google.com/mail/answer/7436150>).
    fn is_explained_by(&self, field: &Field) -> bool {
        self.resembles(&field.raw) || field.names.iter().any(|name| self.resembles(name))
    }

    /// Whether a text has one of the addresses, be it as a part of a longer one: then a search finds it.
    pub(crate) fn resembles(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.addresses().iter().flat_map(Address::searches).any(|spelling| text.contains(&spelling))
    }
}

impl Field {
    fn new(header: &Header<'_>, message: &[u8]) -> Self {
        let (from, to) = (header.offset_start() as usize, header.offset_end() as usize);
        let raw = String::from_utf8_lossy(message.get(from..to).unwrap_or_default()).into_owned();
        let mut field = Self { shown: Vec::new(), carried: Vec::new(), unread: Vec::new(), names: Vec::new(), raw };
        let Some(list) = header.value.as_address() else {
            field.unread.push(String::new());
            return field;
        };
        for item in list.iter() {
            let text = item.address().or(item.name()).unwrap_or_default();
            let read = read(item);
            // `'ann@x.cz` is an address by the letter, and usually one in quotes of which a program has lost one.
            if read.is_empty() || text.starts_with(['\'', '`']) {
                field.unread.push(text.to_owned());
            }
            field.shown.extend(read);
            field.carried.extend(item.address().map(str::to_owned));
            field.names.extend(item.name().map(str::to_owned));
        }
        if !field.unread.is_empty() {
            // The parser joins what it does not understand: the text as it came may show more, and what it has broken may too.
            let joined = field.raw.split_whitespace().collect();
            field.unread.extend([field.raw.clone(), joined]);
        }
        field
    }
}

/// The addresses in the headers that count, each once, in their order.
pub(crate) fn people(raw: &[u8], place: Place) -> Vec<String> {
    let Some(message) = MessageParser::new().with_address_headers().parse_headers(raw) else { return Vec::new() };
    let mut people = Vec::new();
    let counted = message.headers().iter().filter(|header| place.counts(&header.name));
    for list in counted.filter_map(|header| header.value.as_address()) {
        for address in list.iter().flat_map(read) {
            let email = address.normal_form().to_owned();
            if !people.contains(&email) {
                people.push(email);
            }
        }
    }
    people
}

/// The addresses that one item of a header names. None where only a name stands, or something may mean several things.
fn read(item: &Addr<'_>) -> Vec<Address> {
    let Some(address) = item.address().filter(|address| !is_masked(address)) else { return Vec::new() };
    // Of `mailto://ann@x.cz`, which the parser takes for a group named `mailto`.
    let address = address.strip_prefix("//").unwrap_or(address);
    // A local part may begin so, and hardly one does: quotes are both there.
    let quotes = ['‘', '’', '‚', '‛', '“', '”', '„', '«', '»', '‹', '›'];
    match (address.starts_with(quotes), address.ends_with(quotes)) {
        (true, true) => return Address::oddly_carried(address),
        (true, false) => return Vec::new(),
        (false, _) if address.starts_with('\u{feff}') => return Address::oddly_carried(address),
        (false, _) => {}
    }
    // The parser takes a local part in quotes for a name where no `<` stands before it.
    let strict = match item.name() {
        Some(local) if address.starts_with('@') && !address.contains(':') => {
            Address::parsed(&format!("\"{local}\"{address}"))
        }
        _ => Address::parsed(address),
    };
    strict.map_or_else(|| Address::oddly_carried(address), |one| vec![one])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::wanted;

    #[track_caller]
    fn headers(raw: &str, expected: Whose) {
        let raw = raw.replace('\n', "\r\n") + "\r\n\r\n";
        assert_eq!(wanted(&["ann@x.cz"], Place::Headers).by_headers(raw.as_bytes()), expected, "{raw}");
    }

    #[test]
    fn the_exact_address_is_found_in_all_that_headers_can_be() {
        headers("From: ann@x.cz", Whose::Theirs);
        headers("from: Ann <ANN@X.CZ>", Whose::Theirs);
        headers("Sender: ann@x.cz", Whose::Theirs);
        headers("REPLY-TO: <ann@x.cz>", Whose::Theirs);
        headers("To: Bob <bob@y.cz>,\n Ann\n\t<ann@x.cz>", Whose::Theirs);
        headers("Cc: =?utf-8?B?xIxlc2vDoSBBbm5h?= <ann@x.cz>", Whose::Theirs);
        headers("Cc: =?iso-8859-2?Q?=C8esk=E1?=\n =?iso-8859-2?Q?_Anna?= <ann@x.cz>", Whose::Theirs);
        headers("Bcc: undisclosed: bob@y.cz, ann@x.cz;", Whose::Theirs);
        headers("To: ann@x.cz (Ann, at home)", Whose::Theirs);
        headers("To: \"Novak, Ann\" <ann@x.cz>", Whose::Theirs);
        headers("To: \"a > b\" <ann@x.cz>, eve@y.cz", Whose::Theirs);
        headers("To: bob@y.cz\nTo: ann@x.cz", Whose::Theirs);
        headers("From: Česká Anna <ann@x.cz>", Whose::Theirs);
        headers("To: <\"ann\"@x.cz>", Whose::Theirs);
        headers("To: \"ann\"@x.cz", Whose::Theirs);
        headers("To: ann @ x.cz", Whose::Theirs);
        headers("To: <@relay.cz,@y.cz:ann@x.cz>", Whose::Theirs);
        headers("To: <ann(at home)@x.cz>", Whose::Theirs);
    }

    #[test]
    fn look_alikes_and_what_only_names_the_address_is_another_persons() {
        headers("From: joann@x.cz", Whose::SomebodyElses);
        headers("From: ann@x.czech.com", Whose::SomebodyElses);
        headers("From: \"joann@x.cz\" <ann.x.cz@y.cz>", Whose::SomebodyElses);
        headers("From: \"ann@x.cz\" <eve@y.cz>", Whose::SomebodyElses);
        headers("From: eve@y.cz (ann@x.cz)", Whose::SomebodyElses);
        headers("From: =?utf-8?Q?ann=40x.cz?= <eve@y.cz>", Whose::SomebodyElses);
        headers("From: ann@x.cz.y.cz", Whose::SomebodyElses);
    }

    #[test]
    fn a_find_that_nothing_shown_explains_is_not_taken_for_anybodys() {
        for others in [
            "eve@y.cz",
            "Ann <ann.x.cz@y.cz>",
            "\u{430}nn@x.cz",
            "ann@y.cz",
            "\"Ann\" <novak@x.cz>",
            "ann+x@x.cz",
            "a.nn@x.cz",
        ] {
            headers(&format!("From: {others}"), Whose::Unexplained);
            headers(&format!("From: {others}\nTo: undisclosed-recipients:;"), Whose::Unexplained);
            headers(&format!("From: {others}\nTo: joann@x.cz"), Whose::SomebodyElses);
        }
    }

    #[test]
    fn headers_that_show_no_address_say_nothing_of_whose_a_message_is() {
        headers("Subject: ann@x.cz\nX-To: ann@x.cz", Whose::Unclear);
        headers("", Whose::Unclear);
        headers("\u{0}\u{1}From ann@x.cz", Whose::Unclear);
        headers("From: Ann\nTo: undisclosed-recipients:;", Whose::Unclear);
        let senders = wanted(&["ann@x.cz"], Place::Senders);
        assert_eq!(senders.by_headers(b"To: ann@x.cz\r\n\r\n"), Whose::Unclear, "the sender is not shown");
    }

    #[test]
    fn only_senders_count_where_only_they_are_asked_for() {
        let senders = wanted(&["ann@x.cz"], Place::Senders);
        assert_eq!(senders.by_headers(b"From: ann@x.cz\r\nTo: bob@y.cz\r\n\r\n"), Whose::Theirs);
        assert_eq!(senders.by_headers(b"From: bob@y.cz\r\nTo: ann@x.cz\r\n\r\n"), Whose::Unexplained);
    }

    #[test]
    fn a_domain_in_its_own_letters_is_the_same_in_a_header() {
        let found = wanted(&["ann@příklad.cz"], Place::Headers);
        assert_eq!(found.by_headers(b"From: ann@xn--pklad-zsa96e.cz\r\n\r\n"), Whose::Theirs);
        assert_eq!(found.by_headers("From: Ann <ann@Příklad.cz>\r\n\r\n".as_bytes()), Whose::Theirs);
    }

    #[test]
    fn odd_addresses_are_the_persons_where_they_can_mean_nothing_else() {
        for odd in [
            "<'ann@x.cz'>",
            "'ann@x.cz'",
            "\"'ann@x.cz'\" <'ann@x.cz'>",
            "<\"ann@x.cz\">",
            "`ann@x.cz`",
            "„ann@x.cz“",
            "<<ann@x.cz>>",
            "<ann@x.cz",
            "ann@x.cz>",
            "Ann <ann@x.cz> x",
            "<mailto:ann@x.cz>",
            "MAILTO:ann@x.cz",
            "mailto://ann@x.cz",
            "<mailto://ann@x.cz>",
            "Ann <mailto://ann@x.cz?subject=x>",
            "Ann <mailto:ann@x.cz?subject=x>",
            "[mailto:ann@x.cz]",
            "Ann [mailto:ann@x.cz]",
            "smtp:ann@x.cz",
            "<SMTP:ann@x.cz>",
            "ann@x.cz eve@y.cz",
            "eve@y.cz  ann@x.cz",
            "<eve@y.cz ann@x.cz>",
            "friends: eve@y.cz ann@x.cz;",
            "eve@y.cz; ann@x.cz",
            "eve@y.cz,,ann@x.cz",
            "ann@x.cz/eve@y.cz",
            "\u{feff}ann@x.cz",
            "ann@x.cz\u{a0}",
            "ann@x.cz.",
        ] {
            headers(&format!("To: {odd}"), Whose::Theirs);
            headers(&format!("From: bob@y.cz\nTo: {odd}"), Whose::Theirs);
        }
    }

    #[test]
    fn odd_addresses_that_may_mean_several_things_are_left_to_a_person() {
        for odd in [
            "\"Ann <ann@x.cz>",
            "\"Ann <ann@x.cz>, eve@y.cz",
            "Ann\" <ann@x.cz>",
            "\"ann@x.cz",
            "\"ann@x.cz <eve@y.cz>",
            "\"ann@x.cz\"",
            "(ann@x.cz",
            "=?utf-8?Q?ann=40x.cz?=",
            "=?utf-8?B?PGFubkB4LmN6Pg==?=",
            "<ann@x.cz> <eve@y.cz>",
            "Ann ann@x.cz",
            "'ann@x.cz",
            "‘ann@x.cz",
            "ann@\n x.cz",
            "ann@x.cz\\",
            "<mailto:eve@y.cz?cc=ann@x.cz>",
            "mailto:eve@y.cz?bcc=ann@x.cz",
            "prvs=1234=ann@x.cz",
            "<\"ann@x.cz\"@y.cz>",
        ] {
            headers(&format!("To: {odd}"), Whose::Unclear);
            headers(&format!("From: joann@x.cz\nTo: {odd}"), Whose::Unclear);
        }
    }

    #[test]
    fn odd_addresses_of_others_stay_theirs() {
        for odd in
            ["<'joann@x.cz'>", "mailto:joann@x.cz", "joann@x.cz eve@y.cz", "ann@x.cz <eve@y.cz>", "<'ann@x.czech.com'>"]
        {
            headers(&format!("To: {odd}"), Whose::SomebodyElses);
            headers(&format!("From: bob@y.cz\nTo: {odd}"), Whose::SomebodyElses);
        }
    }

    #[test]
    fn what_is_not_shown_is_somebody_elses_only_where_another_address_explains_the_find() {
        for hidden in [
            "",
            "  ",
            "<>",
            "***",
            "a*n@x.cz",
            "a...@x.cz",
            "Undisclosed recipients",
            "root",
            "ann at x.cz",
            "ann@@x.cz",
            "@x.cz",
            "ann@",
        ] {
            headers(&format!("From: eve@y.cz\nTo: {hidden}"), Whose::Unclear);
            headers(&format!("From: joann@x.cz\nTo: {hidden}"), Whose::SomebodyElses);
            headers(&format!("From: ann@x.cz\nTo: {hidden}"), Whose::Theirs);
        }
    }
}
