//! What the tests of APIs share.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// The plugin's configuration in an example of quietus's.
pub(crate) fn example(text: &str) -> Value {
    let whole: Value = toml::from_str(text).expect("TOML");
    assert_eq!(whole["plugin"][0]["library"], "libmailbox_cleanup.so");
    whole["plugin"][0]["config"].clone()
}

/// Percent-decoded.
pub(crate) fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}
