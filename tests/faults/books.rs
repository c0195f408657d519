//! What clients were told, held against the rows and the log that are there in the end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use concord_entities::ids::AnyId;

use super::stage::Outcome;
use crate::world::World;

/// A change that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    Accept,
    Revoke,
}

/// What a client was told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Done,
    Refused,
    Unknown,
}

impl From<&Outcome> for Told {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done(_) => Self::Done,
            Outcome::Refused(_) => Self::Refused,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// The books of all clients.
#[derive(Clone, Default)]
pub struct Books(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    shown: usize,
    withheld: usize,
    unanswered: usize,
    refused: BTreeMap<String, usize>,
    changes: Vec<(Asked, String, Told)>,
    /// The events of what was shown.
    released: HashSet<String>,
    violations: Vec<String>,
}

impl Books {
    fn open(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap()
    }

    /// Notes content that was read, and the event that records it.
    pub fn shown(&self, event: String) {
        let mut noted = self.open();
        noted.shown += 1;
        noted.released.insert(event);
    }

    pub fn withheld(&self) {
        self.open().withheld += 1;
    }

    pub fn unanswered(&self) {
        self.open().unanswered += 1;
    }

    pub fn refused(&self, codes: String) {
        *self.open().refused.entry(codes).or_default() += 1;
    }

    /// Notes what somebody was told in the end of a change to the record of this id.
    pub fn changed(&self, asked: Asked, id: &str, told: Told) {
        self.open().changes.push((asked, id.to_owned(), told));
    }

    pub fn violation(&self, what: String) {
        self.open().violations.push(what);
    }

    /// How many reads were refused or not answered.
    pub fn failed_reads(&self) -> usize {
        let noted = self.open();
        noted.unanswered + noted.refused.values().sum::<usize>()
    }

    /// How many reads showed content.
    pub fn reads(&self) -> usize {
        self.open().shown
    }

    /// How many changes of this kind were answered so.
    pub fn count(&self, asked: Asked, told: Told) -> usize {
        let noted = self.open();
        let such = noted.changes.iter().filter(|change| change.0 == asked);
        such.filter(|change| change.2 == told).count()
    }

    /// Holds all of it against the rows, and gives whatever is not as it was told.
    pub fn violations(&self, world: &World) -> Vec<String> {
        let mut noted = self.open();
        let done = done(world);
        let events: HashSet<String> =
            column(world, "SELECT replace(id::text, '-', '') FROM audit_event");
        let mut found = std::mem::take(&mut noted.violations);
        for (asked, id, told) in &noted.changes {
            let is_done = done[asked].contains(&uuid(id));
            if (*told == Told::Done && !is_done) || (*told == Told::Refused && is_done) {
                found.push(format!("{asked:?} of {id}: told {told:?}, done: {is_done}"));
            }
        }
        let unrecorded = noted
            .released
            .iter()
            .filter(|event| !events.contains(&uuid(event)));
        found.extend(unrecorded.map(|event| format!("released without its event {event}")));
        found
    }
}

impl fmt::Display for Books {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noted = self.open();
        write!(
            to,
            "reads: {} shown, {} withheld, {} unanswered, refused {:?}",
            noted.shown, noted.withheld, noted.unanswered, noted.refused
        )?;
        drop(noted);
        for asked in [Asked::Accept, Asked::Revoke] {
            let [done, refused, unknown] =
                [Told::Done, Told::Refused, Told::Unknown].map(|told| self.count(asked, told));
            write!(
                to,
                "; {asked:?}: {done} done, {refused} refused, {unknown} unknown"
            )?;
        }
        Ok(())
    }
}

/// The records to which each change was made, by the rows.
fn done(world: &World) -> HashMap<Asked, HashSet<String>> {
    let accepted = "SELECT replace(id::text, '-', '') FROM referral WHERE status = 'ACCEPTED'";
    let revoked = "SELECT replace(id::text, '-', '') FROM consent WHERE revoked_at IS NOT NULL";
    HashMap::from([
        (Asked::Accept, column(world, accepted)),
        (Asked::Revoke, column(world, revoked)),
    ])
}

fn column(world: &World, sql: &str) -> HashSet<String> {
    world.tampers(sql).lines().map(str::to_owned).collect()
}

fn uuid(id: &str) -> String {
    id.parse::<AnyId>().unwrap().uuid.simple().to_string()
}
