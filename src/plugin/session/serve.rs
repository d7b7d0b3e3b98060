//! The process behind a session: read from, written to, stopped.

use std::convert::Infallible;
use std::time::Duration;

use quietus_plugin::protocol::PluginMessage;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::call::Ended;
use super::handle::{CANCEL_GRACE, Session};
use super::log_limit::UnsolicitedLimit;
use crate::plugin::frame::{Frame, read_frame};
use crate::plugin::launching::in_words;
use crate::plugin::process::Process;

/// How a session ended.
pub(in crate::plugin) enum SessionEnd {
    /// As asked.
    Stopped,
    /// It crashed, hung or broke the protocol.
    Lost(String),
}

/// The process of one session.
pub(in crate::plugin) struct Driver {
    process: Process,
    outbox: mpsc::Receiver<Frame>,
}

impl Driver {
    pub(super) fn new(process: Process, outbox: mpsc::Receiver<Frame>) -> Self {
        Self { process, outbox }
    }

    /// Runs the session until it is lost or the shutdown comes, and cleans up. Every call has ended when this returns.
    pub(in crate::plugin) async fn run(self, session: &Session, shutdown: &CancellationToken) -> SessionEnd {
        let Self { mut process, mut outbox } = self;
        let why = {
            let serving = serve(&mut process.reader, &mut process.writer, &mut outbox, session);
            tokio::pin!(serving);
            tokio::select! {
                why = &mut serving => Some(why),
                never = process.group.end_with_its_leader() => match never {},
                () = shutdown.cancelled() => {
                    session.ask_to_stop();
                    // Calls may still end well; one that does not listen ends with the process.
                    let _ = timeout(CANCEL_GRACE, serving).await;
                    None
                }
            }
        };
        // First: a call that began now would be lost with the process, and could count as its cause.
        session.stop_accepting();
        // Before the calls are ended, as their callers learn how the process ended.
        let how = process.end().await;
        session.log_suppressed();
        match why {
            None => {
                session.close(|| Ended::Stopped);
                SessionEnd::Stopped
            }
            Some(why) => {
                let why = format!("{why}; {how}");
                session.close(|| Ended::Lost(why.clone()));
                SessionEnd::Lost(why)
            }
        }
    }
}

/// Reads and writes until one of them ends; says why.
async fn serve(
    reader: &mut BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    outbox: &mut mpsc::Receiver<Frame>,
    session: &Session,
) -> String {
    tokio::select! {
        why = read_messages(reader, session) => why,
        never = write_frames(writer, outbox) => match never {},
        () = session.hung.notified() => "a call did not end in time".to_owned(),
    }
}

/// Hands each message to the session until the process is lost or breaks the protocol; says why.
async fn read_messages(reader: &mut BufReader<OwnedReadHalf>, session: &Session) -> String {
    let mut unsolicited = UnsolicitedLimit::new(Instant::now());
    loop {
        let frame = match read_frame(reader).await {
            Ok(frame) => frame,
            Err(error) => return in_words(&error),
        };
        let message = match PluginMessage::decode(&frame) {
            Ok(message) => message,
            Err(error) => return in_words(&error.into()),
        };
        // An answer is never held up by what was said before it without being asked.
        let pause = match session.awaits(&message) {
            true => Duration::ZERO,
            false => unsolicited.pause(Instant::now(), frame.len()),
        };
        if let Err(why) = session.receive(message) {
            return format!("it broke the protocol: {why}");
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Never returns: when the process cannot be written to, reading ends too, and says why.
async fn write_frames(writer: &mut OwnedWriteHalf, outbox: &mut mpsc::Receiver<Frame>) -> Infallible {
    while let Some(frame) = outbox.recv().await {
        if writer.write_all(&frame).await.is_err() {
            break;
        }
    }
    std::future::pending().await
}
