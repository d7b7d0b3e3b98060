//! Faults of a busy machine that pass: what the kernel refuses at one moment and not at the next is no fault of a plugin's.

use std::io;
use std::thread::sleep;
use std::time::Duration;

/// Pauses, in all some seconds: each is twice as long as the one before.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// Does it again while the kernel is busy with it. Blocks meanwhile.
pub(super) fn retry<T>(mut what: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match what() {
            Err(error) if passes(&error) => sleep(pause),
            done => return done,
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
    what()
}

/// Whether the next attempt may succeed, though nobody has changed anything.
pub(super) fn passes(error: &io::Error) -> bool {
    // Too many open files: others close some.
    if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
        return true;
    }
    use io::ErrorKind::{ExecutableFileBusy, Interrupted, OutOfMemory, ResourceBusy, WouldBlock};
    matches!(error.kind(), ExecutableFileBusy | Interrupted | OutOfMemory | ResourceBusy | WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_done_again_and_what_stays_is_not() {
        let attempts = |errno: i32, times: usize| {
            let mut made = 0;
            let done = retry(|| {
                made += 1;
                if made <= times { Err(io::Error::from_raw_os_error(errno)) } else { Ok(()) }
            });
            (made, done.is_ok())
        };
        assert_eq!(attempts(libc::EBUSY, 3), (4, true));
        assert_eq!(attempts(libc::EAGAIN, 1), (2, true));
        assert_eq!(attempts(libc::EPERM, 3), (1, false));
    }
}
