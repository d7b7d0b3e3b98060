//! Files and ports: what a plugin may open and connect to (Landlock).

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, LandlockStatus, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};

use crate::plugin::child::native;
use crate::plugin::launch::{Code, Debugger, Launch, Level, Permissions};

/// The latest rules that are known here; older kernels apply what they know of them.
const ABI_KNOWN: ABI = ABI::V7;
/// Since which the kernel restricts TCP.
const ABI_NETWORK: ABI = ABI::V4;
/// The same, as the kernel counts.
const NETWORK: u32 = 4;
/// Where resolvers go when an answer is too long for UDP.
const DNS: u16 = 53;

/// Libraries, certificate authorities, and what name resolution and time zones need.
const READABLE: [&str; 27] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/lib",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/openssl.cnf",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/run/systemd/resolve",
    "/proc/self",
];
/// What a program needs beyond that, its interpreter among it.
const EXECUTABLE: [&str; 4] = ["/bin", "/sbin", "/usr", "/lib"];
const DEVICES: [&str; 3] = ["/dev/null", "/dev/random", "/dev/urandom"];

/// The level that this kernel's Landlock makes possible; `None` where there is none.
pub(super) fn offered() -> Option<Level> {
    match native::landlock_abi()? {
        abi if abi >= NETWORK => Some(Level::Network),
        _ => Some(Level::Files),
    }
}

/// Restricts this thread and all that come from it; how far, the error why not at all.
pub(super) fn restrict(launch: &Launch, permissions: &Permissions) -> Result<Level, String> {
    match try_restrict(launch, permissions).map_err(|e| format!("Landlock: {e}"))? {
        LandlockStatus::Available { effective_abi, .. } if effective_abi >= ABI_NETWORK => Ok(Level::Network),
        LandlockStatus::Available { .. } => Ok(Level::Files),
        LandlockStatus::NotEnabled => Err("Landlock is switched off in this kernel".into()),
        _ => Err("this kernel has no Landlock (since Linux 5.13)".into()),
    }
}

fn try_restrict(launch: &Launch, permissions: &Permissions) -> Result<LandlockStatus, RulesetError> {
    let all = AccessFs::from_all(ABI_KNOWN);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // What is not there is passed over by `path_beneath_rules`, and not refused: no machine has all of these paths.
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?
        // Neither is a path: without this, services of the machine and other processes would stay in reach.
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(READABLE, read))?
        .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(&permissions.reads, read))?
        .add_rules(path_beneath_rules(&permissions.writes, writing(all)))?;
    if let (Code::Library { file }, Debugger::Awaited) = (&launch.code, launch.debugger)
        && let Ok(file) = PathFd::new(file)
    {
        // Loaded by its path, by which the debugger finds it.
        rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile))?;
    }
    if let Code::Exec { file, .. } = &launch.code {
        rules = rules.add_rules(path_beneath_rules(EXECUTABLE, read | AccessFs::Execute))?;
        if let Ok(file) = PathFd::new(file) {
            rules = rules.add_rule(PathBeneath::new(file, AccessFs::ReadFile | AccessFs::Execute))?;
        }
    }
    let dns = (!permissions.ports.is_empty()).then_some(DNS);
    for port in permissions.ports.iter().copied().chain(dns) {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    Ok(rules.restrict_self()?.landlock)
}

/// In a folder of the plugin's: all but running what lies there, and devices.
fn writing(all: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev)
}
