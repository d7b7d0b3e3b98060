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
        let python = std::env::var("QUIETUS_TEST_PYTHON").expect("QUIETUS_TEST_PYTHON names no Python: run tests/run");
        let mut command = Command::new(python);
        command.args(["-c", CLUSTER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
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
}

#[test]
fn brokers_have_a_port() {
    let wrong =
        host(&json!({ "kafka": { "brokers": ["kafka.example"], "topic": "erasures" } })).err().expect("refused");
    assert_eq!(wrong.message, "kafka.brokers: `kafka.example` is not like `host:9093`");
}
