//! Reading frames: the length first, checked before anything is allocated for it, then the JSON. Server, child and kit all
//! read through here.

use std::io;

use quietus_plugin::protocol::{FrameError, body_len};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use zeroize::Zeroizing;

/// One frame's JSON, or a whole frame that is written. It may hold personal data, so it is wiped.
pub(super) type Frame = Zeroizing<Vec<u8>>;

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The end of the stream and a reset alike: the other side is gone.
    #[error("its process ended")]
    Ended,
    #[error("its process ended within a message")]
    EndedWithin,
    #[error("it broke the protocol: {0}")]
    Broken(#[from] FrameError),
}

/// The JSON of the next frame.
pub(super) async fn read_frame(reader: &mut (impl AsyncRead + Unpin)) -> Result<Frame, ReadError> {
    let mut header = [0; 4];
    reader.read_exact(&mut header).await.map_err(|_| ReadError::Ended)?;
    let mut body = Zeroizing::new(vec![0; body_len(header)?]);
    reader.read_exact(&mut body).await.map_err(|_| ReadError::EndedWithin)?;
    Ok(body)
}

/// The same without a runtime, as the child has none.
pub(super) fn read_frame_blocking(reader: &mut impl io::Read) -> Result<Frame, ReadError> {
    let mut header = [0; 4];
    reader.read_exact(&mut header).map_err(|_| ReadError::Ended)?;
    let mut body = Zeroizing::new(vec![0; body_len(header)?]);
    reader.read_exact(&mut body).map_err(|_| ReadError::EndedWithin)?;
    Ok(body)
}
