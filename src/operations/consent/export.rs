//! All consents as a file: CSV for people, JSON lines for programs. Written as it is read, a thousand sessions at a time.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::consent::{Consent, ConsentRecord};
use crate::ledger::SessionMark;
use crate::operations::{OperationError, Operations, audit, json_lines};
use crate::subject::{InstallationName, TenantId};

/// Sessions that are read at once.
const AT_ONCE: u32 = 1_000;

/// The columns of the CSV; `docs/consent.md` describes each.
const COLUMNS: [&str; 11] =
    ["installation", "session", "tenant", "started", "ended", "current", "state", "version", "since", "origin", "form"];

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A line for each state of a session's consent, the oldest first.
    Csv,
    /// A line for each session.
    Json,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Exported {
    pub(crate) sessions: u64,
    /// Sessions whose rows are damaged: nothing can be said of them.
    pub(crate) damaged: u64,
}

impl Exported {
    pub(crate) fn add(&mut self, more: Self) {
        self.sessions += more.sessions;
        self.damaged += more.damaged;
    }
}

/// A part of what is written.
pub(crate) struct ExportedSome {
    pub(crate) exported: Exported,
    /// Where it goes on; nothing at the end.
    pub(crate) next: Option<SessionMark>,
}

/// A session's line.
#[derive(Serialize)]
struct Line<'a> {
    installation: &'a InstallationName,
    session: i64,
    tenant: Option<TenantId>,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    consent: &'a Consent,
    earlier: &'a [Consent],
    earlier_left_out: u32,
}

/// An export that the audit names, whose end it is still to learn.
#[must_use]
pub(crate) struct BegunExport {
    object: Object,
    by: Actor,
}

impl BegunExport {
    /// How it has ended; `None` where it broke off, or nobody took it to its end.
    pub(crate) async fn end(self, on: &Operations, exported: Option<Exported>) {
        let Self { object, by } = self;
        let of = |result| AuditEntry::new(&by, Act::ExportConsents, object, result);
        let entry = match exported {
            Some(all) => of(ActResult::Done).with("sessions", all.sessions).with("damaged", all.damaged),
            None => of(ActResult::Failed),
        };
        audit::noted(&*on.ledger, entry).await;
    }
}

/// Has the audit name an export of one installation's consents, or of all, before anything of it is given away.
pub(crate) async fn begin_export(
    on: &Operations,
    installation: Option<&InstallationName>,
    by: &Actor,
) -> Result<BegunExport, OperationError> {
    let object = match installation {
        Some(name) => Object::company(&on.installation(name)?.name),
        None => Object::companies(),
    };
    audit::begun(&*on.ledger, by, Act::ExportConsents, &object).await?;
    Ok(BegunExport { object, by: by.clone() })
}

/// Writes the consents of one installation, or of all.
pub(crate) async fn export(
    on: &Operations,
    installation: Option<&InstallationName>,
    format: Format,
    sink: &mut impl Write,
    by: &Actor,
) -> Result<Exported, OperationError> {
    let begun = begin_export(on, installation, by).await?;
    let written = export_all(on, installation, format, sink).await;
    begun.end(on, written.as_ref().ok().copied()).await;
    written
}

async fn export_all(
    on: &Operations,
    installation: Option<&InstallationName>,
    format: Format,
    sink: &mut impl Write,
) -> Result<Exported, OperationError> {
    write_heads(format, sink)?;
    let mut exported = Exported::default();
    let mut next = Some(SessionMark::BEGINNING);
    while let Some(after) = next {
        let some = export_some(on, installation, after, format, sink).await?;
        next = some.next;
        exported.add(some.exported);
    }
    sink.flush()?;
    Ok(exported)
}

/// Writes what stands before the first session.
pub(crate) fn write_heads(format: Format, sink: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Csv => write!(sink, "{}\r\n", COLUMNS.join(",")),
        Format::Json => Ok(()),
    }
}

/// Writes those of the next thousand sessions after a place, for whoever takes them as they are asked for.
pub(crate) async fn export_some(
    on: &Operations,
    installation: Option<&InstallationName>,
    after: SessionMark,
    format: Format,
    sink: &mut impl Write,
) -> Result<ExportedSome, OperationError> {
    let only = installation.map(|name| on.installation(name)).transpose()?.map(|installation| &installation.name);
    let some = on.ledger.consents(only, after, AT_ONCE).await?;
    for session in &some.sessions {
        write_one(&session.record, format, sink)?;
    }
    let exported = Exported { sessions: some.sessions.len() as u64, damaged: some.damaged };
    Ok(ExportedSome { exported, next: some.next })
}

fn write_one(record: &ConsentRecord, format: Format, sink: &mut impl Write) -> io::Result<()> {
    let ConsentRecord { session, tenant, started, ended, consent, earlier, earlier_left_out, .. } = record;
    match format {
        Format::Json => {
            let line = Line {
                installation: &session.installation,
                session: session.session.0,
                tenant: *tenant,
                started: *started,
                ended: *ended,
                consent,
                earlier,
                earlier_left_out: *earlier_left_out,
            };
            json_lines::write(&line, sink)
        }
        Format::Csv => {
            let all = earlier.iter().map(|one| (one, false)).chain([(consent, true)]);
            all.map(|(one, is_current)| row(record, one, is_current)).try_for_each(|row| write!(sink, "{row}\r\n"))
        }
    }
}

fn row(record: &ConsentRecord, consent: &Consent, is_current: bool) -> String {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells = [
        text(&record.session.installation.0),
        record.session.session.0.to_string(),
        record.tenant.map(|tenant| tenant.0.to_string()).unwrap_or_default(),
        time(record.started),
        time(record.ended),
        if is_current { "yes" } else { "no" }.to_owned(),
        consent.state.as_str().to_owned(),
        text(consent.version.as_deref().unwrap_or_default()),
        time(consent.since),
        text(consent.origin.as_deref().unwrap_or_default()),
        number(consent.form_id),
    ];
    cells.join(",")
}

/// With what a spreadsheet begins a formula.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%'];

/// A cell with a text that came from elsewhere: quoted (RFC 4180), and never the beginning of a formula, which a spreadsheet would run. One
/// that parts cells by semicolons or tabs, as in Czech, sees no quotes within a line's first cell: there, a cell begins behind each of them.
fn text(text: &str) -> String {
    let begins_otherwise = text.starts_with(['\t', '\r', '\n']);
    let mut cell = String::from("\"");
    for (place, part) in text.split_inclusive([';', '\t', '\r', '\n']).enumerate() {
        let is_formula = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"').starts_with(FORMULA);
        if is_formula || (place == 0 && begins_otherwise) {
            cell.push('\'');
        }
        cell.push_str(&part.replace('"', "\"\""));
    }
    cell.push('"');
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ConsentState;
    use crate::subject::{SessionId, SessionKey};

    fn record() -> ConsentRecord {
        let at = |text: &str| Some(text.parse().expect("a timestamp"));
        let key = SessionKey { installation: InstallationName("acme".into()), session: SessionId(4711) };
        let mut record = ConsentRecord { started: at("2026-01-01T10:00:00Z"), ..ConsentRecord::new(key) };
        record.turn_to(Consent {
            state: ConsentState::Given,
            version: Some("=HYPERLINK(\"http://x\")".into()),
            origin: Some("session".into()),
            since: at("2026-01-01T10:00:00Z"),
            ..Consent::default()
        });
        record.turn_to(Consent {
            state: ConsentState::Withdrawn,
            version: Some("v3, \"draft\"".into()),
            origin: Some("hero_card".into()),
            form_id: Some(7),
            since: at("2026-02-01T08:00:00Z"),
            ..Consent::default()
        });
        record
    }

    fn written(format: Format) -> String {
        let mut sink = Vec::new();
        write_one(&record(), format, &mut sink).expect("written");
        String::from_utf8(sink).expect("UTF-8")
    }

    #[test]
    fn each_state_of_a_consent_is_a_line_and_no_cell_is_a_formula() {
        insta::assert_snapshot!(written(Format::Csv).replace('\r', "␍"), @r#"
        "acme",4711,,2026-01-01T10:00:00Z,,no,given,"'=HYPERLINK(""http://x"")",2026-01-01T10:00:00Z,"session",␍
        "acme",4711,,2026-01-01T10:00:00Z,,yes,withdrawn,"v3, ""draft""",2026-02-01T08:00:00Z,"hero_card",7␍
        "#);
        for formula in ["=1", " =1", "+1", "-1", "@x", "\t=1", "\r=1", "\n1", "＝1", "|x", "%x"] {
            assert!(text(formula).starts_with("\"'"), "{formula:?}");
        }
        for harmless in ["v3", "2026-01-01", "", "a=b"] {
            assert_eq!(text(harmless), format!("\"{harmless}\""));
        }
        let columns = written(Format::Csv).lines().next().map(|line| line.split(',').count());
        assert_eq!(columns, Some(COLUMNS.len()));
    }

    #[test]
    fn no_cell_is_a_formula_where_a_spreadsheet_parts_cells_by_semicolons_or_tabs() {
        for hostile in ["v3;=1+1", "v3; =1", "v3;\"=1", "v3\t@x", "v3\n+1;\"\"-1", "v3\r\n=1", ";;|x"] {
            let line = format!("\"acme\",4711,{},yes\r\n", text(hostile));
            for delimiter in *b",;\t" {
                let mut reader = csv::ReaderBuilder::new();
                reader.delimiter(delimiter).has_headers(false).flexible(true);
                for record in reader.from_reader(line.as_bytes()).records() {
                    for cell in &record.expect("a line") {
                        let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                        assert!(!begins.starts_with(FORMULA), "{hostile:?}: {cell:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_session_is_a_line_of_json_with_what_its_consent_was() {
        let line: serde_json::Value = serde_json::from_str(&written(Format::Json)).expect("JSON");
        assert_eq!((&line["session"], &line["consent"]["state"]), (&4711.into(), &"withdrawn".into()));
        assert_eq!(line["earlier"][0]["version"], "=HYPERLINK(\"http://x\")");
        assert!(line.get("guest").is_none() && line.get("guest_digest").is_none(), "{line}");
    }
}
