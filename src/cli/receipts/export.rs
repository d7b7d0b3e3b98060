//! `quietus receipts export`: JSON lines.

use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::files::write_whole;
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::receipts::{Header, export, survey};

pub(super) async fn run(on: &Operations, from: u64, file: Option<&Path>, out: &mut Out) -> Result<Exit, Failure> {
    let header = survey(on, from).await?;
    let Some(path) = file else {
        export(on, from, &header, out).await?;
        return Ok(Exit::Done);
    };
    write_whole(path, async |sink| Ok(export(on, from, &header, sink).await?)).await?;
    let Header { receipts, verdicts, .. } = header;
    if out.is_json() {
        out.json(&serde_json::json!({ "receipts": receipts, "verdicts": verdicts, "file": path }))?;
    } else {
        out.line(format_args!("wrote {receipts} receipts into {}: {verdicts}", path.display()))?;
    }
    Ok(Exit::Done)
}
