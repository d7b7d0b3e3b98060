//! TLS to servers that take nothing else.

use quietus_plugin::ErrorClass;
use test_servers::{mariadb, postgres};

use super::*;

/// An authority of the tests, and a certificate of its for 127.0.0.1.
const CA_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/tls/ca.crt");
const CERTIFICATE: &str = include_str!("tls/server.crt");
const KEY: &str = include_str!("tls/server.key");

fn with(url: &str, settings: &Value) -> Host {
    let mut all = json!({ "statement": [orders()] });
    all.as_object_mut().expect("an object").extend(settings.as_object().cloned().expect("an object"));
    configured(url, &all).expect("configured")
}

#[track_caller]
fn works_encrypted_only(url: &str) {
    let trusted = json!({ "tls": "require", "ca_file": CA_FILE });
    assert_eq!(with(url, &trusted).erase(ann()), Ok(Answer::erased().count("orders", 1)));
    refused(with(url, &json!({ "tls": "require" })), "not trusted");
    refused(with(&url.replace("127.0.0.1", "localhost"), &trusted), "another host's");
    assert!(with(url, &json!({ "tls": "off" })).health().is_err(), "the server takes TLS only");
}

#[track_caller]
fn refused(plugin: Host, part: &str) {
    let error = plugin.erase(ann()).expect_err("refused");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
}

#[test]
fn postgresql_is_reached_by_tls() {
    let cluster = postgres::Cluster::start();
    let sql = |sql: &str| cluster.sql("postgres", sql);
    sql("CREATE TABLE orders (mail text)");
    sql("INSERT INTO orders VALUES ('ann@x.cz')");
    let plain = cluster.url("postgres");
    refused(with(&plain, &json!({ "tls": "require" })), "takes no TLS");
    let folder = sql("SHOW data_directory");
    for (file, text) in [
        ("server.crt", CERTIFICATE),
        ("server.key", KEY),
        ("pg_hba.conf", "local all all trust\nhostssl all all all trust"),
    ] {
        // The server writes them, so that they are its own.
        sql(&format!(
            "COPY (SELECT regexp_split_to_table('{}', E'\\n')) TO PROGRAM 'umask 077; cat > {folder}/{file}'",
            text.trim_end()
        ));
    }
    let log = cluster.log().len();
    sql("ALTER SYSTEM SET ssl = on");
    sql("SELECT pg_reload_conf()");
    super::database::wait_until("the settings to be read", || cluster.log()[log..].contains("\"ssl\" changed"));
    works_encrypted_only(&plain);
}

#[test]
fn mariadb_is_reached_by_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let certificate = file("server.crt", CERTIFICATE);
    let key = file("server.key", KEY);
    let options =
        [format!("--ssl-cert={certificate}"), format!("--ssl-key={key}"), "--require-secure-transport=1".into()];
    let server = mariadb::Server::start_with(&options.each_ref().map(String::as_str));
    server.sql("", "CREATE DATABASE shop");
    server.sql("shop", "CREATE TABLE orders (mail text)");
    server.sql("shop", "INSERT INTO orders VALUES ('ann@x.cz')");
    works_encrypted_only(&server.url_of("root", "shop"));
    let plain = Database::new(crate::address::Engine::Mysql);
    refused(with(&plain.url(), &json!({ "tls": "require" })), "takes no TLS");
}
