//! Checks of the file, before and while it is loaded.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use quietus_plugin::abi::ENTRY_SYMBOL;
use serde_json::Value;

use super::bench::Bench;
use super::elf::{Elf, this_glibc};
use super::finding::{Checked, Not};
use super::tested::Form;
use super::wire::{Reaction, Wire};
use crate::plugin::machine::{BUILD_IT_HERE, Made, misfit};

/// Symbols that are named when they are missing.
const NAMED_MAX: usize = 10;

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("file-readable", "the file is made for this machine", async |bench| readable(bench)).await;
    bench.check("file-entry", "the library exports the plugin's one function", async |bench| entry(bench)).await;
    bench.check("file-glibc", "the library needs no newer glibc than is here", async |bench| glibc(bench)).await;
    let sentence = "each symbol that the library wants is in a library that it names";
    bench.check("file-symbols", sentence, async |bench| symbols(bench)).await;
    bench.check("file-loads", "it is loaded and says hello within 5 s", loads).await;
}

fn readable(bench: &Bench<'_>) -> Checked {
    let file = bench.subject.file();
    if let Some(why) = misfit(&bench.subject.installed.code) {
        return Err(Not::failed(why, BUILD_IT_HERE));
    }
    if bench.subject.form() == Form::Exec {
        return executable(file);
    }
    read(file)?;
    Ok(Made::of(file).map(|made| format!("ELF, {}", made.shown())))
}

fn executable(file: &Path) -> Checked {
    let unreadable = |e| Not::failed(format!("{}: {e}", file.display()), "name the plugin's file");
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Not::failed(format!("{} is not a file", file.display()), "name the plugin's file"));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        let advice = "make it executable (`chmod +x`); a library must be an ELF shared object";
        return Err(Not::failed(format!("{} may not be executed", file.display()), advice));
    }
    Ok(Some("a program".into()))
}

fn read(file: &Path) -> Result<Elf, Not> {
    Elf::read(file).map_err(|e| Not::failed(format!("{} {e}", file.display()), "build a shared library of 64 bits"))
}

/// What is only there to be asked of a library that can be read.
fn library(bench: &Bench<'_>) -> Result<Elf, Not> {
    if bench.subject.form() == Form::Exec {
        return Err(Not::skipped("it is a program"));
    }
    Elf::read(bench.subject.file()).map_err(|_| Not::skipped("the file cannot be read"))
}

fn entry(bench: &Bench<'_>) -> Checked {
    if library(bench)?.exports_entry() {
        return Ok(None);
    }
    let symbol = ENTRY_SYMBOL.to_string_lossy();
    let advice = "export it: `export_plugin!` in Rust, default visibility in C";
    Err(Not::failed(format!("it exports no `{symbol}`"), advice))
}

fn glibc(bench: &Bench<'_>) -> Checked {
    let elf = library(bench)?;
    let Some(wanted) = elf.glibc_wanted else { return Ok(Some("it needs no version of glibc".into())) };
    match this_glibc() {
        None => Err(Not::skipped("this program does not run on glibc")),
        Some(here) if wanted > here => Err(Not::failed(
            format!("it needs glibc {wanted}, here is {here}"),
            "build it on the oldest system that it shall run on, or in a container of it",
        )),
        Some(here) => Ok(Some(format!("it needs glibc {wanted}, here is {here}"))),
    }
}

fn symbols(bench: &Bench<'_>) -> Checked {
    let elf = library(bench)?;
    match elf.missing() {
        Ok(missing) if missing.is_empty() => Ok(None),
        Ok(missing) => {
            let named = missing.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
            let more = missing.len().saturating_sub(NAMED_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let advice = "link the libraries that have these symbols (`ldd -r FILE` shows the same)";
            Err(Not::failed(format!("nobody provides {named}{more}"), advice))
        }
        Err(library) => Err(Not::skipped(format!("`{library}` is not in the usual folders; loading tells"))),
    }
}

async fn loads(bench: &mut Bench<'_>) -> Checked {
    let advice = match bench.subject.form() {
        Form::Library => {
            "make it load without anything but its own libraries; what it does when it is loaded must be quick"
        }
        Form::Exec => {
            "answer `hello` as PLUGINS.md says in `Protocol 1`; standard output carries frames only, what it prints belongs on \
             standard error, which `--show-output` shows"
        }
    };
    let failed = |why: String| Not::failed(why, advice);
    let wire = Wire::start(&bench.subject, &bench.scanner);
    let mut wire = wire.map_err(|e| failed(format!("cannot start its process: {e}")))?;
    let reaction = wire.hello(&bench.subject.launch(), Value::Null).await;
    wire.end().await;
    match reaction {
        Ok(Reaction::Accepted(introduced)) => {
            let facts = introduced.facts.iter().map(|(name, value)| format!("{name} {value}"));
            let facts = bench.subject.shown(&facts.collect::<Vec<_>>().join(", "));
            bench.remember(introduced);
            Ok(Some(facts))
        }
        Ok(Reaction::Refused(error)) if bench.subject.form() == Form::Exec => {
            Err(Not::failed(bench.subject.shown(&error.message), "make it a program that can be started"))
        }
        Ok(Reaction::Refused(error)) => Err(failed(bench.subject.shown(&error.message))),
        Err(lost) => Err(failed(lost.to_string())),
    }
}
