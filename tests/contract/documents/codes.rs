//! The scopes and the codes in the clients' document, as the code has them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::rust_files;
use super::{items, text};

/// What every permission opens, by the table that the service itself was asked for: `tests/authority/scopes.snap`.
pub(super) fn scopes() -> String {
    let table = text("tests/authority/scopes.snap");
    let mut lines = table
        .lines()
        .skip_while(|line| !line.starts_with("           "));
    let resources: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let letters: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let each = letters.len() / resources.len();
    let permission = |place: usize| format!("{}.{}", resources[place / each], letters[place]);
    let mut opened: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut by_any = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split_whitespace().rev().take(letters.len()).collect();
        assert_eq!(cells.len(), letters.len(), "{line}");
        let label: Vec<&str> = line.split_whitespace().rev().skip(letters.len()).collect();
        let label = label.into_iter().rev().collect::<Vec<_>>().join(" ");
        let open: Vec<usize> = (0..letters.len())
            .filter(|place| cells[letters.len() - 1 - place] == "ok")
            .collect();
        if open.len() == letters.len() {
            by_any.push(operation(&label));
            continue;
        }
        for place in open {
            let operations = opened.entry(place).or_default();
            let operation = operation(&label);
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
    }
    let mut said = "| scope | opens |\n|---|---|\n".to_owned();
    writeln!(said, "| any | {} |", by_any.join(", ")).unwrap();
    let mut routes = routes();
    for (place, operations) in opened {
        let permission = permission(place);
        let route = routes.remove(&permission);
        let opened: Vec<String> = operations.into_iter().chain(route).collect();
        writeln!(said, "| `{permission}` | {} |", opened.join(", ")).unwrap();
    }
    for (permission, route) in routes {
        writeln!(said, "| `{permission}` | {route} |").unwrap();
    }
    said
}

/// The routes beside GraphQL that ask for a scope, by it: as `api/src/http/` registers them.
fn routes() -> BTreeMap<String, String> {
    let mut routes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in rust_files("api/src/http") {
        let source = std::fs::read_to_string(&file).unwrap();
        for (permission, route) in handled(&source).into_iter().chain(printed(&source)) {
            routes.entry(permission).or_default().push(route);
        }
    }
    assert!(routes.len() > 2, "only {routes:?}");
    routes
        .into_iter()
        .map(|(permission, routes)| (permission, routes.join(", ")))
        .collect()
}

/// The routes that a file has a handler for.
fn handled(source: &str) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for handler in source.split("async fn ").skip(1) {
        let Some((_, asked)) = handler.split_once("caller.may(Resource::") else {
            continue;
        };
        let name = handler.split('(').next().unwrap();
        let its_own = source.split_once(&format!("\", {name})"));
        let its_own = its_own.and_then(|(before, _)| before.rsplit_once("(\"/"));
        let registered = its_own.or(source.split_once("(\"/"));
        let (_, path) = registered.or(source.split_once("service, \"/")).unwrap();
        let path = path.split('"').next().unwrap();
        let registered = [
            ("PUT", format!("web::put().to({name})")),
            ("GET", format!("reading().to({name})")),
            ("GET", format!("read_only(\"/{path}\", {name})")),
            ("PUT", format!("origins, ({name}, get))")),
            ("GET", format!("origins, (put, {name}))")),
        ];
        let mut methods = registered.iter().filter(|(_, by)| source.contains(by));
        let (method, _) = methods.next().unwrap();
        let route = format!("`{method} /{}`", path.replace(":.*}", "}"));
        routes.push((asked_for(asked), route));
    }
    routes
}

/// The route of a printed page, which says its path and what it takes.
fn printed(source: &str) -> Option<(String, String)> {
    let (_, page) = source.split_once("impl PrintedPage for ")?;
    let (_, path) = page.split_once("const PATH: &'static str = \"").unwrap();
    let (path, _) = path.split_once('"').unwrap();
    let (_, takes) = page.split_once("RequiredScope = Resource::").unwrap();
    Some((asked_for(takes), format!("`GET {path}`")))
}

/// The permission that is asked for, such as `Mou.read()`.
fn asked_for(asked: &str) -> String {
    let (resource, verb) = asked.split_once('.').unwrap();
    format!("{}.{}", resource.to_lowercase(), &verb[..1])
}

/// The codes of what a consent can lack, by the list of its checks.
pub(super) fn findings() -> String {
    use concord::consent::checks::ConsentCheck;
    let codes = ConsentCheck::ALL.iter().map(|check| check.code());
    let codes: Vec<String> = codes.map(|code| format!("`{code}`")).collect();
    codes.join(", ")
}

/// Why categories of a package are withheld, by the schema, which says what each means.
pub(super) fn reasons() -> String {
    let schema = concord::graphql::schema::sdl();
    let (_, body) = schema.split_once("enum WithheldReason {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let words = body.lines().map(str::trim);
    let is_code = |word: &&str| {
        let mut letters = word.chars();
        !word.is_empty() && letters.all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    let codes: Vec<String> = words
        .filter(is_code)
        .map(|code| format!("`{code}`"))
        .collect();
    assert!(codes.len() > 10, "{codes:?}");
    codes.join(", ")
}

/// The codes of the OAuth endpoints with what each means, by the enum in `api/src/oauth/fault.rs`.
pub(super) fn oauth_errors() -> String {
    codes_of(
        &text("api/src/oauth/fault.rs"),
        "pub enum OauthErrorCode {",
        "fn code(self)",
    )
}

/// An operation as a reader looks for it. What `node` finds has scopes of its own; the other labels tell rows apart.
fn operation(label: &str) -> String {
    let (name, of) = label.split_once('(').unwrap_or((label, ""));
    if name != "node" {
        return format!("`{name}`");
    }
    let of = match of.trim_end_matches(')').trim_end_matches(" draft") {
        "event" => "audit event",
        "mandate" => "mandated disclosure",
        "legal holds" => "survivor's `legalHolds`",
        "mou" => "MOU",
        "safe contact" => "survivor's `safeContact`",
        other => other,
    };
    format!("`{name}` ({of})")
}

/// The error codes with the meaning of each, by the enum in `api/src/error.rs`.
pub(super) fn errors() -> String {
    codes_of(
        &text("api/src/error.rs"),
        "pub enum Error {",
        "fn code(&self)",
    )
}

/// The codes of an enum with the meaning of each, by its variants and the function that tells their codes.
fn codes_of(source: &str, opening: &str, function: &str) -> String {
    let mut meanings: BTreeMap<String, String> = BTreeMap::new();
    for item in items(source, opening) {
        let name = item.code.split([' ', '(', ',']).next().unwrap().to_owned();
        meanings.insert(name, item.comment);
    }
    let (_, body) = source.split_once(function).unwrap();
    let (body, _) = body.split_once("\n    }").unwrap();
    let mut said = "| code | what it means |\n|---|---|\n".to_owned();
    let mut rest = body;
    while let Some((variants, after)) = rest.split_once("=>") {
        let mut quoted = after.splitn(3, '"').skip(1);
        let code = quoted.next().unwrap();
        rest = quoted.next().unwrap();
        let meant: Vec<String> = variants
            .split("Self::")
            .skip(1)
            .map(|variant| {
                variant
                    .split(|letter: char| !letter.is_alphanumeric())
                    .next()
                    .unwrap()
            })
            .map(|variant| {
                let meaning = meanings.remove(variant);
                meaning.unwrap_or_else(|| panic!("`{variant}` is no variant of the enum"))
            })
            .collect();
        writeln!(said, "| `{code}` | {} |", meant.join(" Or: ")).unwrap();
    }
    assert!(meanings.is_empty(), "without a code: {meanings:?}");
    said
}
