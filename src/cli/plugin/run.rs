//! `quietus plugin run`: one request to a plugin, through the real supervisor and its sandbox.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use quietus_plugin::Span;

use super::answer;
use super::program::program;
use super::subject::{Watched, Which, Whom};
use crate::cli::context::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{Out, show_aside};
use crate::operations::plugins::{self, Method, PluginCall};

const EXAMPLES: &str = "\
Examples:
  quietus plugin run libfolder.so --plugin-config '{\"folder\":\"guests\"}' --method erase --guest-id g-1
  quietus plugin run libcrm.so --plugin-config crm.toml --secret token=crm.token --method verify --email test@example.com
  quietus plugin run --plugin crm --config quietus.toml --method health
  quietus plugin run libcrm.so --plugin-config crm.toml --method dry-run --identifier customer=@customer.txt

Arguments can be seen by every user of this machine and stay in the shell's history, so only test data belongs into them.
`@FILE` reads a value from a file's first line; `-` asks for it, or reads a line of standard input.";

/// Make one request to a plugin, as the server would: the same supervisor, the same sandbox
///
/// Shows the outcome, the reason, the counts, how long it took, and what the plugin logged, redacted. Exit code 0 when the
/// data is gone, absent or rightly kept, when a dry run was answered, or when it is healthy; otherwise 1.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    which: Which,
    /// What to ask for
    #[arg(long, value_enum)]
    method: Method,
    /// The longest that the request may take, if shorter than the plugin declares
    #[arg(long, value_name = "SPAN", conflicts_with = "attach")]
    timeout: Option<Span>,
    /// Wait with loading the plugin until a debugger has attached; no timeouts
    #[arg(long)]
    attach: bool,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    whom: Whom,
}

impl Run {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let identifiers = self.whom.read(out)?;
        let mut settings = self.which.settings(global)?;
        if let Some(timeout) = self.timeout {
            settings.plugin.call_max = Some(timeout);
        }
        let mut installed = settings.install()?.with_output(self.watched.output());
        let mut awaiting = None;
        if self.attach {
            let (waits, process) = installed.for_debugger();
            (installed, awaiting) = (waits, Some(process));
        }
        let call = PluginCall {
            installed,
            program: program(),
            granted: settings.granted,
            method: self.method,
            identifiers,
            region: self.whom.region().or(settings.region),
        };
        let called = plugins::call(call, awaiting, |process| tell_process(process, out), tell_step).await?;
        answer::show(&called, out)?;
        Ok(Exit::when(called.is_good()))
    }
}

/// Says what does not come up.
fn tell_step(what: &str) {
    show_aside(&format!("note: {what}\n"));
}

/// Says how to attach to a process that waits for it.
fn tell_process(process: u32, out: &mut Out) {
    out.note(format_args!(
        "process {process} waits for a debugger before it loads the plugin: gdb -p {process} -ex 'set breakpoint pending on'; \
         set breakpoints there, and continue. There are no timeouts"
    ));
}

impl ValueEnum for Method {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Erase, Self::Verify, Self::Health, Self::DryRun, Self::Find]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Erase => PossibleValue::new("erase").help("Erase the person's data"),
            Self::Verify => PossibleValue::new("verify").help("Say whether it is gone"),
            Self::Health => PossibleValue::new("health").help("Say whether its system can be reached"),
            Self::DryRun => PossibleValue::new("dry-run").help("Say what would go, and change nothing"),
            Self::Find => PossibleValue::new("find").help("Say what else its system knows the person by"),
        })
    }
}
