//! A NATS whose stream has no leader for a while, as after a failover: nobody answers for it, as nobody does for a subject that no stream
//! stores. Played by a script, as a cluster cannot be made to lose its leader at the right moment.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use quietus_plugin::ErrorClass;
use serde_json::json;

use super::*;

/// As nats-server sends it: <https://docs.nats.io/reference/reference-protocols/nats-protocol>.
const INFO: &str = r#"INFO {"server_id":"a","version":"2.10.0","proto":1,"host":"127.0.0.1","port":4222,"headers":true,"max_payload":1048576}"#;

/// Answers nobody so many times, and then stores what comes; tells of each message.
fn serve(client: &TcpStream, mut leaderless: usize, tell: &Sender<Vec<u8>>) -> std::io::Result<()> {
    let mut answers = client;
    write!(answers, "{INFO}\r\n")?;
    let mut asked = BufReader::new(client);
    let mut line = String::new();
    let mut subscription = String::new();
    while asked.read_line(&mut line)? > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["PING"] => answers.write_all(b"PONG\r\n")?,
            ["SUB", .., own] => subscription = (*own).to_owned(),
            ["HPUB", _, reply, _, bytes] => {
                let mut message = vec![0; bytes.parse::<usize>().expect("a number") + 2];
                asked.read_exact(&mut message)?;
                tell.send(message).expect("somebody listens");
                let stored = r#"{"stream":"erasures","seq":1}"#;
                match leaderless.checked_sub(1) {
                    None => write!(answers, "MSG {reply} {subscription} {}\r\n{stored}\r\n", stored.len())?,
                    Some(left) => {
                        leaderless = left;
                        write!(answers, "HMSG {reply} {subscription} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")?;
                    }
                }
            }
            _ => {}
        }
        line.clear();
    }
    Ok(())
}

fn leaderless(times: usize) -> (TestHost<Forward>, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("nats://{}", listener.local_addr().expect("bound"));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        // The client hangs up in the end.
        let _ended = serve(&client, times, &tell);
    });
    (made(&json!({ "nats": { "url": url, "subject": "erasures.demanded" } })), told)
}

#[test]
fn a_stream_that_elects_a_leader_is_asked_again() {
    let (host, told) = leaderless(2);
    assert_eq!(host.erase(ann()), Ok(unreported("NATS JetStream")));
    let messages: Vec<_> = told.iter().collect();
    assert_eq!(messages.len(), 3);
    let text = String::from_utf8_lossy(&messages[0]);
    assert!(text.contains("Nats-Msg-Id: k-test\r\n"), "{text}");
    assert!(messages.iter().all(|message| *message == messages[0]), "one message, which a stream stores once");
}

#[test]
fn a_subject_that_nobody_answers_for_in_the_end_needs_a_person() {
    let (host, told) = leaderless(usize::MAX);
    let error = host.erase(ann()).expect_err("no stream");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{error}");
    assert!(error.message.contains("no JetStream stream stores the subject"), "{error}");
    assert_eq!(told.iter().count(), 4);
}
