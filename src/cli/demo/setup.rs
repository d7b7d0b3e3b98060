//! What the demo plays on: stand-ins in this process, and `quietus serve` as a process of its own, in a temporary folder.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::cli::out::Out;
use crate::config::Config;
use crate::key_files::{Keys, read_public};
use crate::keys::{Secret, fill_random};
use crate::operations::Operations;
use crate::standin::{Crm, StandIn, StandInSettings};

/// How long `quietus serve` may take to listen, or to stop.
const START_MAX: Duration = Duration::from_secs(20);

/// After so long without a word, it is said what is waited for.
pub(super) const QUIET_MAX: Duration = Duration::from_secs(5);
const LOG: &str = "quietus.log";

/// The events that mluvii is asked to deliver.
const EVENTS: [&str; 5] = [
    "SessionEnded",
    "SessionOperatorConcluded",
    "SessionRecordingPostProcessingCompleted",
    "SessionCallParamsUpdated",
    "SessionActivityHeroCardSubmission",
];

/// The configuration. Addresses are filled in by name, so that `{{…}}` of the plugin's templates stays as it is.
const CONFIG: &str = include_str!("quietus.toml");

/// Everything that runs.
pub(super) struct DemoSetup {
    pub(super) mluvii: StandIn,
    pub(super) crm: Crm,
    pub(super) mluvii_url: String,
    pub(super) crm_url: String,
    pub(super) quietus: String,
    /// Where the pages and the admin API are.
    pub(super) pages: String,
    pub(super) operations: Operations,
    /// The public key of the receipts, hex.
    pub(super) public_key: String,
    server: Child,
    shutdown: CancellationToken,
    folder: TempDir,
}

impl DemoSetup {
    pub(super) async fn build(out: &mut Out) -> anyhow::Result<Self> {
        // Keys, secrets and a ledger are in it: nobody else on this machine has to see them.
        let own = std::fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("quietus-demo-").permissions(own).tempdir();
        let folder = folder.context("no temporary folder")?;
        let api = secret();
        let password = secret();
        let token = secret();
        let shutdown = CancellationToken::new();
        let mluvii = StandIn::new(StandInSettings::new("quietus", api.clone()));
        let crm = Crm::new(token.clone());
        let mluvii_served = mluvii.serve(TcpListener::bind("127.0.0.1:0").await?, shutdown.clone())?;
        let crm_served = crm.serve(TcpListener::bind("127.0.0.1:0").await?, shutdown.clone())?;

        let config = CONFIG.replace("MLUVII_URL", &mluvii_served.url).replace("CRM_URL", &crm_served.url);
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("quietus.toml", &config)?;
        write("client.id", "quietus")?;
        write("api.secret", api.expose())?;
        write("webhook.secret", password.expose())?;
        write("crm.token", token.expose())?;
        let keys = folder.path().join("keys");
        Keys::create(&keys)?;

        let mut server = serve(folder.path())?;
        let Listening { address, pages } = listening(folder.path(), &mut server, out).await?;
        let callback = format!("http://mluvii:{}@{address}/webhooks/demo", password.expose());
        mluvii.register(&callback, &EVENTS).map_err(|id| anyhow::anyhow!("webhook {id} is there already"))?;
        let loaded = Config::load(&folder.path().join("quietus.toml"))?;
        Ok(Self {
            mluvii,
            crm,
            mluvii_url: mluvii_served.url,
            crm_url: crm_served.url,
            quietus: format!("http://{address}"),
            pages: format!("http://{pages}"),
            operations: crate::app::open_operations(loaded).await?,
            public_key: read_public(&keys)?,
            server,
            shutdown,
            folder,
        })
    }

    /// What does not go on, as far as the server says.
    pub(super) fn last_warning(&self) -> String {
        last_warning(&std::fs::read_to_string(self.folder().join(LOG)).unwrap_or_default())
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends everything; the folder goes with it.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.operations.close().await;
        if let Some(id) = self.server.id().and_then(|id| i32::try_from(id).ok()) {
            let process = rustix::process::Pid::from_raw(id).context("the server has no process id")?;
            rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        }
        let ended = tokio::time::timeout(START_MAX, self.server.wait()).await.context("the server does not stop")??;
        self.shutdown.cancel();
        anyhow::ensure!(ended.success(), "the server ended with {ended}; see its log");
        Ok(())
    }
}

fn serve(folder: &Path) -> anyhow::Result<Child> {
    let log = File::create(folder.join(LOG))?;
    let program = std::env::current_exe().context("this program has no path")?;
    let mut command = Command::new(program);
    command.arg("serve").arg("--config").arg(folder.join("quietus.toml")).stdin(std::process::Stdio::null());
    command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
    // What comes from the terminal, as Ctrl-C, is for the demo, which then ends the server itself.
    command.process_group(0);
    command.spawn().context("`quietus serve` could not be started")
}

/// Where the server listens.
struct Listening {
    /// For deliveries.
    address: SocketAddr,
    /// For the pages and the admin API.
    pages: SocketAddr,
}

impl Listening {
    /// As the log says it; `None` until it has said both.
    fn of(log: &str) -> Option<Self> {
        let said = |field: &str| log.lines().find_map(|line| address(line, field));
        Some(Self { address: said("listen")?, pages: said("admin_listen")? })
    }
}

/// Waits until the log says where the server listens; says so when that takes long.
async fn listening(folder: &Path, server: &mut Child, out: &mut Out) -> anyhow::Result<Listening> {
    let begin = Instant::now();
    let mut told = false;
    loop {
        let log = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
        if let Some(listening) = Listening::of(&log) {
            return Ok(listening);
        }
        if let Some(ended) = server.try_wait()? {
            anyhow::bail!("`quietus serve` ended with {ended}. It says:\n{log}");
        }
        anyhow::ensure!(
            begin.elapsed() < START_MAX,
            "`quietus serve` does not listen after {START_MAX:?}. It says:\n{log}"
        );
        if begin.elapsed() > QUIET_MAX && !told {
            told = true;
            out.note(format_args!("`quietus serve` does not listen yet{}", last_warning(&log)));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the server's log warned of last, as the end of a sentence. No personal data is in it.
fn last_warning(log: &str) -> String {
    let lines = log.lines().rev().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut warnings = lines.filter(|line| line["level"] == "WARN" || line["level"] == "ERROR");
    warnings.next().map(|line| format!("; its log says: {}", line["fields"])).unwrap_or_default()
}

fn address(line: &str, field: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line["fields"][field].as_str()?.parse().ok()
}

fn secret() -> Secret {
    let mut bytes = [0; 16];
    fill_random(&mut bytes);
    Secret::new(hex::encode(bytes))
}
