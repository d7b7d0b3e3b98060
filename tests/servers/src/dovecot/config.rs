//! The server's configuration: <https://doc.dovecot.org/2.3/>. It runs as one ordinary user, without root's help.

use std::path::Path;

use crate::owner::Owner;

use super::PASSWORD;

/// The configuration of a server in a folder, with settings of the test's own at its end.
pub(super) fn config(folder: &Path, owner: Owner, port: u16, tls_port: u16, own: &str) -> String {
    let folder = folder.display();
    let Owner { uid, gid, .. } = owner;
    let (user, group) = (owner.name(), owner.group_name());
    format!(
        "
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
ssl_cert = <{folder}/tls.pem
ssl_key = <{folder}/tls.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:~/Maildir
mail_privileged_group =
mail_fsync = never
maildir_very_dirty_syncs = yes
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
{own}
"
    )
}
