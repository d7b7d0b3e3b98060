//! librdkafka's own cluster for tests, which speaks Kafka's protocol on real sockets.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use quietus_plugin::ErrorClass;
use serde_json::json;

use super::*;

/// Starts a cluster that ends with its standard input, says where it is, and then, for each line, what the topic holds:
/// key, headers and value of each record.
const CLUSTER: &str = r#"
import json, sys
from confluent_kafka import Consumer, Producer
cluster = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
broker = next(iter(cluster.list_topics(timeout=30).brokers.values()))
address = f"{broker.host}:{broker.port}"
cluster.list_topics("erasures", timeout=30)
print(address, flush=True)
for line in sys.stdin:
    consumer = Consumer({"bootstrap.servers": address, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 0})
    consumer.subscribe(["erasures"])
    records = []
    while len(records) < int(line):
        record = consumer.poll(30)
        if record is None or record.error():
            break
        headers = {name: value.decode() for name, value in record.headers()}
        records.append([record.key().decode(), headers, record.value().decode()])
    consumer.close()
    print(json.dumps(records), flush=True)
"#;

struct Cluster {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: String,
}

impl Cluster {
    fn start() -> Self {
        Self::run(CLUSTER)
    }

    /// One broker that asks for a login by SCRAM.
    fn with_logins() -> Self {
        Self::run(include_str!("broker.py"))
    }

    fn run(program: &str) -> Self {
        let python = std::env::var("QUIETUS_TEST_PYTHON").expect("QUIETUS_TEST_PYTHON names no Python: run tests/run");
        let mut command = Command::new(python);
        command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("it starts");
        let orders = process.stdin.take().expect("piped");
        let mut answers = BufReader::new(process.stdout.take().expect("piped"));
        let mut address = String::new();
        answers.read_line(&mut address).expect("its address");
        Self { process, orders, answers, address: address.trim().to_owned() }
    }

    /// So many records of the topic.
    fn records(&mut self, count: usize) -> Vec<(String, Value, String)> {
        writeln!(self.orders, "{count}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("its answer");
        serde_json::from_str(&line).expect("records")
    }

    /// What the broker with logins has seen.
    fn seen(&mut self) -> Value {
        writeln!(self.orders).expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("its answer");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn config(address: &str, topic: &str) -> Value {
    json!({ "kafka": { "brokers": [address], "topic": topic } })
}

#[test]
fn a_record_that_is_acknowledged_is_there() {
    let mut cluster = Cluster::start();
    let host = made(&config(&cluster.address, "erasures"));
    assert_eq!(host.health(), Ok(()));
    assert_eq!(host.erase(with_values(&hostile())), Ok(unreported("Kafka")));
    let records = cluster.records(1);
    let (key, headers, value) = &records[0];
    assert_eq!((key.as_str(), headers), ("k-test", &json!({ "id": "k-test", "type": "erasure.demanded" })));
    assert_eq!(values(value.as_bytes()), hostile());
}

#[test]
fn a_cluster_that_is_away_is_tried_again() {
    let cluster = Cluster::start();
    let host = made(&config(&cluster.address, "erasures"));
    drop(cluster);
    assert_eq!(host.erase(ann()).expect_err("nobody is there").class, ErrorClass::Retryable);
    assert_eq!(host.health().expect_err("nobody is there").class, ErrorClass::Retryable);
}

#[test]
fn a_topic_that_is_not_there_stops_the_queue() {
    let cluster = Cluster::start();
    let refused = made(&config(&cluster.address, "elsewhere")).erase(ann()).expect_err("there is no such topic");
    assert_eq!(refused.class, ErrorClass::NeedsOperator, "{refused}");
    assert_eq!(made(&config(&cluster.address, "elsewhere")).health(), Err(refused), "and health tells");
}

#[test]
fn brokers_have_a_port() {
    let wrong =
        host(&json!({ "kafka": { "brokers": ["kafka.example"], "topic": "erasures" } })).err().expect("refused");
    assert_eq!(wrong.message, "kafka.brokers: `kafka.example` is not like `host:9093`");
}

fn logging_in(address: &str, kind: &str, user: &str, secret: &str) -> Value {
    let mut config = config(address, "erasures");
    config["kafka"]["auth"] = json!({ kind: { "user": user, "secret": secret } });
    config
}

/// RFC 5802 and RFC 7677, whose example the broker checks itself by.
#[test]
fn who_logs_in_by_scram_hands_on() {
    for (kind, mechanism) in [("scram_sha256", "SCRAM-SHA-256"), ("scram_sha512", "SCRAM-SHA-512")] {
        let mut broker = Cluster::with_logins();
        let host = made(&logging_in(&broker.address, kind, "quietus", "password"));
        assert_eq!(host.health(), Ok(()), "{kind}");
        assert_eq!(broker.seen()["produced"], json!([]), "health hands nothing on");
        assert_eq!(host.erase(ann()), Ok(unreported("Kafka")), "{kind}");
        let seen = broker.seen();
        assert_eq!(seen["produced"].as_array().map(Vec::len), Some(1), "{seen}");
        let logins = seen["logins"].as_array().expect("a list");
        assert!(!logins.is_empty() && logins.iter().all(|login| *login == json!([mechanism, "quietus"])), "{seen}");
    }
}

#[test]
fn a_login_or_a_right_that_is_refused_stops_the_queue_and_health_tells_what_it_can() {
    let mut broker = Cluster::with_logins();
    let address = broker.address.clone();
    let refused = |kind: &str, user: &str, secret: &str, part: &str, in_health: bool| {
        let host = made(&logging_in(&address, kind, user, secret));
        let refused = host.erase(ann()).expect_err("refused");
        assert_eq!(refused.class, ErrorClass::NeedsOperator, "{kind} {user}: {refused}");
        assert!(refused.message.contains(part), "{kind} {user}: {refused}");
        let expected = if in_health { Err(refused) } else { Ok(()) };
        assert_eq!(host.health(), expected, "{kind} {user}");
    };
    let cases = [
        ("scram_sha256", "quietus", "wrong", "Kafka refuses the credentials", true),
        ("scram_sha256", "nobody", "password", "Kafka refuses the credentials", true),
        // One who does not know the password has no signature that fits: RFC 5802, section 3.
        ("scram_sha256", "impostor", "password", "Kafka refuses the credentials", true),
        ("plain", "quietus", "password", "does not know this kind of login", true),
        ("scram_sha256", "reader", "password", "grant Describe and Write", false),
    ];
    // Each is tried for some seconds by the client itself.
    std::thread::scope(|threads| {
        for (kind, user, secret, part, in_health) in cases {
            let refused = &refused;
            threads.spawn(move || refused(kind, user, secret, part, in_health));
        }
    });
    assert_eq!(broker.seen()["produced"], json!([]));
}
