//! What a configuration refers to: secrets, and files of certificates. What is in them changes without the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::Config;
use super::difference::{joined, named_elements};
use super::secrets::{content, read_bounded};
use crate::keys::{Digest, IndexKey, SecretRef};

/// What a key refers to.
enum Reference {
    Secret(SecretRef),
    /// A file of certificates.
    File(PathBuf),
}

/// A machine's own certificates, to which a company has added its own, have some hundred KiB.
const CERTIFICATES_BYTES_MAX: u64 = 8 << 20;

impl Config {
    /// The digests of all that it refers to, by the keys that do; `None` for what cannot be read.
    pub(crate) fn behind(&self, by: &IndexKey) -> BTreeMap<String, Option<Digest>> {
        let mut found = Vec::new();
        find("", &self.written, &mut found);
        let digest = |(key, reference)| {
            let content = match reference {
                Reference::Secret(secret) => content(&self.base, &secret),
                Reference::File(path) => read_bounded(&self.path(&path), CERTIFICATES_BYTES_MAX).ok(),
            };
            (key, content.map(|content| by.seen(&[&content])))
        };
        found.into_iter().map(digest).collect()
    }
}

fn find(key: &str, value: &Value, found: &mut Vec<(String, Reference)>) {
    match value {
        Value::Object(members) => {
            if let Ok(secret) = serde_json::from_value(value.clone()) {
                return found.push((key.to_owned(), Reference::Secret(secret)));
            }
            for (name, member) in members {
                match member {
                    // What a plugin means by its own configuration, only the plugin knows; tests refer to nothing.
                    _ if is_own_of_a_plugin(key, name) || (key.is_empty() && name == "test") => {}
                    Value::String(path) if name == "ca_file" => {
                        found.push((joined(key, name), Reference::File(path.into())));
                    }
                    _ => find(&joined(key, name), member, found),
                }
            }
        }
        Value::Array(elements) => {
            for (name, element) in named_elements(elements) {
                find(&joined(key, &name), element, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_own_of_a_plugin(key: &str, name: &str) -> bool {
    name == "config" && key.strip_prefix("plugin.").is_some_and(|plugin| !plugin.contains('.'))
}
