//! Whether nobody but the operator and the server's own user can write to a plugin's files: the one that is started, its
//! interpreter, and those that its arguments name.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::acl::Writers;
use super::way::{self, Kind, Step};

const OTHERS: u32 = 0o002;
/// In a folder with this mark, nobody but its owner removes or replaces the files of others.
const STICKY: u32 = 0o1000;

/// The error says who else may write to it, or put another one in its place.
pub(super) fn only_ours(file: &Path) -> Result<(), String> {
    let steps = way::to(file).map_err(|e| format!("cannot look at what leads to {}: {e}", file.display()))?;
    steps.iter().try_for_each(judge)
}

fn judge(step: &Step) -> Result<(), String> {
    by_owner(step)?;
    let mode = step.metadata.mode();
    match step.kind {
        // Its mode says nothing: whoever may write to its folder replaces it.
        Kind::Link => Ok(()),
        Kind::Holds | Kind::Passed if mode & STICKY != 0 => Ok(()),
        _ if mode & OTHERS != 0 => Err(writable(step, "every user of this machine, who", "o-w")),
        _ => by_list(step),
    }
}

/// Who owns it gives themselves whatever right they want.
fn by_owner(step: &Step) -> Result<(), String> {
    let owner = step.metadata.uid();
    if owner == 0 || owner == geteuid().as_raw() {
        return Ok(());
    }
    let shown = step.path.display();
    Err(format!(
        "{shown} belongs to the user {owner}, who is neither root nor the server's own user, and who could run anything here: \
         chown root {shown}"
    ))
}

fn by_list(step: &Step) -> Result<(), String> {
    let writers = Writers::of(&step.path, &step.metadata);
    let writers =
        writers.map_err(|e| format!("cannot read the access control list of {}: {e}", step.path.display()))?;
    if let Some(user) = writers.users.iter().find(|user| ![0, geteuid().as_raw()].contains(user)) {
        return Err(writable(step, &format!("the user {user} (by its access control list), who"), "g-w"));
    }
    // Those above it may well be a group's, such as `/usr/local`.
    if step.kind == Kind::Passed {
        return Ok(());
    }
    match writers.groups.iter().find(|group| **group != getegid().as_raw()) {
        None => Ok(()),
        Some(group) => {
            let whom = format!("the group {group}, which is not the server's own, and whose members");
            Err(writable(step, &whom, "g-w"))
        }
    }
}

fn writable(step: &Step, whom: &str, change: &str) -> String {
    let shown = step.path.display();
    format!("{shown} is writable by {whom} could run anything here: chmod {change} {shown}")
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions, create_dir, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use rustix::fs::{XattrFlags, setxattr};
    use rustix::io::Errno;
    use tempfile::TempDir;

    use super::super::acl::ACL;
    use super::super::acl::tests::list;
    use super::*;

    /// A file in a folder, and a folder that is everybody's beside that.
    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(TempDir::new().expect("a folder"));
            for name in ["safe", "named", "open"] {
                create_dir(place.at(name)).expect("made");
            }
            write(place.at("safe/file"), "x").expect("written");
            place.set("open", 0o777);
            place
        }

        fn at(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join(name)
        }

        fn set(&self, name: &str, mode: u32) {
            set_permissions(self.at(name), Permissions::from_mode(mode)).expect("ours");
        }

        fn link(&self, name: &str, to: &str) {
            symlink(self.at(to), self.at(name)).expect("made");
        }

        #[track_caller]
        fn refused(&self, name: &str, why: &str) {
            let said = only_ours(&self.at(name)).expect_err("refused");
            assert!(said.contains(why), "{name}: {said}");
        }
    }

    #[test]
    fn every_link_and_every_folder_on_the_way_counts() {
        let place = Place::new();
        place.link("named/file", "safe/file");
        assert_eq!(only_ours(&place.at("named/file")), Ok(()));
        place.link("open/middle", "safe/file");
        place.link("named/by-link", "open/middle");
        place.link("open/folder", "safe");
        place.link("named/folder", "open/folder");
        place.link("named/up", "safe");
        let by_all = format!("{} is writable by every user", place.at("open").display());
        for name in ["open/middle", "named/by-link", "named/folder/file", "open/folder/file", "open/../open/middle"] {
            place.refused(name, &by_all);
        }
        assert_eq!(only_ours(&place.at("named/up/file")), Ok(()));
        // There, nobody replaces what is another's.
        place.set("open", 0o1777);
        assert_eq!(only_ours(&place.at("named/by-link")), Ok(()));
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        if !geteuid().is_root() {
            // Only root can give files away.
            return;
        }
        for name in ["safe/file", "safe", "named/file", "named"] {
            let place = Place::new();
            place.link("named/file", "safe/file");
            std::os::unix::fs::lchown(place.at(name), Some(65534), None).expect("root may");
            place.refused("named/file", &format!("{} belongs to the user 65534", place.at(name).display()));
        }
        let place = Place::new();
        chown(place.at("open"), Some(65534), None).expect("root may");
        place.set("open", 0o1755);
        fs::rename(place.at("safe/file"), place.at("open/file")).expect("moved");
        place.refused("open/file", "belongs to the user 65534");
    }

    #[test]
    fn a_list_behind_the_mode_of_the_servers_own_group_counts() {
        const NONE: u32 = u32::MAX;
        let entries = |named: (u16, u16, u32)| {
            let mut all = [(1, 6, NONE), named, (4, 4, NONE), (0x10, 6, NONE), (0x20, 4, NONE)];
            all.sort_unstable();
            list(&all)
        };
        for (named, why) in [
            ((2, 6, 65534), "is writable by the user 65534"),
            ((8, 6, 65534), "is writable by the group 65534"),
            ((2, 4, 65534), ""),
        ] {
            let place = Place::new();
            match setxattr(place.at("safe/file"), ACL, &entries(named), XattrFlags::empty()) {
                // A file system without lists.
                Err(Errno::OPNOTSUPP) => return,
                set => set.expect("ours"),
            }
            match why {
                "" => assert_eq!(only_ours(&place.at("safe/file")), Ok(())),
                why => place.refused("safe/file", why),
            }
        }
    }
}
