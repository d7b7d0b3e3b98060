//! All consents, or all receipts (`receipts`), as the body of an answer, a part at a time: of years of them, nobody holds all in memory.

mod receipts;

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::warn;

use crate::audit::Actor;
use crate::causes::with_causes;
use crate::ledger::SessionMark;
use crate::operations::consent::{BegunExport, Exported, ExportedSome, Format, begin_export, export_some, write_heads};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;

/// Parts that wait for whoever reads: where they are slow, no more is read of the ledger.
const PARTS_WAITING_MAX: usize = 2;

/// What the task that reads has to say.
enum Sent {
    Lines(Bytes),
    /// That was all.
    End,
}

/// Lines, as they come.
pub(super) struct Lines {
    sent: mpsc::Receiver<io::Result<Sent>>,
    is_over: bool,
}

impl Lines {
    /// Begins to read. Where nothing can be read, that is said before anything is answered: it is no export that breaks off. The audit names
    /// it before that, too.
    pub(super) async fn of(
        on: &Arc<Operations>,
        only: Option<InstallationName>,
        format: Format,
        by: &Actor,
    ) -> Result<Self, OperationError> {
        let mut lines = Vec::new();
        write_heads(format, &mut lines)?;
        let some = export_some(on, only.as_ref(), SessionMark::BEGINNING, format, &mut lines).await?;
        let begun = begin_export(on, only.as_ref(), by).await?;
        let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
        tokio::spawn(write(Arc::clone(on), only, format, Part { lines, some }, begun, sender));
        Ok(Self { sent: receiver, is_over: false })
    }
}

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let lines = self.get_mut();
        if lines.is_over {
            return Poll::Ready(None);
        }
        let sent = ready!(lines.sent.poll_recv(context));
        // A task that has gone without a word has not read all: a table that is cut looks as if it were whole.
        let sent = sent.unwrap_or_else(|| Err(io::Error::other("the export broke off")));
        lines.is_over = !matches!(sent, Ok(Sent::Lines(_)));
        Poll::Ready(match sent {
            Ok(Sent::Lines(bytes)) => Some(Ok(Frame::data(bytes))),
            Ok(Sent::End) => None,
            Err(error) => Some(Err(error)),
        })
    }
}

/// Some lines, and what is in them.
struct Part {
    lines: Vec<u8>,
    some: ExportedSome,
}

impl Part {
    async fn after(
        on: &Operations,
        only: Option<&InstallationName>,
        after: SessionMark,
        format: Format,
    ) -> Result<Self, OperationError> {
        let mut lines = Vec::new();
        let some = export_some(on, only, after, format, &mut lines).await?;
        Ok(Self { lines, some })
    }
}

/// Has all parts read, and the audit name how that ended before whoever reads learns of the end.
async fn write(
    on: Arc<Operations>,
    only: Option<InstallationName>,
    format: Format,
    first: Part,
    begun: BegunExport,
    sender: mpsc::Sender<io::Result<Sent>>,
) {
    let written = write_parts(&on, only.as_ref(), format, first, &sender).await;
    begun.end(&on, written).await;
    if written.is_some() {
        let _ = sender.send(Ok(Sent::End)).await;
    }
}

/// The same until the end; `None` where it breaks off, or nobody takes them any more.
async fn write_parts(
    on: &Operations,
    only: Option<&InstallationName>,
    format: Format,
    first: Part,
    sender: &mpsc::Sender<io::Result<Sent>>,
) -> Option<Exported> {
    let mut all = Exported::default();
    let mut part = first;
    loop {
        all.add(part.some.exported);
        if !is_taken(sender, part.lines).await {
            return None;
        }
        let Some(after) = part.some.next else { break };
        part = match Part::after(on, only, after, format).await {
            Ok(part) => part,
            Err(error) => {
                break_off(sender, "consents", &error).await;
                return None;
            }
        };
    }
    if !is_taken(sender, end(format, all)).await {
        return None;
    }
    Some(all)
}

/// Sends lines, if there are any; `false` where nobody takes them any more.
async fn is_taken(sender: &mpsc::Sender<io::Result<Sent>>, lines: Vec<u8>) -> bool {
    lines.is_empty() || sender.send(Ok(Sent::Lines(lines.into()))).await.is_ok()
}

/// Has the connection cut: what was answered must not look as if it were all.
async fn break_off(sender: &mpsc::Sender<io::Result<Sent>>, of: &str, error: &OperationError) {
    warn!(error = with_causes(error), "an export of {of} broke off");
    let _ = sender.send(Err(io::Error::other("the ledger cannot be read"))).await;
}

/// The last line of JSON lines. Without it, the export has broken off.
#[derive(Serialize)]
struct LastLine {
    end: Exported,
}

/// What ends an export. A table has no other place to say that nothing can be said of some sessions.
fn end(format: Format, all: Exported) -> Vec<u8> {
    let mut last = Vec::new();
    match format {
        Format::Json => {
            let line = serde_json::to_string(&LastLine { end: all }).expect("numbers are JSON");
            writeln!(last, "{line}").expect("memory takes it");
        }
        Format::Csv if all.damaged > 0 => {
            write!(last, "damaged,{},,,,,,,,,\r\n", all.damaged).expect("memory takes it");
        }
        Format::Csv => {}
    }
    last
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn an_export_whose_task_goes_without_a_word_fails_and_one_that_says_its_end_does_not() {
        for says_end in [true, false] {
            let (sender, sent) = mpsc::channel(PARTS_WAITING_MAX);
            let mut lines = Lines { sent, is_over: false };
            sender.send(Ok(Sent::Lines(Bytes::from_static(b"1")))).await.expect("sent");
            if says_end {
                sender.send(Ok(Sent::End)).await.expect("sent");
            }
            drop(sender);
            let first = poll_fn(|context| Pin::new(&mut lines).poll_frame(context)).await;
            assert!(matches!(first, Some(Ok(_))));
            let last = poll_fn(|context| Pin::new(&mut lines).poll_frame(context)).await;
            assert_eq!(matches!(last, Some(Err(_))), !says_end);
            assert!(poll_fn(|context| Pin::new(&mut lines).poll_frame(context)).await.is_none());
        }
    }

    #[test]
    fn an_export_says_at_its_end_that_it_is_all_and_of_what_nothing_can_be_said() {
        let said = |format, damaged| String::from_utf8(end(format, Exported { sessions: 2, damaged })).expect("text");
        assert_eq!(said(Format::Json, 0), "{\"end\":{\"sessions\":2,\"damaged\":0}}\n");
        assert_eq!(said(Format::Csv, 0), "");
        let mut columns = Vec::new();
        write_heads(Format::Csv, &mut columns).expect("written");
        let columns = String::from_utf8(columns).expect("text");
        let damaged = said(Format::Csv, 3);
        assert!(damaged.starts_with("damaged,3,"), "{damaged}");
        assert_eq!(damaged.matches(',').count(), columns.matches(',').count());
    }
}
