//! The normal form of an e-mail address.

use unicode_normalization::UnicodeNormalization as _;

/// The longest local part and the longest address, in bytes (RFC 5321, 4.5.3.1, and its erratum 1690).
const LOCAL_BYTES_MAX: usize = 64;
const ADDRESS_BYTES_MAX: usize = 254;
/// Longer texts hold no address that somebody typed, and are not looked through.
const TEXT_BYTES_MAX: usize = 4096;

/// Words between two addresses of one field.
const CONNECTING: [&str; 13] =
    ["or", "and", "nebo", "anebo", "alebo", "a", "oder", "und", "lub", "oraz", "o", "e", "&"];

/// The normal form of an e-mail address: trimmed, the local part in small letters and without needless quotes, the
/// domain as DNS knows it (`xn--…`, no dot at the end). `mailto:` and `Ann <ann@x.cz>` are read as the address in them.
/// `None` for what is no address, and for two of them ([`normal_forms`](super::normal_forms) gives each).
///
/// Nothing is folded that two persons may differ by: no `+…`, no dots, no look-alikes. Of the compatibility characters
/// that NFKC would replace, only full-width and half-width ones are: a Kelvin sign is no `k`, and a ligature no `fi`. In
/// the domain, DNS itself says what is the same (UTS 46), and to it a Kelvin sign *is* a `k`.
///
/// ```
/// use quietus_plugin::identity::email;
///
/// assert_eq!(email(" Ann <ANN@X.cz.> "), Some("ann@x.cz".into()));
/// assert_eq!(email("user@příklad.cz"), email("user@xn--pklad-zsa96e.cz"));
/// assert_ne!(email("\u{212a}ate@x.cz"), email("kate@x.cz"));
/// assert_eq!(email("ann@x.cz, bob@x.cz"), None);
/// assert_eq!(email("n/a"), None);
/// ```
pub fn email(text: &str) -> Option<String> {
    let mut found = all(text);
    if found.len() == 1 { found.pop() } else { None }
}

/// A domain as DNS knows it: in ASCII, without a dot at its end. `None` for what is none.
///
/// ```
/// use quietus_plugin::identity::domain;
///
/// assert_eq!(domain("Příklad.CZ."), Some("xn--pklad-zsa96e.cz".into()));
/// assert_eq!(domain("x..cz"), None);
/// ```
pub fn domain(text: &str) -> Option<String> {
    if text.starts_with('[') {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        let is_literal = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b));
        return is_literal.then(|| text.to_ascii_lowercase());
    }
    let ascii = idna::domain_to_ascii(text).ok()?;
    let domain = ascii.strip_suffix('.').unwrap_or(&ascii);
    let is_label = |label: &str| {
        let plain = label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        plain && !label.is_empty() && label.len() <= 63
    };
    domain.split('.').all(is_label).then(|| domain.to_owned())
}

/// How people write an address that is in its normal form: with the domain in its own letters, where it has others.
pub(super) fn spellings(address: &str) -> Vec<String> {
    let mut spellings = vec![address.to_owned()];
    if let Some((local, domain)) = address.rsplit_once('@') {
        let (own_letters, readable) = idna::domain_to_unicode(domain);
        if readable.is_ok() && own_letters != domain {
            spellings.push(format!("{local}@{own_letters}"));
        }
    }
    spellings
}

/// The normal forms of all addresses of a field, each once; none when something in it is no address.
pub(super) fn all(text: &str) -> Vec<String> {
    if text.len() > TEXT_BYTES_MAX {
        return Vec::new();
    }
    let text: String = text.chars().map(narrow).collect();
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c) || ",;".contains(c));
    // Whole first: a comma can stand within quotes, as in `"Novák, Jan" <jan@x.cz>`.
    if let Some(one) = one(text) {
        return vec![one];
    }
    let mut found = Vec::new();
    for part in text.split([',', ';', '\n', '\r']).map(str::trim).filter(|part| !part.is_empty()) {
        let addresses = one(part).map(|address| vec![address]).or_else(|| several(part));
        let Some(addresses) = addresses else { return Vec::new() };
        for address in addresses {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

/// Addresses with blanks, slashes or `or` between them. A first word that is no address makes all of it none: `jan
/// novak@x.cz` may be a misspelt `jan.novak@x.cz`, and `novak@x.cz` somebody else.
fn several(text: &str) -> Option<Vec<String>> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || "/|".contains(c)).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_between = at > 0 && at + 1 < words.len();
        if !(is_between && CONNECTING.contains(&word.to_lowercase().as_str())) {
            found.push(one(word)?);
        }
    }
    (found.len() > 1).then_some(found)
}

/// One address, perhaps within `mailto:` or after its owner's name.
fn one(text: &str) -> Option<String> {
    let text = text.trim();
    let Some(before) = text.strip_suffix('>') else {
        return match text.get(..7) {
            // What follows a `?` is the message's subject and text (RFC 6068).
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => {
                let rest = text[7..].strip_prefix("//").unwrap_or(&text[7..]);
                bare(rest.split_once('?').map_or(rest, |(address, _)| address))
            }
            _ => bare(text),
        };
    };
    let (owner, address) = before.rsplit_once('<')?;
    let address = if address.contains('>') { None } else { one(address) }?;
    // An address for a name: `ann@x.cz <ann@x.cz>` is one person, `ann@x.cz <bob@x.cz>` nobody knows who.
    let name = owner.trim().trim_matches(['"', '\'']).trim();
    (!name.contains(['@', '<', '>']) || bare(name).as_ref() == Some(&address)).then_some(address)
}

fn bare(text: &str) -> Option<String> {
    let (local, domain_text) = text.trim().rsplit_once('@')?;
    let local = match local.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => unquoted(inner)?,
        None if !local.is_empty() && local.chars().all(is_plain) => local.to_owned(),
        None => return None,
    };
    if local.is_empty() || local.chars().any(|c| c.is_control() || is_invisible(c)) {
        return None;
    }
    let local = folded(&local);
    let domain = domain(domain_text)?;
    let spelt = match local.chars().all(is_plain) {
        true => local,
        false => format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    (spelt.len() <= LOCAL_BYTES_MAX && spelt.len() + domain.len() < ADDRESS_BYTES_MAX)
        .then(|| format!("{spelt}@{domain}"))
}

/// Whether a local part may have this character outside of quotes (RFC 5322, 3.2.3, and RFC 6531 beyond ASCII).
fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !r#"()<>[]:;@\,""#.contains(c)
}

/// What stands within the quotes of a local part.
fn unquoted(inner: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next()?),
            '"' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}

/// Small letters in composed form; what only looks like other characters stays as it is.
fn folded(local: &str) -> String {
    let mut folded = String::new();
    let mut run = String::new();
    for c in local.chars() {
        if is_look_alike(c) {
            folded.extend(run.nfc());
            run.clear();
            folded.push(c);
        } else {
            run.extend(c.to_lowercase());
        }
    }
    folded.extend(run.nfc());
    folded
}

/// Whether NFKC or the small letter would make other characters of this one: a Kelvin sign, a ligature, a dotted `İ`.
fn is_look_alike(c: char) -> bool {
    let is_replaced = !std::iter::once(c).nfkc().eq([c]);
    let is_small_in_ascii = !c.is_ascii() && c.to_lowercase().any(|small| small.is_ascii());
    is_replaced || is_small_in_ascii
}

/// A full-width or half-width character as the ordinary one; all others as they are.
fn narrow(c: char) -> char {
    if !matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ffee}') {
        return c;
    }
    let mut ordinary = std::iter::once(c).nfkc();
    match (ordinary.next(), ordinary.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// What comes along unseen when a text is copied.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
