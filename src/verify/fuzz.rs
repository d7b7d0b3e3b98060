//! Whoever does not know the secret is let in by no way of authenticating, whatever they send.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::*;
use crate::fuzz::Fuzz;
use crate::keys::{Secret, SecretRef};

const WAYS: [&str; 4] = [
    "{ basic = { user = 'mluvii', password = { env = 'a password of nobody here' } } }",
    "{ hmac = { header = 'x-signature', secrets = { env = 'a secret of nobody here' } } }",
    "{ standard_webhooks = { secrets = { env = 'whsec_YSBzZWNyZXQgb2Ygbm9ib2R5IGhlcmUgYXQgYWxs' } } }",
    "{ query = { parameter = 'secret', secrets = { env = 'a secret of nobody here' } } }",
];

#[test]
fn authenticators() {
    let sources = WAYS.map(source);
    // When what is signed in the corpus was signed.
    let now = Timestamp::from_second(1_700_000_000).expect("a time");
    Fuzz::new("authenticators").run(2_000, |input| {
        let mut lines = input.splitn(2, |byte| *byte == b'\n');
        let query = lines.next().and_then(|query| std::str::from_utf8(query).ok());
        let (headers, body) = split(lines.next().unwrap_or_default());
        let request = Request { headers: &headers, query, body, client: None };
        let judged = sources.each_ref().map(|source| {
            assert!(!matches!(expect(source, &request, now), Ok(Expected::Known)), "a stranger was let in");
            match verify(source, &request, now) {
                Ok(_) => panic!("a stranger was let in"),
                Err(Refused::Unauthenticated(why)) => why,
                Err(Refused::NetworkNotAllowed) => "network",
            }
        });
        judged.join(" ")
    });
}

fn source(auth: &str) -> Source {
    use figment::providers::{Format as _, Toml};
    let settings = figment::Figment::from(Toml::string(&format!("name = 'acme'\nauth = [{auth}]")));
    let read = |reference: &SecretRef| match reference {
        SecretRef::Env(text) => Ok(Secret::new(text.as_str())),
        SecretRef::File(_) | SecretRef::Credential(_) => unreachable!("there are none"),
    };
    Source::new(&settings.extract().expect("settings"), &read).expect("a source")
}

/// Headers, one a line, up to an empty one, and the body.
fn split(input: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = input;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    (headers, rest)
}
