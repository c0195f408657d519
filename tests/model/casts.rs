//! Who takes part in the runs that are checked.

use super::protocol::{Cast, ChangePlan, Faults, ReadPlan};

/// The consent that the reads are about.
const CONSENT: usize = 0;

fn read(replica: usize) -> ReadPlan {
    let consent = CONSENT;
    ReadPlan { replica, consent }
}

fn ending(replica: usize, consent: usize) -> ChangePlan {
    let ends = Some(consent);
    ChangePlan { replica, ends }
}

fn change(replica: usize) -> ChangePlan {
    ChangePlan {
        replica,
        ends: None,
    }
}

/// Two replicas: a read at one, and the ending of its consent at the other.
pub(super) fn a_read_and_its_ending() -> Cast {
    Cast {
        replicas: 2,
        reads: vec![read(0)],
        changes: vec![ending(1, CONSENT)],
        ..Cast::default()
    }
}

/// Two reads at one replica, which share batches, and one beside the ending at another.
pub(super) fn three_reads_and_their_ending() -> Cast {
    Cast {
        reads: vec![read(0), read(0), read(1)],
        ..a_read_and_its_ending()
    }
}

/// Two reads at one replica, which share batches, and the ending of their consent at another.
pub(super) fn two_reads_of_a_batch() -> Cast {
    Cast {
        reads: vec![read(0), read(0)],
        ..a_read_and_its_ending()
    }
}

/// A read while its consent ends, and two others.
pub(super) fn a_read_and_three_endings() -> Cast {
    Cast {
        changes: vec![ending(1, CONSENT), ending(1, 1), ending(1, 2)],
        ..a_read_and_its_ending()
    }
}

/// A read while three consents of others end.
pub(super) fn a_read_and_three_endings_of_others() -> Cast {
    Cast {
        changes: vec![ending(1, 1), ending(1, 2), ending(1, 3)],
        ..a_read_and_its_ending()
    }
}

/// Two reads at two replicas while their consent ends, and two others.
pub(super) fn two_reads_and_three_endings() -> Cast {
    Cast {
        reads: vec![read(0), read(1)],
        ..a_read_and_three_endings()
    }
}

/// A read, the ending of its consent and a change that ends nothing, with an integrator.
pub(super) fn a_log() -> Cast {
    Cast {
        changes: vec![ending(1, CONSENT), change(0)],
        integrates: true,
        ..a_read_and_its_ending()
    }
}

/// A read while its consent ends, and two others, with an integrator.
pub(super) fn a_log_and_three_endings() -> Cast {
    Cast {
        integrates: true,
        ..a_read_and_three_endings()
    }
}

impl Cast {
    /// The same with faults, each of which may come at any moment.
    pub(super) fn under(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }
}

pub(super) fn crash() -> Faults {
    Faults {
        crashes: 1,
        ..Faults::default()
    }
}

pub(super) fn stall() -> Faults {
    Faults {
        stalls: 1,
        ..Faults::default()
    }
}

pub(super) fn lost_connection() -> Faults {
    Faults {
        lost_connections: 1,
        ..Faults::default()
    }
}

/// A crash, a stall and a lost connection.
pub(super) fn one_of_each() -> Faults {
    Faults {
        crashes: 1,
        stalls: 1,
        lost_connections: 1,
        restarts: 0,
    }
}
