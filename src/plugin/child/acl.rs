//! Who may write to a file besides its owner: by its mode, or by its access control list, of which the mode's group is only the upper
//! bound.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::getxattr;
use rustix::io::Errno;

pub(super) const ACL: &str = "system.posix_acl_access";
/// The most that the kernel keeps in one attribute.
const ACL_BYTES_MAX: usize = 1 << 16;
const WRITES: u16 = 0o2;

/// Those named users and groups; "all" is not among them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Writers {
    pub(super) users: Vec<u32>,
    pub(super) groups: Vec<u32>,
}

impl Writers {
    /// Of what is at this path, which is no link.
    pub(super) fn of(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        // Of a list, this is its mask: what none of these may do more than.
        if metadata.mode() & 0o020 == 0 {
            return Ok(Self::default());
        }
        let mut list = vec![0_u8; ACL_BYTES_MAX];
        match getxattr(path, ACL, &mut list[..]) {
            Ok(read) => {
                Self::read(&list[..read], metadata.gid()).ok_or_else(|| io::Error::other("it is not understood"))
            }
            Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => {
                Ok(Self { users: Vec::new(), groups: vec![metadata.gid()] })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// `group` is the file's own.
    fn read(list: &[u8], group: u32) -> Option<Self> {
        let (version, entries) = list.split_at_checked(4)?;
        let entries = entries.chunks_exact(8);
        if version != 2_u32.to_le_bytes() || !entries.remainder().is_empty() {
            return None;
        }
        let mut writers = Self::default();
        for entry in entries {
            let [tag, may] = [0, 2].map(|at| u16::from_le_bytes([entry[at], entry[at + 1]]));
            let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            match tag {
                _ if may & WRITES == 0 => {}
                2 => writers.users.push(id),
                4 => writers.groups.push(group),
                8 => writers.groups.push(id),
                // The owner, the mask, and all others, which the mode tells, too.
                _ => {}
            }
        }
        Some(writers)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As the kernel has it: tags, permissions and ids.
    pub(in crate::plugin::child) fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, may, id) in entries {
            list.extend(tag.to_le_bytes());
            list.extend(may.to_le_bytes());
            list.extend(id.to_le_bytes());
        }
        list
    }

    #[test]
    fn those_that_a_list_names_are_found_and_what_is_no_list_is_not_understood() {
        const NOBODY: u32 = u32::MAX;
        let full =
            [(1, 6, NOBODY), (2, 6, 7), (2, 4, 8), (4, 4, NOBODY), (8, 6, 9), (0x10, 6, NOBODY), (0x20, 4, NOBODY)];
        let found = Writers::read(&list(&full), 3);
        assert_eq!(found, Some(Writers { users: vec![7], groups: vec![9] }));
        let own = Writers::read(&list(&[(1, 6, NOBODY), (4, 6, NOBODY), (0x20, 4, NOBODY)]), 3);
        assert_eq!(own, Some(Writers { users: vec![], groups: vec![3] }));
        for broken in [&b""[..], b"\x02\0\0", b"\x03\0\0\0", b"\x02\0\0\0\x01\0"] {
            assert_eq!(Writers::read(broken, 3), None);
        }
    }
}
