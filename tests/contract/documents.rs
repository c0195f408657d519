//! What the documents say is so: their generated parts are what the code says, and whatever they point at exists.
//!
//! A generated part stands between `<!-- generated: NAME -->` and `<!-- /generated -->`. After a change of the code,
//! `UPDATE_DOCS=1 cargo test -p concord --test concord documents` writes all of them anew, for review.

mod codes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use self::codes::{errors, findings, oauth_errors, reasons, scopes};
use super::{root, rust_files};

/// Every document, and how many lines it may have.
pub const DOCUMENTS: [(&str, usize); 6] = [
    ("README.md", 150),
    ("CONTRIBUTING.md", 250),
    ("SECURITY.md", 250),
    ("docs/ARCHITECTURE.md", 366),
    ("docs/OPERATING.md", 560),
    ("docs/CLIENTS.md", 360),
];

/// A generated part: its name, and what writes it.
type Part = (&'static str, fn() -> String);

/// The generated parts; each stands in exactly one document.
const PARTS: [Part; 12] = [
    ("boxes", boxes),
    ("commands", commands),
    ("errors", errors),
    ("findings", findings),
    ("limits", limits),
    ("metrics", metrics),
    ("oauth errors", oauth_errors),
    ("prices", prices),
    ("reasons", reasons),
    ("scopes", scopes),
    ("settings", settings),
    ("steps", steps),
];

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- /generated -->";

#[test]
fn generated_parts_are_what_the_code_says() {
    let parts: BTreeMap<&str, String> = PARTS.iter().map(|(name, part)| (*name, part())).collect();
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut standing = Vec::new();
    let mut stale = Vec::new();
    for (name, _) in DOCUMENTS {
        let written = text(name);
        standing.extend(part_names(&written));
        let renewed = renewed(&written, &parts).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        if renewed != written && update {
            std::fs::write(root().join(name), renewed).unwrap();
        } else if renewed != written {
            stale.push(difference(name, &written, &renewed));
        }
    }
    standing.sort_unstable();
    let known: Vec<String> = PARTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(standing, known, "each part stands in exactly one document");
    assert!(
        stale.is_empty(),
        "{}\nread the difference and then renew the documents with \
         `UPDATE_DOCS=1 cargo test -p concord --test concord documents`",
        stale.join("\n")
    );
}

#[test]
fn a_part_that_is_stale_unknown_or_open_is_noticed() {
    let parts = BTreeMap::from([("a", "new\n".to_owned())]);
    let document = |body: &str| format!("before\n{BEGIN}a -->\n{body}{END}\nafter\n");
    let good = document("\nnew\n\n");
    assert_eq!(renewed(&good, &parts).unwrap(), good);
    for stale in ["", "old\n", "\nnew\n", "\nnew\nmore\n\n"] {
        assert_eq!(renewed(&document(stale), &parts).unwrap(), good, "{stale}");
    }
    assert_eq!(part_names(&good), ["a"]);
    let unknown = good.replace("generated: a", "generated: b");
    assert!(renewed(&unknown, &parts).unwrap_err().contains('b'));
    let open = good.replace(END, "");
    assert!(renewed(&open, &parts).unwrap_err().contains('a'));
    assert!(renewed(&good.replace(BEGIN, ""), &parts).is_err());
}

#[test]
fn what_the_documents_point_at_exists() {
    let mut faults = Vec::new();
    let mut all = 0;
    for (name, _) in DOCUMENTS {
        let text = text(name);
        let folder = root().join(name);
        let folder = folder.parent().unwrap();
        for path in paths(&text) {
            all += 1;
            if ![root(), &root().join("api/src")]
                .iter()
                .any(|base| exists(base, path))
            {
                faults.push(format!("{name} names `{path}`, which does not exist"));
            }
        }
        for link in links(&text) {
            all += 1;
            if !exists(folder, link) {
                faults.push(format!("{name} links to {link}, which does not exist"));
            }
        }
    }
    assert!(all > 100, "only {all} paths were looked at");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_path_that_does_not_exist_is_noticed() {
    let document = "See `audit/ledger.rs`, `tests/`, `a b/c.rs`, `/oauth/token` and `text/html`; \
        [the book](tests/decision/rule_book.snap#x), [there](https://example.org/a.md).\n\
        ```text\n`no/path.rs`\n```\n`no/such/file.rs`, `no/folder/`";
    assert_eq!(
        paths(document),
        ["audit/ledger.rs", "tests/", "no/such/file.rs", "no/folder/"]
    );
    assert_eq!(links(document), ["tests/decision/rule_book.snap"]);
    assert!(exists(root(), "tests/"));
    for missing in ["no/such/file.rs", "no/folder/", "README.md/"] {
        assert!(!exists(root(), missing), "{missing}");
    }
}

#[test]
fn no_document_is_long() {
    for (name, most) in DOCUMENTS {
        let mut generated = false;
        let text = text(name);
        let written = text.lines().filter(|line| {
            generated = (generated || line.starts_with(BEGIN)) && *line != END;
            !generated
        });
        let lines = written.count();
        assert!(
            lines <= most,
            "{name} has {lines} lines that somebody wrote, and may have {most}"
        );
    }
}

/// A document's text.
fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// The names of a document's generated parts.
fn part_names(document: &str) -> Vec<String> {
    document.lines().filter_map(part_name).collect()
}

fn part_name(line: &str) -> Option<String> {
    let name = line.strip_prefix(BEGIN)?.strip_suffix(" -->")?;
    Some(name.to_owned())
}

/// Returns the document with every generated part as it should be, or what is wrong with its markers.
fn renewed(document: &str, parts: &BTreeMap<&str, String>) -> Result<String, String> {
    let mut renewed = String::new();
    let mut open: Option<String> = None;
    for line in document.lines() {
        if line == END {
            let name = open.take().ok_or("an end without a beginning")?;
            let part = parts.get(name.as_str());
            let part = part.ok_or_else(|| format!("no generated part is named `{name}`"))?;
            writeln!(renewed, "\n{}\n", part.trim_end()).unwrap();
        }
        if open.is_none() {
            writeln!(renewed, "{line}").unwrap();
        }
        if let Some(name) = part_name(line) {
            open = Some(name);
        }
    }
    match open {
        Some(name) => Err(format!("the generated part `{name}` has no end")),
        None => Ok(renewed),
    }
}

/// The lines that only one of two texts has.
fn difference(name: &str, written: &str, renewed: &str) -> String {
    let lines = |text: &'_ str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (written, renewed) = (lines(written), lines(renewed));
    let mut told = format!("{name}:\n");
    for line in written.difference(&renewed) {
        writeln!(told, "- {line}").unwrap();
    }
    for line in renewed.difference(&written) {
        writeln!(told, "+ {line}").unwrap();
    }
    told
}

/// The text of a document outside its code blocks.
fn prose(document: &str) -> impl Iterator<Item = &str> {
    let blocks = document.split("```").enumerate();
    blocks
        .filter(|(place, _)| place % 2 == 0)
        .map(|(_, text)| text)
}

/// The paths of this repository that a document names in code: those with a known ending, and folders.
fn paths(document: &str) -> Vec<&str> {
    const ENDINGS: [&str; 10] = [
        "rs", "md", "snap", "toml", "txt", "graphql", "cedar", "json", "css", "mjs",
    ];
    let is_path = |code: &&str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
        let ending = code.rsplit('.').next().unwrap();
        code.contains('/')
            && !code.starts_with('/')
            && code.chars().all(letters)
            && (code.ends_with('/') || ENDINGS.contains(&ending))
    };
    prose(document)
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .filter(is_path)
        .collect()
}

/// The files that a document links to.
fn links(document: &str) -> Vec<&str> {
    prose(document)
        .flat_map(|text| text.split("](").skip(1))
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|link| !link.is_empty() && !link.contains("://"))
        .collect()
}

fn exists(base: &Path, path: &str) -> bool {
    let there = base.join(path);
    if path.ends_with('/') {
        there.is_dir()
    } else {
        there.exists()
    }
}

/// The settings, by the struct in `api/src/settings/mod.rs` that reads them.
fn settings() -> String {
    let source = text("api/src/settings/mod.rs");
    let mut said = "| setting | what it is |\n|---|---|\n".to_owned();
    for item in items(&source, "pub struct RawSettings {") {
        let field = item.code.trim_start_matches("pub ");
        let field = field.split(':').next().unwrap();
        writeln!(said, "| `{field}` | {} |", item.comment).unwrap();
    }
    said
}

/// The protocol's steps, by the enum in `tests/model/step.rs`.
fn steps() -> String {
    let source = text("tests/model/step.rs");
    let mut said = "| step | what happens |\n|---|---|\n".to_owned();
    for item in items(&source, "pub(super) enum Step {") {
        let name = item.code.split(['(', ',', ' ']).next().unwrap();
        writeln!(said, "| `{name}` | {} |", item.comment).unwrap();
    }
    said
}

/// A variant or field with its doc comment as one line.
struct Item {
    code: String,
    comment: String,
}

/// The documented variants or fields of a type.
fn items(source: &str, opening: &str) -> Vec<Item> {
    let (_, body) = source
        .split_once(opening)
        .unwrap_or_else(|| panic!("there is no `{opening}`"));
    let (body, _) = body.split_once("\n}").unwrap();
    let mut items = Vec::new();
    let mut comment = Vec::new();
    for line in body.lines().filter_map(|line| line.strip_prefix("    ")) {
        if let Some(said) = line.strip_prefix("/// ") {
            comment.push(said);
        } else if line.starts_with(char::is_alphabetic) {
            assert!(!comment.is_empty(), "`{line}` is not documented");
            items.push(Item {
                code: line.to_owned(),
                comment: comment.join(" "),
            });
            comment.clear();
        }
    }
    assert!(items.len() > 5, "only {} items of {opening}", items.len());
    items
}

/// The metrics that an operator watches, as the program describes them.
fn metrics() -> String {
    let mut table = "| metric | kind | labels | what it says |\n|---|---|---|---|\n".to_owned();
    for metric in concord::telemetry::METRICS {
        let concord::telemetry::Metric {
            name,
            kind,
            labels,
            help,
        } = metric;
        writeln!(table, "| `{name}` | {kind} | {labels} | {help} |").unwrap();
    }
    table
}

/// The rules that the guide alerts by are over metrics that there are.
#[test]
fn alerts_are_over_metrics_that_there_are() {
    let guide = text("docs/OPERATING.md");
    let (_, rules) = guide.split_once("```yaml\ngroups:").unwrap();
    let (rules, _) = rules.split_once("```").unwrap();
    let words = rules.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("concord_")).collect();
    assert!(named.len() > 5, "{named:?}");
    for name in named {
        let base = name.trim_end_matches("_bucket").trim_end_matches("_count");
        let known = concord::telemetry::METRICS
            .iter()
            .any(|one| one.name == base);
        assert!(known, "{name}");
    }
}

/// Which filters go with which order of a box.
fn boxes() -> String {
    let mut table = "| box | `orderBy` | goes with |\n|---|---|---|\n".to_owned();
    for (which, order, filters) in concord::referral::listing::SUPPORTED {
        writeln!(table, "| {which} | {order} | {filters} |").unwrap();
    }
    table
}

/// The limits of a request: the ending of the file that says each, the constant, and the sentence around its value.
const LIMITS: [(&str, &str, &str); 24] = [
    (
        "http/graphql.rs",
        "MAX_BODY",
        "A body of `/graphql` has at most {} bytes.",
    ),
    (
        "http/graphql.rs",
        "DEADLINE",
        "It has {} to arrive, and its execution as long again.",
    ),
    ("", "MAX_BYTES", "A document has at most {} bytes,"),
    (
        "",
        "MAX_TOKENS",
        "at most {} tokens (the space between them is one),",
    ),
    (
        "",
        "MAX_NESTING",
        "selections, lists and input objects nested at most {} deep,",
    ),
    (
        "",
        "MAX_SELECTIONS",
        "at most {} selections, a fragment counted wherever it is spread,",
    ),
    (
        "",
        "MAX_DEPTH",
        "and fragments in one another at most {} deep.",
    ),
    ("", "MAX_COST", "An operation costs at most {},"),
    ("", "MAX_VALUES", "and its answer has at most {} values."),
    (
        "",
        "MAX_FAULTS",
        "Of a request's inputs, at most {} faults are told.",
    ),
    ("", "DEFAULT_SIZE", "A page has {} entries unless told,"),
    ("", "LARGEST_SIZE", "and at most {}."),
    ("", "MAX_TOKEN", "A token has at most {} bytes;"),
    ("", "MAX_TEXT", "its scopes have at most {};"),
    (
        "oauth/issue.rs",
        "LIFE",
        "the authorization server's is good for {}.",
    ),
    (
        "oauth/form.rs",
        "MAX_BODY",
        "A body of `/oauth/*` has at most {} bytes.",
    ),
    ("", "LARGEST", "A signed paper has at most {} bytes."),
    (
        "access/token.rs",
        "MAX_LIFE",
        "No token is good for longer than {};",
    ),
    ("", "MAX_AGE", "a DPoP proof is for {}."),
    (
        "application/rules.rs",
        "MAX_KEYS",
        "A program has at most {} public keys,",
    ),
    ("", "OVERLAP", "and its former secret is good for {} more."),
    (
        "",
        "IDEMPOTENCY",
        "An `idempotencyKey` is remembered for {},",
    ),
    ("", "CORRECTABLE", "and an outcome can be corrected for {}."),
    (
        "",
        "LONGEST_DAYS",
        "A consent lasts at most {} days, unless your state's law says otherwise.",
    ),
];

/// The limits with their values, as the code has them.
fn limits() -> String {
    let files = rust_files("api/src").into_iter().map(|file| {
        let text = std::fs::read_to_string(&file).unwrap();
        (file.to_str().unwrap().to_owned(), text)
    });
    let files: Vec<(String, String)> = files.collect();
    let mut said = String::new();
    for (ending, name, sentence) in LIMITS {
        let declaration = format!("pub const {name}: ");
        let found: Vec<&str> = files
            .iter()
            .filter(|(file, _)| file.ends_with(ending))
            .flat_map(|(_, text)| text.lines())
            .filter_map(|line| line.trim_start().strip_prefix(&declaration))
            .collect();
        let [only] = found.as_slice() else {
            panic!("{} constants are named {name} in *{ending}", found.len());
        };
        let value = value(only.split(" = ").nth(1).unwrap().trim_end_matches(';'));
        let joined = sentence.starts_with(|first: char| first.is_lowercase());
        let begin = if joined { " " } else { "\n- " };
        write!(said, "{begin}{}", sentence.replace("{}", &value)).unwrap();
    }
    said.trim_start().to_owned() + &allowances()
}

/// What is allowed unless the operator says otherwise, as `api/src/settings/allowances.rs` has it.
fn allowances() -> String {
    let source = text("api/src/settings/allowances.rs");
    let usual = |name: &str| {
        let (_, rest) = source
            .split_once(&format!("self.{name}.unwrap_or("))
            .unwrap();
        value(rest.split(')').next().unwrap())
    };
    format!(
        "\n- Unless the operator says otherwise: a cost of {} a second for each program and {} at once, and twice that for all \
         programs of an agency; {} endings of tokens \
         and programs a second for each agency and {} at once; {} failures to authenticate a minute for each address.",
        usual("cost_per_second"),
        usual("cost_burst"),
        usual("endings_per_second"),
        usual("endings_burst"),
        usual("failed_per_minute"),
    )
}

/// What is charged, by the constants in `api/src/graphql/prices.rs`.
fn prices() -> String {
    let source = text("api/src/graphql/prices.rs");
    let mut said = "| what | cost |\n|---|---|\n".to_owned();
    let mut comment = "";
    // Behind the prices stands how long lists are.
    let prices = source.split("/// The fields under which").next().unwrap();
    for line in prices.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ").or(line.strip_prefix("// ")) {
            comment = text.trim_end_matches('.');
        } else if let Some((_, price)) = line.split_once(": u64 = ") {
            let price = value(price.trim_end_matches(';'));
            writeln!(said, "| {comment} | {price} |").unwrap();
        } else if let Some(dearer) = line.strip_prefix("(\"") {
            let (words, price) = dearer.trim_end_matches("),").rsplit_once(", ").unwrap();
            // It is told of with its price, above.
            if price == "PACKAGE" {
                continue;
            }
            let price = value(price);
            let (ty, fields) = words.split_once('"').unwrap();
            let fields = fields.trim_start_matches(", ");
            let named = if fields == "ENDINGS" {
                let (_, list) = source.split_once("const ENDINGS: &[&str] = &[").unwrap();
                list.split("];").next().unwrap()
            } else {
                fields
            };
            let named = named.split('"').skip(1).step_by(2);
            let named: Vec<String> = named.map(|field| format!("`{ty}.{field}`")).collect();
            let what = if named.is_empty() {
                format!("`{ty}`")
            } else {
                named.join(", ")
            };
            writeln!(said, "| {what}: {comment} | {price} |").unwrap();
        }
    }
    said
}

/// A number or a duration as people write it.
fn value(code: &str) -> String {
    if let Some(duration) = code.strip_prefix("Duration::from_") {
        let (unit, number) = duration.split_once('(').unwrap();
        let number: u64 = number
            .trim_end_matches(')')
            .split(" * ")
            .map(|factor| factor.parse::<u64>().unwrap())
            .product();
        return match (unit, number) {
            ("mins", 1) => "a minute".to_owned(),
            ("hours", hours) if hours > 24 => format!("{} days", hours / 24),
            ("secs", _) => format!("{number} seconds"),
            ("mins", _) => format!("{number} minutes"),
            _ => format!("{number} {unit}"),
        };
    }
    let number: u64 = code
        .split(" * ")
        .map(|factor| factor.replace('_', "").parse::<u64>().unwrap())
        .product();
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Every command of the program, with the first sentence of its help.
fn commands() -> String {
    let mut said = "| command | what it does |\n|---|---|\n".to_owned();
    for (command, about) in all_commands(&[]) {
        writeln!(said, "| `concord {command}` | {about} |").unwrap();
    }
    said
}

/// The commands below this one that do something, each with the first sentence of its help.
pub fn all_commands(path: &[&str]) -> Vec<(String, String)> {
    let help = help(path);
    let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut all = Vec::new();
    for line in below.take_while(|line| !line.is_empty()) {
        let (name, about) = line.trim().split_once("  ").unwrap();
        if name == "help" {
            continue;
        }
        let path: Vec<&str> = path.iter().copied().chain([name]).collect();
        let others = all_commands(&path);
        // One with commands below it may do something by itself.
        if others.is_empty() || self::help(&path).contains("\nArguments:\n") {
            all.push((path.join(" "), about.trim().to_owned()));
        }
        all.extend(others);
    }
    all
}

/// What the program says of a command.
fn help(path: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(path)
        .arg("--help")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}
