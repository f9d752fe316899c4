//! Public items that no program uses: dead code, or code that exists for tests only.
//!
//! Items are compared by name, so an item that has the name of a used one is not found.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItem, Item, ItemImpl, Macro, Meta, TraitItemFn, Visibility};
use test_support::workspace;

use crate::cycles::is_test;
use crate::{functions, is_test_file, read, rust_files};

/// Crates whose public items must be used; all functions are added.
const CRATES: [&str; 4] = ["shared", "local", "ops", "stripe-sandbox"];

/// Tools that use these items as well.
const TOOLS: [&str; 5] = ["openapi", "bench", "bench/baselines", "fault-tests", "tests/simulation"];

/// Items that only tests use, each with the reason.
const EXCEPTIONS: [(&str, &str); 4] = [
    ("effect_key", "idempotency leases have no caller yet (ADR 14)"),
    ("max_message_delay", "tests limit the delays of messages of the local stack"),
    ("unused", "tests read the unused IAM grants of the local stack"),
    ("wait_until_triggered", "tests wait for a fault rule of the local stack"),
];

/// Names in source code.
#[derive(Default)]
struct Names {
    /// File of each public item.
    public: BTreeMap<String, String>,
    /// Number of uses of each name: occurrences outside tests, without definitions and re-exports.
    uses: BTreeMap<String, i32>,
    file: String,
}

impl Names {
    fn add_file(&mut self, file: &str, code: &str) {
        file.clone_into(&mut self.file);
        self.visit_file(&syn::parse_file(code).unwrap_or_else(|error| panic!("{file}: {error}")));
    }

    /// Adds a definition, whose name also occurs as an identifier.
    fn define(&mut self, name: &Ident, visibility: &Visibility) {
        let name = name.to_string();
        *self.uses.entry(name.clone()).or_default() -= 1;
        if !matches!(visibility, Visibility::Inherited) {
            self.public.insert(name, self.file.clone());
        }
    }

    /// Adds the names in the tokens of a macro or an attribute.
    fn use_tokens(&mut self, tokens: &str) {
        for name in tokens.split(|c: char| !c.is_alphanumeric() && c != '_') {
            *self.uses.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// Public items without a use, each with its file.
    fn unused(&self) -> Vec<(&str, &str)> {
        let unused =
            self.public.iter().filter(|(name, _)| self.uses.get(*name).is_none_or(|uses| *uses <= 0));
        unused.map(|(name, file)| (name.as_str(), file.as_str())).collect()
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let definition = match item {
            Item::Mod(item) if is_test(&item.attrs) => return,
            Item::Impl(item) if is_test(&item.attrs) => return,
            Item::Fn(item) if is_test(&item.attrs) => return,
            Item::Use(item) if !matches!(item.vis, Visibility::Inherited) => return,
            Item::Const(item) => Some((&item.ident, &item.vis)),
            Item::Enum(item) => Some((&item.ident, &item.vis)),
            Item::Fn(item) => Some((&item.sig.ident, &item.vis)),
            Item::Struct(item) => Some((&item.ident, &item.vis)),
            _ => None,
        };
        if let Some((name, visibility)) = definition {
            self.define(name, visibility);
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        // Without the type: its implementations do not use it.
        self.visit_generics(&item.generics);
        if let Some((_, path, _)) = &item.trait_ {
            self.visit_path(path);
        }
        item.items.iter().for_each(|item| self.visit_impl_item(item));
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        match item {
            ImplItem::Fn(item) if is_test(&item.attrs) => return,
            ImplItem::Fn(item) => self.define(&item.sig.ident, &item.vis),
            ImplItem::Const(item) => self.define(&item.ident, &item.vis),
            _ => {}
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.define(&item.sig.ident, &Visibility::Inherited);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_ident(&mut self, name: &'ast Ident) {
        *self.uses.entry(name.to_string()).or_default() += 1;
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.use_tokens(&call.tokens.to_string());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.use_tokens(&list.tokens.to_string());
        }
    }
}

#[test]
fn public_items_are_used_outside_tests() {
    let mut names = Names::default();
    let functions = functions().into_iter().map(|stem| format!("functions/{stem}"));
    for folder in CRATES.into_iter().map(str::to_owned).chain(functions) {
        for file in rust_files(&workspace(&folder).join("src")).iter().filter(|file| !is_test_file(file)) {
            names.add_file(&file.display().to_string(), &read(file));
        }
    }
    let mut tools = Names { uses: names.uses, ..Names::default() };
    for folder in TOOLS {
        for file in rust_files(&workspace(folder).join("src")).iter().filter(|file| !is_test_file(file)) {
            tools.add_file(&file.display().to_string(), &read(file));
        }
    }
    names.uses = tools.uses;
    assert!(names.public.len() > 1000, "only {} public items were found", names.public.len());
    let (excepted, unused): (Vec<_>, Vec<_>) = names
        .unused()
        .into_iter()
        .partition(|(name, _)| EXCEPTIONS.iter().any(|(excepted, _)| excepted == name));
    assert!(unused.is_empty(), "{} items are used by tests only: {unused:#?}", unused.len());
    assert_eq!(excepted.len(), EXCEPTIONS.len(), "an exception is used outside tests");
}

#[test]
fn item_used_by_tests_only_is_found() {
    let mut names = Names::default();
    let definitions = "
        pub struct OnlyTested;
        impl OnlyTested {
            pub(crate) fn only_tested(&self) {}
            pub(crate) fn in_macro(&self) {}
            fn private(&self) {}
        }
        pub const USED_BY_ATTRIBUTE: u8 = 1;
        pub trait Trait {
            fn required(&self);
        }
        #[cfg(test)]
        mod tests {
            fn test(item: super::OnlyTested) { item.only_tested(); }
        }";
    let users = "
        pub use crate::OnlyTested;
        /// Not a use: [`OnlyTested`].
        #[attribute(default = \"USED_BY_ATTRIBUTE\")]
        pub fn main(item: impl Trait) { println!(\"{}\", item.in_macro()); main(item) }";
    names.add_file("definitions", definitions);
    names.add_file("users", users);
    assert_eq!(names.unused(), [("OnlyTested", "definitions"), ("only_tested", "definitions")]);
}
