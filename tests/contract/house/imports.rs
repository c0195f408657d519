//! Which file of the program imports which: every `use` and every path is followed to the file that defines what it
//! names, through whatever re-exports it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::sync::LazyLock;

use super::source::{Import, Source, read};

/// The library and the program are two crates of the same folder.
const LIBRARY: &str = "concord";
const PROGRAM: &str = "main";

/// Every file of the library and the program, by its path below `api/src`.
pub(super) struct House {
    pub(super) files: BTreeMap<String, Source>,
    /// The file of each module, by its path from its crate.
    modules: BTreeMap<Vec<String>, String>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    file: String,
    /// None for the whole module.
    item: Option<String>,
}

/// What each file imports from which.
#[derive(Default)]
pub(super) struct Imports(pub(super) BTreeMap<(String, String), BTreeSet<String>>);

impl Display for Imports {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for ((from, to), names) in &self.0 {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            writeln!(f, "{from} -> {to}: {}", names.join(", "))?;
        }
        Ok(())
    }
}

impl House {
    /// The program as it is, read once.
    pub(super) fn ours() -> &'static Self {
        static OURS: LazyLock<House> = LazyLock::new(House::read_ours);
        &OURS
    }

    fn read_ours() -> Self {
        let below = super::super::root().join("api/src");
        let files = super::super::rust_files("api/src").into_iter().map(|file| {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(&below).unwrap().to_str().unwrap();
            (name.to_owned(), text)
        });
        Self::of(files)
    }

    /// A house of these files.
    pub(super) fn of(files: impl Iterator<Item = (String, String)>) -> Self {
        let files: BTreeMap<_, _> = files.map(|(name, text)| (name, read(&text))).collect();
        let modules = files.keys().map(|file| (module(file), file.clone()));
        Self {
            modules: modules.collect(),
            files,
        }
    }

    /// Every import of one file from another. A module that is only named on the way to something in it, a `mod`
    /// declaration, and a re-export of what is in its own folder are none.
    pub(super) fn imports(&self) -> Imports {
        let mut imports = Imports::default();
        for (file, source) in &self.files {
            let own = module(file);
            let imported = source.imports.iter().filter_map(|import| {
                let target = self.follow(file, &import.path, 0)?;
                let is_face = import.public && module(&target.file).starts_with(&own);
                (!is_face).then_some(target)
            });
            let named = source
                .paths
                .iter()
                .filter_map(|path| self.follow(file, path, 0));
            for target in imported.chain(named) {
                let has_others = !self.files[&target.file].modules.is_empty();
                if target.file == *file || (target.item.is_none() && has_others) {
                    continue;
                }
                let name = target.item.unwrap_or_else(|| "self".to_owned());
                let taken = imports.0.entry((file.clone(), target.file)).or_default();
                taken.insert(name);
            }
        }
        imports
    }

    /// Where a path leads that stands in a file; none where it leads out of the program.
    fn follow(&self, file: &str, path: &[String], depth: usize) -> Option<Target> {
        // A name that is imported from a crate of the same name.
        if depth > 16 {
            return None;
        }
        let own = module(file);
        let (first, rest) = path.split_first()?;
        let from = match first.as_str() {
            "crate" => vec![own[0].clone()],
            "self" => own,
            "super" => {
                let mut above = own;
                above.pop();
                let mut rest = rest;
                while rest.first().is_some_and(|next| next == "super") {
                    above.pop();
                    rest = &rest[1..];
                }
                return self.lead(&[above, rest.to_vec()].concat(), depth);
            }
            LIBRARY if own[0] == PROGRAM => vec![LIBRARY.to_owned()],
            child if self.files[file].modules.contains(child) => {
                [own, vec![child.to_owned()]].concat()
            }
            name => {
                let import = self.imported(file, name)?;
                if import.path == [name] {
                    return None;
                }
                let path = [import.path.as_slice(), rest].concat();
                return self.follow(file, &path, depth + 1);
            }
        };
        self.lead(&[from, rest.to_vec()].concat(), depth)
    }

    /// Where a path from the top of its crate leads.
    fn lead(&self, path: &[String], depth: usize) -> Option<Target> {
        let known = (1..=path.len())
            .rev()
            .find(|length| self.modules.contains_key(&path[..*length]))?;
        let file = &self.modules[&path[..known]];
        let Some(name) = path.get(known) else {
            let (file, item) = (file.clone(), None);
            return Some(Target { file, item });
        };
        assert_ne!(
            name, "*",
            "everything of {file} is imported: name what is meant"
        );
        if let Some(import) = self.imported(file, name) {
            let further = [import.path.as_slice(), &path[known + 1..]].concat();
            return self.follow(file, &further, depth + 1);
        }
        let (file, item) = (file.clone(), Some(name.clone()));
        Some(Target { file, item })
    }

    fn imported(&self, file: &str, name: &str) -> Option<&Import> {
        let imports = &self.files[file].imports;
        imports.iter().find(|import| import.name == name)
    }
}

/// The path of the module that a file is.
fn module(file: &str) -> Vec<String> {
    let is_program = file == "main.rs" || file.starts_with("command/");
    let name = file.strip_suffix(".rs").unwrap();
    let name = name.strip_suffix("/mod").unwrap_or(name);
    let below = name
        .split('/')
        .filter(|part| !["main", "lib"].contains(part));
    let top = if is_program { PROGRAM } else { LIBRARY };
    std::iter::once(top)
        .chain(below)
        .map(str::to_owned)
        .collect()
}

/// An invented house.
pub(super) fn house(files: &[(&str, &str)]) -> House {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    House::of(files.iter().map(owned))
}

#[test]
fn imports_are_followed_to_the_file_that_defines_what_they_name() {
    let house = house(&[
        ("lib.rs", "pub mod a; pub mod b; pub mod c;"),
        ("main.rs", "mod command; use concord::a::Two;"),
        ("command/mod.rs", "pub mod x; fn f() { x::run() }"),
        (
            "command/x.rs",
            "use concord::b; pub fn run() { b::three::<u8>() }",
        ),
        (
            "a/mod.rs",
            "mod one; pub mod two; pub use one::One; pub use self::two::{Two, Other as Another};",
        ),
        (
            "a/one.rs",
            "use super::Another; use std::fmt; pub struct One; impl fmt::Display for One {}",
        ),
        (
            "a/two.rs",
            "pub struct Two; pub struct Other; // crate::b::comment()",
        ),
        (
            "b.rs",
            "use crate::a::{self, One}; use crate::c; pub fn three() { a::two::f(); let _ = \"crate::c::no()\"; }",
        ),
        ("c.rs", "pub fn c() { x!(super::b::three()); serde::c(); }"),
    ]);
    assert_eq!(
        house.imports().to_string(),
        "a/one.rs -> a/two.rs: Other\n\
        b.rs -> a/one.rs: One\n\
        b.rs -> a/two.rs: f\n\
        b.rs -> c.rs: self\n\
        c.rs -> b.rs: three\n\
        command/mod.rs -> command/x.rs: run\n\
        command/x.rs -> b.rs: self, three\n\
        main.rs -> a/two.rs: Two\n"
    );
}
