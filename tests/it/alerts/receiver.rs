//! A URL that hears what it is told, and answers what it is to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Heard {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(of, _)| of == name);
        &found.unwrap_or_else(|| panic!("no {name}: {:?}", self.headers)).1
    }
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    answer: Arc<AtomicU16>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook?key=canary-in-the-url", listener.local_addr().expect("an address"));
        let (heard, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU16::new(204)));
        let (to, status) = (Arc::clone(&heard), Arc::clone(&answer));
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (to, status) = (Arc::clone(&to), Arc::clone(&status));
                // Each by itself: somebody else's client, whose server had this port before, can connect and be silent.
                std::thread::spawn(move || serve(&stream, &to, &status));
            }
        });
        Self { url, heard, answer }
    }

    pub(crate) fn answer(&self, status: u16) {
        self.answer.store(status, Ordering::Relaxed);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("nobody panicked").clone()
    }
}

fn serve(mut stream: &TcpStream, heard: &Mutex<Vec<Heard>>, status: &AtomicU16) {
    if let Some(request) = read(stream) {
        heard.lock().expect("nobody panicked").push(request);
        let status = status.load(Ordering::Relaxed);
        let answer = format!(
            "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        drop(stream.write_all(answer.as_bytes()));
    }
}

fn read(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or("0", |(_, length)| length);
    let mut body = vec![0; length.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).ok()? })
}
