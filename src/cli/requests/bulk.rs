//! Many requests from a CSV file: a line of results for each, from which it goes on after an interruption. Nothing of a person
//! stands in the results, also where a line is wrong: which line it was, its number and a keyed digest say, so that another file of the
//! same name is not taken for the one that was entered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::cli::words;
use crate::keys::Secret;
use crate::operations::requests::{self, Asked, LineKey};
use crate::operations::{InputError, OperationError, Operations};
use crate::request::{Came, VerifiedBy};
use crate::subject::{InstallationName, Kind};

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Number,
    Came,
    Received,
    Verified,
    Mluvii,
    Targets,
    Identifier(Kind),
}

impl Column {
    /// By its name in the first line.
    fn named(name: &str) -> Result<Self, String> {
        Ok(match name.trim().to_lowercase().as_str() {
            "number" => Self::Number,
            "came" => Self::Came,
            "received" => Self::Received,
            "verified" => Self::Verified,
            "mluvii" => Self::Mluvii,
            "targets" => Self::Targets,
            other => {
                let kind: Kind = other.parse().map_err(|_| "a column of no kind of identifiers".to_owned())?;
                if kind.is_internal_id() {
                    return Err("a column of ids that mluvii gives out, which name no person".to_owned());
                }
                Self::Identifier(kind)
            }
        })
    }
}

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
        let entered = match one(&columns, &record, asked) {
            Ok(asked) => requests::enter(on, asked, &actor()).await.map(|shown| shown.name()),
            Err(wrong) => Err(OperationError::Conflict(wrong)),
        };
        let (request, error) = match entered {
            Ok(name) => {
                counts.entered += 1;
                (name, String::new())
            }
            // What stands in the way of one stands in the way of all.
            Err(
                error @ (OperationError::Configuration(_) | OperationError::Ledger(_) | OperationError::Unavailable(_)),
            ) => return Err(error.into()),
            Err(error) => {
                counts.failed += 1;
                (String::new(), told(&error))
            }
        };
        // With the next line, this one is not looked at again.
        let digest = digests.first().map_or("", String::as_str);
        writeln!(results_file, "{line},{request},{digest},\"{}\"", error.replace('"', "'"))?;
    }
    bar.finish_and_clear();
    results_file.sync_all()?;
    show(counts, &results, out)?;
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
    let semicolons = first.contains(&b';') && !first.contains(&b',');
    let delimiter = if semicolons { b';' } else { b',' };
    Ok(ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file))
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The line behind the names of the columns, as a spreadsheet counts them: whatever line breaks are within cells, and at their ends.
const FIRST_LINE: u64 = 2;

/// The first line of the results.
const RESULTS_HEADER: &str = "line,request,digest,error";

/// A longer first line names no columns.
const HEADER_BYTES_MAX: u64 = 4_096;

fn columns(reader: &mut Reader<BufReader<File>>, came_is_said: bool) -> Result<Vec<Column>, Failure> {
    let header = reader.headers().map_err(|_| Failure::Usage("the first line names no columns in UTF-8".into()))?;
    let mut columns = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let column = Column::named(name).map_err(|wrong| Failure::Usage(format!("column {}: {wrong}", index + 1)))?;
        columns.push(column);
    }
    if !columns.iter().any(|column| matches!(column, Column::Identifier(_))) {
        return Err(Failure::Usage("no column identifies a person; name one name, email or phone".into()));
    }
    if !columns.contains(&Column::Came) && !came_is_said {
        return Err(Failure::Usage("how the requests came is not said: a column `came`, or --came".into()));
    }
    Ok(columns)
}

/// A line as a request. What is wrong is said without what stands there.
fn one(columns: &[Column], record: &ByteRecord, asked: &Asked) -> Result<Asked, String> {
    if record.len() != columns.len() {
        return Err(format!("it has {} columns, and the first line has {}", record.len(), columns.len()));
    }
    let mut asked = asked.clone();
    for (column, bytes) in columns.iter().zip(record) {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())?.trim();
        if text.is_empty() {
            continue;
        }
        match column {
            Column::Number => asked.number = Some(text.parse().map_err(|wrong: &str| format!("number: {wrong}"))?),
            Column::Came => asked.came = text.parse::<Came>().map_err(|wrong| format!("came: {wrong}"))?,
            Column::Received => asked.received = Some(words::day(text).map_err(|wrong| format!("received: {wrong}"))?),
            Column::Verified => {
                asked.verified = Some(text.parse::<VerifiedBy>().map_err(|wrong| format!("verified: {wrong}"))?)
            }
            Column::Mluvii => asked.installation = Some(InstallationName(text.into())),
            Column::Targets => asked.targets = text.split_whitespace().map(str::to_owned).collect(),
            Column::Identifier(kind) => asked.identifiers.push((kind.clone(), Secret::new(text))),
        }
    }
    Ok(asked)
}

/// Why a line was not entered. A name that stands in a wrong column is not repeated.
fn told(error: &OperationError) -> String {
    match error {
        OperationError::Input(InputError::UnknownTarget { .. }) => "there is no such target".to_owned(),
        OperationError::Input(InputError::UnknownInstallation { .. }) => {
            "there is no such mluvii installation".to_owned()
        }
        error => error.to_string(),
    }
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
