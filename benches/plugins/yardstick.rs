//! The least that a call to another process can cost: its bytes, there and back over a socket, without reading them.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// About as many bytes as a call and an answer have on average.
const BYTES: usize = 200;

/// How often that goes there and back in so much time, one after another.
pub(crate) fn echoes(longest: Duration) -> u64 {
    let (mut ours, theirs) = UnixStream::pair().expect("a socket");
    let output = theirs.try_clone().expect("a copy");
    let socket = |end: UnixStream| Stdio::from(OwnedFd::from(end));
    // It copies its input to its output, piece by piece as it comes.
    let mut echo = Command::new("cat").stdin(socket(theirs)).stdout(socket(output)).spawn().expect("`cat` runs");
    let (sent, mut received) = ([b'x'; BYTES], [0; BYTES]);
    let (end, mut times) = (Instant::now() + longest, 0);
    while Instant::now() < end {
        ours.write_all(&sent).expect("written");
        ours.read_exact(&mut received).expect("read");
        times += 1;
    }
    drop(ours);
    echo.wait().expect("it ends");
    times
}
