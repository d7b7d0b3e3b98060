//! Checks of the configuration: the given one is taken, wrong ones are refused, by the schema or by the plugin, and no
//! refusal quotes a value.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::bench::Bench;
use super::finding::{Checked, Not};
use super::leak_scanner::Private;
use super::wire::Reaction;
use crate::plugin::violation::in_words;

/// Keys that are tried.
const KEYS_MAX: usize = 40;
/// Part of every wrong value, so that the leak scanner finds a quotation.
const MARK: &str = "kitvalue-8f3a61";
const MARK_NUMBER: u64 = 836_136_447_193;

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("config-fits", "the given configuration fits the schema", async |bench| fits(bench)).await;
    bench.check("config-accepted", "it takes the given configuration within 30 s", accepted).await;
    bench.check("config-types", "a value of another type is refused, for each key", types).await;
    bench.check("config-unknown-key", "a key that it does not know is refused", unknown_key).await;
    bench.check("config-missing-key", "without a required key it is refused", missing_key).await;
    bench.check("config-empty", "an empty and a null configuration crash nothing", empty).await;
    bench.check("config-missing-secret", "without a required secret it refuses", missing_secret).await;
    bench.check("config-refusals-quote-nothing", "no refusal repeats a value", async |bench| quoted(bench)).await;
}

fn validator(bench: &Bench<'_>) -> Result<Option<Validator>, Not> {
    let schema = &bench.manifest()?.config_schema;
    if schema.is_null() {
        return Ok(None);
    }
    jsonschema::validator_for(schema).map(Some).map_err(|_| Not::skipped("the schema is not one"))
}

fn fits(bench: &Bench<'_>) -> Checked {
    let Some(validator) = validator(bench)? else { return Err(Not::skipped("there is no schema")) };
    let (schema, config) = (&bench.manifest()?.config_schema, bench.subject.config());
    let wrong: Vec<_> = validator.iter_errors(&config).take(5).map(|violation| in_words(&violation, schema)).collect();
    if wrong.is_empty() {
        return Ok(None);
    }
    Err(Not::failed(wrong.join("; "), "give a configuration that works (--plugin-config), or correct the schema"))
}

async fn accepted(bench: &mut Bench<'_>) -> Checked {
    bench.manifest()?;
    let (mut wire, _) = bench.greeted().await?;
    let reaction = wire.configure(&bench.subject.config(), bench.subject.exposed_secrets(), Value::Null).await;
    wire.end().await;
    let advice = "give a configuration and secrets that work (--plugin-config, --secret)";
    match reaction {
        Ok(Reaction::Accepted(())) => {
            bench.remember_configured();
            Ok(None)
        }
        Ok(Reaction::Refused(error)) => Err(Not::failed(bench.shown_error(&error), advice)),
        Err(lost) => {
            Err(Not::failed(lost.to_string(), "configure quickly, and connect to nothing before the first call"))
        }
    }
}

/// Tries a configuration on the plugin itself; whether it was refused, by it or by the schema.
async fn refused(bench: &mut Bench<'_>, what: &str, config: &Value, secrets: Value) -> Result<bool, Not> {
    let by_schema = validator(bench)?.is_some_and(|validator| !validator.is_valid(config));
    bench.scanner.lock().look_for(Private::Configuration, "a value of the configuration", MARK);
    bench.scanner.lock().look_for(Private::Configuration, "a value of the configuration", &MARK_NUMBER.to_string());
    let (mut wire, _) = bench.greeted().await?;
    let reaction = wire.configure(config, secrets, Value::Null).await;
    wire.end().await;
    match reaction {
        Ok(Reaction::Accepted(())) => Ok(by_schema),
        Ok(Reaction::Refused(_)) => Ok(true),
        Err(lost) => {
            let advice = "answer `configure` with an error instead; the schema is no reason to trust a configuration";
            Err(Not::failed(format!("configured {what}, {lost}"), advice))
        }
    }
}

async fn types(bench: &mut Bench<'_>) -> Checked {
    let properties = bench.manifest()?.config_schema["properties"].as_object().cloned().unwrap_or_default();
    let Some(validator) = validator(bench)? else { return Err(Not::skipped("there is no schema")) };
    let wrong = [json!(MARK), json!(MARK_NUMBER), json!([MARK]), json!({ MARK: MARK }), json!(true)];
    let mut tried = 0;
    for key in properties.keys().take(KEYS_MAX) {
        let changed = || wrong.iter().map(|value| with(&bench.subject.config(), key, value.clone()));
        // One that the schema refuses is enough; where it takes anything, the plugin must know better.
        let one = changed().find(|config| !validator.is_valid(config));
        let mut was_refused = false;
        for config in one.map_or_else(|| changed().collect(), |one| vec![one]) {
            let what = format!("with a `{key}` of another type");
            was_refused |= refused(bench, &what, &config, bench.subject.exposed_secrets()).await?;
        }
        if !was_refused {
            let advice = "say in the schema what the value must be";
            return Err(Not::failed(format!("any value at all is accepted for `{key}`"), advice));
        }
        tried += 1;
    }
    Ok(Some(format!("{tried} keys")))
}

async fn unknown_key(bench: &mut Bench<'_>) -> Checked {
    bench.manifest()?;
    let config = with(&bench.subject.config(), "quietus_kit", json!(MARK));
    if refused(bench, "with an unknown key", &config, bench.subject.exposed_secrets()).await? {
        return Ok(None);
    }
    let advice = "refuse it, as an operator's typing error would go unnoticed: \"additionalProperties\": false in the \
                  schema, #[serde(deny_unknown_fields)] in Rust";
    Err(Not::failed("neither the schema nor the plugin refuses it", advice))
}

async fn missing_key(bench: &mut Bench<'_>) -> Checked {
    let required = bench.manifest()?.config_schema["required"].as_array().cloned().unwrap_or_default();
    let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    if required.is_empty() {
        return Err(Not::skipped("the schema requires no key"));
    }
    for key in required.iter().take(KEYS_MAX) {
        let mut config = bench.subject.config();
        config.as_object_mut().and_then(|config| config.remove(*key));
        refused(bench, &format!("without `{key}`"), &config, bench.subject.exposed_secrets()).await?;
    }
    Ok(Some(format!("{} keys", required.len())))
}

async fn empty(bench: &mut Bench<'_>) -> Checked {
    bench.manifest()?;
    for (what, config) in [("with an empty table", json!({})), ("with null", Value::Null)] {
        refused(bench, what, &config, bench.subject.exposed_secrets()).await?;
    }
    Ok(None)
}

async fn missing_secret(bench: &mut Bench<'_>) -> Checked {
    let required = bench.manifest()?.secrets.required.clone();
    if required.is_empty() {
        return Err(Not::skipped("it requires no secret"));
    }
    for name in &required {
        let Value::Object(mut secrets) = bench.subject.exposed_secrets() else { continue };
        secrets.remove(name);
        let (mut wire, _) = bench.greeted().await?;
        let reaction = wire.configure(&bench.subject.config(), Value::Object(secrets), Value::Null).await;
        wire.end().await;
        let advice =
            "take required secrets when you are configured, and refuse with class `needs_operator` without them";
        match reaction {
            Ok(Reaction::Refused(_)) => {}
            Ok(Reaction::Accepted(())) => {
                return Err(Not::failed(format!("without `{name}` it says that it is ready"), advice));
            }
            Err(lost) => return Err(Not::failed(format!("without `{name}`, {lost}"), advice)),
        }
    }
    Ok(Some(format!("{} secrets", required.len())))
}

fn quoted(bench: &Bench<'_>) -> Checked {
    bench.manifest()?;
    let scanner = bench.scanner.lock();
    match scanner.leaks(Private::Configuration).first() {
        None => Ok(None),
        Some(leak) => {
            let advice = "name the key and what is allowed, never the value: it may be a secret";
            Err(Not::failed(leak.to_string(), advice))
        }
    }
}

fn with(config: &Value, key: &str, value: Value) -> Value {
    let mut config = config.as_object().cloned().unwrap_or_else(Map::new);
    config.insert(key.to_owned(), value);
    Value::Object(config)
}
