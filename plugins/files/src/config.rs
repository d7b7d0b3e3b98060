//! The configuration, as the operator writes it. README.md explains it by examples.

use std::path::PathBuf;

use quietus_plugin::Span;
use quietus_plugin::http::Settings;
use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of one use of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Identifier kinds of your own that names use, beside `email`, `phone`, `name`, `guest_id` and `session_id`.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Where a person's files are; all of them are gone through in each call.
    #[schemars(length(min = 1))]
    pub place: Vec<Place>,
}

/// One place: a folder of this machine (`local`) or a bucket (`s3`).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What errors and reasons call it: 1 to 40 of a-z, 0-9, `_` and `-`.
    #[schemars(extend("x-quietus-public" = true))]
    pub name: String,
    /// Files below a folder.
    pub local: Option<Local>,
    /// Objects in S3 or a storage that speaks like it.
    pub s3: Option<S3>,
}

/// Files below a folder.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// The folder that is never left. Absolute.
    #[schemars(extend("x-quietus-public" = true))]
    pub root: PathBuf,
    /// A file or folder in `root` that is always there, such as `.mounted`: without it nobody is looked for. What is mounted
    /// there may be away, which leaves an empty folder.
    #[schemars(extend("x-quietus-public" = true))]
    pub marker: Option<String>,
    /// The file below it, such as `{session_id}.wav` or `*/{session_id}-*.wav`. `{…}` is an identifier within one name,
    /// `*` any text within one name.
    pub path: String,
    /// What is done to a file.
    #[serde(default)]
    pub mode: Mode,
    /// Whether `path` may name a folder, which goes with all that is in it.
    #[serde(default)]
    pub recursive: bool,
    /// What is done to a symbolic link, a socket, a pipe or a device that stands in place of a file.
    #[serde(default)]
    pub others: Others,
    /// The most files, folders and others of one person; 1,000 if unset. Where there are more, nothing of this person goes, and
    /// the erasure is parked until somebody acts.
    #[schemars(range(min = 1))]
    pub files_max: Option<u64>,
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Its name is removed; the file system gives the space to others.
    #[default]
    Delete,
    /// Zeros are written over its content, it is cut to nothing, and then deleted.
    Overwrite,
    /// Zeros are written over its content, and it stays as an empty file.
    Empty,
}

/// What is done to what is neither a file nor a folder. It is never followed or opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// The call fails, and a person looks: what a link leads to would survive.
    #[default]
    Refuse,
    /// It is itself removed, and counted as `links` or `special files`.
    Remove,
}

/// Objects in S3 or a storage that speaks like it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The storage's address, such as `https://s3.eu-central-1.amazonaws.com`, without the bucket.
    #[schemars(extend("x-quietus-public" = true))]
    pub endpoint: String,
    /// The region that requests are signed for; `us-east-1` if unset, which most storages other than Amazon's accept.
    pub region: Option<String>,
    /// The bucket.
    #[schemars(extend("x-quietus-public" = true))]
    pub bucket: String,
    /// How the bucket is addressed.
    #[serde(default)]
    pub style: Style,
    /// The object's key, such as `recordings/{session_id}.wav`.
    pub key: String,
    /// Whether all objects below `key` go, which then ends in `/`.
    #[serde(default)]
    pub recursive: bool,
    /// Whether incomplete multipart uploads go, too; `true` if unset.
    pub uploads: Option<bool>,
    /// The most versions, delete markers and uploads of one person; 1,000 if unset. Where there are more, nothing of this
    /// person goes, and the erasure is parked until somebody acts.
    #[schemars(range(min = 1))]
    pub versions_max: Option<u64>,
    /// The id of the access key.
    pub access_key_id: String,
    /// The name of the plugin's secret that is the secret access key.
    pub secret_access_key: String,
    /// The name of the plugin's secret that is the session token, where the key is a temporary one.
    pub session_token: Option<String>,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The most requests per second, over all calls; 20 if unset.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub rate: Option<f64>,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
}

/// How a bucket is addressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `https://storage.example/bucket`
    #[default]
    Path,
    /// `https://bucket.storage.example`
    VirtualHost,
}

/// Requests per second, unless the operator says otherwise.
const RATE: f64 = 20.0;

impl S3 {
    /// The part that is the client's; `base_url` already holds the bucket where it is a part of the host.
    pub(crate) fn client(&self, base_url: String) -> Settings {
        Settings {
            base_url,
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file.clone(),
            auth: None,
            rate: Some(self.rate.unwrap_or(RATE)),
            timeout: self.timeout,
            user_agent: Some(concat!("quietus-files/", env!("CARGO_PKG_VERSION")).into()),
        }
    }
}
