//! An IMAP server that keeps mail, and speaks as a test wants it to: its manners are those of real servers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::proxy::plain;
use super::with;

/// How a folder is listed.
pub(super) type List = fn(&[u8]) -> Vec<u8>;

/// How a message is fetched.
pub(super) type Fetch = fn(u32, &str) -> String;

/// How a server speaks. Lines come with their ends.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Of a folder: its name as the wire has it.
    pub(super) list: List,
    /// Of a folder that is opened: its name and how many messages it has.
    pub(super) open: fn(&str, usize) -> String,
    /// Of a search: the folder, the command, and what is found.
    pub(super) search: fn(&str, &str, &[u32]) -> String,
    /// Of a message: its UID and its headers.
    pub(super) fetch: Fetch,
    /// The answer to a command that is not carried out: the folder that it is about and the command.
    pub(super) refuse: fn(&str, &str) -> Option<&'static str>,
    /// What it can do beside IMAP4rev1; each word after a blank.
    pub(super) capabilities: &'static str,
    /// The answer to a command about a folder that is not there.
    pub(super) missing: &'static str,
    /// What somebody else does before this command: a folder gets another name, or goes.
    pub(super) meanwhile: fn(&str) -> Option<Renamed>,
}

/// A folder's name, and its new one; `None` where it goes with all that is in it.
pub(super) type Renamed = (&'static [u8], Option<&'static [u8]>);

/// As the RFC has it.
pub(super) const PLAIN: Manner = Manner {
    list: |name| [b"* LIST () \"/\" \"", name, b"\"\r\n"].concat(),
    open: |_, count| format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"),
    search: |_, _, uids| format!("* SEARCH{}\r\n", numbers(uids)),
    fetch: |uid, headers| format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{{}}}\r\n{headers})\r\n", headers.len()),
    refuse: |_, _| None,
    capabilities: " UIDPLUS",
    missing: "NO [NONEXISTENT] x",
    meanwhile: |_| None,
};

/// Three messages of Ann's and one of somebody whose address ends like hers.
pub(super) const FOLDERS: [(&[u8], &[&str]); 3] = [
    (b"INBOX", &["From: ann@x.cz", "From: joann@x.cz", "From: bob@y.cz\r\nTo: ann@x.cz"]),
    (b"Work", &["From: ann@x.cz"]),
    (b"Empty", &[]),
];

pub(super) fn numbers(uids: &[u32]) -> String {
    uids.iter().map(|uid| format!(" {uid}")).collect()
}

struct Folder {
    name: Vec<u8>,
    messages: Vec<(u32, String)>,
    marked: Vec<u32>,
    next: u32,
}

impl Folder {
    fn expunge(&mut self, set: &str) {
        self.messages.retain(|(uid, _)| !(self.marked.contains(uid) && within(*uid, set)));
    }
}

/// A server on a port of its own, for as long as the process lives.
pub(super) struct Script {
    port: u16,
    folders: Arc<Mutex<Vec<Folder>>>,
}

impl Script {
    /// Folders by their names on the wire, each with its messages' headers.
    pub(super) fn start(manner: Manner, folders: &[(&[u8], &[&str])]) -> Self {
        let folders = folders.iter().map(|(name, headers)| {
            let messages = (1..).zip(headers.iter().map(|headers| format!("{headers}\r\n\r\n"))).collect();
            Folder { name: name.to_vec(), messages, marked: Vec::new(), next: headers.len() as u32 + 1 }
        });
        let folders = Arc::new(Mutex::new(folders.collect()));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let kept = Arc::clone(&folders);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut talk = Talk { manner, folders: Arc::clone(&kept), selected: None };
                std::thread::spawn(move || talk.go_on(stream));
            }
        });
        Self { port, folders }
    }

    pub(super) fn imap(&self) -> Value {
        with(plain(self.port, "ann"), json!({ "timeout": "2s" }))
    }

    /// Marks a message as deleted, as somebody else does.
    pub(super) fn mark(&self, name: &[u8], uid: u32) {
        let mut folders = lock(&self.folders);
        folders.iter_mut().find(|folder| folder.name == name).expect("a folder").marked.push(uid);
    }

    /// Which messages are marked so.
    pub(super) fn marked(&self, name: &[u8]) -> Vec<u32> {
        let folders = lock(&self.folders);
        let folder = folders.iter().find(|folder| folder.name == name).expect("a folder");
        folder.messages.iter().map(|(uid, _)| *uid).filter(|uid| folder.marked.contains(uid)).collect()
    }

    /// The headers of what is in a folder.
    pub(super) fn left(&self, name: &[u8]) -> Vec<String> {
        let folders = lock(&self.folders);
        let folder = folders.iter().find(|folder| folder.name == name).expect("a folder");
        folder.messages.iter().map(|(_, headers)| headers.trim_end().to_owned()).collect()
    }
}

fn rename(folders: &Mutex<Vec<Folder>>, name: &[u8], to: Option<&[u8]>) {
    let mut folders = lock(folders);
    match to {
        Some(to) => {
            folders.iter_mut().filter(|folder| folder.name == name).for_each(|folder| folder.name = to.to_vec())
        }
        None => folders.retain(|folder| folder.name != name),
    }
}

fn lock(folders: &Mutex<Vec<Folder>>) -> MutexGuard<'_, Vec<Folder>> {
    folders.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Talk {
    manner: Manner,
    folders: Arc<Mutex<Vec<Folder>>>,
    selected: Option<usize>,
}

impl Talk {
    fn go_on(&mut self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().expect("a descriptor"));
        drop(stream.write_all(b"* OK hello\r\n"));
        while let Some(line) = command(&mut lines, &mut stream) {
            let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
            let (tag, command) =
                (String::from_utf8_lossy(&line[..end]).into_owned(), &line[(end + 1).min(line.len())..]);
            let mut answer = Vec::new();
            let ended = self.answer(command, &mut answer);
            // Not even a word.
            if ended.is_empty() {
                break;
            }
            answer.extend(format!("{tag} {ended}\r\n").bytes());
            if stream.write_all(&answer).is_err() {
                break;
            }
        }
    }

    fn answer(&mut self, command: &[u8], answer: &mut Vec<u8>) -> &'static str {
        let text = String::from_utf8_lossy(command).into_owned();
        let named = name(command);
        let words: Vec<&str> = text.split(' ').collect();
        if let Some((name, to)) = (self.manner.meanwhile)(&text) {
            rename(&self.folders, name, to);
        }
        let mut folders = lock(&self.folders);
        let at = |name: &[u8]| {
            folders.iter().position(|folder| match folder.name.eq_ignore_ascii_case(b"INBOX") {
                true => name.eq_ignore_ascii_case(b"INBOX"),
                false => folder.name == name,
            })
        };
        let about = if ["UID", "EXPUNGE"].contains(&words[0]) { self.selected } else { at(&named) };
        let shown = about.map_or(String::new(), |at| String::from_utf8_lossy(&folders[at].name).into_owned());
        if let Some(refusal) = (self.manner.refuse)(&shown, &text) {
            return refusal;
        }
        let target = at(&named);
        match words[0] {
            "CAPABILITY" => {
                let more = self.manner.capabilities;
                answer.extend(format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR{more}\r\n").bytes());
            }
            "LIST" => folders.iter().for_each(|folder| answer.extend((self.manner.list)(&folder.name))),
            "EXAMINE" | "SELECT" => {
                self.selected = about;
                let Some(at) = about else { return self.manner.missing };
                answer.extend((self.manner.open)(&shown, folders[at].messages.len()).bytes());
            }
            "EXPUNGE" => {
                let Some(selected) = self.selected else { return "BAD nothing is open" };
                folders[selected].expunge("1:*");
            }
            "UID" => {
                let Some(selected) = self.selected else { return "BAD nothing is open" };
                return uid(&mut folders, (selected, target), self.manner, &text, answer);
            }
            _ => {}
        }
        "OK done"
    }
}

/// A command that begins with UID.
fn uid(
    folders: &mut [Folder],
    (selected, target): (usize, Option<usize>),
    manner: Manner,
    text: &str,
    answer: &mut Vec<u8>,
) -> &'static str {
    let words: Vec<&str> = text.split(' ').collect();
    let folder = &mut folders[selected];
    let asked = match words[1] {
        "SEARCH" => text[3..].split_once("UID ").map_or("1:*", |(_, rest)| rest.split(' ').next().unwrap_or_default()),
        _ => words[2],
    };
    let is_chosen = |uid| within(uid, asked) != text.contains("NOT UID ");
    let chosen: Vec<(u32, String)> = folder.messages.iter().filter(|(uid, _)| is_chosen(*uid)).cloned().collect();
    match words[1] {
        "SEARCH" => {
            // Where it asks for one header alone, it is a control.
            let sought = text.split("FROM ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let is_control = !text.contains("OR ");
            let spelt = match text.contains("FROM \"\\\"") {
                _ if is_control => sought.trim_matches('"'),
                true => "\"ann\"@x.cz",
                false => "ann@x.cz",
            };
            // Each message is found: what a server finds by is not always what it shows.
            let is_found = |uid: u32, headers: &str| {
                let is_marked = folder.marked.contains(&uid);
                (!text.contains("FROM ") || headers.contains(spelt) != text.contains("NOT "))
                    && (!text.contains(" DELETED") || is_marked)
                    && (!text.contains(" UNDELETED") || !is_marked)
            };
            let found = chosen.iter().filter(|(uid, headers)| is_found(*uid, headers));
            let uids: Vec<u32> = found.map(|(uid, _)| *uid).collect();
            let name = String::from_utf8_lossy(&folder.name).into_owned();
            answer.extend((manner.search)(&name, text, &uids).bytes());
        }
        "FETCH" if text.contains("BODY") => {
            chosen.iter().for_each(|(uid, headers)| answer.extend((manner.fetch)(*uid, headers).bytes()));
        }
        "FETCH" => {
            chosen.iter().for_each(|(uid, _)| answer.extend(format!("* {uid} FETCH (UID {uid})\r\n").bytes()));
        }
        "STORE" if text.contains(" -FLAGS") => {
            folder.marked.retain(|uid| !chosen.iter().any(|(other, _)| other == uid))
        }
        "STORE" => folder.marked.extend(chosen.iter().map(|(uid, _)| *uid)),
        "EXPUNGE" => folder.expunge(asked),
        "MOVE" | "COPY" => {
            if words[1] == "MOVE" {
                folder.messages.retain(|(uid, _)| !within(*uid, asked));
            }
            let Some(target) = target else { return "NO [TRYCREATE] x" };
            for (_, headers) in chosen {
                let next = folders[target].next;
                folders[target].messages.push((next, headers));
                folders[target].next += 1;
            }
        }
        _ => return "BAD what",
    }
    "OK done"
}

fn within(uid: u32, set: &str) -> bool {
    set.split(',').any(|range| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        let number = |text: &str| if text == "*" { u32::MAX } else { text.parse().unwrap_or(0) };
        (number(first)..=number(last)).contains(&uid)
    })
}

/// The next command; what comes as a literal stands in quotes.
fn command(lines: &mut BufReader<TcpStream>, stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut command = Vec::new();
    loop {
        if lines.read_until(b'\n', &mut command).ok()? == 0 {
            return None;
        }
        let whole = command.trim_ascii_end().len();
        command.truncate(whole);
        let announced = command.iter().rposition(|b| *b == b'{').filter(|_| command.ends_with(b"}"));
        let Some(at) = announced else { return Some(command) };
        let mut literal = vec![0; str::from_utf8(&command[at + 1..whole - 1]).ok()?.parse().ok()?];
        stream.write_all(b"+ go on\r\n").ok()?;
        lines.read_exact(&mut literal).ok()?;
        command.truncate(at);
        command.push(b'"');
        command
            .extend(literal.into_iter().flat_map(|b| if b == b'"' || b == b'\\' { vec![b'\\', b] } else { vec![b] }));
        command.push(b'"');
    }
}

/// The folder that a command names at its end.
fn name(command: &[u8]) -> Vec<u8> {
    let Some(inner) = command.strip_suffix(b"\"") else {
        return command.rsplit(|b| *b == b' ').next().unwrap_or_default().to_vec();
    };
    let begins = (0..inner.len()).find(|at| inner[*at] == b'"' && (*at == 0 || inner[*at - 1] == b' '));
    let inner = &inner[begins.map_or(0, |at| at + 1)..];
    let mut name = Vec::new();
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        name.push(if byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte });
    }
    name
}
