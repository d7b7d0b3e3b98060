//! Whether a value can be in a column at all, by the column's type: a value that the type refuses would be an error, and is in no
//! row.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::{Kind, Type};

use super::Session;
use super::codes::{says_that_the_value_fits_nowhere, trouble};
use super::value::Text;
use crate::statement::{Bound, Parameter};
use crate::trouble::Trouble;

impl Session {
    /// The places whose values are none of the type that the server finds there. Asked before a transaction, which an error would
    /// end.
    pub(in super::super) async fn impossible(&mut self, bound: &Bound<'_>) -> Result<BTreeSet<usize>, Trouble> {
        let types = self.types(&bound.sql).await?;
        let mut known: BTreeMap<(u32, &str), bool> = BTreeMap::new();
        let mut impossible = BTreeSet::new();
        for (Parameter { value, place }, own) in bound.parameters.iter().zip(types) {
            let can_hold = match known.get(&(own, *value)) {
                Some(known) => *known,
                None => self.can_hold(own, value).await?,
            };
            known.insert((own, *value), can_hold);
            if !can_hold {
                impossible.insert(*place);
            }
        }
        Ok(impossible)
    }

    /// The types that the server finds for a statement's parameters. In one message, and so in one session, whatever pools them;
    /// a prepared statement that was asked for by the protocol would have to be there for the next message.
    async fn types(&mut self, sql: &str) -> Result<Vec<u32>, Trouble> {
        // A name that nobody else has left behind there.
        let name = format!("quietus_{:x}", RandomState::new().build_hasher().finish());
        let all = format!(
            "SET LOCAL row_security = on; PREPARE {name} AS {sql}; \
             SELECT array_to_string(parameter_types::oid[], ',') FROM pg_prepared_statements WHERE name = '{name}'; DEALLOCATE {name}"
        );
        let said = self.client.simple_query(&all).await.map_err(|e| trouble(&e))?;
        let row = said.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(row.unwrap_or_default().split(',').filter_map(|oid| oid.parse().ok()).collect())
    }

    async fn can_hold(&mut self, oid: u32, value: &str) -> Result<bool, Trouble> {
        // `char(n)` has no trailing spaces, and passes over a value's.
        if value.contains('\0') || (oid == Type::BPCHAR.oid() && value.ends_with(' ')) {
            return Ok(false);
        }
        // Only the number is sent.
        let own = Type::from_oid(oid).unwrap_or_else(|| Type::new(String::new(), oid, Kind::Simple, String::new()));
        match self.client.execute_typed("SELECT $1", &[(&Text(value), own)]).await {
            Ok(_) => Ok(true),
            Err(error) if says_that_the_value_fits_nowhere(&error) => Ok(false),
            Err(error) => Err(trouble(&error)),
        }
    }
}
