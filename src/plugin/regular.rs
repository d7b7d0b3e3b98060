//! Files that are read to their end: regular ones. Of a pipe or a device, opening or reading might never end.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Opens it for reading.
pub(super) fn open(path: &Path) -> io::Result<File> {
    // Before it is opened, as that alone may do something to a device.
    demand(&path.metadata()?)?;
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    // Somebody may have replaced it.
    demand(&file.metadata()?)?;
    Ok(file)
}

fn demand(metadata: &Metadata) -> io::Result<()> {
    match is_not(metadata) {
        None => Ok(()),
        Some(what) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file"))),
    }
}

/// What it is instead.
pub(super) fn is_not(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    let others = [(kind.is_dir(), "a folder"), (kind.is_fifo(), "a pipe"), (kind.is_socket(), "a socket")];
    let what = others.into_iter().find_map(|(is, what)| is.then_some(what));
    (!kind.is_file()).then(|| what.unwrap_or("a device"))
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
        for (path, what) in [(&*pipe, "a pipe"), (folder.path(), "a folder"), (Path::new("/dev/zero"), "a device")] {
            let refused = open(path).expect_err("refused");
            assert_eq!(refused.to_string(), format!("it is {what}, not a regular file"));
        }
        open(&std::env::current_exe().expect("known")).expect("a file");
    }
}
