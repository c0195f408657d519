//! The rules by which events stand out. Pure.
//!
//! Events come oldest first. A rule looks back an hour at most, so that a caller who hands in the hour before finds the same,
//! wherever it begins.

use std::collections::{HashMap, HashSet, VecDeque};

use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditSignalKind;
use concord_entities::zone::Zone;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// How far back a rule looks.
pub const LOOKS_BACK: i64 = HOUR;
/// Working hours begin and end at these full hours.
const WORKING: std::ops::Range<i8> = 7..19;
/// So many records within so long are many.
const MANY: usize = 100;
const SHORT: i64 = 10 * MINUTE;
/// So many refusals in a row stand out.
const IN_A_ROW: usize = 5;
/// How long a reader has to do something with a referral.
pub const TO_ACT: i64 = 3 * 24 * HOUR;

/// Who acted: an agency's person or program.
pub type ReviewedActor = (AgencyId, String);

/// An event, as far as the rules look at it.
#[derive(Clone, Debug)]
pub struct SeenEvent {
    /// The event.
    pub id: AuditEventId,
    /// When it was recorded.
    pub at: Instant,
    /// Who acted; nobody of an agency's where the service or its operator did.
    pub actor: Option<ReviewedActor>,
    /// Whether it was refused.
    pub refused: bool,
    /// The records that were read by it.
    pub read: Vec<String>,
    /// Of whom something was read, by an id of that person's or of one record of theirs.
    pub person: Option<String>,
    /// The referral of another agency's whose package was read, if something of it was released.
    pub package: Option<String>,
}

/// What is known beside the events.
#[derive(Clone, Debug, Default)]
pub struct SignalFacts {
    /// Where agencies work.
    pub zones: HashMap<AgencyId, Zone>,
    /// Who acted before the first of the events.
    pub acted_before: HashSet<ReviewedActor>,
    /// When an agency did something with a referral last.
    pub acted_on: HashMap<(AgencyId, String), Instant>,
    /// The time.
    pub now: Option<Instant>,
}

/// An event that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// By which rule.
    pub kind: AuditSignalKind,
    /// The event: of several, the one that completes them.
    pub event: AuditEventId,
    /// When it was recorded.
    pub at: Instant,
    /// Who acted.
    pub actor: ReviewedActor,
    /// How many records, attempts or readers there were.
    pub count: usize,
}

/// Returns what stands out among the events after the first `known_before`, which were looked at before.
#[must_use]
pub fn signals(events: &[SeenEvent], known_before: usize, known: &SignalFacts) -> Vec<Signal> {
    let mut seen = SignalState::default();
    let mut signals = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let Some(actor) = &event.actor else { continue };
        let kinds = seen.next(event, actor, known);
        if place < known_before {
            continue;
        }
        signals.extend(kinds.into_iter().map(|(kind, count)| Signal {
            kind,
            event: event.id,
            at: event.at,
            actor: actor.clone(),
            count,
        }));
    }
    signals.extend(without_action(events, known_before, known));
    signals.sort_by_key(|signal| (signal.at, signal.event));
    signals
}

/// What was seen so far.
#[derive(Default)]
struct SignalState<'e> {
    actors: HashSet<&'e ReviewedActor>,
    outside: HashMap<&'e ReviewedActor, Instant>,
    reads: HashMap<&'e ReviewedActor, VecDeque<(Instant, &'e str)>>,
    refusals: HashMap<&'e ReviewedActor, VecDeque<Instant>>,
    readers: HashMap<&'e str, Vec<(&'e ReviewedActor, Instant)>>,
}

impl<'e> SignalState<'e> {
    fn next(
        &mut self,
        event: &'e SeenEvent,
        actor: &'e ReviewedActor,
        known: &SignalFacts,
    ) -> Vec<(AuditSignalKind, usize)> {
        let first = self.actors.insert(actor) && !known.acted_before.contains(actor);
        let first = first.then_some((AuditSignalKind::FirstAccess, 1));
        let rules = [
            first,
            self.outside_hours(event, actor, known),
            self.many(event, actor),
            self.in_a_row(event, actor),
            self.several(event, actor),
        ];
        rules.into_iter().flatten().collect()
    }

    fn outside_hours(
        &mut self,
        event: &SeenEvent,
        actor: &'e ReviewedActor,
        known: &SignalFacts,
    ) -> Option<(AuditSignalKind, usize)> {
        let zone = known.zones.get(&actor.0)?;
        if !is_outside_hours(zone, event.at) {
            return None;
        }
        let before = self.outside.insert(actor, event.at);
        let goes_on = before.is_some_and(|before| event.at.0 - before.0 < HOUR);
        (!goes_on).then_some((AuditSignalKind::OutsideWorkingHours, 1))
    }

    fn many(
        &mut self,
        event: &'e SeenEvent,
        actor: &'e ReviewedActor,
    ) -> Option<(AuditSignalKind, usize)> {
        if event.read.is_empty() {
            return None;
        }
        let reads = self.reads.entry(actor).or_default();
        let before = distinct(reads, event.at);
        reads.extend(event.read.iter().map(|read| (event.at, read.as_str())));
        let now = distinct(reads, event.at);
        (before < MANY && now >= MANY).then_some((AuditSignalKind::ManyRecords, now))
    }

    fn in_a_row(
        &mut self,
        event: &SeenEvent,
        actor: &'e ReviewedActor,
    ) -> Option<(AuditSignalKind, usize)> {
        let refusals = self.refusals.entry(actor).or_default();
        if !event.refused {
            refusals.clear();
            return None;
        }
        refusals.push_back(event.at);
        while refusals
            .front()
            .is_some_and(|first| event.at.0 - first.0 >= HOUR)
        {
            refusals.pop_front();
        }
        let count = refusals.len();
        (count == IN_A_ROW).then_some((AuditSignalKind::RefusedInARow, count))
    }

    fn several(
        &mut self,
        event: &'e SeenEvent,
        actor: &'e ReviewedActor,
    ) -> Option<(AuditSignalKind, usize)> {
        let readers = self.readers.entry(event.person.as_deref()?).or_default();
        readers.retain(|(_, at)| event.at.0 - at.0 < HOUR);
        let known = readers.iter().any(|(reader, _)| *reader == actor);
        readers.retain(|(reader, _)| *reader != actor);
        readers.push((actor, event.at));
        let count = readers.len();
        (!known && count > 1).then_some((AuditSignalKind::SeveralReaders, count))
    }
}

/// Returns how many different records were read within a short time before `at`, and forgets those before.
fn distinct(reads: &mut VecDeque<(Instant, &str)>, at: Instant) -> usize {
    while reads
        .front()
        .is_some_and(|(first, _)| at.0 - first.0 >= SHORT)
    {
        reads.pop_front();
    }
    let records: HashSet<&str> = reads.iter().map(|(_, record)| *record).collect();
    records.len()
}

/// Returns whether a moment lies outside working hours.
fn is_outside_hours(zone: &Zone, at: Instant) -> bool {
    let Some(local) = zone.local(at) else {
        return false;
    };
    let weekend = local.weekday().to_monday_zero_offset() >= 5;
    weekend || !WORKING.contains(&local.hour())
}

/// Returns the last reads of each package, after which its reader did nothing with the referral for three days.
fn without_action(events: &[SeenEvent], known_before: usize, known: &SignalFacts) -> Vec<Signal> {
    let Some(now) = known.now else {
        return Vec::new();
    };
    let mut last = HashMap::new();
    for event in events.iter().skip(known_before) {
        if let (Some(actor), Some(package)) = (&event.actor, &event.package) {
            last.insert((actor, package), event);
        }
    }
    let over = |at: Instant| now.0 - at.0 >= TO_ACT;
    last.into_iter()
        .filter(|((actor, package), event)| {
            let acted = known.acted_on.get(&(actor.0, (*package).clone()));
            over(event.at) && acted.is_none_or(|acted| *acted <= event.at)
        })
        .map(|((actor, _), event)| Signal {
            kind: AuditSignalKind::NoLaterAction,
            event: event.id,
            at: event.at,
            actor: actor.clone(),
            count: 1,
        })
        .collect()
}
