//! Who orders an act on this machine: the account that the operating system knows, never what a program says of itself.

use crate::audit::{Actor, BY_SUDO};

/// The accounts of this machine. Those of a directory service are not in it, and are named by their number.
const ACCOUNTS: &str = "/etc/passwd";

/// The longest name of an account.
const NAME_BYTES_MAX: usize = 32;

/// The account of a user id, as an actor. Where root was reached by `sudo`, `sudo_user` notes from where: root could have
/// written anything there, so it stands behind the account and never in its place.
pub(crate) fn of_account(uid: u32, sudo_user: Option<&str>) -> Actor {
    // Without this file, an account is called by its number: the act is still written down.
    let accounts = std::fs::read_to_string(ACCOUNTS).unwrap_or_default();
    let account = name(&accounts, uid);
    match sudo_user.filter(|user| uid == 0 && is_name(user)) {
        Some(user) => Actor::cli(&format!("{account}{BY_SUDO}{user})")),
        None => Actor::cli(&account),
    }
}

/// The name of an account, or its number where it has none.
fn name(accounts: &str, uid: u32) -> String {
    let named = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid && is_name(name)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid:{uid}"))
}

/// What can be an account's name: an actor is shown in lists and compared.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$');
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1000:Ann Novak,,,:/home/ann:/bin/sh\n";

    #[track_caller]
    fn check(uid: u32, expected: &str) {
        assert_eq!(name(ANN, uid), expected);
    }

    #[test]
    fn an_account_is_called_by_its_name_and_without_one_by_its_number() {
        check(0, "root");
        check(1000, "ann");
        check(1001, "uid:1001");
    }

    #[test]
    fn sudo_is_noted_of_root_only_and_only_as_a_name() {
        assert_eq!(of_account(0, Some("ann")).to_string(), "cli:root (sudo: ann)");
        assert_eq!(of_account(0, Some("ann) or cli:bob")).to_string(), "cli:root");
        assert_eq!(of_account(4_000_000_000, Some("root")).to_string(), "cli:uid:4000000000");
    }
}
