//! What is asked of a page that is to be printed: in which language, on which paper.

use actix_web::web;
use serde::Deserialize;

use super::plain::HttpRefusal;
use crate::consent::form::page::PaperSize;
use crate::error::{Error, Refusal};
use crate::wire::scalars::LanguageTag;

/// What is asked of a page.
pub(super) struct AskedPage {
    /// The language's tag (BCP 47); none where nothing is said.
    pub(super) language: Option<String>,
    /// The paper; Letter where nothing is said.
    pub(super) paper: PaperSize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    lang: Option<String>,
    paper: Option<String>,
}

impl AskedPage {
    /// Reads it from an address.
    pub(super) fn read(query: &str) -> Result<Self, HttpRefusal> {
        let asked = web::Query::<PageQuery>::from_query(query)
            .map_err(|_| wrong("query", "takes `lang` and `paper`, each once"))?
            .into_inner();
        let paper = paper(asked.paper.as_deref())?;
        let language = match asked.lang {
            Some(tag) => Some(
                LanguageTag::new(&tag)
                    .ok_or_else(|| wrong("lang", "not a language tag (BCP 47), such as `es`"))?
                    .as_str()
                    .to_owned(),
            ),
            None => None,
        };
        Ok(Self { language, paper })
    }
}

fn paper(word: Option<&str>) -> Result<PaperSize, HttpRefusal> {
    let Some(word) = word else {
        return Ok(PaperSize::Letter);
    };
    let named = PaperSize::ALL.iter().find(|paper| paper.word() == word);
    named
        .copied()
        .ok_or_else(|| wrong("paper", "is `a4` or `letter`"))
}

fn wrong(field: &str, remedy: &str) -> HttpRefusal {
    Refusal::from(Error::input(field, remedy)).into()
}
