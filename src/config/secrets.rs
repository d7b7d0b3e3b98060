//! Reading the secrets that the configuration refers to. Turns a reference into a [`Secret`]; an error names the
//! reference and never shows content.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tracing::warn;
use zeroize::Zeroizing;

use crate::keys::{Secret, SecretError, SecretRef};

/// A longer file is not a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// What stands behind `reference` now, to be compared with what stood there: without a word about what is wrong with it.
pub(super) fn content(base: &Path, reference: &SecretRef) -> Option<Zeroizing<Vec<u8>>> {
    match reference {
        SecretRef::File(path) => read_bounded(&base.join(path), SECRET_BYTES_MAX).ok(),
        SecretRef::Env(name) => std::env::var_os(name).map(|value| Zeroizing::new(value.into_encoded_bytes())),
        SecretRef::Credential(name) => read_bounded(&credential(name).ok()?, SECRET_BYTES_MAX).ok(),
    }
}

/// One byte more than is allowed at most.
pub(super) fn read_bounded(path: &Path, bytes_max: u64) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?.take(bytes_max + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Reads the secret behind `reference`; a relative path starts at `base`.
pub(crate) fn read_secret(base: &Path, reference: &SecretRef) -> Result<Secret, SecretError> {
    let text = match reference {
        SecretRef::File(path) => read_file(&base.join(path))?,
        SecretRef::Env(name) => read_variable(name)?,
        SecretRef::Credential(name) => read_file(&credential(name)?)?,
    };
    if text.is_empty() {
        return Err(SecretError::Wrong(format!("the secret in {} is empty", Shown(reference))));
    }
    if let Some(what) = untyped(&text) {
        return Err(SecretError::Wrong(format!("the secret in {} {what}; take that away", Shown(reference))));
    }
    Ok(Secret::new(text.as_str()))
}

/// What is in a secret that nobody has typed who uses it elsewhere, so that every request would be refused. Several lines are a key, a
/// certificate (PEM) or an account (JSON), or else two secrets.
fn untyped(text: &str) -> Option<&'static str> {
    let is_text = text.starts_with("-----BEGIN ") || text.starts_with('{');
    let is_unseen = |c: char| {
        c.is_control() && !(is_text && matches!(c, '\r' | '\n' | '\t'))
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    };
    if text.starts_with('\u{feff}') {
        Some("begins with a byte order mark")
    } else if !is_text && text.trim().contains('\n') {
        Some("has several lines, of which one can be meant")
    } else if !is_text && text.trim() != text {
        Some("begins or ends with a blank")
    } else {
        text.contains(is_unseen).then_some("has a character in it that is not seen")
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let wrong = |what: String| SecretError::Wrong(format!("the secret in file {}: {what}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => SecretError::Denied { path: path.to_owned() },
        _ => wrong(error.to_string()),
    })?;
    let mode = file.metadata().map_err(|error| wrong(error.to_string()))?.mode();
    if mode & 0o004 != 0 {
        warn!(path = %path.display(), "every user of this machine can read the secret in this file");
    }
    let mut text = Zeroizing::new(String::new());
    // One byte more than is allowed, so that a longer file is refused and not cut.
    let length = file.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    if length as u64 > SECRET_BYTES_MAX {
        return Err(wrong(format!("is longer than {SECRET_BYTES_MAX} bytes")));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

fn read_variable(name: &str) -> Result<Zeroizing<String>, SecretError> {
    let found = std::env::var_os(name);
    let found = found.ok_or_else(|| SecretError::Wrong(format!("the environment variable {name} is not set")))?;
    let text =
        found.into_string().map_err(|_| SecretError::Wrong(format!("the environment variable {name} is not UTF-8")))?;
    Ok(Zeroizing::new(text))
}

/// Where systemd puts a credential (systemd.exec(5), `LoadCredential=`).
fn credential(name: &str) -> Result<PathBuf, SecretError> {
    // A path in place of a name would lead out of the folder.
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(SecretError::Wrong(format!("`{name}` is not the name of a systemd credential")));
    }
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        SecretError::Wrong(format!(
            "the systemd credential {name}: this service was given none ($CREDENTIALS_DIRECTORY)"
        ))
    })?;
    Ok(Path::new(&directory).join(name))
}

/// A reference in words.
struct Shown<'a>(&'a SecretRef);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            SecretRef::File(path) => write!(f, "file {}", path.display()),
            SecretRef::Env(name) => write!(f, "the environment variable {name}"),
            SecretRef::Credential(name) => write!(f, "the systemd credential {name}"),
        }
    }
}
