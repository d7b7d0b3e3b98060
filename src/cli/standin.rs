//! `quietus standin`.

use std::net::SocketAddr;

use quietus_plugin::Span;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::out::Out;
use crate::keys::Secret;
use crate::standin::{self, StandInSettings};

/// Run a mluvii stand-in, and a small CRM beside it, for trying things out
///
/// Both hold their data in memory and are driven through a control API under `/standin`. What is open
/// or awkward about the real mluvii is a switch; see `--behaviour` and docs/standin.md.
#[derive(clap::Args)]
pub(super) struct Standin {
    /// Where mluvii's API is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Where the CRM is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8082")]
    crm_listen: SocketAddr,
    /// The API client that may ask for tokens
    #[arg(long, value_name = "ID", default_value = "quietus")]
    client_id: String,
    /// Its secret
    #[arg(long, value_name = "SECRET", default_value = "standin-secret")]
    client_secret: String,
    /// The CRM's bearer token
    #[arg(long, value_name = "TOKEN", default_value = "standin-token")]
    crm_token: String,
    /// How long a token of mluvii's API lives
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    token_lifetime: Span,
    /// A switch of the stand-in, as JSON; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = switch, long_help = SWITCHES)]
    behaviour: Vec<(String, Value)>,
}

/// Lines stay below the width at which help is wrapped.
const SWITCHES: &str = "\
A switch of the stand-in, as JSON; may be repeated

A word needs no quotes: --behaviour nulls=omitted. At run time:
POST /standin/behaviour. The values are in docs/standin.md.

  replies      nulls, omit, lag_ms, consent_lag_ms, field_names, company,
               department_disagrees
  lists        ignored_filters, limit_max, uneven_pages, over_limit, order, listed,
               list_shape, refuses_offset_at_end, client_id_is,
               unlisted
  tokens       without_token, bad_token
  anonymizing  anonymize_session, anonymize_guest, anonymize_contact,
               anonymize_guest_takes, anonymize_delay_ms, anonymize_leaves,
               anonymize_refuses
  forms        generic_forms, activity_params, forms_become_call_params
  events       omit_in_events
  contacts     contacts, contact_match
  webhooks     webhooks_max, webhooks_masked, webhooks_unlisted";

impl Standin {
    pub(super) async fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let mut settings = StandInSettings::new(self.client_id, Secret::new(self.client_secret));
        settings.token_lifetime = self.token_lifetime;
        let switches: Map<_, _> = self.behaviour.into_iter().collect();
        settings.behaviour.set(&switches).map_err(|error| Failure::Usage(format!("--behaviour: {error}")))?;
        let shutdown = CancellationToken::new();
        let crm_token = Secret::new(self.crm_token);
        let (mluvii, crm) = standin::start(self.listen, self.crm_listen, settings, crm_token, shutdown.clone()).await?;
        if out.is_json() {
            out.json(&json!({ "mluvii": mluvii.url, "crm": crm.url }))?;
        } else {
            out.line(format_args!("mluvii's stand-in: {}\nCRM: {}\nEnd it with Ctrl-C.", mluvii.url, crm.url))?;
        }
        tokio::signal::ctrl_c().await?;
        shutdown.cancel();
        mluvii.stopped().await;
        crm.stopped().await;
        Ok(Exit::Done)
    }
}

/// A name and a JSON value; what is not JSON is a word.
fn switch(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a switch is NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, Value), &str>) {
        let expected = expected.map(|(name, value)| (name.to_owned(), value)).map_err(str::to_owned);
        assert_eq!(switch(text), expected);
    }

    #[test]
    fn a_switch_is_json_or_a_word() {
        check("nulls=omitted", Ok(("nulls", json!("omitted"))));
        check("lag_ms=4000", Ok(("lag_ms", json!(4000))));
        check(r#"omit=["a=b"]"#, Ok(("omit", json!(["a=b"]))));
        check("nulls", Err("a switch is NAME=VALUE"));
    }

    #[test]
    fn the_help_names_every_switch() {
        for name in standin::Behaviour::names() {
            let named = SWITCHES.split([' ', ',', '\n', ';']).any(|word| word == name);
            assert!(named, "`{name}` is not in the help");
        }
    }
}
