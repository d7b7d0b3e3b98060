//! Which interpreter runs a script, and whether it can be given the very bytes that were hashed.

use std::path::PathBuf;

/// As the script's first line names it, without its folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter(String);

/// Those that read a script once, from the descriptor that the kernel names to them.
const FROM_DESCRIPTORS: [&str; 4] = ["sh", "bash", "dash", "perl"];
const PYTHON: &str = "python";

impl Interpreter {
    /// `None` for what begins with no such line.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        match name(words.next()?) {
            // It looks for the first word that is neither an option nor a variable.
            env if env == "env" => words.find(|word| !word.starts_with('-') && !word.contains('=')).map(name).map(Self),
            found => Some(Self(found)),
        }
    }

    /// The file that the kernel starts for what begins with such a line.
    pub(super) fn file(head: &[u8]) -> Option<PathBuf> {
        let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(line).ok()?.split_whitespace().next().map(PathBuf::from)
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Node, for one, wants to know the folder of what it runs.
    pub(super) fn runs_descriptors(&self) -> bool {
        FROM_DESCRIPTORS.contains(&self.name()) || self.is_python()
    }

    /// What keeps it from reading other files, which nobody has hashed, from where the script seems to be.
    pub(super) fn environment(&self) -> Option<(&'static str, &'static str)> {
        self.is_python().then_some(("PYTHONSAFEPATH", "1"))
    }

    /// `python`, `python3` and `python3.11`.
    fn is_python(&self) -> bool {
        let version = self.name().strip_prefix(PYTHON);
        version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let found = Interpreter::of(head.as_bytes());
            assert_eq!(found.as_ref().map(Interpreter::name), name, "{head}");
            assert_eq!(found.is_some_and(|found| found.runs_descriptors()), runs, "{head}");
        }
    }
}
