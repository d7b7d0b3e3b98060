//! A plugin for quietus: deletes `{folder}/{guest_id}.json`.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use quietus_plugin::*;

/// The plugin's part of quietus's configuration.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Where the guests' files lie.
    folder: PathBuf,
}

struct Folder(Config);

impl Plugin for Folder {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("folder-rust", env!("CARGO_PKG_VERSION"));
        manifest.requires(Kind::GuestId).writes("/folder").dry_run().concurrency(4)
    }

    fn configure(config: Config, _: Secrets) -> Result<Self, PluginError> {
        Ok(Self(config))
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let Some(writes) = request.writes() else { return self.verify(request, call) };
        let files = self.each(request, call, |file| delete(file, writes))?;
        if files == 0 {
            return Ok(Answer::absent());
        }
        call.log(Level::Info, format!("deleted {files} files"));
        Ok(Answer::erased().count("files", files))
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let files = self.each(request, call, |file| file.symlink_metadata().map(drop))?;
        Ok(if files == 0 { Answer::absent() } else { Answer::residual().count("files", files) })
    }

    fn health(&self, _: &Call) -> Result<(), PluginError> {
        self.is_there()
    }
}

impl Folder {
    /// Where nobody can look, nothing is `absent`: that would be signed, for a folder whose name has a typo.
    fn is_there(&self) -> Result<(), PluginError> {
        if self.0.folder.is_dir() { Ok(()) } else { Err(PluginError::needs_operator("the folder is not there")) }
    }

    /// Acts on the files that are there, and counts them. Other ids than plain ones cannot name a file here.
    fn each(&self, request: &Request, call: &Call, act: impl Fn(&Path) -> io::Result<()>) -> Result<u64, PluginError> {
        self.is_there()?;
        let mut files = 0;
        for id in request.values(Kind::GuestId).filter(|id| is_plain(id)) {
            call.check()?;
            match act(&self.0.folder.join(format!("{id}.json"))) {
                Ok(()) => files += 1,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(PluginError::retryable(format!("cannot delete or look: {}", e.kind()))),
            }
        }
        Ok(files)
    }
}

fn is_plain(id: &str) -> bool {
    (1..=200).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Takes the leave to write, which a dry run does not have.
fn delete(file: &Path, _: Writes<'_>) -> io::Result<()> {
    std::fs::remove_file(file)
}

export_plugin!(Folder);

#[cfg(test)]
mod tests;
