//! `quietus receipts export`: JSON lines.

use std::path::Path;

use crate::cli::bar;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files::write_whole;
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::receipts::{Header, export, survey};

pub(super) async fn run(on: &Operations, from: u64, file: Option<&Path>, out: &mut Out) -> Result<Exit, Failure> {
    let Some(path) = file else {
        let header = survey(on, from).await?;
        export(on, from, &header, out).await?;
        return Ok(Exit::Done);
    };
    let bar = bar::counting("lines written");
    let written = write_whole(path, async |sink| {
        let header = survey(on, from).await?;
        // The header is a line, too.
        bar::of(&bar, header.receipts + 1);
        export(on, from, &header, &mut bar::Lines::of(sink, &bar)).await?;
        Ok(header)
    })
    .await;
    // Before anything is shown: the bar would stand beside it.
    bar.finish_and_clear();
    let Header { receipts, verdicts, .. } = written?;
    if out.is_json() {
        out.json(&serde_json::json!({ "receipts": receipts, "verdicts": verdicts, "file": path }))?;
    } else {
        out.line(format_args!("wrote {receipts} receipts into {}: {verdicts}", path.display()))?;
    }
    Ok(Exit::Done)
}
