//! Languages: whether somebody understands one, and what is wrong with an interpreter. Pure.

use concord_entities::consent::StoredInterpreter;
use language_tags::LanguageTag;

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

/// The macro-languages whose languages the registry has as extensions of them too.
const EXTENDED: [&str; 8] = ["ar", "kok", "lv", "ms", "sgn", "sw", "uz", "zh"];
/// What stands for no language, for none at all, and for several.
const NOBODYS: [&str; 3] = ["und", "zxx", "mul"];

/// Returns whether somebody understands what is said in a language, where both are tags of BCP 47. Their regions may differ.
/// Whoever understands a macro-language understands each of its languages, but not the other way round (RFC 4647, 3.3.1, over
/// the extended forms of RFC 5646, 4.5). What names no language is understood by nobody.
#[must_use]
pub fn is_understood_by(understood: &str, spoken: &str) -> bool {
    let (understood, spoken) = (language(understood), language(spoken));
    if NOBODYS.contains(&spoken.as_str()) {
        return false;
    }
    let extends = EXTENDED.contains(&understood.as_str())
        && LanguageTag::parse(&format!("{understood}-{spoken}")).is_ok_and(|tag| tag.is_valid());
    understood == spoken || extends
}

/// Returns the language of a tag in its canonical form, without script, region and the like; the tag itself where the
/// registry does not have it.
fn language(tag: &str) -> String {
    let canonical = LanguageTag::parse(tag).map(|tag| tag.canonicalize().unwrap_or(tag));
    let language = canonical.map(|tag| tag.primary_language().to_owned());
    language.unwrap_or_else(|_| tag.to_owned()).to_lowercase()
}
