//! The files of a new project, by language.

use include_dir::{Dir, include_dir};

use super::file::File;
use super::sdk;

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/plugins/examples");
const HEADER: &str = include_str!("../../../../plugins/sdk/include/quietus_plugin.h");

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    /// A library, with the SDK
    Rust,
    /// A library, with the C header
    C,
    /// A program of one file; Python's standard library is enough
    Python,
    /// A program; Node.js 18 without packages
    Node,
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    /// How a plugin of this name is tested and built, and its file.
    fn steps(self, name: &str) -> (&'static str, Option<String>, String) {
        let library = format!("lib{}.so", name.replace('-', "_"));
        match self {
            Self::Rust => ("cargo test", Some("cargo build --release".into()), format!("target/release/{library}")),
            Self::C => ("make test", Some("make".into()), library),
            Self::Python => {
                let pack = format!("python3 -m zipapp src -p '/usr/bin/env python3' -o {name}.pyz");
                ("python3 -m unittest", Some(pack), format!("{name}.pyz"))
            }
            Self::Node => ("node --test", None, "plugin.mjs".into()),
        }
    }

    /// What is said of it beside the commands.
    fn remark(self) -> &'static str {
        match self {
            Self::Rust => {
                "For a system with an HTTP API, switch on the SDK's client: `quietus-plugin = { path = \"quietus-plugin\", features = \
                 [\"http\"] }`\nin Cargo.toml; `quietus_plugin::http` has it, and a server to test against.\n"
            }
            Self::Python => {
                "`src/quietus_plugin.py` speaks the protocol, and needs the standard library only; `src/__main__.py` is the plugin. Both are \
                 packed\ninto one file: so its SHA-256, its replacement while it runs and the sandbox concern all of it. A server runs it as \
                 another\nuser, so install it by `install -m 755`.\n"
            }
            Self::C | Self::Node => "",
        }
    }
}

/// All files of a project.
pub(super) fn files(lang: Language, name: &str) -> Vec<File> {
    let example = EXAMPLES.get_dir(lang.folder()).expect("the folder is part of the repository");
    let mut files = sources(example, example.path());
    for file in &mut files {
        file.text = renamed(&file.text, lang, name);
    }
    match lang {
        Language::Rust => {
            files.extend(sdk::files());
            files.push(File { path: ".gitignore".into(), text: "/target\n".into() });
        }
        Language::C => {
            files.push(File { path: "quietus_plugin.h".into(), text: HEADER.into() });
            files.push(File { path: ".gitignore".into(), text: "*.so\n/test-plugin\n".into() });
        }
        Language::Python => files.push(File { path: ".gitignore".into(), text: "__pycache__/\n*.pyz\n".into() }),
        Language::Node => {}
    }
    files.push(File { path: "README.md".into(), text: readme(lang, name) });
    files
}

/// What is left of an example after it was built or run in place is not part of it.
fn is_source(path: &str) -> bool {
    [".rs", ".toml", ".c", ".h", "Makefile", ".py", ".mjs"].iter().any(|end| path.ends_with(end))
}

fn sources(dir: &Dir<'_>, root: &std::path::Path) -> Vec<File> {
    let mut files: Vec<_> = dir.dirs().flat_map(|dir| sources(dir, root)).collect();
    files.extend(dir.files().filter_map(|file| {
        let path = file.path().strip_prefix(root).ok()?.to_str()?.to_owned();
        let text = file.contents_utf8()?.to_owned();
        is_source(&path).then_some(File { path, text })
    }));
    files
}

fn renamed(text: &str, lang: Language, name: &str) -> String {
    let text = text
        .replace(&format!("libfolder_{}", lang.folder()), &format!("lib{}", name.replace('-', "_")))
        .replace(&format!("folder-{}", lang.folder()), name)
        .replace("INCLUDE ?= ../../sdk/include", "INCLUDE ?= .")
        .replace("folder-plugin", name)
        .replace("\"../../sdk\"", "\"quietus-plugin\"");
    // A project of its own, wherever it is put.
    if lang == Language::Rust && text.starts_with("[package]") { format!("{text}\n[workspace]\n") } else { text }
}

/// What comes next, one command each.
pub(super) fn commands(lang: Language, name: &str) -> Vec<String> {
    let (test, build, file) = lang.steps(name);
    let own = [Some(test.to_owned()), build].into_iter().flatten();
    // A folder of the author's own: the kit erases in it, and looks at all that is in it.
    let config = "'{\"folder\": \"guests\"}'";
    own.chain([
        "mkdir -p guests && echo '{}' > guests/g-1.json".into(),
        format!("quietus plugin describe {file}"),
        format!("quietus plugin run {file} --plugin-config {config} --method dry-run --guest-id g-1"),
        format!("quietus plugin test {file} --plugin-config {config} --guest-id g-1"),
    ])
    .collect()
}

fn readme(lang: Language, name: &str) -> String {
    let commands = commands(lang, name).join("\n");
    format!(
        "# {name}\n\nA plugin for quietus. It deletes the file `{{folder}}/{{guest_id}}.json`: replace that by the system that\n\
         you erase people from.\n\n```console\n{commands}\n```\n\nThe last command is the conformance kit: what it passes, quietus \
         can work with. It erases\nwhoever is named, so put them into the system before each run. `quietus plugin describe` shows the `[[plugin]]` that \
         goes into\nquietus's configuration.\n\n{}",
        lang.remark()
    )
}
