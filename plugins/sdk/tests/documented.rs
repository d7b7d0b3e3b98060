//! Every public item of the crate has an example in its documentation, which the doctests compile and run.
//!
//! A simple reading of the sources, line by line: documentation comments are gathered until the item that they stand
//! before. Fields and variants, `impl` of traits, re-exports, modules and the types of functions in `abi` need none.

use std::path::{Path, PathBuf};

/// Items that begin with one of these need an example, after `pub`.
const ITEMS: [&str; 9] =
    ["fn ", "const fn ", "unsafe fn ", "const unsafe fn ", "struct ", "enum ", "trait ", "const ", "type "];

#[test]
fn every_public_item_has_an_example() {
    let mut bare = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).expect("readable");
        bare.extend(
            without_example(&text).into_iter().map(|(line, item)| format!("{}:{line}: {item}", file.display())),
        );
    }
    assert!(bare.is_empty(), "no example in the documentation of:\n{}", bare.join("\n"));
}

#[test]
fn an_item_without_an_example_is_found() {
    let example = "/// Doc.\n///\n/// ```\n/// ```\n";
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = without_example(text).into_iter().map(|(_, item)| item).collect();
        assert_eq!(found, expected);
    }
    check("/// Doc.\npub fn a() {}\n", &["pub fn a() {}"]);
    check(&format!("{example}#[must_use]\npub fn a() {{}}\nimpl A {{\n    pub fn b() {{}}\n}}\n"), &["pub fn b() {}"]);
    check("/// Doc.\n#[doc(hidden)]\npub struct A;\npub(crate) struct B;\n    /// A field.\n    pub c: u8,\n", &[]);
    check("/// Doc.\n#[macro_export]\nmacro_rules! a {\n}\nmacro_rules! b {\n}\n", &["macro_rules! a {"]);
    check(
        &format!("{example}pub trait A {{\n    /// Doc.\n    fn a();\n    fn b();\n}}\nfn c() {{}}\n"),
        &["fn a();", "fn b();"],
    );
    check(
        "pub type A = unsafe extern \"C\" fn();\npub const B: u8 = 1;\npub mod c;\npub use d;\n",
        &["pub const B: u8 = 1;"],
    );
}

/// The crate's files, except those of tests and those that export nothing.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if !entry.ends_with("tests.rs") {
            files.push(entry);
        }
    }
    files
}

/// The public items without an example, and their lines.
fn without_example(text: &str) -> Vec<(usize, String)> {
    let mut bare = Vec::new();
    let mut example = false;
    let mut exported = false;
    let mut hidden = false;
    let mut in_trait = false;
    for (number, line) in text.lines().enumerate() {
        let code = line.trim();
        if let Some(doc) = code.strip_prefix("///") {
            example |= doc.trim_start().starts_with("```");
            continue;
        }
        if code.starts_with("#[") || code.starts_with("//") {
            exported |= code.contains("macro_export");
            hidden |= code.contains("doc(hidden)");
            continue;
        }
        let public = code.strip_prefix("pub ").is_some_and(|rest| ITEMS.iter().any(|item| rest.starts_with(item)));
        let of_trait = in_trait
            && line.strip_prefix("    ").is_some_and(|rest| rest.starts_with("fn ") || rest.starts_with("type "));
        let item = public || of_trait || (exported && code.starts_with("macro_rules!"));
        let function_type = code.starts_with("pub type") && code.contains("extern \"C\" fn");
        if item && !example && !hidden && !function_type {
            bare.push((number + 1, code.to_owned()));
        }
        in_trait = code.starts_with("pub trait ") || (in_trait && line != "}");
        example = false;
        exported = false;
        hidden = false;
    }
    bare
}
