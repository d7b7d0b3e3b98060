//! `quietus receipts export`: JSON lines.

use std::io::BufWriter;
use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::receipts::{Header, export, survey};

pub(super) async fn run(on: &Operations, from: u64, file: Option<&Path>, out: &mut Out) -> Result<Exit, Failure> {
    let header = survey(on, from).await?;
    let Some(path) = file else {
        export(on, from, &header, out).await?;
        return Ok(Exit::Done);
    };
    // The file appears whole or not at all.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    export(on, from, &header, &mut BufWriter::new(part.as_file_mut())).await?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    let Header { receipts, verdicts, .. } = header;
    if out.is_json() {
        out.json(&serde_json::json!({ "receipts": receipts, "verdicts": verdicts, "file": path }))?;
    } else {
        out.line(format_args!("wrote {receipts} receipts into {}: {verdicts}", path.display()))?;
    }
    Ok(Exit::Done)
}
