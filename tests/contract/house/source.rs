//! What one Rust file says of itself: its modules, what it imports, the paths in its code, the types it declares. Read
//! from its tokens, so that comments and texts say nothing, and macros are read as everything else is.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A file, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// The modules that it declares.
    pub(super) modules: BTreeSet<String>,
    /// What it imports, in order.
    pub(super) imports: Vec<Import>,
    /// The paths of two segments and more in its code, such as `act::commit`.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Every word of its code but those of its `use` declarations.
    pub(super) words: BTreeSet<String>,
    /// The types that it declares.
    pub(super) types: Vec<Declared>,
    /// Of which types it implements `Error` by hand.
    pub(super) errors: BTreeSet<String>,
    /// The macros of its own that declare a type by the name they are given, such as `codes!`.
    declaring: BTreeSet<String>,
}

/// One name that is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Whether others can import it from here.
    pub(super) public: bool,
    /// The path, without the name that it gets here.
    pub(super) path: Vec<String>,
    /// The name that it has here.
    pub(super) name: String,
}

/// A struct, enum, union, trait or alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) name: String,
    /// Whether any other file may name it.
    pub(super) public: bool,
    /// Whether it derives `Error`.
    pub(super) error: bool,
}

/// Reads a file's text.
pub(super) fn read(text: &str) -> Source {
    let tokens: TokenStream = text.parse().expect("Rust");
    let mut source = Source::default();
    source.find_macros(&list(&tokens));
    source.walk(&list(&tokens), Around::Items);
    source
}

/// What tokens stand in: a type in an implementation is no type of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Items,
    Implementation,
}

fn list(tokens: &TokenStream) -> Vec<TokenTree> {
    tokens.clone().into_iter().collect()
}

fn word(token: Option<&TokenTree>) -> Option<String> {
    match token? {
        TokenTree::Ident(word) => Some(word.to_string().trim_start_matches("r#").to_owned()),
        _ => None,
    }
}

fn is(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match token? {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(list(&group.stream())),
        _ => None,
    }
}

fn is_path_sign(tokens: &[TokenTree], at: usize) -> bool {
    is(tokens.get(at), ':') && is(tokens.get(at + 1), ':')
}

fn is_type_word(word: &str) -> bool {
    matches!(word, "struct" | "enum" | "union" | "trait" | "type")
}

impl Source {
    /// Finds macros whose rules say `struct $name` or the like.
    fn find_macros(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            if word(Some(token)).as_deref() == Some("macro_rules")
                && let Some(name) = word(tokens.get(at + 2))
                && let Some(TokenTree::Group(rules)) = tokens.get(at + 3)
                && names_a_type(&list(&rules.stream()))
            {
                self.declaring.insert(name);
            }
        }
    }

    fn walk(&mut self, tokens: &[TokenTree], around: Around) {
        let mut at = 0;
        let mut public = false;
        let mut error = false;
        let mut inside = Around::Items;
        while let Some(token) = tokens.get(at) {
            let next = tokens.get(at + 1);
            if is(Some(token), '#')
                && let Some(attribute) = group(next, Delimiter::Bracket)
            {
                error |= derives_error(&attribute);
                self.walk(&attribute, Around::Items);
                at += 2;
                continue;
            }
            if let TokenTree::Group(group) = token {
                self.walk(&list(&group.stream()), inside);
                if group.delimiter() == Delimiter::Brace {
                    inside = Around::Items;
                }
                (public, error) = (false, false);
                at += 1;
                continue;
            }
            let Some(found) = word(Some(token)) else {
                (public, error) = (false, false);
                at += 1;
                continue;
            };
            if found == "pub" {
                public = true;
                at += 1 + usize::from(group(next, Delimiter::Parenthesis).is_some());
                continue;
            }
            if found == "use" && !is(next, '<') {
                at = self.import(tokens, at + 1, public);
            } else if found == "mod"
                && let Some(name) = word(next)
            {
                assert!(
                    is(tokens.get(at + 2), ';'),
                    "`{name}` is no file of its own"
                );
                self.modules.insert(name);
                at += 2;
            } else if is_type_word(&found)
                && around == Around::Items
                && let Some(name) = word(next)
            {
                self.types.push(Declared {
                    name,
                    public,
                    error,
                });
                if found == "trait" {
                    inside = Around::Implementation;
                }
                at += 2;
            } else if found == "impl" && starts_an_item(tokens, at) {
                inside = Around::Implementation;
                self.errors.extend(implements_error(&tokens[at..]));
                at += 1;
            } else {
                at = self.path(tokens, at);
            }
            (public, error) = (false, false);
        }
    }

    /// Reads what follows `use`; where it ends.
    fn import(&mut self, tokens: &[TokenTree], from: usize, public: bool) -> usize {
        let end = (from..tokens.len())
            .find(|at| is(tokens.get(*at), ';'))
            .expect("the end of a `use`");
        let mut found = Vec::new();
        use_tree(&tokens[from..end], &[], &mut found);
        let import = |(path, name)| Import { public, path, name };
        self.imports.extend(found.into_iter().map(import));
        end + 1
    }

    /// Reads a word and the path that starts with it; where it ends.
    fn path(&mut self, tokens: &[TokenTree], from: usize) -> usize {
        let goes_on = from > 0 && (is(tokens.get(from - 1), '.') || is(tokens.get(from - 1), ':'));
        let starts = !goes_on
            || (from > 1 && !is(tokens.get(from - 2), ':') && !is(tokens.get(from - 1), '.'));
        let mut path: Vec<String> = word(tokens.get(from)).into_iter().collect();
        let mut at = from + 1;
        while is_path_sign(tokens, at)
            && let Some(next) = word(tokens.get(at + 2))
        {
            path.push(next);
            at += 3;
        }
        self.words.extend(path.iter().cloned());
        if is(tokens.get(at), '!')
            && self.declaring.contains(&path[0])
            && let Some(TokenTree::Group(group)) = tokens.get(at + 1)
        {
            self.declare(&list(&group.stream()));
        }
        if starts && path.len() > 1 {
            self.paths.insert(path);
        }
        at
    }

    /// The types that a macro makes of what it is given: each the first word of an entry.
    fn declare(&mut self, tokens: &[TokenTree]) {
        let mut starts = true;
        for (at, token) in tokens.iter().enumerate() {
            let attribute = is(Some(token), '#')
                || (at > 0
                    && is(tokens.get(at - 1), '#')
                    && group(Some(token), Delimiter::Bracket).is_some());
            if attribute {
                continue;
            }
            if starts && let Some(name) = word(Some(token)) {
                let (public, error) = (true, false);
                self.types.push(Declared {
                    name,
                    public,
                    error,
                });
            }
            starts = is(Some(token), ';') || group(Some(token), Delimiter::Brace).is_some();
        }
    }
}

/// Whether `struct $name` or the like stands anywhere in a macro's rules.
fn names_a_type(tokens: &[TokenTree]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => names_a_type(&list(&group.stream())),
        TokenTree::Ident(word) => is_type_word(&word.to_string()) && is(tokens.get(at + 1), '$'),
        _ => false,
    })
}

fn derives_error(attribute: &[TokenTree]) -> bool {
    let derives = word(attribute.first()).as_deref() == Some("derive");
    let named = group(attribute.get(1), Delimiter::Parenthesis).unwrap_or_default();
    derives
        && named
            .iter()
            .any(|token| word(Some(token)).as_deref() == Some("Error"))
}

fn starts_an_item(tokens: &[TokenTree], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.get(before)) else {
        return true;
    };
    let braces = group(Some(before), Delimiter::Brace).is_some();
    let attribute = group(Some(before), Delimiter::Bracket).is_some();
    braces || attribute || is(Some(before), ';') || word(Some(before)).as_deref() == Some("unsafe")
}

/// The type of `impl .. Error for Type`.
fn implements_error(tokens: &[TokenTree]) -> Option<String> {
    let head = tokens
        .iter()
        .take_while(|token| group(Some(token), Delimiter::Brace).is_none());
    let words: Vec<_> = head.filter_map(|token| word(Some(token))).collect();
    let at = words.iter().position(|word| word == "for")?;
    let is_ours = at > 1 && words[at - 1] == "Error" && words[at - 2] == "error";
    words.get(at + 1).filter(|_| is_ours).cloned()
}

/// The paths that a `use` names, each with the name that it gets.
fn use_tree(tokens: &[TokenTree], before: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let mut path = before.to_vec();
    let mut renamed = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(branches) = group(Some(token), Delimiter::Brace) {
            for branch in branches.split(|token| is(Some(token), ',')) {
                if !branch.is_empty() {
                    use_tree(branch, &path, found);
                }
            }
            return;
        }
        match word(Some(token)).as_deref() {
            Some("as") => {
                // `_` is a word too.
                renamed = word(tokens.get(at + 1));
                at += 1;
            }
            Some("self") if !path.is_empty() => {}
            Some(segment) => path.push(segment.to_owned()),
            None if is(Some(token), '*') => path.push("*".to_owned()),
            None => {}
        }
        at += 1;
    }
    let name = renamed.or_else(|| path.last().cloned());
    found.push((path, name.unwrap_or_default()));
}

#[test]
fn imports_are_read_whole() {
    let source = read(
        "use a::{self, b::{C as D, e}, f};\npub(crate) use super::g::*;\nfn x() -> impl Y + use<'_> {}",
    );
    let imports: Vec<_> = source
        .imports
        .iter()
        .map(|one| {
            format!(
                "{}{} {}",
                if one.public { "+" } else { "" },
                one.path.join("::"),
                one.name
            )
        })
        .collect();
    assert_eq!(
        imports,
        ["a a", "a::b::C D", "a::b::e e", "a::f f", "+super::g::* *"]
    );
}

#[test]
fn paths_are_found_in_code_and_macros_but_not_in_texts() {
    let source = read(
        "// a::comment\n/// a::doc\nfn x() { let y = a::b::<T>(c.d::<e::F>()); z!(\"g::h\", g::i { j: k::l }); ::std::x(); }",
    );
    let paths: Vec<_> = source.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::b", "e::F", "g::i", "k::l"]);
}

#[test]
fn types_are_found_in_code_and_macros() {
    let source = read(
        "#[derive(Debug, thiserror::Error)] #[error(\"x\")] pub struct A; enum B {} pub(crate) type C = D; \
        impl E for F { type G = H; } trait I { type J; } \
        macro_rules! k { ($($name:ident {})*) => { pub enum L {} pub struct $name; } } \
        k! { /** m */ M { N } O {} } impl std::error::Error for P {}",
    );
    let types: Vec<_> = source
        .types
        .iter()
        .map(|one| {
            format!(
                "{}{}{}",
                if one.public { "+" } else { "" },
                one.name,
                if one.error { "!" } else { "" }
            )
        })
        .collect();
    assert_eq!(types, ["+A!", "B", "+C", "I", "+L", "+M", "+O"]);
    assert_eq!(source.errors, BTreeSet::from(["P".to_owned()]));
}
