//! A file of requests: which column holds what, and a line of it as a request. What is wrong is told without what stands there.

use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::Asked;
use crate::deadline::read_day;
use crate::keys::Secret;
use crate::operations::{InputError, OperationError};
use crate::request::{Came, RequestNumber, VerifiedBy};
use crate::subject::{InstallationName, Kind};

/// What stands before a text to say how it is encoded.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The line behind the names of the columns, as a spreadsheet counts them: whatever line breaks are within cells, and at their ends.
pub(crate) const FIRST_LINE: u64 = 2;

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

/// Why a first line names no columns of requests. Columns are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadColumns {
    #[error("the first line names no columns in UTF-8")]
    NotText,
    #[error("column {0}: a column of no kind of identifiers")]
    Unknown(usize),
    #[error("column {0}: a column of ids that mluvii gives out, which name no person")]
    InternalId(usize),
    #[error("no column identifies a person; name one name, email or phone")]
    NobodyNamed,
    #[error("how the requests came is not said: a column `came`, or --came")]
    CameNotSaid,
}

/// Why a line is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadLine {
    #[error("it has {is} columns, and the first line has {should}")]
    Length { is: usize, should: usize },
    #[error("it is not text in UTF-8")]
    NotText,
    #[error("{column}: {why}")]
    Cell { column: &'static str, why: String },
}

/// The columns of a file, in their order.
pub(crate) struct Columns {
    all: Vec<Column>,
    /// How all of them came is said elsewhere: a line need not say it.
    came_is_said: bool,
}

impl Columns {
    /// By their names in the first line.
    pub(crate) fn read<R: Read>(reader: &mut Reader<R>, came_is_said: bool) -> Result<Self, BadColumns> {
        let header = reader.headers().map_err(|_| BadColumns::NotText)?;
        let columns: Result<Vec<_>, _> = header.iter().zip(1..).map(|(name, place)| named(name, place)).collect();
        let columns = columns?;
        if !columns.iter().any(|column| matches!(column, Column::Identifier(_))) {
            return Err(BadColumns::NobodyNamed);
        }
        if !columns.contains(&Column::Came) && !came_is_said {
            return Err(BadColumns::CameNotSaid);
        }
        Ok(Self { all: columns, came_is_said })
    }

    /// A line as a request; what stands in none of its cells is as it is in `asked`.
    pub(crate) fn asked(&self, record: &ByteRecord, asked: &Asked) -> Result<Asked, BadLine> {
        if record.len() != self.all.len() {
            return Err(BadLine::Length { is: record.len(), should: self.all.len() });
        }
        let mut asked = asked.clone();
        for (column, bytes) in self.all.iter().zip(record) {
            let text = std::str::from_utf8(bytes).map_err(|_| BadLine::NotText)?.trim();
            let wrong = |column: &'static str| move |why: String| BadLine::Cell { column, why };
            if text.is_empty() {
                if *column == Column::Came && !self.came_is_said {
                    return Err(wrong("came")("how it came is not said".to_owned()));
                }
                continue;
            }
            match column {
                Column::Number => {
                    let number = text.parse::<RequestNumber>().map_err(str::to_owned);
                    asked.number = Some(number.map_err(wrong("number"))?);
                }
                Column::Came => asked.came = text.parse::<Came>().map_err(wrong("came"))?,
                Column::Received => {
                    let day = read_day(text).ok_or_else(|| "it is no date, such as 2026-01-31".to_owned());
                    asked.received = Some(day.map_err(wrong("received"))?);
                }
                Column::Verified => asked.verified = Some(text.parse::<VerifiedBy>().map_err(wrong("verified"))?),
                Column::Mluvii => asked.installation = Some(InstallationName(text.into())),
                Column::Targets => asked.targets = text.split_whitespace().map(str::to_owned).collect(),
                Column::Identifier(kind) => asked.identifiers.push((kind.clone(), Secret::new(text))),
            }
        }
        Ok(asked)
    }
}

fn named(name: &str, place: usize) -> Result<Column, BadColumns> {
    Ok(match name.trim().to_lowercase().as_str() {
        "number" => Column::Number,
        "came" => Column::Came,
        "received" => Column::Received,
        "verified" => Column::Verified,
        "mluvii" => Column::Mluvii,
        "targets" => Column::Targets,
        other => {
            let kind: Kind = other.parse().map_err(|_| BadColumns::Unknown(place))?;
            if kind.is_internal_id() {
                return Err(BadColumns::InternalId(place));
            }
            Column::Identifier(kind)
        }
    })
}

/// Reads a file without the mark of its encoding, of which this is the first line: it shows what parts the columns. What is copied from a
/// spreadsheet has tabs.
pub(crate) fn reader<R: Read>(first_line: &[u8], file: R) -> Reader<R> {
    let delimiter = b",;\t".iter().copied().find(|delimiter| first_line.contains(delimiter)).unwrap_or(b',');
    ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file)
}

/// Why a request of a file was not entered. A name that stands in a wrong column is not repeated.
pub(crate) fn not_entered(error: &OperationError) -> String {
    match error {
        OperationError::Input(InputError::UnknownTarget { .. }) => "there is no such target".to_owned(),
        OperationError::Input(InputError::UnknownInstallation { .. }) => {
            "there is no such mluvii installation".to_owned()
        }
        error => error.to_string(),
    }
}

/// Whether what stands in the way of one request stands in the way of all.
pub(crate) fn stops_all(error: &OperationError) -> bool {
    matches!(error, OperationError::Configuration(_) | OperationError::Ledger(_) | OperationError::Unavailable(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_say_how_it_came_is_none_unless_it_is_said_for_all() {
        let file = "email;came\njan@example.com; \n";
        let asked = Asked {
            installation: None,
            number: None,
            came: Came::Phone,
            received: None,
            verified: None,
            targets: Vec::new(),
            identifiers: Vec::new(),
            anyway: false,
        };
        let line = |came_is_said: bool| {
            let mut reader = reader(b"email;came", file.as_bytes());
            let columns = Columns::read(&mut reader, came_is_said).expect("columns");
            let record = reader.into_byte_records().next().expect("a line").expect("read");
            columns.asked(&record, &asked).map(|asked| asked.came)
        };
        assert_eq!(line(true), Ok(Came::Phone));
        assert!(matches!(line(false), Err(BadLine::Cell { column: "came", .. })), "{:?}", line(false));
    }
}
