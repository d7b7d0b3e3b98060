//! The way to the server: encrypted and verified, with a password, through a socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

use super::*;

/// Made for this test: a certificate for `localhost`, and the authority that signed it.
const CERTIFICATE: &str = include_str!("tls/server.crt");
const KEY: &str = include_str!("tls/server.key");
const AUTHORITY: &str = include_str!("tls/ca.crt");

/// A server that takes encrypted connections, and asks for passwords.
fn guarded() -> Cluster {
    let cluster = Cluster::start();
    cluster.create_database(DATABASE);
    let folder = cluster.socket_folder();
    let owner = fs::metadata(folder).expect("is there");
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("given away");
        path
    };
    let certificate = write("server.crt", CERTIFICATE);
    let key = write("server.key", KEY);
    let access = write("hba", "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
    cluster.sql("postgres", "ALTER ROLE postgres PASSWORD 'right horse'");
    for (name, value) in [("ssl_cert_file", &certificate), ("ssl_key_file", &key), ("hba_file", &access)] {
        cluster.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{}'", value.display()));
    }
    cluster.sql("postgres", "ALTER SYSTEM SET ssl = on");
    // The file of access rules is named at the start only.
    cluster.restart_immediate();
    cluster
}

fn encrypted(cluster: &Cluster, host: &str, authority: &tempfile::NamedTempFile) -> PostgresPlace {
    let url = format!("postgres://postgres@{host}:{}/{DATABASE}?sslmode=require", cluster.port());
    PostgresPlace { ca_file: Some(authority.path().to_owned()), ..place(&url) }
}

fn authority(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("written");
    file
}

async fn said(place: &PostgresPlace, password: &str) -> String {
    let password = Secret::new(password);
    match migrate(place, Some(&password)).await {
        Ok(_) => "migrated".to_owned(),
        Err(error) => format!("{:#}", anyhow::Error::from(error)),
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_verified_and_authenticated() {
    let cluster = guarded();
    let known = authority(AUTHORITY);
    let place = encrypted(&cluster, "localhost", &known);
    assert_eq!(said(&place, "right horse").await, "migrated");
    let ledger = PostgresLedger::open(&place, Some(&Secret::new("right horse"))).await.expect("opens");
    ledger.writable().await.expect("writable");
    let connection = ledger.work.pool.get().await.expect("free");
    let row = connection.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
    assert!(row.expect("told").get::<_, bool>(0));

    let wrong = said(&place, "wrong donkey").await;
    assert!(wrong.contains("password authentication failed") && !wrong.contains("donkey"), "{wrong}");
    assert!(
        said(&encrypted(&cluster, "127.0.0.1", &known), "right horse").await == "migrated",
        "its address is in it too"
    );
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_vouches_for_is_refused() {
    let cluster = guarded();
    let url = format!("postgres://postgres@localhost:{}/{DATABASE}?sslmode=require", cluster.port());
    let refused = said(&place(&url), "right horse").await;
    assert!(refused.contains("certificate"), "{refused}");
    let nobody = authority("not a certificate");
    let unread = said(&encrypted(&cluster, "localhost", &nobody), "right horse").await;
    assert_ne!(unread, "migrated");
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_where_it_is_asked_for() {
    let cluster = Cluster::start();
    cluster.create_database(DATABASE);
    let known = authority(AUTHORITY);
    let refused = said(&encrypted(&cluster, "localhost", &known), "").await;
    assert!(refused.contains("TLS"), "{refused}");
}

#[tokio::test]
async fn a_socket_is_a_way_too() {
    let cluster = Cluster::start();
    cluster.create_database(DATABASE);
    let folder = cluster.socket_folder().display();
    let port = cluster.port();
    let place = place(&format!("postgres:///{DATABASE}?host={folder}&port={port}&user=postgres"));
    migrate(&place, None).await.expect("migrated");
    at(&place).await.writable().await.expect("writable");
}
