//! The plugin against real files, a real S3 storage, and a server that answers what a storage seldom does.

mod answers;
mod configuration;
mod host;
mod hostile;
mod killed;
mod links;
mod listings;
mod local;
mod modes;
mod objects;
mod resumed;
mod retained;
mod standin;
mod together;
mod told;
mod unseen;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use quietus_plugin::http::{self, Client, Method, Settings};
use quietus_plugin::{Answer, Call, ErrorClass, Outcome, Plugin, PluginError, Request, TestHost};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::S3;

use super::Files;
use host::Host;

/// A folder that is a root, in a folder that it must not be left for.
struct Root {
    outside: TempDir,
}

impl Root {
    fn new() -> Self {
        let outside = TempDir::new().expect("a folder");
        std::fs::create_dir(outside.path().join("root")).expect("made");
        Self { outside }
    }

    fn path(&self) -> PathBuf {
        self.outside.path().join("root")
    }

    /// Writes a file below it.
    fn file(&self, path: &str) -> PathBuf {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().expect("in a folder")).expect("made");
        std::fs::write(&file, "what was said").expect("written");
        file
    }

    /// Writes a file beside it.
    fn secret(&self) -> PathBuf {
        let file = self.outside.path().join("secret.txt");
        std::fs::write(&file, "somebody else's").expect("written");
        file
    }

    /// What its owner and others may do to a folder below it.
    fn mode(&self, folder: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;

        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path().join(folder), permissions).expect("changed");
    }

    /// All paths below it.
    fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        below(&self.path(), "", &mut all);
        all.sort();
        all
    }

    fn place(&self, settings: Value) -> Value {
        with(json!({ "root": self.path(), "path": "{session_id}.wav" }), settings)
    }

    /// The plugin with this place.
    fn plugin(&self, settings: Value) -> Host {
        plugin(json!([{ "name": "disk", "local": self.place(settings) }])).expect("configured")
    }
}

fn below(folder: &Path, prefix: &str, all: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("read") {
        let entry = entry.expect("read");
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("known").is_dir() {
            below(&entry.path(), &format!("{path}/"), all);
        }
        all.push(path);
    }
}

/// Without the rights that root has whatever the folders say.
fn unprivileged<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let done = scope.spawn(|| {
            let none = rustix::thread::CapabilitySet::empty();
            let sets = rustix::thread::CapabilitySets { effective: none, permitted: none, inheritable: none };
            rustix::thread::set_capabilities(None, sets).expect("given up");
            act()
        });
        done.join().expect("no panic")
    })
}

fn with(mut value: Value, more: Value) -> Value {
    value.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
    value
}

fn plugin(places: Value) -> Result<Host, PluginError> {
    let secrets = [("key", "hunter2"), ("token", "t/o+k=")];
    TestHost::with_secrets(json!({ "place": places, "kinds": ["odd"] }), secrets).map(Host)
}

fn session(id: &str) -> Request {
    [("session_id", id)].into()
}

/// Under another key: another erasure.
fn again(request: Request) -> Request {
    Request { idempotency_key: "k-again".into(), ..request }
}

#[track_caller]
fn fails(result: Result<Answer, PluginError>, class: ErrorClass, text: &str) {
    let error = result.expect_err("an error");
    assert_eq!(error.class, class, "{error}");
    assert!(error.message.contains(text), "{error}");
}

/// The storage of all tests of this process.
fn storage() -> &'static S3 {
    static STORAGE: OnceLock<S3> = OnceLock::new();
    STORAGE.get_or_init(S3::start)
}

/// A bucket of a real storage, seen as the one who fills it.
struct Bucket {
    name: String,
    client: Client,
}

/// Whether a bucket keeps old versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    Versions,
    VersionsUnderLock,
    TheLatest,
}

impl Bucket {
    fn new(name: &str, keeps: Keeps) -> Self {
        let settings = Settings { base_url: storage().url(), rate: Some(1000.0), ..Settings::default() };
        let bucket = Self { name: name.into(), client: Client::new(&settings, &Default::default()).expect("a client") };
        let mut made = http::Request::new(Method::PUT, format!("/{name}"));
        if keeps == Keeps::VersionsUnderLock {
            made = made.header("x-amz-bucket-object-lock-enabled", "true");
        }
        bucket.send(made);
        if keeps == Keeps::Versions {
            let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
            bucket.put("", "versioning", on);
        }
        bucket
    }

    fn send(&self, request: http::Request) -> http::Response {
        let allowed = Request::from([("email", "ann@x.cz")]);
        // Everybody who authenticates may do all.
        let who =
            "AWS4-HMAC-SHA256 Credential=AKIATEST/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let request = request.writes(allowed.writes().expect("no dry run")).header("Authorization", who);
        self.client.send(&request, &Call::unattended()).expect("the storage does it")
    }

    fn at(&self, key: &str, query: &str) -> http::Request {
        let key = key.split('/').map(http::percent).collect::<Vec<_>>().join("/");
        let slash = if key.is_empty() { "" } else { "/" };
        http::Request::new(Method::PUT, "").at(&format!("/{}{slash}{key}?{query}", self.name))
    }

    fn put(&self, key: &str, query: &str, body: &str) {
        self.send(self.at(key, query).bytes("application/octet-stream", body));
    }

    fn object(&self, key: &str) {
        self.put(key, "", "what was said");
    }

    /// Deletes as everybody else does: a marker is put over the versions.
    fn delete(&self, key: &str) {
        let target = self.at(key, "").target();
        self.send(http::Request::new(Method::DELETE, "").at(&target));
    }

    fn upload(&self, key: &str) {
        let target = self.at(key, "uploads=").target();
        self.send(http::Request::new(Method::POST, "").at(&target));
    }

    /// Keys of what there is, one for each version, marker and upload.
    fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for query in ["versions=", "uploads="] {
            let answer = self.send(http::Request::get("").at(&format!("/{}?{query}", self.name)));
            let body = String::from_utf8(answer.body().to_vec()).expect("UTF-8");
            let found = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            keys.extend(found.map(str::to_owned));
        }
        keys
    }

    fn place(&self, settings: Value) -> Value {
        with(s3(&storage().url(), &self.name), settings)
    }

    fn plugin(&self, settings: Value) -> Host {
        plugin(json!([{ "name": "cloud", "s3": self.place(settings) }])).expect("configured")
    }
}

/// A place in a bucket.
fn s3(endpoint: &str, bucket: &str) -> Value {
    json!({
        "endpoint": endpoint, "bucket": bucket, "key": "rec/{session_id}.wav",
        "access_key_id": "AKIATEST", "secret_access_key": "key", "rate": 1000,
    })
}
