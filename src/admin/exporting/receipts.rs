//! Receipts as JSON lines: a header that tells how many follow, and then these. What is appended meanwhile is left for the next export.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Lines, PARTS_WAITING_MAX, Sent, break_off, is_taken};
use crate::operations::receipts::{Header, begin_export, export_some, survey};
use crate::operations::{OperationError, Operations};

/// Some lines, and the number with which the others begin.
struct Part {
    lines: Vec<u8>,
    next: Option<u64>,
}

impl Lines {
    /// Begins to read. Where nothing can be read, that is said before anything is answered.
    pub(in crate::admin) async fn of_receipts(on: &Arc<Operations>, from: u64) -> Result<Self, OperationError> {
        let header = survey(on, from).await?;
        let mut lines = Vec::new();
        begin_export(&header, &mut lines)?;
        let next = export_some(on, from, &header, &mut lines).await?;
        let (sender, receiver) = mpsc::channel(PARTS_WAITING_MAX);
        tokio::spawn(write(Arc::clone(on), header, Part { lines, next }, sender));
        Ok(Self { sent: receiver, is_over: false })
    }
}

/// Has all parts read, until the end or until nobody takes them any more.
async fn write(on: Arc<Operations>, header: Header, first: Part, sender: mpsc::Sender<io::Result<Sent>>) {
    let mut part = first;
    loop {
        if !is_taken(&sender, part.lines).await {
            return;
        }
        let Some(from) = part.next else { break };
        let mut lines = Vec::new();
        part = match export_some(&on, from, &header, &mut lines).await {
            Ok(next) => Part { lines, next },
            Err(error) => return break_off(&sender, "receipts", &error).await,
        };
    }
    let _ = sender.send(Ok(Sent::End)).await;
}
