//! The code names the model's steps where it takes them.

use std::path::Path;

#[test]
fn every_step_is_named_where_the_code_takes_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: String| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    let mut taken = 0;
    let mut unnamed = Vec::new();
    let mut file = None;
    for line in read("tests/model/step.rs".to_owned()).lines() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("///") {
            let quoted = comment
                .split('`')
                .find(|word| word.strip_suffix(".rs").is_some());
            file = quoted.map(str::to_owned).or(file);
        } else if let Some(file) = file.take() {
            let step = line.split(['(', ',', ' ']).next().unwrap();
            taken += 1;
            if !read(format!("api/src/{file}")).contains(&format!("`{step}`")) {
                unnamed.push(format!("api/src/{file}: `{step}`"));
            }
        }
    }
    assert!(taken > 10, "only {taken} steps were found");
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}
