//! The command line: parses arguments, has `operations` do what they order, prints results, ends with an exit code. Each
//! command has a file of its own. Knows no rule of the domain and no ledger.

mod advice;
mod alerts;
mod archive;
mod attention;
mod audit;
mod bar;
mod check;
mod clock;
mod completions;
mod config;
mod consent;
mod context;
mod demo;
mod erase;
mod erase_again;
mod erasures;
mod exit;
mod explain;
mod files;
mod holds;
mod identity;
mod keys;
mod ledger;
mod letters;
mod migrate;
mod mluvii;
mod out;
mod paper;
mod past;
mod plugin;
mod quarantine;
mod receipts;
mod rechecks;
mod reconcile;
mod reload;
mod requests;
mod rules;
mod running;
mod serve;
mod standin;
mod status;
mod sweeps;
mod targets;
mod tasks;
mod tokens;
mod users;
mod webhook;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::app;
use crate::plugin::{Program, plugin_host_main};
use context::{Global, wait, with_operations};
use exit::{Exit, Failure};
use out::Out;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; the answer is yes
  1  not done; the answer is no (not found, not verified, something needs a person)
  2  the command line is wrong
  3  the configuration, a key or a secret is wrong or missing
  4  the ledger is busy, away or broken
  5  anything else, such as a file that cannot be read
  6  the ledger is damaged, gone or not the one that was known, and a person has to act
  7  a second signal stopped the server at once; what was under way goes on after the next start
  8  there is nothing to verify or to test: no receipts, no header before them, no tests
  9  the running server works by another configuration than the one in the file
  10 the account that runs it may not read the configuration, a secret that is needed, or the ledger: nothing is known";

/// The webhook target that makes mluvii's conversations fall silent when they must, and holds the receipt that proves it.
#[derive(Parser)]
#[command(name = "quietus", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The commands; what each is for stands with its arguments.
#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Standin(standin::Standin),
    Check(check::Check),
    Reload(reload::Reload),
    Status(status::Status),
    /// Look after plugins, write them, test them
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    Migrate(migrate::Migrate),
    /// Find out how mluvii behaves at an installation
    #[command(subcommand)]
    Mluvii(mluvii::Mluvii),
    /// See whether mluvii calls us, have it do so, or no longer
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    Reconcile(reconcile::Reconcile),
    Erase(erase::Erase),
    EraseAgain(erase_again::EraseAgain),
    /// See erasures, approve or reject them, retry parked ones, cancel scheduled ones, stop what is under way
    #[command(subcommand)]
    Erasures(erasures::Erasures),
    /// What persons ask for: enter it, verify whose it is, plan, approve and run it, until it is answered
    #[command(subcommand)]
    Requests(requests::Requests),
    /// See tasks that people were given, and say what became of them
    #[command(subcommand)]
    Tasks(tasks::Tasks),
    /// Keep something from being erased; see what is kept, and lift it
    #[command(subcommand)]
    Holds(holds::Holds),
    /// See how targets are; pause one, or have it called again
    #[command(subcommand)]
    Targets(targets::Targets),
    /// See, find, export, verify and archive receipts; print a certificate
    #[command(subcommand)]
    Receipts(receipts::Receipts),
    Letters(letters::Letters),
    /// Test rules; try others on what the ledger knows; confirm one that would erase much
    #[command(subcommand)]
    Rules(rules::Rules),
    Explain(explain::Explain),
    /// See who consented to what and when, write down a withdrawal, export consents
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// See, replay or drop deliveries that could not be read
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// Make the keys of a new deployment, or rotate one
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Show the configuration that applies, or its JSON Schema
    #[command(subcommand)]
    Config(config::Config),
    /// Check the ledger, back it up, restore or accept it, or move it from one backend to the other
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// See what needs a person; acknowledge or mute it
    #[command(subcommand)]
    Attention(attention::AttentionCommand),
    /// Try whether alerts reach somebody; see what they have told
    #[command(subcommand)]
    Alerts(alerts::AlertsCommand),
    /// See whether the ledger's clock is believed; say that it is right
    #[command(subcommand)]
    Clock(clock::Clock),
    /// See, export and verify who ordered what
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Give accounts for the admin API and the pages, see them, take them
    #[command(subcommand)]
    Users(users::Users),
    /// Issue, see and revoke tokens for the admin API
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    Completions(completions::Completions),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    // Before anything else: such a process confines itself while it is small and has one thread.
    if std::env::args_os().nth(1).is_some_and(|first| first == Program::PLUGIN_HOST) {
        return plugin_host_main();
    }
    let Cli { global, command } = Cli::parse();
    app::harden_process();
    // One provider of cryptography for every connection of this process; it can only be there already.
    let _there = rustls::crypto::ring::default_provider().install_default();
    // These start the log that their configuration asks for.
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        out::show_warnings();
    }
    let mut out = Out::stdout(global.json);
    match run(command, &global, &mut out) {
        Ok(exit) => exit.into(),
        Err(failure) => show_failure(failure, &mut out),
    }
}

fn run(command: Command, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
    match command {
        Command::Serve(serve) => serve.run(global, out),
        Command::Demo(demo) => demo.run(out),
        Command::Standin(standin) => wait(standin.run(out)),
        Command::Check(check) => check.run(global, out),
        Command::Reload(reload) => wait(reload.run(global, out)),
        Command::Status(status) => with_operations(global, async |on| status.run(on, out).await),
        Command::Plugin(plugin) => plugin.run(global, out),
        Command::Migrate(migrate) => migrate.run(global, out),
        Command::Mluvii(mluvii) => mluvii.run(global, out),
        Command::Webhook(webhook) => with_operations(global, async |on| webhook.run(on, out).await),
        Command::Reconcile(reconcile) => with_operations(global, async |on| reconcile.run(on, out).await),
        Command::Erase(erase) => with_operations(global, async |on| erase.run(on, out).await),
        Command::EraseAgain(again) => with_operations(global, async |on| again.run(on, out).await),
        Command::Erasures(erasures) => with_operations(global, async |on| erasures.run(on, out).await),
        Command::Requests(requests) => with_operations(global, async |on| requests.run(on, out).await),
        Command::Tasks(tasks) => with_operations(global, async |on| tasks.run(on, out).await),
        Command::Holds(holds) => with_operations(global, async |on| holds.run(on, out).await),
        Command::Targets(targets) => with_operations(global, async |on| targets.run(on, out).await),
        Command::Receipts(receipts) => receipts.run(global, out),
        Command::Letters(letters) => with_operations(global, async |on| letters.run(on, out).await),
        Command::Rules(rules) => rules.run(global, out),
        Command::Explain(explain) => with_operations(global, async |on| explain.run(on, out).await),
        Command::Consent(consent) => with_operations(global, async |on| consent.run(on, out).await),
        Command::Quarantine(quarantine) => with_operations(global, async |on| quarantine.run(on, out).await),
        Command::Attention(attention) => with_operations(global, async |on| attention.run(on, out).await),
        Command::Alerts(alerts) => with_operations(global, async |on| alerts.run(on, out).await),
        Command::Clock(clock) => with_operations(global, async |on| clock.run(on, out).await),
        Command::Audit(audit) => audit.run(global, out),
        Command::Users(users) => with_operations(global, async |on| users.run(on, out).await),
        Command::Tokens(tokens) => with_operations(global, async |on| tokens.run(on, out).await),
        Command::Keys(keys) => keys.run(global, out),
        Command::Config(config) => config.run(global, out),
        Command::Ledger(ledger) => ledger.run(global, out),
        Command::Completions(completions) => completions.run(Cli::command(), out),
    }
}

/// Says why a command could not run, with the whole chain of causes.
fn show_failure(failure: Failure, out: &mut Out) -> ExitCode {
    let code = failure.code();
    if code != 0 {
        out.error(&format!("{:#}", anyhow::Error::from(failure)));
    }
    ExitCode::from(code)
}

#[cfg(test)]
mod tests;
