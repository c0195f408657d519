//! The protocol as a model: who takes part, and which steps may come next.

use stateright::{Model, Property};

use super::mutation::Mutation;
use super::server::{Client, Server, TransactionId};
use super::step::Step;
use super::{changing, integrating, reading};
use super::{examples, promises};

/// Who takes part, and what may go wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Cast {
    pub(super) replicas: usize,
    pub(super) reads: Vec<ReadPlan>,
    pub(super) changes: Vec<ChangePlan>,
    pub(super) integrates: bool,
    pub(super) faults: Faults,
    pub(super) mutation: Option<Mutation>,
}

/// A read by one replica of what one consent allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadPlan {
    pub(super) replica: usize,
    pub(super) consent: usize,
}

/// A change by one replica.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChangePlan {
    pub(super) replica: usize,
    /// The consent that it ends. A change that ends none shares the lock.
    pub(super) ends: Option<usize>,
}

/// How many faults of each kind may still come, at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    pub(super) crashes: u8,
    pub(super) stalls: u8,
    pub(super) restarts: u8,
    pub(super) lost_connections: u8,
}

/// Whether a replica takes steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Health {
    Running,
    Stalled,
    Crashed,
}

/// The one writer of a replica's group commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Writer {
    /// How many statements it has sent.
    pub(super) sent: u8,
    /// Whether it waits for the reply to the last one.
    pub(super) waits: bool,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Moment {
    pub(super) server: Server,
    pub(super) replicas: Vec<Health>,
    pub(super) writers: Vec<Writer>,
    pub(super) reads: Vec<reading::Read>,
    pub(super) changes: Vec<changing::Stage>,
    pub(super) integration: Option<integrating::Integration>,
    /// The highest time that got a place. The protocol has no use for it; see [`Mutation::PlacesBySequence`].
    pub(super) highest_taken: u8,
    pub(super) faults: Faults,
}

impl Moment {
    pub(super) fn runs(&self, replica: usize) -> bool {
        self.replicas[replica] == Health::Running
    }
}

impl Cast {
    pub(super) fn makes(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Returns the replica that a client belongs to.
    pub(super) fn replica_of(&self, client: Client) -> usize {
        match client {
            Client::Writer(replica) => replica,
            Client::Read(read) => self.reads[read].replica,
            Client::Change(change) => self.changes[change].replica,
        }
    }

    /// Returns the time by the database's clock, which is never the same again. Where no place is given, time stands
    /// still: nothing else looks at it.
    pub(super) fn time(&self, next: &mut Moment) -> u8 {
        next.server.clock += u8::from(self.integrates);
        next.server.clock
    }

    /// Adds what the clients and the server may do next.
    fn steps(&self, now: &Moment, steps: &mut Vec<Step>) {
        reading::steps(self, now, steps);
        changing::steps(self, now, steps);
        integrating::steps(self, now, steps);
        for transaction in &now.server.transactions {
            let id = transaction.id;
            let runs = now.runs(self.replica_of(id.client));
            if let Some(batch) = &transaction.batch {
                let needs_client = self.makes(Mutation::InteractiveBatch);
                if needs_client && !(runs && transaction.connected) {
                    continue;
                }
                if transaction.committing {
                    steps.push(Step::TakeEffect(id));
                } else if now.server.holds(id) && !now.server.must_wait(id, batch) {
                    steps.push(Step::InsertBatch(id));
                }
            } else if transaction.committing {
                steps.push(Step::TakeEffect(id));
            } else if !now.server.waits(id)
                && (!transaction.connected || !(runs || self.makes(Mutation::NoIdleTimeout)))
            {
                steps.push(Step::IdleTimeout(id));
            }
        }
    }

    /// Adds what may go wrong next.
    fn faults(&self, now: &Moment, steps: &mut Vec<Step>) {
        for replica in 0..self.replicas {
            if now.runs(replica) && now.faults.crashes > 0 {
                steps.push(Step::Crash(replica));
            }
            if now.runs(replica) && now.faults.stalls > 0 {
                steps.push(Step::Stall(replica));
            }
        }
        if now.faults.restarts > 0 {
            steps.push(Step::Restart);
        }
        if now.faults.lost_connections == 0 {
            return;
        }
        for transaction in &now.server.transactions {
            let of = transaction.id;
            if transaction.connected && now.runs(self.replica_of(of.client)) {
                let goes_on = false;
                steps.push(Step::LoseConnection { of, goes_on });
                if transaction.batch.is_some() || transaction.committing {
                    let goes_on = true;
                    steps.push(Step::LoseConnection { of, goes_on });
                }
            }
        }
    }

    /// Tells whether nothing is left to do, whatever may still go wrong.
    pub(super) fn is_over(&self, now: &Moment) -> bool {
        let mut steps = Vec::new();
        self.steps(now, &mut steps);
        steps.is_empty()
    }

    /// Aborts or goes on with what a killed replica has under way, as the server notices at once.
    fn crash(&self, next: &mut Moment, replica: usize) {
        next.replicas[replica] = Health::Crashed;
        next.faults.crashes -= 1;
        for id in next.server.in_progress() {
            if self.replica_of(id.client) != replica {
                continue;
            }
            let transaction = next.server.at(id);
            transaction.connected = false;
            if transaction.batch.is_none() && !transaction.committing {
                next.server.abort(id);
            }
        }
        integrating::leave(next, replica);
    }

    fn restart(&self, next: &mut Moment) {
        next.faults.restarts -= 1;
        for id in next.server.in_progress() {
            let transaction = next.server.at(id).clone();
            next.server.abort(id);
            if transaction.connected {
                self.tell_lost(next, id.client, transaction.committing);
            }
        }
        next.integration = None;
    }

    fn lose_connection(&self, next: &mut Moment, id: TransactionId, goes_on: bool) {
        next.faults.lost_connections -= 1;
        let transaction = next.server.at(id);
        let was_committing = transaction.committing;
        transaction.connected = false;
        if !goes_on {
            if transaction.batch.is_none() && transaction.committing {
                // COMMIT is lost on its way: the transaction is open until the server notices.
                transaction.committing = false;
            } else {
                next.server.abort(id);
            }
        }
        self.tell_lost(next, id.client, was_committing);
    }

    /// Tells a client that its connection is lost, and that is all that it knows.
    fn tell_lost(&self, next: &mut Moment, client: Client, was_committing: bool) {
        if !next.runs(self.replica_of(client)) {
            return;
        }
        match client {
            Client::Writer(replica) => next.writers[replica].waits = false,
            Client::Read(read) => next.reads[read].stage = reading::Stage::Begins,
            Client::Change(change) => changing::hears_nothing(self, next, change, was_committing),
        }
    }

    /// Commits, and tells the client, if it is still connected.
    fn take_effect(&self, next: &mut Moment, id: TransactionId) {
        let transaction = next.server.commit(id);
        if !transaction.connected {
            return;
        }
        match id.client {
            Client::Writer(replica) => {
                let returned = transaction.epoch.expect("a batch that read the epoch");
                reading::hear_epoch(self, next, replica, returned);
            }
            Client::Read(read) => next.reads[read].stage = reading::Stage::RecordedHolding,
            Client::Change(change) => {
                next.changes[change] = changing::Stage::Over(changing::Answer::Done);
            }
        }
    }
}

impl Model for Cast {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        vec![Moment {
            server: Server::default(),
            replicas: vec![Health::Running; self.replicas],
            writers: vec![Writer::default(); self.replicas],
            reads: vec![reading::Read::default(); self.reads.len()],
            changes: vec![changing::Stage::Begins; self.changes.len()],
            integration: None,
            highest_taken: 0,
            faults: self.faults,
        }]
    }

    fn actions(&self, now: &Moment, steps: &mut Vec<Step>) {
        self.steps(now, steps);
        self.faults(now, steps);
    }

    fn next_state(&self, now: &Moment, step: Step) -> Option<Moment> {
        let mut next = now.clone();
        match step {
            Step::Snapshot(_)
            | Step::Decide(_)
            | Step::RecordBatch(_)
            | Step::Release(_)
            | Step::ReadAgain(_)
            | Step::ReadHoldingLock(_)
            | Step::InsertBatch(_)
            | Step::Commit(Client::Read(_)) => reading::take(self, &mut next, &step),
            Step::TakeLockShared(_)
            | Step::TakeLockAlone(_)
            | Step::Save(_)
            | Step::Bump(_)
            | Step::AskOutcome(_)
            | Step::GiveUpAsking(_)
            | Step::Commit(_) => changing::take(self, &mut next, &step),
            Step::Integrate(_) | Step::CommitPlaces => integrating::take(self, &mut next, &step),
            Step::TakeEffect(id) => self.take_effect(&mut next, id),
            Step::IdleTimeout(id) => next.server.abort(id),
            Step::Crash(replica) => self.crash(&mut next, replica),
            Step::Stall(replica) => {
                next.replicas[replica] = Health::Stalled;
                next.faults.stalls -= 1;
                if !self.makes(Mutation::NoIdleTimeout) {
                    integrating::leave(&mut next, replica);
                }
            }
            Step::Restart => self.restart(&mut next),
            Step::LoseConnection { of, goes_on } => self.lose_connection(&mut next, of, goes_on),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [promises::all(), examples::all()].concat()
    }
}
