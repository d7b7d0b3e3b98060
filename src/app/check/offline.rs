//! What a configuration says by itself, for a machine that is not the one it is for, such as in CI: other texts stand in for its
//! secrets, and nobody is contacted.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{CheckDepth, CheckFinding};
use crate::config::Config;
use crate::erasure::Exchange;
use crate::keys::{Secret, SecretError, SecretRef, TextOrSecret};
use crate::mluvii::MluviiSettings;
use crate::plugin::{Program, check_offline};

/// Stands in for secrets: each is another text that every kind of secret may be, base64 included.
fn stand_in() -> impl Fn(&SecretRef) -> Result<Secret, SecretError> {
    let made = AtomicU64::new(0);
    move |_| Ok(Secret::new(format!("{:032}", made.fetch_add(1, Ordering::Relaxed))))
}

/// What is made of the settings of mluvii and of sources.
pub(super) fn settings(config: &Config) -> Vec<CheckFinding> {
    let read = stand_in();
    // The certificates of a company are on its machines.
    let without_files = |settings: &MluviiSettings| {
        let mut settings = settings.clone();
        settings.ca_file = None;
        settings
    };
    let installations: Vec<_> = config.mluvii.iter().map(without_files).collect();
    let mut findings = super::settings(config, &installations, (&read, &read), CheckDepth::Offline);
    findings.extend(super::alerts(&alerts_here(config), &read, CheckDepth::Offline));
    findings
}

/// The same with alerts that need no file of this machine, and no URL that is a secret.
fn alerts_here(config: &Config) -> Config {
    const URL: &str = "https://offline.invalid/";
    let mut config = config.clone();
    let text = |url: &mut TextOrSecret| {
        if let TextOrSecret::Secret(_) = url {
            *url = TextOrSecret::Text(URL.to_owned());
        }
    };
    for alert in &mut config.alerts {
        if let Some(email) = &mut alert.email {
            email.ca_file = None;
        }
        if let Some(webhook) = &mut alert.webhook {
            webhook.ca_file = None;
            text(&mut webhook.url);
        }
    }
    if let Some(ping) = &mut config.watch.ping {
        ping.ca_file = None;
        text(&mut ping.url);
    }
    config
}

/// Has each plugin say what it is. Returns whether all of them can be asked on this machine.
pub(super) async fn plugins(config: &Config, findings: &mut Vec<CheckFinding>, exchanges: &mut Vec<Exchange>) -> bool {
    let read = stand_in();
    let mut all_are_here = true;
    for settings in &config.plugins {
        let what = format!("plugin {}", settings.name);
        match check_offline(settings.clone(), &config.base, &read, &Program::this()).await {
            Err(refused) => findings.push(CheckFinding::wrong(what, refused.why)),
            Ok(Err(why)) => {
                all_are_here = false;
                findings.push(CheckFinding::doubtful(what, format!("{why}; so its settings were not checked")));
            }
            Ok(Ok(found)) => {
                exchanges.push(Config::exchange(settings, found.returned, found.required));
                let what = format!("{what}, {} {}", found.name, found.version);
                findings.push(CheckFinding::right(what.as_str()));
                findings.extend(super::unfit(&what, &found.untaken, &found.unopened));
            }
        }
    }
    all_are_here
}
