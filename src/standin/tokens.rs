//! Access tokens, good until they end by the stand-in's clock.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::keys::fill_random;
use crate::lock::lock;

/// Tokens and their ends.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Timestamp>>);

impl Tokens {
    pub(super) fn give(&self, now: Timestamp, until: Timestamp) -> String {
        let mut bytes = [0; 16];
        fill_random(&mut bytes);
        let token = hex::encode(bytes);
        let mut tokens = lock(&self.0);
        tokens.retain(|_, end| *end > now);
        tokens.insert(token.clone(), until);
        token
    }

    pub(super) fn is_good(&self, token: &str, now: Timestamp) -> bool {
        let tokens = lock(&self.0);
        tokens.get(token).is_some_and(|end| *end > now)
    }
}
