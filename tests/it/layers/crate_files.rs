//! The files of a crate as its modules name them, and what each defines and imports; tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

/// A module by its names from the crate's root on.
pub(super) type ModulePath = Vec<String>;

/// One file of a crate.
#[derive(Default)]
pub(super) struct Module {
    /// Modules and items that stand in it.
    defined: BTreeSet<String>,
    /// What it calls a path of elsewhere, as `use` says.
    imported: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
    /// Paths that stand in its code, `use` included.
    named: BTreeSet<Vec<String>>,
}

/// All files of a crate.
pub(super) struct Crate {
    pub(super) modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// Reads the crate whose root file this is.
    pub(super) fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let folder = root.parent().expect("a file is in a folder");
        read_module(root, folder, Vec::new(), &mut modules);
        Self { modules }
    }

    /// The modules that a module imports from, without itself: those in which the items are defined, wherever they are re-exported
    /// them on the way.
    pub(super) fn imports(&self, from: &ModulePath) -> BTreeSet<ModulePath> {
        let module = &self.modules[from];
        let mut found = BTreeSet::new();
        for path in &module.named {
            if let Some(home) = self.home(from, path, 0)
                && home != *from
            {
                found.insert(home);
            }
        }
        found
    }

    /// In which module the item that a path names is defined; `None` for one of another crate.
    fn home(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        // Two modules can re-export one another.
        if depth > 20 {
            return None;
        }
        let mut at = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop();
            }
            first => {
                let module = &self.modules[from];
                let child = [from.clone(), vec![first.to_owned()]].concat();
                if !self.modules.contains_key(&child) {
                    if let Some(meant) = module.imported.get(first) {
                        // A name for itself: a crate's.
                        if meant == path {
                            return None;
                        }
                        return self.home(from, &[meant, &rest[1..]].concat(), depth + 1);
                    }
                    return module.defined.contains(first).then(|| from.clone());
                }
                at = child;
            }
        }
        rest = &rest[1..];
        while let Some(first) = rest.first() {
            let child = [at.clone(), vec![first.clone()]].concat();
            if first == "super" {
                at.pop();
            } else if self.modules.contains_key(&child) {
                at = child;
            } else {
                break;
            }
            rest = &rest[1..];
        }
        let module = self.modules.get(&at)?;
        let Some(item) = rest.first() else { return Some(at) };
        if module.defined.contains(item) {
            return Some(at);
        }
        if let Some(meant) = module.imported.get(item) {
            return self.home(&at, meant, depth + 1);
        }
        let of_globs = module.globs.iter().find_map(|glob| {
            let home = self.home(&at, &[glob.as_slice(), &rest[..1]].concat(), depth + 1)?;
            self.modules[&home].defined.contains(item).then_some(home)
        });
        of_globs.or(Some(at))
    }
}

fn read_module(file: &Path, folder: &Path, path: ModulePath, modules: &mut BTreeMap<ModulePath, Module>) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = Reader { module: Module::default(), children: Vec::new() };
    for item in &parsed.items {
        reader.visit_item(item);
    }
    let Reader { module, children } = reader;
    modules.insert(path.clone(), module);
    for child in children {
        let of_child = folder.join(&child);
        let flat = folder.join(format!("{child}.rs"));
        let file = if flat.exists() { flat } else { of_child.join("mod.rs") };
        let path = [path.clone(), vec![child]].concat();
        read_module(&file, &of_child, path, modules);
    }
}

struct Reader {
    module: Module,
    /// Modules in files of their own.
    children: Vec<String>,
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        let (attributes, name) = attributes_and_name(item);
        if attributes.iter().any(is_for_tests) {
            return;
        }
        self.module.defined.extend(name);
        match item {
            Item::Mod(module) if module.content.is_none() => self.children.push(module.ident.to_string()),
            Item::Use(import) => self.import(&import.tree, Vec::new()),
            _ => syn::visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.module.named.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    /// What stands in a macro is not parsed: only full paths are seen there.
    fn visit_macro(&mut self, called: &syn::Macro) {
        self.visit_path(&called.path);
        let text = called.tokens.to_string().replace(' ', "");
        for start in ["crate::", "super::"] {
            for (at, _) in text.match_indices(start) {
                let end = text[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
                let path = &text[at..end.map_or(text.len(), |end| at + end)];
                self.module.named.insert(path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect());
            }
        }
    }
}

impl Reader {
    fn import(&mut self, tree: &UseTree, mut before: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before);
            }
            UseTree::Name(name) if name.ident == "self" => {
                let alias = before.last().cloned().unwrap_or_default();
                self.imported(alias, before);
            }
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.imported(name.ident.to_string(), before);
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    before.push(rename.ident.to_string());
                }
                self.imported(rename.rename.to_string(), before);
            }
            UseTree::Glob(_) => self.module.globs.push(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before.clone())),
        }
    }

    fn imported(&mut self, alias: String, path: Vec<String>) {
        self.module.imported.insert(alias, path);
    }
}

fn attributes_and_name(item: &Item) -> (&[Attribute], Option<String>) {
    let (attributes, name) = match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Mod(item) => (&item.attrs, item.content.is_some().then_some(&item.ident)),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Use(item) => (&item.attrs, None),
        _ => return (&[], None),
    };
    (attributes, name.map(ToString::to_string))
}

/// Whether it is compiled for tests, or for what measures, alone.
fn is_for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let condition = list.tokens.to_string();
    list.path.is_ident("cfg")
        && (condition.contains("test") || condition.contains("measure"))
        && !condition.contains("not")
}
