//! Whatever a verified body is, it is read the same way each time, and nothing of a form is in the clear beyond it.

use zeroize::Zeroizing;

use super::{Decoded, Sender, decode};
use crate::fuzz::Fuzz;
use crate::keys::{IndexKey, SealKey};
use crate::subject::{InstallationName, SourceName, TenantId};
use crate::verify::{Verified, Written};

/// What the forms of the corpus are filled in with. It is asked for by this name, for what was changed is often filled in with
/// what is no secret: the event's own kind, its time, a number.
const FILLED_IN: &str = "Dvorakova";

#[test]
fn payloads() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    let seal = SealKey::new(&Zeroizing::new([2; 32]));
    let (source, installation) = (SourceName("hooks".into()), InstallationName("acme".into()));
    let sender = Sender { source: &source, installation: &installation, tenants: &[TenantId(62)] };
    Fuzz::new("payloads").run(1_000, |input| {
        let (written, body) = split(input);
        let read = || decode(&Verified::made(body, written), sender, &key);
        let shown = format!("{:?}", read());
        assert_eq!(shown, format!("{:?}", read()));
        match read() {
            Decoded::Event(event) => {
                let result = format!("{:?} {:?}", event.head.kind, event.form.as_ref().map(|form| form.submitted));
                let stored = serde_json::to_string(&event.seal(&seal).head).expect("JSON");
                assert!(!stored.contains(FILLED_IN), "{stored}");
                result
            }
            Decoded::Ignored => "ignored".into(),
            Decoded::ForeignTenant(_) => "foreign".into(),
            Decoded::Unreadable(why) => why.into(),
        }
    });
}

/// A line with the media type, a line with the encoding, and the body.
fn split(input: &[u8]) -> (Written<'_>, &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next()?).ok().filter(|text| !text.is_empty());
    let (media_type, encoding) = (text(), text());
    (Written { media_type, encoding }, parts.next().unwrap_or_default())
}
