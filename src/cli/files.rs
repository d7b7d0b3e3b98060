//! Files that commands read and write.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressBarIter};

use super::exit::Failure;

/// Opens a file to read; `-` is standard input.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    Ok(Box::new(BufReader::new(File::open(path).map_err(named)?)))
}

/// Opens files one after the other, notes which one it is, and tells the bar what is read of them.
pub(super) fn each<'a>(
    files: &'a [PathBuf],
    current: &'a Cell<Option<&'a Path>>,
    bar: &ProgressBar,
) -> impl Iterator<Item = io::Result<ProgressBarIter<Box<dyn BufRead>>>> {
    files.iter().map(|path| {
        current.set(Some(path));
        open(path).map(|file| bar.wrap_read(file))
    })
}

/// How many bytes files have in all, where that is known before they are read: of a pipe it is not.
pub(super) fn bytes(files: &[PathBuf]) -> Option<u64> {
    let one = |path: &PathBuf| {
        let is_input = path.as_os_str() == "-";
        let metadata = std::fs::metadata(path).ok().filter(|metadata| metadata.is_file() && !is_input)?;
        Some(metadata.len())
    };
    files.iter().map(one).sum()
}

/// A public key as an argument, `HEX` or `@FILE`.
pub(super) fn public_key(argument: &str) -> Result<String, Failure> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{path}: {error}"))?,
    };
    Ok(text.trim().to_owned())
}

/// Writes a file that appears whole or not at all.
pub(super) async fn write_whole<T>(
    path: &Path,
    write: impl AsyncFnOnce(&mut BufWriter<&mut File>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, as a file can be given its name in one step only within a file system.
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    // Whoever writes has to flush: a buffer that is dropped keeps its error to itself.
    let written = write(&mut BufWriter::new(part.as_file_mut())).await?;
    // On the disk before it has its name: after a power failure, an empty file could stand there.
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(written)
}
