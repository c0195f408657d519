//! What each party promises, on the wire: coded, so that it can be counted who serves whom, where and until when.

use async_graphql::{InputObject, SimpleObject};
use concord_entities::area::Area;
use concord_entities::promise::{Promises, StoredPromise};
use concord_entities::vocabulary::Need;

use crate::consent::language::is_understood_by;
use crate::error::Faults;
use crate::lists;
use crate::wire::scalars::LanguageTag;

/// How many promises a party makes at most.
const MOST_PROMISES: usize = 20;
/// How many languages a promise names at most.
const MOST_LANGUAGES: usize = 50;
/// How many areas a promise names at most.
const MOST_AREAS: usize = 100;
/// For how many people at a time a promise is at most.
const MOST_PEOPLE: i32 = 10_000;
/// The same in words.
pub(super) const CAPACITY: &str = "1 to 10,000";

/// What a party of an MOU promises: to serve each of these needs, in each of these languages, in each of these areas.
#[derive(Clone, Debug, InputObject, SimpleObject)]
#[graphql(input_name = "PromiseInput")]
pub struct Promise {
    /// What it serves: at least one need.
    pub needs: Vec<Need>,
    /// The languages that it serves in: 1 to 50. Whoever names a language serves all who understand it, whatever their region.
    pub languages: Vec<LanguageTag>,
    /// Where it serves: 1 to 100 areas of 5 characters each. A state or territory of the United States by ISO 3166-2, such as
    /// `US-HI`, or a county by its five digits (FIPS), such as `15003`. A state is all of its counties.
    pub areas: Vec<String>,
    /// For how many people at a time: 1 to 10,000; null where it does not say.
    pub capacity: Option<i32>,
}

/// Reads what a party promises, at a place such as `mou.parties.0.promises`; what is wrong with it goes to `faults`.
pub(super) fn read(promises: Option<&Vec<Promise>>, place: &str, faults: &mut Faults) -> Promises {
    let promises = promises.map_or(&[][..], Vec::as_slice);
    let read = promises
        .iter()
        .enumerate()
        .map(|(index, promise)| promise.read(&format!("{place}.{index}"), faults))
        .collect();
    each_once(read, place, faults)
}

/// Returns what a party promises, each promise once; that there are too many goes to `faults`.
pub(super) fn each_once(
    promises: Vec<StoredPromise>,
    place: &str,
    faults: &mut Faults,
) -> Promises {
    let promises = lists::once(promises);
    faults.require(
        promises.len() <= MOST_PROMISES,
        place,
        "at most 20 of a party: one can name several needs, languages and areas",
    );
    Promises(promises)
}

impl Promise {
    /// Reads a promise, at a place such as `mou.parties.0.promises.0`; what is wrong with it goes to `faults`.
    pub(super) fn read(&self, place: &str, faults: &mut Faults) -> StoredPromise {
        let at = |field: &str| format!("{place}.{field}");
        faults.require(!self.needs.is_empty(), at("needs"), "at least one");
        let tags = self.languages.iter().map(|tag| tag.as_str().to_owned());
        let languages: Vec<String> = lists::once(tags.collect());
        let is_some = (1..=MOST_LANGUAGES).contains(&languages.len());
        faults.require(is_some, at("languages"), "1 to 50");
        for (index, tag) in self.languages.iter().enumerate() {
            let is_one = is_understood_by(tag.as_str(), tag.as_str());
            let place = format!("{place}.languages.{index}");
            faults.require(is_one, place, "this tag names no language");
        }
        let named = lists::once(self.areas.clone()).len();
        let is_some = (1..=MOST_AREAS).contains(&named);
        faults.require(is_some, at("areas"), "1 to 100");
        let mut areas = Vec::new();
        for (index, area) in self.areas.iter().enumerate() {
            match area.parse::<Area>() {
                Ok(area) => areas.push(area),
                Err(fault) => faults.add(format!("{place}.areas.{index}"), fault),
            }
        }
        let mut areas = lists::once(areas);
        areas.sort_unstable();
        let is_some = |people: i32| (1..=MOST_PEOPLE).contains(&people);
        faults.require(self.capacity.is_none_or(is_some), at("capacity"), CAPACITY);
        StoredPromise {
            needs: self.needs.iter().copied().collect(),
            languages,
            areas,
            capacity: self.capacity.and_then(|people| u32::try_from(people).ok()),
        }
    }
}

impl From<&StoredPromise> for Promise {
    fn from(stored: &StoredPromise) -> Self {
        Self {
            needs: stored.needs.iter().collect(),
            languages: stored
                .languages
                .iter()
                .cloned()
                .map(LanguageTag::from)
                .collect(),
            areas: stored.areas.iter().map(ToString::to_string).collect(),
            capacity: stored
                .capacity
                .map(|people| i32::try_from(people).unwrap_or(i32::MAX)),
        }
    }
}
