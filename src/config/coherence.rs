//! What only all sections together show: names that are used twice, or that refer to nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use quietus_plugin::is_loopback;

use super::Config;
use super::layers::Layers;
use super::problem::counted_from_one;
use crate::admin::AdminSettings;
use crate::hold::RetainedByLaw;
use crate::mluvii::MluviiSettings;
use crate::policy::{Policy, TestsContext};
use crate::subject::{Kind, Scope, Title};

/// The least that a clock may jump ahead without being doubted.
const CLOCK_JUMP_MIN: Duration = Duration::from_secs(60);

/// The least between a receipt and the first look after it.
const RECHECK_MIN: Duration = Duration::from_secs(86_400);

/// The least between two pings.
const PING_MIN: Duration = Duration::from_secs(1);

/// Notes every problem.
pub(super) fn check(config: &Config, layers: &mut Layers) {
    if config.sources.is_empty() && layers.is_whole("source") {
        layers.problem("source", "nobody could send anything; write at least one `[[source]]`");
    }
    used_once("source", config.sources.iter().map(|source| source.name.as_str()), layers);
    installations(config, layers);
    person(config, layers);
    used_once("plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()), layers);
    for (index, plugin) in config.plugins.iter().enumerate() {
        if let Err(wrong) = plugin.check_name() {
            layers.problem(format!("plugin.{}.name", index + 1), wrong);
        }
        if let Some(wrong) = plugin.retained.as_ref().and_then(RetainedByLaw::wrong) {
            layers.problem(format!("plugin.{}.retained", index + 1), wrong);
        }
        if let Some(wrong) = plugin.title.as_ref().and_then(Title::wrong) {
            layers.problem(format!("plugin.{}.title", index + 1), wrong);
        }
    }
    manual(config, layers);
    retained(config, layers);
    if let Err(wrong) = config.log.check() {
        layers.problem("log.level", wrong);
    }
    retention(config, layers);
    rechecks(config, layers);
    seals(config, layers);
    used_once("witness", config.witnesses.iter().map(|witness| witness.name.as_str()), layers);
    for (index, witness) in config.witnesses.iter().enumerate() {
        if let Some(wrong) = witness.wrong() {
            layers.problem(format!("witness.{}", index + 1), wrong);
        }
    }
    used_once("alert", config.alerts.iter().map(|alert| alert.name.as_str()), layers);
    alerts(config, layers);
    let public = config.server.public_url.as_deref();
    let admin = config.server.reports_url.as_deref();
    if public.is_some_and(names_a_user) {
        layers.problem("server.public_url", "it is logged, so no user and no password may stand in it");
    }
    if admin.is_some_and(names_a_user) {
        layers.problem("server.reports_url", "others are told it, so no user and no password may stand in it");
    }
    if admin.is_some_and(|url| !is_base(url)) {
        layers.problem("server.reports_url", "it is not an address such as `https://quietus-admin.example.com`");
    }
    if admin.is_none() && config.server.reports_listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        layers.problem("server.reports_url", "it is missing: what are others to call, to reach `reports_listen`?");
    }
    if !(0.0..=1.0).contains(&config.settling.unknown_share_max) {
        layers.problem("settling.unknown_share_max", "a share is from 0 to 1, such as 0.05");
    }
    if !(0.0..=1.0).contains(&config.rules_settings.alarm_share) {
        layers.problem("rules.alarm_share", "a share is from 0 to 1, such as 0.2");
    }
    if let Some(wrong) = config.requests.wrong_zone() {
        layers.problem("requests.time_zone", wrong);
    }
    if config.clock.jump_max.0 < CLOCK_JUMP_MIN {
        layers.problem("clock.jump_max", "less than a minute: clocks are adjusted all the time, such as by NTP");
    }
    if let Err(error) = config.ledger_place() {
        layers.problem("ledger.url", error.to_string());
    }
    if let Some((key, what)) = config.admin.as_ref().and_then(AdminSettings::wrong) {
        layers.problem(format!("admin.{key}"), what);
    }
    let behind_proxy = config.admin.as_ref().is_some_and(|admin| admin.behind_proxy);
    if behind_proxy && config.server.trusted_proxies.is_empty() {
        let what = "admin.behind_proxy is true, and no proxy is named: all visitors would count as one where wrong passwords are counted, and \
                    anybody could say that they come over TLS; write the address of the proxy, such as [\"127.0.0.1\"] or [\"10.0.0.7\"]";
        layers.problem("server.trusted_proxies", what);
    }
    rules(config, layers);
    confirmation(config, layers);
}

/// What a link needs, where a rule has one, and what it proves.
fn confirmation(config: &Config, layers: &mut Layers) {
    if let Some(settings) = &config.confirmation {
        for (key, what) in settings.wrong() {
            layers.problem(format!("confirmation.{key}"), what);
        }
        let url = config.server.public_url.as_deref();
        if !url.is_some_and(leads_privately) {
            let what = "links lead there, and whoever reads them on their way can use them: write an address such as \
                        `https://quietus.example.com`";
            layers.problem("server.public_url", what);
        }
    }
    let by_address: BTreeSet<_> = [Kind::Email].into();
    for (index, _) in config.rules.iter().enumerate().filter(|(_, rule)| rule.confirm.is_some()) {
        let key = format!("rule.{}.confirm", index + 1);
        if config.confirmation.is_none() && layers.is_whole("confirmation") {
            layers.problem(key.clone(), "needs `[confirmation]`: by whom are mails with links sent?");
        }
        if layers.is_whole("person") && !config.person.r#match.contains(&by_address) {
            let what = "needs [\"email\"] among the sets of `person.match`: an e-mail proves an e-mail, and by that alone a session has to be \
                        recognized; without it, write approve = true";
            layers.problem(key, what);
        }
    }
}

/// Whether a link may lead there: to a page of this server, and so that nobody reads it on its way.
pub(super) fn leads_privately(url: &str) -> bool {
    is_base(url) && is_private(url)
}

/// Whether nobody else reads what is asked for there.
fn is_private(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', ':']).next().map(str::to_owned).unwrap_or_default();
    url.starts_with("https://") || url.strip_prefix("http://").is_some_and(|rest| is_loopback(&host(rest)))
}

/// Where people erase: each under a name of its own, which no plugin has.
fn manual(config: &Config, layers: &mut Layers) {
    used_once("manual", config.manual.iter().map(|manual| manual.name.as_str()), layers);
    for (index, manual) in config.manual.iter().enumerate() {
        if config.plugins.iter().any(|plugin| plugin.name == manual.name) {
            layers.problem(format!("manual.{}.name", index + 1), format!("`{}` is the name of a plugin", manual.name));
        }
        for (key, what) in manual.wrong() {
            layers.problem(format!("manual.{}.{key}", index + 1), what);
        }
    }
}

/// What laws keep of one company's people: by an article, and at a target that is there.
fn retained(config: &Config, layers: &mut Layers) {
    if !layers.is_whole("mluvii") {
        return;
    }
    let targets_are_known = layers.is_whole("plugin") && layers.is_whole("manual");
    let known = config.targets();
    for settings in &config.mluvii {
        for (target, law) in &settings.retained {
            let key = layers.installation_key(&settings.name, &format!("retained.{target}"));
            if targets_are_known && !known.contains(target) {
                let names: Vec<_> = known.iter().map(|target| format!("`{target}`")).collect();
                let what = format!("there is no target `{target}`; there are {}", names.join(", "));
                layers.problem(key.clone(), what);
            }
            if let Some(wrong) = law.wrong() {
                layers.problem(key, wrong);
            }
        }
    }
}

/// Who is told of what needs a person.
fn alerts(config: &Config, layers: &mut Layers) {
    for (index, alert) in config.alerts.iter().enumerate() {
        for (key, what) in alert.wrong() {
            let dot = if key.is_empty() { "" } else { "." };
            layers.problem(format!("alert.{}{dot}{key}", index + 1), what);
        }
    }
    if config.watch.ping.as_ref().is_some_and(|ping| ping.every.0 < PING_MIN) {
        layers.problem("watch.ping.every", "more often than each second helps nobody");
    }
}

/// The rules, and the tests of them.
fn rules(config: &Config, layers: &mut Layers) {
    let targets_are_known = layers.is_whole("plugin") && layers.is_whole("manual");
    let rules_are_known = layers.is_whole("rule");
    let bad = Policy::compile(&config.consent_rules, &config.rules, &config.targets()).err().unwrap_or_default();
    let bad = bad.into_iter().filter(|bad| targets_are_known || !bad.key.ends_with(".targets"));
    let context = TestsContext {
        rules: rules_are_known.then(|| config.rules.iter().map(|rule| rule.name.as_str()).collect()),
        targets: targets_are_known.then(|| config.targets()),
        installations: layers.is_whole("mluvii").then(|| config.mluvii.iter().map(|one| &one.name).collect()),
    };
    for bad in bad.chain(context.check(&config.rule_tests)) {
        layers.problem(counted_from_one(&bad.key), bad.problem);
    }
}

/// Nothing goes while something still needs it.
fn retention(config: &Config, layers: &mut Layers) {
    let kept = &config.retention;
    for rule in &config.rules {
        if let Some(after) = rule.after
            && kept.sessions.is_shorter_than(after.0)
        {
            layers.problem(
                "retention.sessions",
                format!(
                    "`{}` is shorter than the {after} after which the rule `{}` erases: by then, nobody would know of the sessions",
                    kept.sessions, rule.name
                ),
            );
        }
    }
    let needed = [("sessions", kept.sessions), ("consents", kept.consents)];
    for (name, other) in needed {
        let is_shorter = match other.limit() {
            // What is never deleted needs no tombstone.
            None => false,
            Some(limit) => kept.tombstones.is_shorter_than(limit),
        };
        if is_shorter {
            layers.problem(
                "retention.tombstones",
                format!(
                    "`{}` is shorter than retention.{name}: a session whose record has gone would be found anew",
                    kept.tombstones
                ),
            );
        }
    }
}

/// How late it may be looked again after a receipt, by outages and pauses, so that what it needs is still there.
const RECHECK_LATE: Duration = Duration::from_secs(7 * 86_400);

/// When it is looked again after receipts: by what is kept, and not on the day itself.
fn rechecks(config: &Config, layers: &mut Layers) {
    let erasing = &config.erasing;
    let (Some(last), kept) = (erasing.recheck.iter().max(), &config.retention) else { return };
    let mut wrong = |what: String| layers.problem("erasing.recheck", what);
    if !erasing.keep_fingerprints {
        wrong("without `erasing.keep_fingerprints`, nobody who was erased can be found again".to_owned());
    }
    if let Some(short) = erasing.recheck.iter().find(|span| span.0 < RECHECK_MIN) {
        wrong(format!(
            "`{short}` is shorter than a day: what was erased is asked for again by its step, see `rounds_max`"
        ));
    }
    if erasing.recheck.windows(2).any(|pair| pair[0] >= pair[1]) {
        wrong("each has to be longer than the one before".to_owned());
    }
    let needed = [
        ("fingerprints", kept.fingerprints, "nobody can be found again"),
        ("sessions", kept.sessions, "nobody knows which sessions to look at"),
        ("erasures", kept.erasures, "nobody knows of the erasure"),
    ];
    for (name, kept, gone) in needed {
        // A look may be late, by an outage or a pause.
        if kept.is_shorter_than(last.0.saturating_add(RECHECK_LATE)) {
            wrong(format!(
                "`{last}` and a week, by which a look may be late, are longer than retention.{name} (`{kept}`): by then, {gone}"
            ));
        }
    }
}

/// Sources name installations that are there, and no company is there twice.
fn installations(config: &Config, layers: &mut Layers) {
    if !layers.is_whole("mluvii") {
        return;
    }
    let names: Vec<_> = config.mluvii.iter().map(|settings| format!("`{}`", settings.name)).collect();
    let names = names.join(", ");
    for (index, source) in config.sources.iter().enumerate() {
        let key = format!("source.{}.mluvii", index + 1);
        match &source.mluvii {
            None => layers.problem(key, format!("is needed where there are several installations: one of {names}")),
            Some(name) if config.installation(name).is_none() => {
                layers.problem(key, format!("there is no mluvii `{name}`; there are {names}"));
            }
            Some(_) => {}
        }
    }
    for (index, settings) in config.mluvii.iter().enumerate() {
        if let Some(wrong) = settings.title.as_ref().and_then(Title::wrong) {
            let key = layers.installation_key(&settings.name, "title");
            layers.problem(key, wrong);
        }
        let same = |other: &&MluviiSettings| {
            settings.client_id.is_some()
                && (&other.base_url, &other.client_id) == (&settings.base_url, &settings.client_id)
        };
        if let Some(other) = config.mluvii[..index].iter().find(same) {
            let key = layers.installation_key(&settings.name, "client_id");
            let what = "is the same company: the same address with the same client; one person's sessions would be two \
                        persons' to quietus";
            layers.problem(key, format!("`{}` {what}", other.name));
        }
        for (name, wrong) in settings.ids_in_params() {
            let key = layers.installation_key(&settings.name, &format!("params.{name}"));
            layers.problem(key, wrong);
        }
    }
}

/// How a person is recognized.
fn person(config: &Config, layers: &mut Layers) {
    if config.person.r#match.is_empty() {
        layers.problem(
            "person.match",
            "names no set of kinds; a person is recognized by one, such as [\"name\", \"email\"]",
        );
    }
    for (index, set) in config.person.r#match.iter().enumerate() {
        if let Some(wrong) = too_little(set) {
            layers.problem(format!("person.match.{}", index + 1), wrong);
        }
    }
    let by_phone = config.person.r#match.iter().any(|set| set.contains(&Kind::Phone))
        && config.rules.iter().any(|rule| rule.erase == Scope::Person);
    let granted = config.plugins.iter().any(|plugin| plugin.grants.contains(&Kind::Phone));
    if config.person.region.is_none() && (by_phone || granted) {
        let whom = if by_phone { "a rule reaches persons by phone" } else { "a plugin is granted `phone`" };
        layers.problem(
            "person.region",
            format!(
                "is needed, as {whom}: where do numbers without a country code belong? Write the country's two letters, \
                 such as region = \"CZ\""
            ),
        );
    }
}

/// Why a set of kinds that agree does not make a session a person's.
fn too_little(set: &BTreeSet<Kind>) -> Option<String> {
    if let Some(kind) = set.iter().find(|kind| kind.is_internal_id()) {
        return Some(format!("`{kind}` is an id that mluvii gives out, and says nothing of a person"));
    }
    let only = |kind: Kind| set.len() == 1 && set.contains(&kind);
    if set.is_empty() {
        Some("an empty set would make every session everybody's".into())
    } else if only(Kind::Name) {
        Some("a name alone is shared by many people; add `email` or `phone`".into())
    } else if only(Kind::Phone) {
        Some("a phone alone is shared in families and offices; add `name` or `email`".into())
    } else {
        None
    }
}

/// Whether a path can be put behind an address, to be called.
fn is_base(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', ' ']))
}

/// Whether an address has a user or a password in it.
fn names_a_user(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next();
    authority.is_some_and(|authority| authority.contains('@'))
}

/// Where the seal key's generations are: in one place, and not where keys are backed up.
fn seals(config: &Config, layers: &mut Layers) {
    let keys = &config.keys;
    if keys.seals.is_some() && keys.seals_command.is_some() {
        layers.problem("keys.seals_command", "it keeps them instead of the folder `keys.seals`; write one of the two");
    }
    if keys.seals_command.as_ref().is_some_and(Vec::is_empty) {
        layers.problem("keys.seals_command", "it names no program");
    }
    let Some(seals) = keys.seals.as_ref().map(|seals| config.path(seals)) else { return };
    let backed_up = [("keys.dir", Some(config.keys_dir())), ("retention.archive_dir", config.archive_dir())];
    for (name, dir) in backed_up {
        if dir.is_some_and(|dir| seals.starts_with(dir)) {
            let what = "which is backed up; what opens what is erased must be in no backup";
            layers.problem("keys.seals", format!("that is in `{name}`, {what}"));
        }
    }
}

fn used_once<'a>(list: &str, names: impl Iterator<Item = &'a str>, layers: &mut Layers) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            layers.problem(format!("{list}.{}.name", index + 1), format!("`{name}` is taken"));
        }
    }
}
