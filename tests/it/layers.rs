//! The structure that ARCHITECTURE.md describes: nothing imports upward, siblings do not see one another, and no files
//! import one another in a circle. Read from the sources, tests left out.

mod crate_files;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate_files::{Crate, ModulePath};

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

/// Layers whose modules stand side by side: backends and clients meet in the ports below them, receiving and working in
/// the ledger.
const OF_SIBLINGS: [u8; 2] = [2, 3];

/// A module of the table in ARCHITECTURE.md, as the folders name it, and its layer.
fn table() -> Vec<(ModulePath, u8)> {
    let mut rows = Vec::new();
    for line in ARCHITECTURE.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, modules, layer, ..] = cells[..] else { continue };
        let Ok(layer) = layer.parse() else { continue };
        let names = modules.split(',').map(|name| name.trim().trim_matches('`'));
        rows.extend(names.map(|name| (name.split('/').map(str::to_owned).collect(), layer)));
    }
    rows
}

/// The row of the table to which a module belongs: the one that names most of its path.
fn row<'t>(table: &'t [(ModulePath, u8)], module: &ModulePath) -> Option<&'t (ModulePath, u8)> {
    table.iter().filter(|(path, _)| module.starts_with(path)).max_by_key(|(path, _)| path.len())
}

fn quietus() -> Crate {
    Crate::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")))
}

#[test]
fn every_module_stands_in_the_table_of_layers_and_every_row_is_a_module() {
    let table = table();
    let quietus = quietus();
    let missing: Vec<_> = quietus
        .modules
        .keys()
        .filter(|module| !module.is_empty() && row(&table, module).is_none())
        .map(|module| module.join("::"))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md gives no layer to {missing:?}");
    for (module, _) in &table {
        let exists = quietus.modules.contains_key(module)
            || *module == ["main"]
            || Path::new(env!("CARGO_MANIFEST_DIR")).join(module.join("/")).is_dir();
        assert!(exists, "ARCHITECTURE.md has a row for `{}`, which is not there", module.join("/"));
    }
}

#[test]
fn nothing_imports_upward_or_from_a_sibling() {
    let table = table();
    let quietus = quietus();
    let mut wrong = Vec::new();
    // The root only names the modules.
    for module in quietus.modules.keys().filter(|module| !module.is_empty()) {
        let Some((row_of_module, layer)) = row(&table, module) else { continue };
        for imported in quietus.imports(module) {
            let Some((row_of_imported, below)) = row(&table, &imported) else { continue };
            let upward = below > layer;
            let sibling = below == layer && OF_SIBLINGS.contains(layer) && row_of_imported != row_of_module;
            if upward || sibling {
                wrong.push(format!("{} ({layer}) imports {} ({below})", module.join("::"), imported.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut roots = vec![root.join("src/lib.rs"), root.join("tests/servers/src/lib.rs")];
    for plugin in fs::read_dir(root.join("plugins")).expect("the plugins") {
        roots.push(plugin.expect("a folder").path().join("src/lib.rs"));
    }
    let mut circles = Vec::new();
    for root in roots.iter().filter(|root| root.exists()) {
        for circle in circles_of(&Crate::read(root)) {
            let files: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            circles.push(format!("{}: {}", root.display(), files.join(", ")));
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

/// Sets of modules each of which imports each other, on whatever way. That a module uses what an ancestor of its own
/// defines is no circle: the two are one thing in several files.
fn circles_of(read: &Crate) -> Vec<BTreeSet<ModulePath>> {
    let mut imports = BTreeMap::new();
    for module in read.modules.keys() {
        let mut imported = read.imports(module);
        imported.retain(|imported| !module.starts_with(imported));
        imports.insert(module, imported);
    }
    let reached: BTreeMap<_, _> = imports.keys().map(|module| (*module, reached_from(module, &imports))).collect();
    let mut circles = BTreeSet::new();
    for (module, from_it) in &reached {
        if from_it.contains(module) {
            let back_and_forth = from_it.iter().filter(|other| reached[**other].contains(module));
            circles.insert(back_and_forth.map(|other| (*other).clone()).collect::<BTreeSet<_>>());
        }
    }
    circles.into_iter().collect()
}

fn reached_from<'c>(
    module: &ModulePath,
    imports: &'c BTreeMap<&ModulePath, BTreeSet<ModulePath>>,
) -> BTreeSet<&'c ModulePath> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = imports[module].iter().collect();
    while let Some(imported) = next.pop() {
        if reached.insert(imported) {
            next.extend(&imports[imported]);
        }
    }
    reached
}
