//! RabbitMQ, with users whose password is `guest`: `guest` may do everything, `writer` may write to the default exchange and to `gdpr`
//! and do nothing else, and `reader` may read only.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use crate::certificate;
use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service, free_port};

/// Debian's; in the PATH there is only a wrapper that changes the user.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// The hash is `salt`, and SHA-256 of `salt` and the password: <https://www.rabbitmq.com/docs/passwords>.
const DEFINITIONS: &str = r#"{
"vhosts": [{ "name": "/" }],
"users": [
{ "name": "guest", "password_hash": "c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "administrator" },
{ "name": "writer", "password_hash": "c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "" },
{ "name": "reader", "password_hash": "c2FsdDRwMuw4kgNZhm0cEYx1m4NAR6BCdplxDdFbnDjbRIKq", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "" }],
"permissions": [
{ "user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" },
{ "user": "writer", "vhost": "/", "configure": "", "write": "^(amq\\.default|gdpr)$", "read": "" },
{ "user": "reader", "vhost": "/", "configure": "", "write": "", "read": ".*" }]
}"#;

/// How long the broker has for its first words to a client.
const GREETING_MAX: Duration = Duration::from_secs(5);

/// A broker on the loopback interface. Dropping it removes it.
pub struct RabbitMq {
    service: Service,
    tls_port: Arc<AtomicU16>,
}

impl RabbitMq {
    /// A new, empty broker that takes connections.
    pub fn start() -> Self {
        let owner = Owner::ordinary("rabbitmq");
        let keeper = Keeper::new(owner, "rabbitmq", "KILL");
        certificate::write(keeper.folder());
        let tls_port = Arc::<AtomicU16>::default();
        let chosen = Arc::clone(&tls_port);
        let words = move |folder: &Path, port: u16| {
            let tls_port = free_port();
            chosen.store(tls_port, Ordering::Relaxed);
            let shown = folder.display();
            let config = format!(
                "listeners.tcp.1 = 127.0.0.1:{port}\nlisteners.ssl.1 = 127.0.0.1:{tls_port}\n\
                 ssl_options.cacertfile = {shown}/tls.pem\nssl_options.certfile = {shown}/tls.pem\n\
                 ssl_options.keyfile = {shown}/tls.key\nssl_options.verify = verify_none\nlog.console = true\n\
                 log.file = false\nload_definitions = {shown}/definitions.json\n",
            );
            std::fs::write(folder.join("definitions.json"), DEFINITIONS).expect("the server's folder is writable");
            std::fs::write(folder.join("rabbitmq.conf"), &config).expect("the server's folder is writable");
            std::fs::write(folder.join("enabled_plugins"), "[].\n").expect("the server's folder is writable");
            // epmd, by which nodes find each other, is its own and in its group: the broker would leave one behind.
            let script = "epmd -address 127.0.0.1 & exec \"$0\"";
            let environment = [
                format!("HOME={shown}"),
                format!("ERL_EPMD_PORT={}", free_port()),
                format!("RABBITMQ_DIST_PORT={}", free_port()),
                format!("RABBITMQ_NODENAME=quietus-{port}@localhost"),
                format!("RABBITMQ_CONFIG_FILE={shown}/rabbitmq.conf"),
                format!("RABBITMQ_ENABLED_PLUGINS_FILE={shown}/enabled_plugins"),
                format!("RABBITMQ_MNESIA_BASE={shown}/mnesia"),
                format!("RABBITMQ_LOG_BASE={shown}"),
                format!("RABBITMQ_PID_FILE={shown}/pid"),
                // So that the shell script turns into the broker instead of starting it.
                "RABBITMQ_ALLOW_INPUT=yes".to_owned(),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput -kernel inet_dist_use_interface {127,0,0,1}".to_owned(),
            ];
            let command = ["sh", "-c", script, PROGRAM].map(str::to_owned);
            std::iter::once("env".to_owned()).chain(environment).chain(command).collect()
        };
        assert!(Path::new(PROGRAM).exists(), "no RabbitMQ is installed: run tests/run, which installs it");
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "eaddrinuse" };
        Self { service: Service::start(keeper, recipe), tls_port }
    }

    /// The address, without user and password.
    pub fn url(&self) -> String {
        format!("amqp://127.0.0.1:{}", self.service.port())
    }

    /// The address with TLS.
    pub fn tls_url(&self) -> String {
        format!("amqps://localhost:{}", self.tls_port.load(Ordering::Relaxed))
    }

    /// The certificate, in PEM, for `localhost` and 127.0.0.1.
    pub fn certificate(&self) -> PathBuf {
        self.service.folder().join("tls.pem")
    }

    /// Stops it as a crash does. What it confirmed as stored stays.
    pub fn stop(&self) {
        self.service.stop("KILL");
    }

    /// Starts it after [`RabbitMq::stop`], on the same port.
    pub fn start_again(&self) {
        self.service.start_again();
    }
}

/// Whether it greets a client: it listens before it can do that.
fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    let greeted = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(GREETING_MAX))?;
        stream.write_all(b"AMQP\0\0\x09\x01")?;
        stream.read_exact(&mut [0])
    };
    greeted().is_ok()
}
