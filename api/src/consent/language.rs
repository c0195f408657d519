//! Languages: whether two tags name one, and what is wrong with an interpreter. Pure.

use concord_entities::consent::StoredInterpreter;

use super::checks::ConsentCheck;

/// Returns what is wrong with an interpreter.
pub fn of_interpreter(
    interpreter: &StoredInterpreter,
) -> impl Iterator<Item = ConsentCheck> + use<> {
    [
        (
            !interpreter.named_on_paper,
            ConsentCheck::InterpreterNotNamed,
        ),
        (
            !interpreter.qualified,
            ConsentCheck::InterpreterNotQualified,
        ),
        (
            !interpreter.same_dialect,
            ConsentCheck::InterpreterOtherDialect,
        ),
        (
            interpreter.knows_survivor,
            ConsentCheck::InterpreterKnowsSurvivor,
        ),
        (
            interpreter.knows_accused,
            ConsentCheck::InterpreterKnowsAccused,
        ),
        (interpreter.is_victim, ConsentCheck::InterpreterIsVictim),
    ]
    .into_iter()
    .filter_map(|(lacks, check)| lacks.then_some(check))
}

/// Returns whether two BCP 47 tags name one language; their regions may differ.
#[must_use]
pub fn same_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_lowercase();
    primary(one) == primary(other)
}
