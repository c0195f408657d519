//! The demo writes nothing itself: whatever it makes, an operation makes.

use std::path::Path;

/// What writes a row, a statement or an audit event past the operations.
const WRITES: [&str; 15] = [
    "ActiveModel",
    "ActiveValue",
    "IntoActiveModel",
    "into_active_model",
    "::Model {",
    "ConnectionTrait",
    "EntityTrait",
    "Statement",
    "TransactionTrait",
    "::insert(",
    "insert_many",
    "execute",
    "Leaf",
    "ledger",
    "Event::",
];

#[test]
fn the_demo_writes_by_operations_alone() {
    let files = demo_files();
    assert!(files.len() > 10, "{files:?}");
    let mut found = Vec::new();
    for (file, code) in &files {
        for word in writes(code) {
            found.push(format!("{file}: {word}"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_row_written_by_hand_is_noticed() {
    for code in [
        "referral::Entity::insert(row.into_active_model())",
        "let row = referral::Model { id, ..draft };",
        "use concord_entities::referral::ActiveModel;",
        "change.execute_unprepared(sql)",
        "Event::Agency { kind, id }",
    ] {
        assert_ne!(writes(code), Vec::<&str>::new(), "{code}");
    }
    assert!(writes("stage.agencies.keep(who, made.id);").is_empty());
}

fn writes(code: &str) -> Vec<&'static str> {
    WRITES
        .into_iter()
        .filter(|word| code.contains(word))
        .collect()
}

/// The demo's files, each without its comments.
fn demo_files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo");
    let read = |file: std::fs::DirEntry| {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: Vec<_> = text.lines().filter(is_code).collect();
        (file.file_name().into_string().unwrap(), code.join("\n"))
    };
    let files = folder.read_dir().unwrap();
    files.map(|file| read(file.unwrap())).collect()
}
