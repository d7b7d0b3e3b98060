//! Libraries that are none, or lie about what they are, before any call.

use std::os::unix::fs::PermissionsExt as _;

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial};

/// The offset of `e_machine` in an ELF file.
const MACHINE: usize = 18;

#[test]
fn a_file_that_is_no_plugin_of_this_version_fails_with_its_reason_and_parks_its_queue() {
    let compiled = Compiled::new();
    let table = |name: &str, macros: &[&str], fate| {
        Hostile::library("good", &compiled.compile(&format!("{name}.so"), macros), fate).named(name)
    };
    let fails = |name, macros: &[&str], why| table(name, macros, Fate::Fails(why));
    let works = |name, macros: &[&str]| table(name, macros, Fate::Erases);
    let elf = std::fs::read(compiled.library()).expect("compiled");
    let file = |name: &str, bytes: &[u8], why| {
        Hostile::library("good", &compiled.write(&format!("{name}.so"), bytes), Fate::Fails(why)).named(name)
    };
    let mut machine = elf.clone();
    machine[MACHINE] ^= 1;
    let deep = format!("-DMANIFEST=\"{}\"", "[".repeat(100_000));
    let hostile = vec![
        fails("magic", &["-DMAGIC=7"], "begins with 0x00000007"),
        fails("major", &["-DMAJOR=2"], "ABI version 2"),
        fails("short", &["-DSIZE=40"], "its table has 40 bytes"),
        fails("no-table", &["-DNO_TABLE"], "it has no table"),
        fails("no-create", &["-DCREATE=NULL"], "lacks `create` or `call`"),
        fails("no-call", &["-DCALL=NULL"], "lacks `create` or `call`"),
        fails("no-manifest", &["-DMANIFEST=\"\""], "its manifest is not one"),
        fails("bad-manifest", &["-DMANIFEST=\"{]\""], "its manifest is not one"),
        fails("deep-manifest", &[&deep], "its manifest is not one"),
        fails("binary-manifest", &["-DMANIFEST=\"{\\\"name\\\":\\\"\\xff\\xfe\\\"}\""], "its manifest is not one"),
        fails("long-manifest", &["-DMANIFEST_BYTES=((size_t)1<<40)"], "allowed are"),
        fails("no-symbol", &["-DSYMBOL=another_entry"], "no symbol `quietus_plugin_entry_v1`"),
        fails("undefined", &["-DUNDEFINED"], "nobody_defines_this"),
        file("machine", &machine, "it is made for machine"),
        file("header", &elf[..64], "cannot load"),
        file("text", b"not a library", "cannot load"),
        file("empty", b"", "cannot load"),
        works("newer", &["-DNEWER", "-DMINOR=7"]),
    ];
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    trial.finish();
}

#[test]
fn a_plugin_that_dies_while_it_is_loaded_or_configured_is_started_again_and_harms_nobody() {
    let compiled = Compiled::new();
    let at_load = |name: &str, action: &str, fate| {
        let file = compiled.compile(&format!("{name}.so"), &[&format!("-DAT_LOAD={action}")]);
        Hostile::library("good", &file, fate).named(name)
    };
    let plain = compiled.write("plain", b"#!/bin/sh\n");
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o644)).expect("ours");
    // The loader maps what is not there and is killed for it.
    let elf = std::fs::read(compiled.library()).expect("compiled");
    let truncated = compiled.write("truncated.so", &elf[..elf.len() / 2]);
    let hostile = vec![
        Hostile::library("good", &truncated, Fate::Restarts("signal 7")).named("truncated"),
        at_load("load-segv", "*(volatile char *)NULL=0", Fate::Restarts("signal 11")),
        at_load("load-abort", "abort()", Fate::Restarts("signal 6")),
        at_load("load-exit", "exit(0)", Fate::Restarts("exit code 0")),
        at_load("load-hang", "hang()", Fate::Restarts("longer than 5 s to load")),
        Hostile::library("crash in create", &compiled.library(), Fate::Restarts("signal 6")),
        Hostile::library("exit in create", &compiled.library(), Fate::Restarts("exit code 0")),
        Hostile::program("never hello", &compiled.script(), Fate::Restarts("longer than 5 s to load")),
        Hostile::program("garbage hello", &compiled.script(), Fate::Restarts("broke the protocol")),
        Hostile::program("deep manifest", &compiled.script(), Fate::Restarts("broke the protocol")),
        Hostile::program("another protocol", &compiled.script(), Fate::Fails("speaks protocol 2")),
        Hostile::of(&plain, Fate::Fails("Permission denied")).named("not-executable"),
    ];
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    trial.finish();
}
