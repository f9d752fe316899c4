//! Import cycles between the files of a crate.
//!
//! An arrow goes from the file that uses an item to the file that defines it; re-exports are followed. Arrows from a module to
//! its own descendants do not count (a module consists of them), nor does test code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};
use test_support::workspace;

use crate::{functions, read};

/// Path of a module within its crate.
type Module = Vec<String>;

/// A file of a crate: the paths that it uses, and the names that it re-exports with their paths.
#[derive(Default)]
struct File {
    uses: Vec<Module>,
    reexports: BTreeMap<String, Module>,
    children: Vec<String>,
}

/// Collects the paths of one file, resolved against its module.
struct Paths<'a> {
    module: &'a [String],
    file: File,
}

/// Returns true for an item that is compiled for unit tests only.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl Paths<'_> {
    /// Path from the crate's root, if `segments` begin within the crate.
    fn resolve(&self, segments: &[String]) -> Option<Module> {
        let (first, rest) = segments.split_first()?;
        let mut base = self.module.to_vec();
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([base, rest.to_vec()].concat()),
            "super" => {
                base.pop()?;
                let supers = rest.iter().take_while(|segment| *segment == "super").count();
                base.truncate(base.len().checked_sub(supers)?);
                Some([base, rest[supers..].to_vec()].concat())
            }
            child if self.file.children.iter().any(|name| name == child) => {
                Some([base, segments.to_vec()].concat())
            }
            _ => None,
        }
    }

    fn leaves(tree: &UseTree, prefix: &[String], found: &mut Vec<(Module, String)>) {
        match tree {
            UseTree::Path(path) => {
                let prefix = [prefix, &[path.ident.to_string()]].concat();
                Self::leaves(&path.tree, &prefix, found);
            }
            UseTree::Name(name) if name.ident == "self" => {
                found.push((prefix.to_vec(), prefix.last().cloned().unwrap_or_default()));
            }
            UseTree::Name(name) => {
                found.push(([prefix, &[name.ident.to_string()]].concat(), name.ident.to_string()));
            }
            UseTree::Rename(name) => {
                found.push(([prefix, &[name.ident.to_string()]].concat(), name.rename.to_string()));
            }
            UseTree::Glob(_) => found.push((prefix.to_vec(), String::new())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| Self::leaves(tree, prefix, found)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        Self::leaves(&item.tree, &[], &mut leaves);
        for (segments, name) in leaves {
            let Some(path) = self.resolve(&segments) else { continue };
            if matches!(item.vis, Visibility::Inherited) {
                self.file.uses.push(path);
            } else {
                self.file.reexports.insert(name, path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.file.uses.extend(self.resolve(&segments));
        }
        visit::visit_path(self, path);
    }
}

/// Files of the crate whose root is `root`, by module.
fn files(root: &Path) -> BTreeMap<Module, File> {
    let (mut found, mut open) = (BTreeMap::new(), vec![(root.to_path_buf(), Module::new())]);
    while let Some((path, module)) = open.pop() {
        let syntax = syn::parse_file(&read(&path)).unwrap();
        let folder: PathBuf =
            if module.is_empty() { root.parent().unwrap().into() } else { path.with_extension("") };
        let mut children = Vec::new();
        for item in &syntax.items {
            let Item::Mod(child) = item else { continue };
            if child.content.is_none() && !is_test(&child.attrs) {
                children.push(child.ident.to_string());
                let module = [module.clone(), vec![child.ident.to_string()]].concat();
                open.push((folder.join(format!("{}.rs", child.ident)), module));
            }
        }
        let mut paths = Paths { module: &module, file: File { children, ..File::default() } };
        paths.visit_file(&syntax);
        let file = paths.file;
        found.insert(module, file);
    }
    found
}

/// Module of the file that defines what `path` names.
fn definition(files: &BTreeMap<Module, File>, path: &[String]) -> Module {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let module = (0..=path.len())
            .rev()
            .map(|length| path[..length].to_vec())
            .find(|module| files.contains_key(module));
        let module = module.unwrap_or_default();
        let reexported = path.get(module.len()).and_then(|name| files[&module].reexports.get(name));
        match reexported {
            Some(target) => path = [target.clone(), path[module.len() + 1..].to_vec()].concat(),
            None => return module,
        }
    }
    Module::new()
}

/// Modules that each module imports, its descendants aside.
fn imports(files: &BTreeMap<Module, File>) -> BTreeMap<Module, BTreeSet<Module>> {
    let arrows = |(module, file): (&Module, &File)| {
        let targets = file.uses.iter().map(|path| definition(files, path));
        (module.clone(), targets.filter(|target| !target.starts_with(module)).collect())
    };
    files.iter().map(arrows).collect()
}

/// Modules that are reachable from `start`.
fn reachable(imports: &BTreeMap<Module, BTreeSet<Module>>, start: &Module) -> BTreeSet<Module> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
    while let Some(module) = open.pop() {
        for target in &imports[&module] {
            if seen.insert(target.clone()) {
                open.push(target.clone());
            }
        }
    }
    seen
}

fn crate_roots() -> Vec<PathBuf> {
    let crates = [
        "shared",
        "local",
        "stripe-sandbox",
        "openapi",
        "tests/support",
        "tests/simulation",
        "fault-tests",
        "bench",
    ];
    let functions = functions().into_iter().map(|stem| format!("functions/{stem}"));
    let roots = crates
        .into_iter()
        .map(str::to_owned)
        .chain(functions)
        .map(|name| workspace(&name).join("src/lib.rs"));
    roots.filter(|root| root.exists()).collect()
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let (mut found, mut modules) = (Vec::new(), 0);
    for root in crate_roots() {
        let files = files(&root);
        modules += files.len();
        let imports = imports(&files);
        for module in imports.keys() {
            let back: Vec<String> = imports[module]
                .iter()
                .filter(|target| reachable(&imports, target).contains(module))
                .map(|target| target.join("::"))
                .collect();
            if !back.is_empty() {
                found.push(format!("{}: {} imports {}", root.display(), module.join("::"), back.join(", ")));
            }
        }
    }
    assert!(modules > 400, "only {modules} files were read");
    assert!(found.is_empty(), "{} files in cycles:\n{}", found.len(), found.join("\n"));
}
