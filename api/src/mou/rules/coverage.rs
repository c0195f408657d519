//! Who could lawfully take a referral by what the parties of MOUs promise, and until when. Pure.
//!
//! An agency is reached under an MOU that is in force and permits the purpose, that it signed and has not left, and by another
//! party of which the same holds, where no suspension stands between the two. What is asked is one moment's: of today, or of a
//! day to come as things stand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use concord_entities::area::Area;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::membership;
use concord_entities::mou::CountedMou;
use concord_entities::mou_party::CountedParty;
use concord_entities::promise::StoredPromise;
use concord_entities::vocabulary::{Code, Need, Needs, Purpose};

use super::transitions::is_over;
use crate::consent::language::is_understood_by;
use crate::sharing::memberships::parted;

/// For how long it counts as a promise of the task force's what an MOU promised that ended.
pub const REMEMBERED: Duration = Duration::from_hours(365 * 24);
/// How many cells are told at most.
pub const MOST_CELLS: usize = 2_000;

/// What coverage is counted from.
#[derive(Clone, Debug, Default)]
pub struct CoverageFacts {
    /// The MOUs, each with its parties.
    pub mous: Vec<(CountedMou, Vec<CountedParty>)>,
    /// The places of the parties in the task forces that follow these MOUs; in every one, where none follows some.
    pub places: HashMap<AgencyId, Vec<membership::Model>>,
    /// Those of the parties that take part in no task force now.
    pub absent: HashSet<AgencyId>,
}

/// Two agencies between which it was judged whether a suspension stands, under an MOU that a task force follows or none.
type JudgedPairs = HashMap<(Option<TaskForceId>, [AgencyId; 2]), bool>;

/// One agency, as another party of an MOU reaches it.
#[derive(Clone, Copy, Debug)]
pub struct Reached<'f> {
    /// Under which MOU.
    pub mou: &'f CountedMou,
    /// The agency's part in it.
    pub party: &'f CountedParty,
    /// Until when, as things stand.
    pub until: Instant,
}

impl Reached<'_> {
    /// Returns the last day of it, where the MOU's days are counted.
    #[must_use]
    pub fn last_day(&self) -> Day {
        let last = self.until.minus(Duration::from_micros(1));
        self.mou.time_zone.day(last)
    }

    /// Returns whether a notice, or a leaving, ends it before the day that was agreed.
    #[must_use]
    pub fn ends_early(&self) -> bool {
        self.last_day() < self.mou.expires_on
    }
}

impl CoverageFacts {
    /// Lists who is reached under which MOU at a moment.
    #[must_use]
    pub fn reached(&self, at: Instant) -> Vec<Reached<'_>> {
        let mut judged = JudgedPairs::new();
        let mut reached = Vec::new();
        for (mou, parties) in &self.mous {
            for party in self.bound(mou, parties, at) {
                let others = self
                    .bound(mou, parties, at)
                    .filter(|other| other.agency_id != party.agency_id)
                    .filter(|other| !self.part(&mut judged, mou, [party, other]));
                let last = others.map(|other| until(mou, other)).max();
                reached.extend(last.map(|last| Reached {
                    mou,
                    party,
                    until: last.min(until(mou, party)),
                }));
            }
        }
        reached
    }

    /// Lists what is permitted between which two parties at a moment.
    #[must_use]
    pub fn ways(&self, at: Instant) -> Vec<(MouId, Grants, [AgencyId; 2])> {
        let mut judged = JudgedPairs::new();
        let mut ways = Vec::new();
        for (mou, parties) in &self.mous {
            for one in self.bound(mou, parties, at) {
                for other in self.bound(mou, parties, at) {
                    let pair = [one.agency_id, other.agency_id];
                    if pair.is_sorted_by(|a, b| a < b) && !self.part(&mut judged, mou, [one, other])
                    {
                        ways.push((mou.id, mou.grants, pair));
                    }
                }
            }
        }
        ways
    }

    /// Lists the parties that an MOU binds at a moment.
    fn bound<'f>(
        &'f self,
        mou: &'f CountedMou,
        parties: &'f [CountedParty],
        at: Instant,
    ) -> impl Iterator<Item = &'f CountedParty> {
        let in_force = mou.dates().is_in_force(at);
        let parties = parties.iter();
        parties.filter(move |party| in_force && self.is_bound(party, at))
    }

    /// Returns whether a party has signed, has not left by then, and takes part somewhere.
    fn is_bound(&self, party: &CountedParty, at: Instant) -> bool {
        party.signed_at.is_some()
            && !is_over(party.leaves_at, at)
            && !self.absent.contains(&party.agency_id)
    }

    /// Returns whether a suspension stands between two, which is judged once for each pair.
    fn part(
        &self,
        judged: &mut JudgedPairs,
        mou: &CountedMou,
        parties: [&CountedParty; 2],
    ) -> bool {
        let mut pair = parties.map(|party| party.agency_id);
        pair.sort_unstable();
        let followed_by = mou.task_force_id;
        *judged.entry((followed_by, pair)).or_insert_with(|| {
            let places = pair.iter().filter_map(|agency| self.places.get(agency));
            let places: Vec<_> = places.flatten().cloned().collect();
            parted(&places, pair, followed_by)
        })
    }

    /// Lists what was promised in any of these MOUs, be it in force or not.
    fn promises(&self) -> impl Iterator<Item = &StoredPromise> {
        let parties = self.mous.iter().flat_map(|(_, parties)| parties);
        parties.flat_map(|party| &party.promises.0)
    }
}

/// Returns until when a party is bound by an MOU as things stand.
fn until(mou: &CountedMou, party: &CountedParty) -> Instant {
    let leaves = party.leaves_at.unwrap_or(mou.ends_at);
    leaves.min(mou.ends_at)
}

/// Returns whether what these permit is enough for a referral of somebody who has this need: for services, or for the purpose
/// that is the need's own.
#[must_use]
pub fn permit(grants: &Grants, need: Need) -> bool {
    let own = match need {
        Need::Housing => Some(Purpose::HousingPlacement),
        Need::MedicalCare => Some(Purpose::HealthCare),
        Need::ImmigrationAssistance => Some(Purpose::ImmigrationRelief),
        Need::Reparation => Some(Purpose::Compensation),
        Need::Legal => Some(Purpose::LegalRepresentation),
        Need::CounselingAndInformation
        | Need::MaterialAssistance
        | Need::Employment
        | Need::Education
        | Need::Training
        | Need::SocialSupport
        | Need::FinancialAssistance => None,
    };
    let permits = |purpose: Purpose| !grants.categories_for(purpose).is_empty();
    permits(Purpose::ServiceDelivery) || own.is_some_and(permits)
}

/// Returns the needs for which somebody is reached.
pub fn needs_of<'r>(reached: impl IntoIterator<Item = &'r Reached<'r>>) -> Needs {
    let needs = reached.into_iter().flat_map(|one| {
        let promises = one.party.promises.0.iter();
        let needs = promises.flat_map(|promise| promise.needs.iter());
        needs.filter(|need| permit(&one.mou.grants, *need))
    });
    needs.collect()
}

/// What is asked of a map.
#[derive(Clone, Debug, Default)]
pub struct WantedCoverage {
    /// These needs; every one where none is named.
    pub needs: Option<Needs>,
    /// Whoever understands this language.
    pub language: Option<String>,
}

impl WantedCoverage {
    fn wants(&self, need: Need) -> bool {
        self.needs.is_none_or(|needs| needs.has(need))
    }
}

/// A need in a language in an area, and who serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredCell {
    /// The need.
    pub need: Need,
    /// The language; none where nobody promises the need in any.
    pub language: Option<String>,
    /// The area; none where nobody promises the need in any.
    pub area: Option<Area>,
    /// Who could take a referral, whoever can for longest first.
    pub paths: Vec<CoveringAgency>,
}

/// An agency that could take a referral, under the MOU under which it can for longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoveringAgency {
    /// The agency.
    pub agency: AgencyId,
    /// The MOU.
    pub mou: MouId,
    /// Until when, as things stand.
    pub until: Instant,
    /// The last day of it.
    pub last_day: Day,
    /// Whether a notice, or a leaving, ends it before the day that was agreed.
    pub ends_early: bool,
}

/// A map, as far as it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageGrid {
    /// The cells, by need, language and area.
    pub cells: Vec<CoveredCell>,
    /// How many more there are.
    pub more: usize,
}

/// Whom one area has, and until when.
type AgenciesByArea = BTreeMap<Area, HashMap<AgencyId, CoveringAgency>>;

/// Draws the map of a moment: a cell for each need that was promised, in each language and each area that anything was promised
/// in, and one for each need that nobody promises.
#[must_use]
pub fn draw(facts: &CoverageFacts, wanted: &WantedCoverage, at: Instant) -> CoverageGrid {
    let reached = facts.reached(at);
    let promised: Vec<_> = facts.promises().collect();
    let areas: BTreeSet<Area> = promised
        .iter()
        .flat_map(|one| one.areas.iter().copied())
        .collect();
    let spoken: BTreeSet<&str> = promised
        .iter()
        .flat_map(|one| one.languages.iter().map(String::as_str))
        .collect();
    let languages: Vec<&str> = match &wanted.language {
        Some(language) => vec![language],
        None => spoken.iter().copied().collect(),
    };
    let mut grid = CoverageGrid::default();
    for need in Need::ALL.iter().copied().filter(|need| wanted.wants(*need)) {
        let serves = |one: &StoredPromise| {
            let understood =
                |asked: &String| one.languages.iter().any(|tag| is_understood_by(tag, asked));
            one.needs.has(need) && wanted.language.as_ref().is_none_or(understood)
        };
        if !promised.iter().any(|one| serves(one)) {
            grid.tell(CoveredCell {
                need,
                language: wanted.language.clone(),
                area: None,
                paths: Vec::new(),
            });
            continue;
        }
        for language in &languages {
            if grid.is_full() {
                grid.more = grid.more.saturating_add(areas.len());
                continue;
            }
            let understanding: HashSet<&str> = spoken
                .iter()
                .copied()
                .filter(|tag| is_understood_by(tag, language))
                .collect();
            let serving = serving(&reached, need, &understanding);
            for area in &areas {
                grid.tell(CoveredCell {
                    need,
                    language: Some((*language).to_owned()),
                    area: Some(*area),
                    paths: paths(&serving, *area),
                });
            }
        }
    }
    grid
}

impl CoverageGrid {
    fn is_full(&self) -> bool {
        self.cells.len() >= MOST_CELLS
    }

    fn tell(&mut self, cell: CoveredCell) {
        if self.is_full() {
            self.more = self.more.saturating_add(1);
        } else {
            self.cells.push(cell);
        }
    }
}

/// Returns who serves a need in one of these languages, by the areas that they promise.
fn serving(reached: &[Reached<'_>], need: Need, languages: &HashSet<&str>) -> AgenciesByArea {
    let mut serving = AgenciesByArea::new();
    for one in reached.iter().filter(|one| permit(&one.mou.grants, need)) {
        let path = CoveringAgency {
            agency: one.party.agency_id,
            mou: one.mou.id,
            until: one.until,
            last_day: one.last_day(),
            ends_early: one.ends_early(),
        };
        let speaks = |promise: &&StoredPromise| {
            let mut tags = promise.languages.iter();
            promise.needs.has(need) && tags.any(|tag| languages.contains(tag.as_str()))
        };
        for promise in one.party.promises.0.iter().filter(speaks) {
            for area in &promise.areas {
                keep_longest(serving.entry(*area).or_default(), path);
            }
        }
    }
    serving
}

/// Keeps of two paths to an agency the one that lasts longer; of two that last as long, the newer MOU's.
fn keep_longest(paths: &mut HashMap<AgencyId, CoveringAgency>, path: CoveringAgency) {
    let known = paths.entry(path.agency).or_insert(path);
    if (path.until, path.mou) > (known.until, known.mou) {
        *known = path;
    }
}

/// Returns who serves an area: whoever promises it, or all of the state that it lies in.
fn paths(serving: &AgenciesByArea, area: Area) -> Vec<CoveringAgency> {
    let mut found = HashMap::new();
    let mut around = vec![area.state()];
    if area.state() != area {
        around.push(area);
    }
    for path in around
        .iter()
        .filter_map(|area| serving.get(area))
        .flat_map(HashMap::values)
    {
        keep_longest(&mut found, *path);
    }
    let mut paths: Vec<_> = found.into_values().collect();
    paths.sort_unstable_by_key(|path| (std::cmp::Reverse(path.until), path.agency));
    paths
}
