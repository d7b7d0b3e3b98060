//! Zeros over a file's content, from its end to its beginning, so that what is done is done: the file is cut after each
//! piece, and the next attempt finds what is left of it.

use std::os::fd::OwnedFd;

use quietus_plugin::PluginError;
use rustix::fs::{fdatasync, fsync, ftruncate};
use rustix::io::{Errno, pwrite};

use super::trouble::failed;
use crate::place::Job;

/// What is written, made to last and cut off at once.
const PIECE: u64 = 16 << 20;
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

pub(super) fn wipe(file: &OwnedFd, bytes: u64, job: &Job<'_>) -> Result<(), PluginError> {
    let mut end = bytes;
    while end > 0 {
        job.go_on()?;
        let start = end.saturating_sub(PIECE);
        overwrite(file, start, end)
            // Otherwise the zeros would be cut off before they reach the disk.
            .and_then(|()| fdatasync(file))
            .and_then(|()| ftruncate(file, start))
            .map_err(|errno| failed("cannot overwrite a file", errno))?;
        end = start;
    }
    // Also what was written to it meanwhile.
    ftruncate(file, 0).and_then(|()| fsync(file)).map_err(|errno| failed("cannot empty a file", errno))
}

pub(super) fn overwrite(file: &OwnedFd, start: u64, end: u64) -> Result<(), Errno> {
    let mut at = start;
    while at < end {
        let length = (end - at).min(ZEROS.len() as u64) as usize;
        match pwrite(file, &ZEROS[..length], at) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => at += written as u64,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
