//! What the tests of APIs share.

use serde_json::Value;

/// The plugin's configuration in an example of quietus's.
pub(crate) fn example(text: &str) -> Value {
    let whole: Value = toml::from_str(text).expect("TOML");
    assert_eq!(whole["plugin"][0]["library"], "libmailbox_cleanup.so");
    whole["plugin"][0]["config"].clone()
}

/// Percent-decoded.
pub(crate) fn plain(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = || [rest.clone().next(), rest.clone().nth(1)];
        match (byte, digits()) {
            (b'%', [Some(high), Some(low)]) => {
                let digits = [high, low];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                bytes.push(u8::from_str_radix(digits, 16).expect("hex"));
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
