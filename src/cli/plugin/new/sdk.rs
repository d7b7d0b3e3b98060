//! The SDK as part of a new project: the sources that this program was built with, in a package that stands alone.

use include_dir::{Dir, include_dir};
use toml::{Table, Value};

use super::file::File;

static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/plugins/sdk/src");
const HEADER: &str = include_str!("../../../../plugins/sdk/include/quietus_plugin.h");
const PACKAGE: &str = include_str!("../../../../plugins/sdk/Cargo.toml");
const WORKSPACE: &str = include_str!("../../../../Cargo.toml");

/// Below `quietus-plugin`.
pub(super) fn files() -> Vec<File> {
    let mut files =
        vec![file("Cargo.toml", standalone(PACKAGE, WORKSPACE)), file("include/quietus_plugin.h", HEADER.to_owned())];
    collect(&SOURCES, &mut files);
    files
}

fn collect(dir: &Dir<'_>, files: &mut Vec<File>) {
    dir.dirs().for_each(|dir| collect(dir, files));
    for source in dir.files() {
        let (Some(path), Some(text)) = (source.path().to_str(), source.contents_utf8()) else { continue };
        files.push(file(&format!("src/{path}"), text.to_owned()));
    }
}

fn file(path: &str, text: String) -> File {
    File { path: format!("quietus-plugin/{path}"), text }
}

/// The package with what it inherits from its workspace written out.
fn standalone(package: &str, workspace: &str) -> String {
    let parse = |text: &str| text.parse::<Table>().expect("the repository's own file");
    let mut package = parse(package);
    let workspace = parse(workspace);
    let of_workspace = |section: &str| workspace["workspace"][section].clone();
    for (section, inherited) in [("package", of_workspace("package")), ("dependencies", of_workspace("dependencies"))] {
        let Some(entries) = package.get_mut(section).and_then(Value::as_table_mut) else { continue };
        for (name, entry) in entries.iter_mut() {
            inherit(entry, inherited.get(name));
        }
    }
    package.insert("lints".into(), of_workspace("lints"));
    toml::to_string(&package).expect("a table")
}

/// Replaces `{ workspace = true, … }` by what is inherited, and adds the rest.
fn inherit(entry: &mut Value, inherited: Option<&Value>) {
    let (Some(own), Some(inherited)) = (entry.as_table_mut(), inherited) else { return };
    if own.remove("workspace").is_none() {
        return;
    }
    if own.is_empty() {
        *entry = inherited.clone();
        return;
    }
    match inherited {
        Value::Table(more) => own.extend(more.clone()),
        version => drop(own.insert("version".into(), version.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_inherits_is_written_out() {
        let package = "[package]\nname = \"x\"\nversion.workspace = true\n[lints]\nworkspace = true\n[dependencies]\n\
                       a.workspace = true\nb = { workspace = true, optional = true }\nc = \"3\"\n";
        let workspace = "[workspace.package]\nversion = \"1.0.0\"\n[workspace.lints.rust]\nunsafe_code = \"deny\"\n\
                         [workspace.dependencies]\na = { version = \"1\", features = [\"f\"] }\nb = \"2\"\n";
        insta::assert_snapshot!(standalone(package, workspace), @r#"
        [dependencies]
        c = "3"

        [dependencies.a]
        features = ["f"]
        version = "1"

        [dependencies.b]
        optional = true
        version = "2"

        [lints.rust]
        unsafe_code = "deny"

        [package]
        name = "x"
        version = "1.0.0"
        "#);
    }

    #[test]
    fn the_sdk_stands_alone() {
        let files = files();
        let package = &files.iter().find(|file| file.path == "quietus-plugin/Cargo.toml").expect("there").text;
        assert!(!package.contains("workspace"), "{package}");
        assert!(files.iter().any(|file| file.path == "quietus-plugin/src/protocol/frame.rs"));
    }
}
