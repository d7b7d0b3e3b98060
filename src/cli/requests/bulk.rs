//! Many requests from a CSV file: a line of results for each, from which it goes on after an interruption. Nothing of a person
//! stands in the results, also where a line is wrong: which line it was, its number and a keyed digest say, so that another file of the
//! same name is not taken for the one that was entered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::cli::words::never_approved;
use crate::operations::requests::{self, Asked, BYTE_ORDER_MARK, Columns, FIRST_LINE, LineKey, not_entered, stops_all};
use crate::operations::{OperationError, Operations};

/// What came of all lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    entered: u64,
    failed: u64,
    /// Those that an earlier run has entered.
    before: u64,
}

/// Enters a request for each line.
pub(super) async fn enter(
    on: &Operations,
    csv: &Path,
    results: Option<PathBuf>,
    asked: &Asked,
    came_is_said: bool,
    out: &mut Out,
) -> Result<Exit, Failure> {
    let results = results.unwrap_or_else(|| {
        let mut name = csv.as_os_str().to_owned();
        name.push(".results.csv");
        name.into()
    });
    let mut reader = open(csv)?;
    let columns = columns(&mut reader, came_is_said)?;
    let done = entered_before(&results)?;
    let key = LineKey::of(on).await?;
    let mut results_file =
        OpenOptions::new().create(true).append(true).open(&results).map_err(|error| of(&results, &error))?;
    if results_file.metadata()?.len() == 0 {
        writeln!(results_file, "{RESULTS_HEADER}")?;
    } else {
        // Behind a line that was cut off.
        writeln!(results_file)?;
    }
    let bar = bar(csv)?;
    let (mut counts, mut record) = (Counts::default(), ByteRecord::new());
    for line in FIRST_LINE.. {
        let is_there = reader.read_byte_record(&mut record).map_err(|error| wrong_csv(csv, line, &error))?;
        bar.set_position(reader.position().byte());
        if !is_there {
            break;
        }
        let digests = key.digests(&record);
        if done.get(&line).is_some_and(|entered| digests.iter().any(|digest| entered.contains(digest))) {
            counts.before += 1;
            continue;
        }
        let entered = match columns.asked(&record, asked) {
            Ok(asked) => requests::enter(on, asked, &actor()).await.map(|shown| shown.name()),
            Err(wrong) => Err(OperationError::Conflict(wrong.to_string())),
        };
        let (request, error) = match entered {
            Ok(name) => {
                counts.entered += 1;
                (name, String::new())
            }
            Err(error) if stops_all(&error) => return Err(error.into()),
            Err(error) => {
                counts.failed += 1;
                (String::new(), not_entered(&error))
            }
        };
        // With the next line, this one is not looked at again.
        let digest = digests.first().map_or("", String::as_str);
        writeln!(results_file, "{line},{request},{digest},\"{}\"", error.replace('"', "'"))?;
    }
    bar.finish_and_clear();
    results_file.sync_all()?;
    show(counts, &results, out)?;
    if let Some(why) = never_approved(on, &actor()).filter(|_| counts.entered > 0) {
        out.note(why);
    }
    Ok(Exit::when(counts.failed == 0))
}

fn show(counts: Counts, results: &Path, out: &mut Out) -> io::Result<()> {
    let Counts { entered, failed, before } = counts;
    if out.is_json() {
        return out
            .json(&json!({ "entered": entered, "failed": failed, "entered_before": before, "results": results }));
    }
    out.line(format_args!("{entered} requests entered, {failed} not, {before} by an earlier run"))?;
    out.line(format_args!("what came of each line: {}", results.display()))
}

/// The file behind its first bytes that are a mark of its encoding, with what parts its columns.
fn open(path: &Path) -> Result<Reader<BufReader<File>>, Failure> {
    let mut file = BufReader::new(File::open(path).map_err(|error| of(path, &error))?);
    let mut first = Vec::new();
    file.by_ref().take(HEADER_BYTES_MAX).read_until(b'\n', &mut first).map_err(|error| of(path, &error))?;
    let mark = if first.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u64 } else { 0 };
    file.seek(io::SeekFrom::Start(mark)).map_err(|error| of(path, &error))?;
    Ok(requests::reader(&first, file))
}

/// The first line of the results.
const RESULTS_HEADER: &str = "line,request,digest,error";

/// A longer first line names no columns.
const HEADER_BYTES_MAX: u64 = 4_096;

fn columns(reader: &mut Reader<BufReader<File>>, came_is_said: bool) -> Result<Columns, Failure> {
    Columns::read(reader, came_is_said).map_err(|wrong| Failure::Usage(wrong.to_string()))
}

/// The lines that an earlier run has entered, with the digests of what stood there.
fn entered_before(results: &Path) -> Result<BTreeMap<u64, BTreeSet<String>>, Failure> {
    let mut done = BTreeMap::<u64, BTreeSet<String>>::new();
    let file = match File::open(results) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(done),
        Err(error) => return Err(of(results, &error)),
    };
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| of(results, &error))?;
        if index == 0 {
            must_be_results(results, &line)?;
            continue;
        }
        let mut cells = line.split(',');
        // A line that was cut off by a crash says nothing, and is tried again: the request that it has entered is known by its person.
        let number: Option<u64> = cells.next().and_then(|number| number.parse().ok());
        let is_entered = cells.next().is_some_and(|request| !request.is_empty());
        let digest = cells.next().filter(|_| is_entered && cells.next().is_some());
        if let (Some(number), Some(digest)) = (number, digest) {
            done.entry(number).or_default().insert(digest.to_owned());
        }
    }
    Ok(done)
}

/// Another file is not written to, and one without digests does not say whose the lines were.
fn must_be_results(path: &Path, first: &str) -> Result<(), Failure> {
    if first == RESULTS_HEADER {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{}: it does not begin with `{RESULTS_HEADER}`, so that it does not say which lines were entered; move it away, or name another \
         file with --results",
        path.display()
    )))
}

fn bar(csv: &Path) -> Result<ProgressBar, Failure> {
    if !io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(std::fs::metadata(csv).map_err(|error| of(csv, &error))?.len());
    let style = ProgressStyle::with_template("{bar:40} {percent} % {eta} left");
    Ok(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

fn of(path: &Path, error: &io::Error) -> Failure {
    Failure::Other(anyhow::anyhow!("{}: {error}", path.display()))
}

/// Without what stands there.
fn wrong_csv(path: &Path, line: u64, error: &csv::Error) -> Failure {
    let what = match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "it cannot be read as CSV".to_owned(),
    };
    Failure::Usage(format!("{}, line {line}: {what}", path.display()))
}

#[cfg(test)]
mod tests;
