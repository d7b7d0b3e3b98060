//! What a plugin answered to one call, for people and for scripts.

use crate::cli::out::{BAD, GOOD, Out};
use crate::operations::plugins::{Called, Ending, Method};

pub(super) fn show(called: &Called, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(called);
    }
    let (style, mark) = if called.is_good() { (GOOD, "✓") } else { (BAD, "✗") };
    let method = in_words(called.method);
    match &called.ending {
        Ending::Healthy { .. } => out.marked(style, mark, format_args!("{method}: it works"))?,
        Ending::Found { found, more } => {
            let kinds: Vec<_> = found.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            let kinds = if kinds.is_empty() { "nothing else".to_owned() } else { kinds.join(", ") };
            let more = if *more { ", and more" } else { "" };
            out.marked(style, mark, format_args!("{method}: {kinds}{more}"))?;
        }
        Ending::Failed { error, message } => out.marked(style, mark, format_args!("{method}: {error}: {message}"))?,
        Ending::Answered { outcome, reason, counts, verify_after_s, evidence } => {
            out.marked(style, mark, format_args!("{method}: {}", outcome.as_str()))?;
            if let Some(reason) = reason {
                out.line(format_args!("reason  {reason}"))?;
            }
            if !counts.is_empty() {
                let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what}: {count}")).collect();
                out.line(format_args!("counts  {}", counts.join(", ")))?;
            }
            let looks = [
                ("looked at    ", &*evidence.looked_at),
                ("not looked at", &*evidence.not_looked_at),
                ("keeps        ", evidence.keeps.as_deref().unwrap_or_default()),
            ];
            for (what, places) in looks.iter().filter(|(_, places)| !places.is_empty()) {
                out.line(format_args!("{what}  {}", places.join(", ")))?;
            }
            if let Some(seconds) = verify_after_s {
                out.line(format_args!("verify  makes sense after {seconds} s"))?;
            }
        }
    }
    out.line(format_args!("took    {} ms", called.duration_ms))?;
    for line in &called.log {
        out.line(format_args!("log     {}: {}", line.level, line.text))?;
    }
    Ok(())
}

fn in_words(method: Method) -> &'static str {
    match method {
        Method::Erase => "erase",
        Method::Verify => "verify",
        Method::Health => "health",
        Method::DryRun => "dry run",
        Method::Find => "find",
    }
}
