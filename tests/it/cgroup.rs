//! Limits of a plugin together with all that it starts, where the server has a delegated cgroup.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{Deployment, ERASE, Server, StandIn, wait_for};

/// A cgroup as systemd would delegate it; removed at the end.
struct Delegation(PathBuf);

impl Delegation {
    /// `None` where this user cannot have one.
    fn make() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let at = mounts.lines().find(|line| line.contains(" cgroup2 "))?.split(' ').nth(1)?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let parent = Path::new(at).join(own.lines().find_map(|line| line.strip_prefix("0::/"))?);
        // Where the machine's controllers are elsewhere, nothing is limited, and the rest is the same.
        let _ = fs::write(parent.join("cgroup.subtree_control"), "+pids");
        let path = parent.join(format!("quietus-test-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let made = Self(path);
        rustix::fs::setxattr(&made.0, "user.delegate", b"1", rustix::fs::XattrFlags::empty()).ok()?;
        Some(made)
    }

    fn limits_processes(&self) -> bool {
        self.0.join("pids.max").exists()
    }

    fn plugins(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).expect("readable").flatten();
        entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().contains("/plugin-")).collect()
    }
}

impl Drop for Delegation {
    fn drop(&mut self) {
        for path in self.plugins().into_iter().chain([self.0.join("server"), self.0.clone()]) {
            let _ = fs::write(path.join("cgroup.kill"), "1");
            wait_for("the cgroup to be empty", || {
                let removed = fs::remove_dir(&path);
                (removed.is_ok() || !path.exists()).then_some(())
            });
        }
    }
}

#[test]
fn a_plugin_and_all_that_it_starts_are_limited_together() {
    // Without cgroup v2, or without the right to make one, there is nothing to limit together.
    let Some(delegation) = Delegation::make() else { return };
    let standin = StandIn::start();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/wayward.py");
    let plugin = format!(
        "[[plugin]]\nname = \"bomb\"\nexec = \"{program}\"\ngrants = [\"name\"]\nlimits = {{ processes = 20 }}\n"
    );
    let rules = ERASE.replace("targets = [\"mluvii\"]", "targets = [\"bomb\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{plugin}"));
    let server = Server::start_in_cgroup(&deployment, &delegation.0);
    standin.register(&server.callback());
    let listed = wait_for("the plugin to be up", || {
        let rows = deployment.json(&["plugin", "list"]);
        (rows[0]["state"]["is"] == "up").then_some(rows)
    });
    let plugins = delegation.plugins();
    let of_plugin = fs::read_to_string(plugins[0].join("cgroup.procs")).expect("readable");
    assert_eq!((plugins.len(), of_plugin.lines().count()), (1, 2), "the program, and the process that watches it");
    let of_server = fs::read_to_string(delegation.0.join("server/cgroup.procs")).expect("readable");
    assert_eq!(of_server.trim(), server.id().to_string());

    standin.begin_with(json!({
        "id": 101, "tenant": 62, "guest": "g-1",
        "call_params": [{ "name": "oo1_guest_ident", "value": "forks", "source": "ENTRY_FORM" }],
    }));
    standin.just_end(101);
    let receipt = crate::harness::receipts(&deployment, 1).remove(0);
    let forks = receipt["statement"]["steps"][0]["counts"]["number"].as_u64().expect("a number");
    let limits = listed[0]["state"]["detail"]["facts"]["cgroup"].as_str().expect("told").to_owned();
    if delegation.limits_processes() {
        assert!(limits.contains("pids.max=20") && (1..20).contains(&forks), "{limits}: {forks} of 200");
    } else {
        assert!(limits.contains("no limits") && forks == 200, "{limits}: {forks} of 200");
    }

    server.stop();
    wait_for("the cgroups of plugins to be removed", || delegation.plugins().is_empty().then_some(()));
}
