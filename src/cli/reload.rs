//! `quietus reload`.

use super::context::Global;
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use super::running;
use crate::attention::quoted;
use crate::control::ControlError;
use crate::operations::configuration::{NotReloaded, Reloaded};

/// Have the running server take its configuration anew: the file, the secrets that it refers to, rules, plugins
///
/// The server checks all of it as `quietus check` does, and takes all of it at once, or nothing: where anything is wrong, or a key
/// needs a restart, it goes on with what it has, says why, and `quietus status` names it. What is under way ends as it began; no
/// delivery is refused or lost meanwhile. A plugin of which nothing has changed goes on running. SIGHUP does the same and says the
/// result in the log; with `server.reload_on_change = true`, so does a change.
///
/// The environment of the server is the one that it was started with. A restart is needed for: server.listen, metrics_listen,
/// reports_listen, control and state_dir, [ledger], [keys], log.format, [[witness]].
///
/// Exit codes: 0 taken, or nothing has changed; 1 not now; 3 something is wrong with it; 5 no server answers; 9 a restart is needed.
#[derive(clap::Args)]
pub(super) struct Reload {}

impl Reload {
    pub(super) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match running::client_of_what_is_wrong(global)?.reload().await {
            Ok(reloaded) => {
                if out.is_json() {
                    out.json(&reloaded)?;
                } else {
                    show(&reloaded, out)?;
                }
                Ok(Exit::Done)
            }
            Err(ControlError::NotReloaded(why)) => refused(&why, out),
            Err(other) => Err(other.into()),
        }
    }
}

fn show(Reloaded { changed, waiting_rules }: &Reloaded, out: &mut Out) -> std::io::Result<()> {
    if changed.is_empty() {
        return out.marked(GOOD, "✓", "nothing has changed");
    }
    out.marked(GOOD, "✓", "the server works by the new configuration; what has changed:")?;
    for key in changed {
        out.line(format_args!("  {key}"))?;
    }
    for rule in waiting_rules {
        let what = format!(
            "rule {rule} would erase much, and waits: look (`quietus rules try`), then `quietus rules confirm {}`",
            quoted(rule)
        );
        out.marked(DOUBTFUL, "!", what)?;
    }
    Ok(())
}

/// Says why, on standard output as `check` does: it is the answer.
fn refused(why: &NotReloaded, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(why)?;
    } else {
        for line in lines(why) {
            out.marked(BAD, "✗", line)?;
        }
    }
    let goes_on = "the server goes on with the configuration that it had";
    match why {
        NotReloaded::Wrong { .. } => Err(Failure::Config(anyhow::anyhow!("the configuration is wrong; {goes_on}"))),
        NotReloaded::NotNow { .. } => Err(Failure::No(goes_on.to_owned())),
        NotReloaded::NeedsRestart { .. } => {
            out.error(&format!("{goes_on}: restart it, or take these keys back"));
            Ok(Exit::Differs)
        }
    }
}

fn lines(why: &NotReloaded) -> Vec<String> {
    match why {
        NotReloaded::Wrong { problems } => problems.clone(),
        NotReloaded::NeedsRestart { keys } => keys.iter().map(|key| format!("{key}: a restart is needed")).collect(),
        NotReloaded::NotNow { reason } => vec![reason.clone()],
    }
}
