//! A folder with a configuration, keys and a ledger, and the command line on it.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use super::standin::API_SECRET;
use super::{CRM_TOKEN, StandIn, quietus, wait_for};

/// The password of the source `acme`, whose user is `mluvii`. It holds a colon.
pub(crate) const PASSWORD: &str = "webhook:password-42";

/// Rules as a company has them. Sessions settle as soon as they are concluded.
pub(crate) const RULES: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[consent]]
on = "form-submitted"
when = "form.id == 4712 && form.params['agree'] == 'no'"
state = "withdrawn"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii", "crm"]

[[rule]]
name = "consent withdrawn"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "guest"
targets = ["mluvii"]

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
approve = true
targets = ["mluvii", "crm"]

[[rule]]
name = "retention"
on = "session-settled"
when = "consent.state == 'given'"
erase = "session"
after = "365d"
targets = ["mluvii"]
"#;

/// Sessions without consent are erased at mluvii as soon as they have ended.
pub(crate) const ERASE: &str = r#"
[settling]
limit = "0s"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// A mluvii company and its source, both by one name, of a deployment that has several; `more` stands in `[[mluvii]]`.
pub(crate) fn company(name: &str, base_url: &str, tenant: usize, more: &str) -> String {
    format!(
        r#"
[[mluvii]]
name = "{name}"
base_url = "{base_url}"
client_id = {{ file = "api.secret" }}
client_secret = {{ file = "api.secret" }}
verify_after = "0s"
{more}

[[source]]
name = "{name}"
mluvii = "{name}"
tenants = [{tenant}]
auth = [{{ basic = {{ user = "mluvii", password = {{ file = "webhook.secret" }} }} }}]
"#
    )
}

/// A deployment in a temporary folder.
pub(crate) struct Deployment {
    folder: TempDir,
}

impl Deployment {
    /// With the source `acme`, the CRM plugin and `more`, against the stand-ins.
    pub(crate) fn new(standin: &StandIn, more: &str) -> Self {
        Self::between(&standin.mluvii, &standin.crm, more)
    }

    /// The same with a mluvii and a CRM at these addresses.
    pub(crate) fn between(mluvii: &str, crm: &str, more: &str) -> Self {
        Self::bare(mluvii, &format!("{}\n{more}", crm_plugin(crm)))
    }

    /// With the source `acme` and `more`, against a mluvii at `base_url`.
    pub(crate) fn bare(base_url: &str, more: &str) -> Self {
        Self::tuned(base_url, "", "", more)
    }

    /// Has the source `acme` name its company, as it must beside a second one.
    pub(crate) fn names_companies(&self) {
        self.replace("name = \"acme\"\ntenants", "name = \"acme\"\nmluvii = \"acme\"\ntenants");
    }

    /// Puts a proxy on this machine before the pages and the API.
    pub(crate) fn stands_behind_proxy(&self) {
        self.replace("[server]\n", "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n");
        self.add("[admin]\nlisten = \"127.0.0.1:0\"\nbehind_proxy = true\n");
    }

    /// The same with lines of its own for `[[mluvii]]` and in place of the harness' `[person]`.
    pub(crate) fn tuned(base_url: &str, mluvii: &str, person: &str, more: &str) -> Self {
        let folder = TempDir::with_prefix("quietus-test-").expect("a temporary folder");
        let deployment = Self { folder };
        deployment.write("webhook.secret", PASSWORD);
        deployment.write("api.secret", API_SECRET);
        deployment.write("crm.token", CRM_TOKEN);
        deployment.configure_tuned(base_url, mluvii, person, more);
        let made = deployment.run(&["keys", "new", deployment.path("keys").to_str().expect("UTF-8")]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        deployment
    }

    /// Writes the configuration anew.
    pub(crate) fn configure(&self, base_url: &str, more: &str) {
        self.configure_tuned(base_url, "", "", more);
    }

    fn configure_tuned(&self, base_url: &str, mluvii: &str, person: &str, more: &str) {
        // Not for an hour, as elsewhere: tests do not wait for a mluvii that has accepted and does nothing.
        let within = if mluvii.contains("verify_within") { "" } else { "verify_within = \"1s\"" };
        let person = if person.is_empty() { "match = [[\"email\"]]\naccept_ledger_only = true" } else { person };
        let config = format!(
            r#"
[server]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"
drain_max = "5s"

[log]
level = "trace"
format = "json"

[person]
region = "CZ"
{person}

[[mluvii]]
name = "acme"
{within}
{mluvii}
base_url = "{base_url}"
client_id = {{ file = "api.secret" }}
client_secret = {{ file = "api.secret" }}
verify_after = "0s"
call_max = "5s"

[rules]
alarm_share = 1

[erasing]
breaker_pause = "1s"

[erasing.retry]
attempts_max = 12
pause_min = "20ms"
pause_max = "500ms"

[[source]]
name = "acme"
tenants = [62]
auth = [{{ basic = {{ user = "mluvii", password = {{ file = "webhook.secret" }} }} }}]
{more}
"#
        );
        self.write("quietus.toml", &config);
    }

    /// The configuration, as it is written now.
    pub(crate) fn configuration(&self) -> String {
        std::fs::read_to_string(self.path("quietus.toml")).expect("it is there")
    }

    /// Adds to the configuration.
    pub(crate) fn add(&self, more: &str) {
        self.write("quietus.toml", &format!("{}\n{more}", self.configuration()));
    }

    /// Changes the configuration, wherever it says so: what it says nowhere would leave a test with another one than it names.
    #[track_caller]
    pub(crate) fn replace(&self, from: &str, to: &str) {
        let config = self.configuration();
        assert!(config.contains(from), "{from}");
        self.write("quietus.toml", &config.replace(from, to));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).expect("the folder is writable");
    }

    /// Runs a command on the deployment.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = quietus();
        command.arg("--config").arg(self.path("quietus.toml")).args(arguments);
        command.stdin(std::process::Stdio::null()).output().expect("quietus runs")
    }

    /// Brings the ledger's schema up to what a version of the program knows.
    #[track_caller]
    pub(crate) fn migrate(&self, program: &Path) {
        let mut command = std::process::Command::new(program);
        let migrated = command.arg("--config").arg(self.path("quietus.toml")).arg("migrate").output();
        let migrated = migrated.expect("quietus runs");
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    }

    /// Runs a command with `--json` and reads what it says.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The leases of a killed server end: nobody waits for them here.
    pub(crate) fn let_leases_end(&self) {
        self.ledger().execute("UPDATE task SET due = 0 WHERE parked = 0", []).expect("an update");
    }

    /// Waits until so many sessions are known, read and settled: before that, nobody knows whose they are. However long that takes: there must
    /// be further ones.
    #[track_caller]
    pub(crate) fn settled(&self, sessions: usize) {
        let mut left = [u64::MAX; 2];
        while left != [0, 0] {
            left = wait_for("further sessions to settle", || {
                let status = self.json(&["status"]);
                let number = |name: &str| status[name].as_u64().expect("a number");
                let unknown = (sessions as u64).abs_diff(number("sessions"));
                let now = [unknown + number("events_waiting"), number("sessions_settling")];
                (now < left).then_some(now)
            });
        }
    }
}

/// The beginning of the part that has one of the programs in `tests/plugins` as a plugin; they read there what they share.
pub(crate) fn program(name: &str, file: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins");
    format!("\n[[plugin]]\nname = \"{name}\"\nexec = \"{folder}/{file}\"\nreads = [\"{folder}\"]\n")
}

/// The part of a configuration that has the plugin `crm`, for a CRM at this address.
pub(crate) fn crm_plugin(crm: &str) -> String {
    format!(
        r#"
[[plugin]]
name = "crm"
library = "libhttp_purge.so"
grants = ["email"]
secrets = {{ token = {{ file = "crm.token" }} }}

[plugin.config]
base_url = "{crm}"
rate = 1000
auth = {{ bearer = {{ secret = "token" }} }}

[[plugin.config.erase]]
name = "find"
method = "GET"
url = "/contacts"
query = {{ email = "{{{{email}}}}" }}
items = "$.contacts[*]"
match = {{ path = "$.email", equals = "{{{{email}}}}", ignore_case = true }}
extract = {{ ids = "$.id" }}
paging = {{ cursor = {{ path = "$.next", query = "page" }} }}

[[plugin.config.erase]]
name = "delete"
method = "DELETE"
url = "/contacts/{{{{item}}}}"
for_each = "find.ids"
count = "contacts"

[[plugin.config.verify]]
name = "find"
method = "GET"
url = "/contacts"
query = {{ email = "{{{{email}}}}" }}
items = "$.contacts[*]"
match = {{ path = "$.email", equals = "{{{{email}}}}", ignore_case = true }}
extract = {{ ids = "$.id" }}
paging = {{ cursor = {{ path = "$.next", query = "page" }} }}
"#
    )
}
