//! The files that a command line names, which a program may run.

use std::path::{Path, PathBuf};

/// What Python and Node run of a folder.
const OF_A_FOLDER: [&str; 3] = ["__main__.py", "index.js", "package.json"];

/// Those that are there: of `FILE`, `--script=FILE`, `-rFILE`, `FILE,FILE` and the like.
pub(super) fn files<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in words.into_iter().flat_map(parts).map(Path::new).flat_map(run) {
        if !files.contains(&path) {
            files.push(path);
        }
    }
    files
}

/// The file, or what is run of the folder.
fn run(path: &Path) -> Vec<PathBuf> {
    match path.metadata() {
        Ok(found) if found.is_file() => vec![path.to_owned()],
        Ok(found) if found.is_dir() => {
            OF_A_FOLDER.map(|name| path.join(name)).into_iter().filter(|path| path.is_file()).collect()
        }
        _ => Vec::new(),
    }
}

/// What may be a path in it: from where one may begin to where it may end.
fn parts(word: &str) -> Vec<&str> {
    let divides = |c: char| !(c.is_alphanumeric() || "/._-~+".contains(c));
    let after = word.char_indices().filter(|(_, c)| divides(*c)).map(|(at, c)| at + c.len_utf8());
    // An option of one letter, with its value behind it.
    let of_an_option = word.starts_with('-').then(|| [word.find('/'), word.char_indices().nth(2).map(|(at, _)| at)]);
    let begins = std::iter::once(0).chain(after).chain(of_an_option.into_iter().flatten().flatten());
    let mut parts = Vec::new();
    for rest in begins.map(|at| &word[at..]) {
        let ends = rest.char_indices().filter(|(_, c)| divides(*c)).map(|(at, _)| at);
        parts.extend(ends.chain([rest.len()]).map(|end| &rest[..end]).filter(|part| !part.is_empty()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_wherever_in_a_word_it_stands() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["one", "two, three", "packed/__main__.py"] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, "x").expect("written");
        }
        let (one, two, packed) = (at("one"), at("two, three"), at("packed"));
        for (word, found) in [
            (one.clone(), vec![at("one")]),
            (format!("-r{one}"), vec![at("one")]),
            (format!("--a=b={one}"), vec![at("one")]),
            (format!("{one},/x"), vec![at("one")]),
            (format!("/x:{one}"), vec![at("one")]),
            (format!("@{one}"), vec![at("one")]),
            (format!("file://{one}"), vec![at("one")]),
            (format!("{one};{two}"), vec![at("one"), at("two, three")]),
            (packed.clone(), vec![at("packed/__main__.py")]),
            (format!("--from={packed}"), vec![at("packed/__main__.py")]),
            (at("none"), vec![]),
            ("-".into(), vec![]),
            ("-ž".into(), vec![]),
        ] {
            let found: Vec<_> = found.into_iter().map(PathBuf::from).collect();
            assert_eq!(files([&*word]), found, "{word}");
        }
    }
}
