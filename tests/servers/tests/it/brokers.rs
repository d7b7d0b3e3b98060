//! Brokers take connections, keep what they confirmed, and leave nothing behind.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use test_servers::nats::Nats;
use test_servers::rabbitmq::RabbitMq;

use crate::wait_until;

/// The port at the end of an address.
pub(crate) fn port(url: &str) -> u16 {
    url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
}

fn greeting(port: u16, hello: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream.write_all(hello).expect("sent");
    let mut greeting = vec![0; 4];
    stream.read_exact(&mut greeting).expect("a greeting");
    greeting
}

#[test]
fn rabbitmq_is_there_again_after_a_crash_and_leaves_nothing() {
    let broker = RabbitMq::start();
    let (plain, tls) = (port(&broker.url()), port(&broker.tls_url()));
    // The first method is a frame of type 1 on channel 0.
    assert_eq!(greeting(plain, b"AMQP\0\0\x09\x01")[..3], [1, 0, 0]);
    assert!(TcpStream::connect(("127.0.0.1", tls)).is_ok());
    broker.stop();
    assert!(TcpStream::connect(("127.0.0.1", plain)).is_err());
    broker.start_again();
    assert_eq!(greeting(plain, b"AMQP\0\0\x09\x01")[..3], [1, 0, 0]);
    let folder = broker.certificate().parent().expect("a folder").to_owned();
    drop(broker);
    assert!(!folder.exists());
    wait_until("its processes to end", || !processes().contains(folder.to_str().expect("text")));
}

#[test]
fn nats_is_there_again_after_a_crash_and_leaves_nothing() {
    let server = Nats::start();
    let plain = port(&server.url());
    assert_eq!(greeting(plain, b""), b"INFO");
    server.stop();
    server.start_again();
    assert_eq!(greeting(plain, b""), b"INFO");
    let folder = server.certificate().parent().expect("a folder").to_owned();
    drop(server);
    assert!(!folder.exists());
}

/// The command lines and environments of all processes.
fn processes() -> String {
    let numbers = std::fs::read_dir("/proc").expect("there").filter_map(Result::ok);
    let read = |entry: std::fs::DirEntry, file| std::fs::read(entry.path().join(file)).unwrap_or_default();
    numbers.map(|entry| String::from_utf8_lossy(&read(entry, "environ")).into_owned()).collect()
}
