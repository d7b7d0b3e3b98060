//! Which of an account's folders are searched, and which is meant by a name: by the operator's choice.

use quietus_plugin::PluginError;

use super::folders::Folder;

/// A name of the configuration's means several folders, whose names differ only in what people do not see.
const ALIKE: &str = "differ only in how they are spelt: write it as the server does, or rename one";

/// Which folders are searched.
pub(super) struct Choice {
    chosen: Option<Vec<String>>,
    exclude: Vec<String>,
}

impl Choice {
    /// The error names the setting that is wrong.
    pub(super) fn new(chosen: Option<Vec<String>>, exclude: Vec<String>) -> Result<Self, String> {
        let wrong = |pattern: &&String| {
            let star = pattern.find('*').is_some_and(|at| at + 1 < pattern.len());
            pattern.is_empty() || star || pattern.chars().any(char::is_control)
        };
        for (key, list) in [("folders", chosen.as_ref()), ("exclude", Some(&exclude))] {
            if let Some(pattern) = list.and_then(|list| list.iter().find(wrong)) {
                return Err(format!("{key}: `{pattern}` is no folder; a `*` may stand at the end only"));
            }
        }
        match chosen {
            Some(list) if list.is_empty() => Err("folders: none is named; leave it out for all".into()),
            chosen => Ok(Self { chosen, exclude }),
        }
    }

    /// Whether a folder whose name cannot be read may be one of those that are searched, beside these.
    pub(super) fn may_mean_others(&self, there: &[Folder]) -> bool {
        let several = |pattern: &String| pattern.ends_with('*') || pattern.starts_with('\\');
        let is_open = |pattern: &String| several(pattern) || !there.iter().any(|folder| folder.is(pattern));
        self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(is_open))
    }

    /// Whether a folder is chosen by its whole name.
    pub(super) fn names(&self, folder: &Folder) -> bool {
        let whole = |pattern: &&String| !pattern.ends_with('*') && !pattern.starts_with('\\');
        self.chosen.iter().flatten().filter(whole).any(|name| folder.is(name))
    }

    /// The folders to search, of those that are there. One that is named and is not there is an error: what was in it may
    /// be elsewhere now, and one that is to be left alone may be spelt otherwise. Where there are names that cannot be read, it may be one
    /// of these, which are not searched.
    pub(super) fn of(&self, there: Vec<Folder>, has_unnamed: bool) -> Result<Vec<Folder>, PluginError> {
        let is_there = |pattern: &&String| !has_unnamed || there.iter().any(|folder| folder.is(pattern));
        let known = |patterns: &[String]| patterns.iter().filter(is_there).cloned().collect::<Vec<_>>();
        let searched = match &self.chosen {
            None => vec![true; there.len()],
            Some(chosen) => meant(&known(chosen), "folders", &there)?,
        };
        let begins = |pattern: &String| pattern.ends_with('*');
        let (patterns, named): (Vec<String>, Vec<String>) = self.exclude.iter().cloned().partition(begins);
        let named = meant(&known(&named), "exclude", &there)?;
        let excluded = |at: usize, folder: &Folder| named[at] || patterns.iter().any(|pattern| folder.is(pattern));
        let all = there.into_iter().enumerate();
        Ok(all.filter(|(at, folder)| searched[*at] && !excluded(*at, folder)).map(|(_, folder)| folder).collect())
    }
}

/// Which of these folders patterns mean. Each means at least one; and a whole name means one only.
fn meant(patterns: &[String], key: &str, there: &[Folder]) -> Result<Vec<bool>, PluginError> {
    let mut meant = vec![false; there.len()];
    for pattern in patterns {
        let alike: Vec<usize> = (0..there.len()).filter(|at| there[*at].is(pattern)).collect();
        if alike.is_empty() {
            return Err(no_folder(pattern, key));
        }
        let found = match pattern.ends_with('*') || pattern.starts_with('\\') {
            true => alike,
            false => vec![one(&alike, pattern, key, there)?],
        };
        found.into_iter().for_each(|at| meant[at] = true);
    }
    Ok(meant)
}

/// The folder of this name, of the configuration's key.
pub(super) fn find<'f>(name: &Folder, there: &'f [Folder], key: &str) -> Result<&'f Folder, PluginError> {
    let alike: Vec<usize> = (0..there.len()).filter(|at| there[*at].is_called_as(name)).collect();
    one(&alike, &name.name, key, there).map(|at| &there[at])
}

/// Which of the folders that are read alike is meant by a name: the only one, or the only one that is spelt so.
fn one(alike: &[usize], name: &str, key: &str, there: &[Folder]) -> Result<usize, PluginError> {
    let exact: Vec<usize> = alike.iter().filter(|at| there[**at].name == name).copied().collect();
    match (alike, exact.as_slice()) {
        ([], _) => Err(no_folder(name, key)),
        ([at], _) | (_, [at]) => Ok(*at),
        _ => {
            let text = format!("the names of {} folders `{name}` {ALIKE} (see `{key}`)", alike.len());
            Err(PluginError::needs_operator(text))
        }
    }
}

fn no_folder(name: &str, key: &str) -> PluginError {
    PluginError::needs_operator(format!("there is no folder `{name}` (see `{key}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, attributes: &[&str]) -> Folder {
        let attributes = attributes.iter().map(|&attribute| attribute.to_owned()).collect();
        Folder { attributes, ..Folder::named(name).expect("a name") }
    }

    fn there() -> Vec<Folder> {
        let plain = ["INBOX", "Práce/2024", "Práce/2025", "a*b"].map(|name| folder(name, &[]));
        plain.into_iter().chain([folder("Koš", &["\\HasNoChildren", "\\Trash"])]).collect()
    }

    #[track_caller]
    fn check(chosen: Option<&[&str]>, exclude: &[&str], expected: &[&str]) {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let choice = Choice::new(chosen.map(owned), owned(exclude)).expect("a choice");
        let names: Vec<_> =
            choice.of(there(), false).expect("all there").into_iter().map(|folder| folder.name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn folders_are_chosen_and_left_out_by_name_by_beginning_and_by_use() {
        check(None, &[], &["INBOX", "Práce/2024", "Práce/2025", "a*b", "Koš"]);
        check(Some(&["inbox", "\\trash"]), &[], &["INBOX", "Koš"]);
        check(Some(&["Práce/*"]), &["Práce/2025"], &["Práce/2024"]);
        check(None, &["Práce/*", "\\Trash"], &["INBOX", "a*b"]);
    }

    #[test]
    fn a_named_folder_that_is_not_there_is_an_error() {
        let choice = Choice::new(Some(vec!["Archive".into()]), Vec::new()).expect("a choice");
        let error = choice.of(there(), false).expect_err("not there");
        assert_eq!(error.message, "there is no folder `Archive` (see `folders`)");
        let spelt_otherwise = Choice::new(None, vec!["práce/2024".into()]).expect("a choice");
        let error = spelt_otherwise.of(there(), false).expect_err("it would be emptied");
        assert_eq!(error.message, "there is no folder `práce/2024` (see `exclude`)");
        let beginning = Choice::new(None, vec!["Later/*".into()]).expect("a choice");
        assert_eq!(beginning.of(there(), false).expect("none begins so").len(), there().len());
    }

    #[test]
    fn a_named_folder_may_be_one_whose_name_cannot_be_read() {
        let of = |chosen: Option<&str>, exclude: &[&str]| {
            let exclude = exclude.iter().map(|name| (*name).to_owned()).collect();
            let choice = Choice::new(chosen.map(|name| vec![name.to_owned()]), exclude).expect("a choice");
            let searched = choice.of(there(), true).expect("none is missing for sure").len();
            (searched, choice.may_mean_others(&there()))
        };
        assert_eq!(of(None, &["práce/2024"]), (there().len(), true));
        assert_eq!(of(Some("Archive"), &[]), (0, true), "it is not looked through");
        assert_eq!(of(Some("INBOX"), &["Archive"]), (1, false));
    }

    #[test]
    fn folders_whose_names_are_read_alike_are_two() {
        let (composed, apart) = ("Ko\u{161}", "Kos\u{30c}");
        let both = || vec![folder("INBOX", &[]), folder(composed, &[]), folder(apart, &[])];
        let of = |chosen: Option<&str>, exclude: &[&str], there| {
            let exclude = exclude.iter().map(|name| (*name).to_owned()).collect();
            let choice = Choice::new(chosen.map(|name| vec![name.to_owned()]), exclude).expect("a choice");
            let names = |folders: Vec<Folder>| folders.into_iter().map(|folder| folder.name).collect::<Vec<_>>();
            choice.of(there, false).map(names).map_err(|error| error.message)
        };
        assert_eq!(of(None, &[], both()), Ok(vec!["INBOX".into(), composed.into(), apart.into()]));
        assert_eq!(of(Some(composed), &[], both()), Ok(vec![composed.to_owned()]));
        assert_eq!(of(None, &[apart], both()), Ok(vec!["INBOX".into(), composed.into()]));
        assert_eq!(of(Some(apart), &[], vec![folder(composed, &[])]), Ok(vec![composed.to_owned()]));
        let other = "K\u{6f}s\u{30c}\u{323}";
        let twice = vec![folder("Kos\u{323}\u{30c}", &[]), folder("Ko\u{1e63}\u{30c}", &[])];
        let told = format!("the names of 2 folders `{other}` {ALIKE} (see `exclude`)");
        assert_eq!(of(None, &[other], twice.clone()), Err(told));
        let error = find(&folder(other, &[]), &twice, "move_to").expect_err("which?");
        assert_eq!(error.message, format!("the names of 2 folders `{other}` {ALIKE} (see `move_to`)"));
        assert_eq!(find(&folder(apart, &[]), &both(), "move_to").map(|found| &*found.name), Ok(apart));
    }

    #[test]
    fn what_cannot_be_a_choice_is_refused() {
        for (chosen, exclude) in
            [(Some(vec![]), vec![]), (Some(vec!["a*b"]), vec![]), (None, vec![""]), (None, vec!["a\n"])]
        {
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
            assert!(Choice::new(chosen.map(owned), owned(exclude)).is_err());
        }
    }
}
