//! Lines on their way to where they are written. Nobody waits for who reads there, who may have stopped reading: only one thread
//! writes, a bounded number of bytes waits for it, and what exceeds them is dropped, counted, and told afterwards.
//!
//! Not the writer of `tracing-appender`: its bound is a number of lines, however long, and it does not tell what it dropped.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use metrics::counter;

use crate::lock::lock;
use crate::panics::caught_here;

/// Lines of the log that nobody will read.
pub(super) const DROPPED: &str = "quietus_log_dropped_lines_total";

/// Bytes that wait to be written, a few thousand lines; as many may be in the hands of the thread that writes.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// How long the end of a process waits for its last lines.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// Takes whole lines, one a call of `write`, and never blocks.
#[derive(Clone)]
pub(crate) struct LogWriter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    /// There is something to write, or it was written.
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    waiting: Vec<u8>,
    /// Whether the thread has taken lines that are not written yet.
    is_writing: bool,
    dropped: u64,
    /// How many of the dropped were told.
    told: u64,
}

impl LogWriter {
    /// Starts the thread that writes to `sink`. It calls `tell` with the number of lines that were dropped since it did so last,
    /// as soon as it can write again.
    pub(super) fn start(sink: impl Write + Send + 'static, tell: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let writer = Self(Arc::default());
        let thread = writer.clone();
        std::thread::Builder::new().name("log".into()).spawn(move || thread.run(sink, &tell))?;
        Ok(writer)
    }

    fn run(&self, mut sink: impl Write, tell: &impl Fn(u64)) {
        let mut lines = Vec::new();
        let mut has_failed = false;
        loop {
            // Where nothing can be written, such as into a pipe that is closed, to tell of it is one more line that cannot be.
            let untold = self.take(&mut lines, !has_failed);
            let written = caught_here(|| {
                if untold > 0 {
                    // Before the write, which can take long: now nothing waits, so that what is told has room, right behind the
                    // last line that was kept.
                    tell(untold);
                }
                sink.write_all(&lines)
            });
            // A panic, too, must not end the log.
            has_failed = !matches!(written, Ok(Ok(())));
            if has_failed {
                self.drop_lines(lines.iter().filter(|byte| **byte == b'\n').count() as u64);
            }
            lines.clear();
        }
    }

    /// Waits for lines and takes them, in exchange for the empty `lines`. Returns how many were dropped and are to be told now.
    fn take(&self, lines: &mut Vec<u8>, tells: bool) -> u64 {
        let mut state = lock(&self.0.lines);
        state.is_writing = false;
        self.0.changed.notify_all();
        let nothing = |state: &mut Lines| state.waiting.is_empty();
        let mut state = self.0.changed.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.waiting, lines);
        state.is_writing = true;
        if !tells {
            return 0;
        }
        let untold = state.dropped - state.told;
        state.told = state.dropped;
        untold
    }

    fn push(&self, line: &[u8]) {
        let mut state = lock(&self.0.lines);
        if state.waiting.len() + line.len() > WAITING_BYTES_MAX {
            drop(state);
            return self.drop_lines(1);
        }
        state.waiting.extend_from_slice(line);
        drop(state);
        self.0.changed.notify_all();
    }

    fn drop_lines(&self, count: u64) {
        let mut state = lock(&self.0.lines);
        state.dropped += count;
        let dropped = state.dropped;
        drop(state);
        // The sum, as lines may have been dropped before the metrics were installed.
        counter!(DROPPED).absolute(dropped);
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    /// Waits until all lines are written, but not for ever.
    fn flush(&mut self) -> io::Result<()> {
        let unwritten = |state: &mut Lines| state.is_writing || !state.waiting.is_empty();
        drop(self.0.changed.wait_timeout_while(lock(&self.0.lines), FLUSH_MAX, unwritten));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::{OnceLock, mpsc};

    use super::*;

    const LINE_BYTES: usize = 1000;

    fn push(writer: &mut LogWriter, number: usize) {
        writer.write_all(format!("{number:<999}\n").as_bytes()).expect("is taken");
    }

    /// Says when it is to write, and writes when it is told to.
    struct Gate {
        begun: mpsc::Sender<()>,
        open: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let gone = || io::Error::other("the test has ended");
            self.begun.send(()).map_err(|_| gone())?;
            self.open.recv().map_err(|_| gone())?;
            self.written.send(bytes.to_vec()).map_err(|_| gone())?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_dropped_and_told_behind_the_last_that_was_kept() {
        let (begun, begins) = mpsc::channel();
        let (opening, open) = mpsc::channel();
        let (written, writes) = mpsc::channel();
        // What is told goes through the writer itself, as the log's own line does.
        let told = Arc::new(OnceLock::<LogWriter>::new());
        let tell = {
            let told = Arc::clone(&told);
            move |lines: u64| {
                let mut writer = told.get().expect("is set").clone();
                writer.write_all(format!("{lines} dropped\n").as_bytes()).expect("is taken");
            }
        };
        let mut writer = LogWriter::start(Gate { begun, open, written }, tell).expect("starts");
        assert!(told.set(writer.clone()).is_ok());

        push(&mut writer, 0);
        begins.recv().expect("it writes");
        let room = WAITING_BYTES_MAX / LINE_BYTES;
        for number in 1..=room + 7 {
            push(&mut writer, number);
        }
        assert!(lock(&writer.0.lines).waiting.len() <= WAITING_BYTES_MAX);
        assert_eq!(lock(&writer.0.lines).dropped, 7);
        push(&mut writer, 0);
        for _ in 0..3 {
            opening.send(()).expect("it writes");
        }
        let writes: Vec<_> = (0..3).map(|_| writes.recv().expect("is written")).collect();
        let text = String::from_utf8(writes.concat()).expect("UTF-8");
        let mut lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines.pop(), Some("8 dropped"));
        let kept: Vec<_> = (0..=room).map(|number| number.to_string()).collect();
        assert_eq!(lines, kept);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_is_told_until_it_can() {
        struct Closed(Arc<Mutex<(bool, u32)>>);
        impl Write for Closed {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let (is_closed, tries) = &mut *lock(&self.0);
                *tries += 1;
                if *is_closed { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let pipe = Arc::new(Mutex::new((true, 0)));
        let told = Arc::new(Mutex::new((Vec::new(), None::<LogWriter>)));
        let tell = {
            let told = Arc::clone(&told);
            move |lines: u64| {
                let mut told = lock(&told);
                told.0.push(lines);
                told.1.as_mut().expect("is set").write_all(b"dropped\n").expect("is taken");
            }
        };
        let mut writer = LogWriter::start(Closed(Arc::clone(&pipe)), tell).expect("starts");
        lock(&told).1 = Some(writer.clone());
        for number in 0..3 {
            push(&mut writer, number);
            writer.flush().expect("is tried");
        }
        assert_eq!((lock(&pipe).1, lock(&told).0.len()), (3, 0), "one try for each");
        lock(&pipe).0 = false;
        for number in 3..5 {
            push(&mut writer, number);
            writer.flush().expect("is written");
        }
        assert_eq!(lock(&told).0, [3]);
    }

    /// What a reader gets until `text` has come.
    fn read_until(pipe: &mut io::PipeReader, text: &str) {
        let mut read = Vec::new();
        let mut chunk = [0; 4096];
        while !String::from_utf8_lossy(&read).contains(text) {
            let count = pipe.read(&mut chunk).expect("the pipe is open");
            assert!(count > 0, "the writer is gone");
            read.extend_from_slice(&chunk[..count]);
        }
    }

    #[test]
    fn a_flush_waits_for_the_last_line_and_never_for_a_reader_who_is_not_there() {
        let (mut reader, pipe) = io::pipe().expect("a pipe");
        let mut writer = LogWriter::start(pipe, |_| {}).expect("starts");
        push(&mut writer, 1);
        writer.flush().expect("ends");
        {
            let state = lock(&writer.0.lines);
            assert!(state.waiting.is_empty() && !state.is_writing);
        }
        for number in 0..1000 {
            push(&mut writer, number);
        }
        writer.flush().expect("ends, though nobody reads");
        assert!(lock(&writer.0.lines).is_writing);
        read_until(&mut reader, "999");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let (reader, pipe) = io::pipe().expect("a pipe");
        drop(reader);
        let mut writer = LogWriter::start(pipe, |_| {}).expect("starts");
        for number in 0..3 {
            push(&mut writer, number);
            writer.flush().expect("ends");
        }
        assert_eq!(lock(&writer.0.lines).dropped, 3);
    }

    #[test]
    fn a_line_beyond_all_bounds_is_dropped() {
        let mut writer = LogWriter::start(io::sink(), |_| {}).expect("starts");
        writer.write_all(&vec![b'x'; WAITING_BYTES_MAX + 1]).expect("is taken");
        assert_eq!(lock(&writer.0.lines).dropped, 1);
    }
}
