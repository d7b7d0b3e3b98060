//! A storage that answers as a test wants.

use quietus_plugin::http::test::{Reply, Seen, Server};

use super::*;

pub(super) fn cloud(server: &Server, settings: Value) -> Host {
    plugin(json!([{ "name": "cloud", "s3": with(s3(&server.url, "b"), settings) }])).expect("configured")
}

pub(super) fn xml(body: &str) -> Reply {
    Reply::text(200, &format!("<?xml version=\"1.0\"?>{body}"))
}

pub(super) fn error(status: u16, code: &str) -> Reply {
    Reply::text(status, &format!("<Error><Code>{code}</Code><Message>of rec/4711.wav</Message></Error>"))
}

/// A listing of versions of a key, all on one page.
pub(super) fn versions(key: &str, ids: &[&str]) -> Reply {
    let version = |id: &&str| format!("<Version><Key>{key}</Key><VersionId>{id}</VersionId></Version>");
    let versions: String = ids.iter().map(version).collect();
    xml(&format!("<ListVersionsResult><IsTruncated>false</IsTruncated>{versions}</ListVersionsResult>"))
}

pub(super) fn no_uploads() -> Reply {
    xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
}

/// What a request asks for.
pub(super) fn asked(seen: &Seen) -> &'static str {
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match seen.method.as_str() {
        "GET" => ["versions", "uploads", "object-lock", "legal-hold", "retention"].into_iter().find(|name| has(name)),
        "POST" => has("delete").then_some("delete"),
        "DELETE" => has("versionId").then_some("delete one"),
        _ => None,
    }
    .unwrap_or("something else")
}

/// A storage with versions `v1` and `v2` of the key, whose deletion is answered so.
pub(super) fn deleting(answer: impl Fn() -> Reply + Send + 'static) -> Server {
    Server::start(move |seen| match asked(seen) {
        "versions" => versions("rec/4711.wav", &["v1", "v2"]),
        "uploads" => no_uploads(),
        "object-lock" => error(404, "ObjectLockConfigurationNotFoundError"),
        "legal-hold" | "retention" => error(400, "InvalidRequest"),
        "delete" => answer(),
        what => panic!("{what}"),
    })
}
