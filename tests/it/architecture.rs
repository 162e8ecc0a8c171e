//! Checks from the sources that modules depend on one another as ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree};

/// The floors of the program from the ground up. A module may import from those below it, but not from those on its own
/// floor.
const FLOORS: &[&[&str]] = &[
    &["model"],
    &["http", "keywords", "objects"],
    &["pipeline"],
    &["ledger"],
    &["lake"],
    &["round0"],
    &["sandbox"],
    &["inbox"],
    &["analyze", "deliver", "expect", "ingest", "mirror", "report", "search"],
    &["commands"],
];

/// Import cycles that are allowed, each within the folder of one module: importing file, imported file, reason.
const CIRCLES: &[(&str, &str, &str)] = &[];

/// Number of imports between the commands and the modules that they share, at most.
const MOST_IMPORTS_OF_COMMANDS: usize = 78;

/// Path of the module that a file defines, such as `lake::schema`.
type Module = Vec<String>;

/// The imports between files, without those of tests.
struct House {
    imports: BTreeMap<Module, BTreeSet<Module>>,
}

impl House {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        collect(&root, &root, &mut files);
        let mut paths = BTreeMap::new();
        let mut tests = BTreeSet::new();
        for (module, file) in &files {
            let source = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
            let mut names = Names { module, paths: BTreeSet::new(), tests: BTreeSet::new(), depth: 0 };
            names.visit_file(&source);
            paths.insert(module.clone(), names.paths);
            tests.extend(names.tests);
        }
        let is_test = |module: &Module| (1..=module.len()).any(|length| tests.contains(&module[..length]));
        let mut imports = BTreeMap::new();
        for (module, paths) in paths.iter().filter(|(module, _)| !is_test(module)) {
            let files: BTreeSet<Module> = paths.iter().filter_map(|path| file_of(path, module, &files)).collect();
            imports.insert(module.clone(), files.into_iter().filter(|file| file != module && !is_test(file)).collect());
        }
        assert!(imports.len() > 100, "the sources were not found");
        Self { imports }
    }

    fn arrows(&self) -> impl Iterator<Item = (&Module, &Module)> {
        self.imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
    }
}

/// Collects all source files of a folder by their modules. The crate root is the module without a name.
fn collect(folder: &Path, root: &Path, files: &mut BTreeMap<Module, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("src/main.rs") {
            let parts = path.strip_prefix(root).unwrap().with_extension("");
            let mut module: Module = parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            module.pop_if(|last| last == "mod" || last == "lib");
            files.insert(module, path);
        }
    }
}

/// The file that a path leads to: its longest part that is a module. A path leads out of the crate if it begins with
/// neither `crate`, `super`, `self` nor a module of this one.
fn file_of(path: &[String], module: &Module, files: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let mut path = path.iter();
    let mut place = match path.as_slice().first()?.as_str() {
        "crate" => Module::new(),
        _ => module.clone(),
    };
    let is_named = matches!(path.as_slice()[0].as_str(), "crate" | "super" | "self");
    while let Some(first) = path.as_slice().first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => _ = place.pop(),
            _ => break,
        }
        path.next();
    }
    let mut found = is_named.then(|| place.clone());
    for name in path {
        place.push(name.clone());
        if !files.contains_key(&place) {
            break;
        }
        found = Some(place.clone());
    }
    found
}

/// The paths that a file names, in its `use`s and elsewhere, without those of its tests.
struct Names<'a> {
    module: &'a Module,
    paths: BTreeSet<Vec<String>>,
    /// Modules of the file that are only for tests.
    tests: BTreeSet<Module>,
    /// Number of inline modules around the current item.
    depth: usize,
}

impl Names<'_> {
    fn add(&mut self, path: Vec<String>) {
        // Inside an inline module, the first `super` is the file itself.
        let skipped = path.iter().take(self.depth).take_while(|part| *part == "super").count();
        let rest = path[skipped..].to_vec();
        let rest = if skipped > 0 && rest.first().is_some_and(|part| part != "super") {
            [vec!["self".to_owned()], rest].concat()
        } else {
            rest
        };
        self.paths.insert(rest);
    }

    fn add_tree(&mut self, tree: &UseTree, mut before: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(&path.tree, before);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree, before.clone())),
            UseTree::Glob(_) => self.add(before),
            UseTree::Name(syn::UseName { ident }) | UseTree::Rename(syn::UseRename { ident, .. }) => {
                before.push(ident.to_string());
                self.add(before);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.attrs.iter().any(is_for_tests) {
            let mut module = self.module.clone();
            module.push(item.ident.to_string());
            self.tests.insert(module);
        } else if item.content.is_some() {
            self.depth += 1;
            visit::visit_item_mod(self, item);
            self.depth -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if !item.attrs.iter().any(is_for_tests) {
            self.add_tree(&item.tree, Vec::new());
        }
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {
        // A visibility is not an import.
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.add(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

/// Whether an attribute is `#[cfg(test)]` or `#[cfg(any(test, …))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("cfg") {
        let _other_words = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("test");
            if meta.path.is_ident("any") {
                meta.parse_nested_meta(|meta| {
                    found |= meta.path.is_ident("test");
                    Ok(())
                })?;
            }
            Ok(())
        });
    }
    found
}

fn name(module: &Module) -> String {
    module.join("/")
}

#[test]
fn no_module_knows_one_above_it_or_beside_it() {
    let house = House::read();
    let floor = |module: &Module| {
        let first = module.first()?;
        let floor = FLOORS.iter().position(|floor| floor.contains(&first.as_str()));
        Some(floor.unwrap_or_else(|| panic!("{first} has no floor in this test")))
    };
    let mut wrong = String::new();
    for (from, to) in house.arrows() {
        if let (Some(lower), Some(upper)) = (floor(to), floor(from))
            && from[0] != to[0]
            && lower >= upper
        {
            writeln!(wrong, "{} imports {}", name(from), name(to)).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let mut imports = House::read().imports;
    for (from, to, why) in CIRCLES {
        let module = |name: &str| name.split('/').map(str::to_owned).collect::<Module>();
        let is_there = imports.get_mut(&module(from)).is_some_and(|files| files.remove(&module(to)));
        assert!(is_there, "{from} does not import {to} any more, so the exception can go: {why}");
        assert_eq!(from.split('/').next(), to.split('/').next(), "an exception is for one module's own folder");
    }
    // A file that imports no remaining file is in no cycle, and neither is one that no remaining file imports.
    loop {
        let before = imports.len();
        let left: BTreeSet<Module> = imports.keys().cloned().collect();
        imports.values_mut().for_each(|files| files.retain(|file| left.contains(file)));
        imports.retain(|_, files| !files.is_empty());
        let imported: BTreeSet<Module> = imports.values().flatten().cloned().collect();
        imports.retain(|file, _| imported.contains(file));
        if imports.len() == before {
            break;
        }
    }
    let mut circles = String::new();
    for (from, files) in &imports {
        for to in files {
            writeln!(circles, "{} imports {}", name(from), name(to)).unwrap();
        }
    }
    assert!(imports.is_empty(), "in a circle, or between two:\n{circles}");
}

#[test]
fn no_command_knows_another() {
    let house = House::read();
    let rooms = ["erasure", "run", "session", "terminal"];
    let mut arrows = BTreeSet::new();
    let is_command = |module: &Module| module.first().is_some_and(|first| first == "commands");
    for (from, to) in house.arrows().filter(|(from, to)| is_command(from) && is_command(to)) {
        let (from, to) = (from.get(1).cloned().unwrap_or_default(), to.get(1).cloned().unwrap_or_default());
        // `mod.rs` starts the commands, so it may import each of them.
        let may = from.is_empty() || from == to || rooms.contains(&to.as_str());
        assert!(may, "commands/{from} imports commands/{to}");
        if from != to {
            arrows.insert((from, to));
        }
    }
    assert!(arrows.len() <= MOST_IMPORTS_OF_COMMANDS, "{} imports: {arrows:?}", arrows.len());
}
