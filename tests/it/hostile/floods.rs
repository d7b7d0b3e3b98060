//! Plugins that say too much: more than is read, shown or kept.

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial};
use crate::harness::memory_kib;

/// What a server may grow by while hundreds of MB are written at it.
const GROWTH_KIB_MAX: u64 = 48 << 10;

#[test]
fn a_flood_is_read_and_neither_kept_nor_shown() {
    let compiled = Compiled::new();
    let slow = "call_max = \"60s\"";
    let hostile = vec![
        Hostile::library("flood", &compiled.library(), Fate::Erases).with(slow),
        Hostile::library("log", &compiled.library(), Fate::Erases).with(slow),
        Hostile::program("flood", &compiled.script(), Fate::Erases).with(slow),
        Hostile::program("log", &compiled.script(), Fate::Erases).with(slow),
        Hostile::program("unknown messages", &compiled.script(), Fate::Erases).with(slow),
    ];
    let trial = Trial::start(hostile);
    let before = memory_kib(trial.server.id(), "VmHWM");
    trial.harm_and_check();
    let grown = memory_kib(trial.server.id(), "VmHWM") - before;
    assert!(grown < GROWTH_KIB_MAX, "it grew by {grown} KiB");
    let lines = trial.server.log().iter().filter(|line| line.contains("plugin: ")).count();
    assert!(lines <= 200 * trial.plugins(), "{lines} lines of plugins");
    trial.finish();
}

#[test]
fn a_secret_that_a_plugin_tells_is_told_to_nobody() {
    let compiled = Compiled::new();
    let redacted = Fate::Parks("no: [redacted]");
    let trial = Trial::start(vec![
        Hostile::library("whisper", &compiled.library(), redacted),
        Hostile::program("whisper", &compiled.script(), redacted),
    ]);
    trial.harm_and_check();
    let erasures = trial.erasures().to_string();
    assert!(!erasures.contains(super::trial::TOKEN), "{erasures}");
    let log = trial.server.log();
    assert!(log.iter().any(|line| line.contains("the token is [redacted]")), "or this test tests nothing");
    trial.finish();
}
