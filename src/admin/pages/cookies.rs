//! The cookies: the session, and the language and the time zone that somebody has chosen.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::admin::state::Admin;

/// What somebody has signed in with.
pub(super) const SESSION: &str = "quietus";

/// Which language the pages are in.
pub(super) const LANGUAGE: &str = "quietus-language";

/// In which time zone times are shown.
pub(super) const ZONE: &str = "quietus-zone";

/// How long a choice of a language or a zone lasts.
const YEAR_S: u32 = 365 * 24 * 3600;

/// How cookies are named and bounded here. Behind TLS they have `__Host-` and `Secure`, so that nobody who holds another name of the
/// domain, or is on the way, sets one. On this machine itself there is no TLS: browsers would refuse both for `http://127.0.0.1`, and nobody is
/// on the way.
#[derive(Clone, Copy)]
pub(super) struct Cookies {
    is_secure: bool,
}

impl Cookies {
    pub(super) fn of(admin: &Admin) -> Self {
        Self { is_secure: admin.behind_proxy() }
    }

    fn name(self, of: &str) -> String {
        if self.is_secure { format!("__Host-{of}") } else { of.to_owned() }
    }

    /// The value of a cookie that is sent once. One of two may be anybody's: another server of this machine can set one, too.
    pub(super) fn read<'h>(self, headers: &'h HeaderMap, of: &str) -> Option<&'h str> {
        let name = self.name(of);
        let all = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut own = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
        own.next().filter(|_| own.next().is_none())
    }

    /// That the browser keeps a session until it is closed; the ledger ends it earlier.
    pub(super) fn session(self, secret: &str) -> HeaderValue {
        self.set(SESSION, secret, "")
    }

    pub(super) fn language(self, word: &str) -> HeaderValue {
        self.set(LANGUAGE, word, &format!("; Max-Age={YEAR_S}"))
    }

    /// The name of a time zone that this machine knows: these are words of letters, digits and a few signs.
    pub(super) fn zone(self, name: &str) -> HeaderValue {
        self.set(ZONE, name, &format!("; Max-Age={YEAR_S}"))
    }

    pub(super) fn no_zone(self) -> HeaderValue {
        self.set(ZONE, "", "; Max-Age=0")
    }

    pub(super) fn no_session(self) -> HeaderValue {
        self.set(SESSION, "", "; Max-Age=0")
    }

    fn set(self, of: &str, value: &str, lasts: &str) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{lasts}", self.name(of));
        let mut value = HeaderValue::from_str(&text).expect("names, values and bounds are of ours, and ASCII");
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Cookies = Cookies { is_secure: false };
    const BEHIND_TLS: Cookies = Cookies { is_secure: true };

    fn sent(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_is_bounded_as_far_as_the_way_allows() {
        assert_eq!(HERE.session("a"), "quietus=a; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(BEHIND_TLS.session("a"), "__Host-quietus=a; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(BEHIND_TLS.no_session().to_str().is_ok_and(|text| text.ends_with("Secure; Max-Age=0")));
        assert!(HERE.session("a").is_sensitive());
    }

    #[test]
    fn a_cookie_that_is_sent_twice_is_none() {
        assert_eq!(HERE.read(&sent(&["a=1; quietus=x; b=2"]), SESSION), Some("x"));
        assert_eq!(HERE.read(&sent(&["quietus=x", "a=1"]), SESSION), Some("x"));
        for none in
            [&["quietus=x; quietus=y"][..], &["quietus=x", "quietus=y"], &["__Host-quietus=x"], &["quietus"], &[]]
        {
            assert_eq!(HERE.read(&sent(none), SESSION), None, "{none:?}");
        }
        assert_eq!(BEHIND_TLS.read(&sent(&["quietus=x"]), SESSION), None);
        assert_eq!(BEHIND_TLS.read(&sent(&["__Host-quietus=x; quietus=y"]), SESSION), Some("x"));
    }
}
