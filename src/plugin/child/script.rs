//! What runs a script, as its first line says: which files, and whether the last of them can be given the very bytes that were
//! hashed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What the first line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The file that the kernel starts, and the one that that one finds (`env`).
    files: Vec<PathBuf>,
    /// That of the last one, without its folder.
    name: String,
    /// What these are told besides: all of it, and its words.
    words: Vec<String>,
    /// Whether these can make it read no other file.
    is_plain: bool,
}

/// Those that read a script once, from the descriptor that the kernel names to them, with the options that name no file.
const FROM_DESCRIPTORS: [(&str, &str); 4] = [("sh", SHELL), ("bash", SHELL), ("dash", SHELL), ("perl", "TWtw")];
const SHELL: &str = "aefuvx";
const PYTHON: (&str, &str) = ("python", "BEIOPSdqsuv");
/// Where a program finds others, `env` among them.
pub(super) const SEARCHED: &str = "/usr/local/bin:/usr/bin:/bin";
/// What divides words, for the kernel.
const BLANKS: [char; 2] = [' ', '\t'];
/// Variables that name no file.
const PLAIN_VARIABLES: [&str; 6] = ["LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"];

impl Interpreter {
    /// `None` for what begins with no such line. Refuses what cannot be followed.
    pub(super) fn of(head: &[u8]) -> Result<Option<Self>, String> {
        let Some((file, rest)) = first_line(head) else { return Ok(None) };
        let path = PathBuf::from(OsStr::from_bytes(file));
        let rest = std::str::from_utf8(rest).map_err(|_| not_followed("is no text"))?;
        let found = Self { name: name(&path), files: vec![path], words: Vec::new(), is_plain: true };
        match found.name.as_str() {
            "env" => found.found_by_env(rest).map(Some),
            _ => Ok(Some(found.told(rest))),
        }
    }

    fn told(mut self, rest: &str) -> Self {
        let words = words(rest).map(str::to_owned);
        // The kernel gives all of it as one word.
        self.words = std::iter::once(rest.to_owned()).filter(|rest| !rest.is_empty()).chain(words).collect();
        let is_plain = self.words.iter().skip(1).all(|word| self.takes(word));
        self.is_plain &= is_plain;
        self
    }

    /// What `env` finds and tells. One word is a program's name, and only `-S` makes several of it.
    fn found_by_env(mut self, rest: &str) -> Result<Self, String> {
        let Some(line) = rest.strip_prefix("-S") else {
            if rest.starts_with('-') {
                return Err(not_followed("gives options to `env`"));
            }
            self.find(rest);
            return Ok(self);
        };
        if line.contains(['"', '\'', '\\', '$', '#', '\r', '\x0b', '\x0c']) {
            return Err(not_followed("is read by `env` in a way of its own"));
        }
        let mut left = line;
        while let Some(word) = words(left).next() {
            left = left.trim_start_matches(BLANKS)[word.len()..].trim_start_matches(BLANKS);
            match word.split_once('=') {
                _ if word.starts_with('-') => return Err(not_followed("gives options to `env`")),
                Some(("PATH", _)) => return Err(not_followed("sets `PATH`")),
                Some((variable, _)) => {
                    self.is_plain &= PLAIN_VARIABLES.contains(&variable);
                    self.words.push(word.to_owned());
                }
                None => {
                    let variables = std::mem::take(&mut self.words);
                    self.find(word);
                    let mut found = self.told(left);
                    found.words.extend(variables);
                    return Ok(found);
                }
            }
        }
        self.is_plain = false;
        Ok(self)
    }

    fn find(&mut self, program: &str) {
        self.name = name(Path::new(program));
        let mut places = SEARCHED.split(':').map(|folder| Path::new(folder).join(program));
        // What names a folder is not searched for: joined, it stays what it is.
        self.files.extend(match program.contains('/') {
            true => Some(PathBuf::from(program)),
            false => places.find(|place| place.is_file()),
        });
    }

    /// The files that run before the script does.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Node, for one, wants to know the folder of what it runs.
    pub(super) fn runs_descriptors(&self) -> bool {
        self.options().is_some()
    }

    /// Whether it reads nothing but the script.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// What keeps it from reading other files, which nobody has hashed, from where the script seems to be.
    pub(super) fn environment(&self) -> Option<(&'static str, &'static str)> {
        self.is_python().then_some(("PYTHONSAFEPATH", "1"))
    }

    /// `python`, `python3` and `python3.11`.
    fn is_python(&self) -> bool {
        let version = self.name.strip_prefix(PYTHON.0);
        version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    }

    fn options(&self) -> Option<&'static str> {
        let known = FROM_DESCRIPTORS.iter().find(|(name, _)| *name == self.name).map(|(_, options)| *options);
        known.or_else(|| self.is_python().then_some(PYTHON.1))
    }

    /// Whether a word is of options alone that name no file.
    fn takes(&self, word: &str) -> bool {
        let options = self.options().unwrap_or_default();
        word.strip_prefix('-').is_some_and(|given| !given.is_empty() && given.chars().all(|one| options.contains(one)))
    }
}

fn not_followed(what: &str) -> String {
    format!("its first line {what}, so that nobody can tell which files it runs: name the interpreter itself")
}

/// As the kernel divides it: the interpreter, and all that comes after it.
fn first_line(head: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = head.strip_prefix(b"#!")?.split(|byte| matches!(byte, b'\n' | 0)).next()?;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = |text: &[u8]| text.iter().take_while(|byte| is_blank(byte)).count();
    let line = &line[begin(line)..];
    let (file, rest) = line.split_at(line.iter().position(is_blank).unwrap_or(line.len()));
    let rest = &rest[begin(rest)..];
    let end = rest.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
    (!file.is_empty()).then_some((file, &rest[..end]))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(BLANKS).filter(|word| !word.is_empty())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Interpreter {
        Interpreter::of(line.as_bytes()).expect("followed").expect("a line")
    }

    #[test]
    fn an_interpreter_is_found_however_the_first_line_names_it() {
        let table = [
            ("#!/bin/sh\nexit", Some("sh"), true),
            ("#! /usr/bin/perl -w\n", Some("perl"), true),
            ("#!/usr/bin/env python3\n", Some("python3"), true),
            ("#!/usr/bin/env -S LANG=C python3.11 -u\n", Some("python3.11"), true),
            ("#!/usr/bin/env node\n", Some("node"), false),
            ("#!/opt/pythonic\n", Some("pythonic"), false),
            ("import os\n", None, false),
            ("#!\n", None, false),
        ];
        for (head, name, runs) in table {
            let found = Interpreter::of(head.as_bytes()).expect("followed");
            assert_eq!(found.as_ref().map(Interpreter::name), name, "{head}");
            assert!(found.as_ref().is_none_or(Interpreter::is_plain), "{head}");
            assert_eq!(found.is_some_and(|found| found.runs_descriptors()), runs, "{head}");
        }
    }

    #[test]
    fn what_else_the_first_line_says_may_be_another_file() {
        for (line, plain) in [
            ("#!/usr/bin/python3 -I", true),
            ("#!/bin/bash -eu", true),
            ("#!/usr/bin/python3 /tmp/x/real.py", false),
            ("#!/usr/bin/python3 real.py", false),
            ("#!/usr/bin/python3 -mreal", false),
            ("#!/usr/bin/python3 -I real.py", false),
            ("#!/usr/bin/perl -Mreal", false),
            ("#!/bin/bash --rcfile", false),
            ("#!/usr/bin/env -S /usr/bin/python3 /tmp/x/real.py", false),
            ("#!/usr/bin/env -S PYTHONPATH=/tmp/x python3", false),
            ("#!/usr/bin/env -SLANG=C python3 -B", true),
            ("#!/usr/bin/env -S LANG=C", false),
        ] {
            assert_eq!(of(line).is_plain(), plain, "{line}");
        }
        for line in [
            "-S PATH=/tmp python3",
            "-S -i python3",
            "-S python3 '/tmp/a b.py'",
            "-S python3 ${X}",
            "-vS python3 /x",
            "-i",
        ] {
            let refused = Interpreter::of(format!("#!/usr/bin/env {line}\n").as_bytes()).expect_err("refused");
            assert!(refused.contains("name the interpreter itself"), "{line}: {refused}");
        }
    }

    #[test]
    fn each_file_that_runs_is_known_and_each_that_may_be_read() {
        let found = of("#!/usr/bin/env -S A=/one /usr/bin/python3 -I /two three\n");
        assert_eq!(found.files(), [Path::new("/usr/bin/env"), Path::new("/usr/bin/python3")]);
        assert_eq!(found.words().collect::<Vec<_>>(), ["-I /two three", "-I", "/two", "three", "A=/one"]);
        assert_eq!(of("#!/usr/bin/env sh").files().len(), 2, "it is searched for");
        // Neither a blank nor a byte that is no text makes another path of it.
        let odd = Interpreter::of(b"#!/tmp/\xff/python3\r\n").expect("followed").expect("a line");
        assert_eq!(odd.files(), [Path::new(OsStr::from_bytes(b"/tmp/\xff/python3\r"))]);
        assert_eq!(of("#!/bin/sh /a file \t\n").words().next(), Some("/a file"));
    }
}
