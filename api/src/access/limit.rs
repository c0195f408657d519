//! How much an application may ask for, and how often somebody may fail to prove who they are.
//!
//! Each replica counts for itself: this keeps one partner from slowing the others, and protects no secret, since those cannot
//! be guessed. What protects a promise is counted by all together ([`ending_allowance`](super::ending_allowance)).
//! Where a request comes from is told by `http/client_address.rs`.

use std::convert::Infallible;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::ids::AgencyId;
use governor::clock::{Clock, DefaultClock};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::ending_allowance::EndingQuota;
use super::in_flight::PapersInFlight;
use super::wait::Wait;
use crate::settings::{AGENCY_SHARE, Allowances};

/// What has been asked for and who has failed lately, for all workers together. A clone shares it.
#[derive(Clone, Debug)]
pub struct Limits {
    asked: Arc<DefaultKeyedRateLimiter<(AgencyId, String)>>,
    asked_by_agency: Arc<DefaultKeyedRateLimiter<AgencyId>>,
    refill: Duration,
    failed: Arc<RateLimiter<Touch, Failures, DefaultClock>>,
    failures: Failures,
    recorded: Arc<DefaultDirectRateLimiter>,
    /// How often an agency may end tokens and programs.
    pub endings: EndingQuota,
    /// The signed papers on their way.
    pub papers: PapersInFlight,
}

impl Limits {
    /// How many addresses, and clients at addresses, are remembered for having failed; beyond that, those are forgotten
    /// whose failure is the longest ago.
    pub const MAX_FAILING: u64 = 50_000;
    /// How many allowances of one address are recorded failure by failure, of all addresses together.
    const RECORDED: u32 = 20;
    /// How often to [`tidy`](Self::tidy).
    pub const TIDY_EVERY: Duration = Duration::from_mins(1);

    /// Returns the limits before anybody has asked for anything.
    #[must_use]
    pub fn new(allowances: Allowances) -> Self {
        let cost = Quota::per_second(allowances.cost_per_second).allow_burst(allowances.cost_burst);
        let of_agency = Quota::per_second(shared(allowances.cost_per_second))
            .allow_burst(shared(allowances.cost_burst));
        let failed = Quota::per_minute(allowances.failed_per_minute);
        let failures = Failures::kept_for(failed.burst_size_replenished_in());
        Self {
            asked: Arc::new(RateLimiter::keyed(cost)),
            asked_by_agency: Arc::new(RateLimiter::keyed(of_agency)),
            refill: cost.burst_size_replenished_in(),
            failed: Arc::new(RateLimiter::new(
                failed,
                failures.clone(),
                DefaultClock::default(),
            )),
            failures,
            recorded: Arc::new(RateLimiter::direct(Quota::per_minute(
                allowances
                    .failed_per_minute
                    .saturating_mul(NonZeroU32::MIN.saturating_add(Self::RECORDED - 1)),
            ))),
            endings: EndingQuota::of(&allowances),
            papers: PapersInFlight::default(),
        }
    }

    /// Takes what something costs from the allowances of a program and of its agency.
    ///
    /// # Errors
    /// How long to wait until there is enough.
    pub fn charge(&self, agency: AgencyId, client: &str, cost: u64) -> Result<(), Wait> {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let Some(cost) = NonZeroU32::new(cost) else {
            return Ok(());
        };
        let key = (agency, client.to_owned());
        self.take(&self.asked, &key, cost)?;
        self.take(&self.asked_by_agency, &agency, cost)
    }

    fn take<K: Clone + Eq + Hash>(
        &self,
        allowance: &DefaultKeyedRateLimiter<K>,
        of: &K,
        cost: NonZeroU32,
    ) -> Result<(), Wait> {
        match allowance.check_key_n(of, cost) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => Err(wait(&not_until, allowance.clock())),
            // The settings leave room for whatever is admitted. Were it otherwise, no wait would be long enough.
            Err(_) => Err(Wait::of(self.refill)),
        }
    }

    /// Counts a failed authentication: of anybody at this address and, where one is claimed, of this client there.
    ///
    /// # Errors
    /// How long to wait: the allowance was used up before. Then this failure is not counted any more.
    pub fn failed(&self, address: IpAddr, client: Option<&str>) -> Result<(), Wait> {
        let here = self.touch(Touch::Counts(Failing::at(address, None)));
        let there = client.map_or(Ok(()), |client| {
            self.touch(Touch::Counts(Failing::at(address, Some(client))))
        });
        match (here, there) {
            (Err(one), Err(other)) => Err(one.max(other)),
            (one, other) => one.and(other),
        }
    }

    /// Returns whether a secret that is sent for this client from this address is worth an old password hash. Counts
    /// nothing: whoever does not fail may try as often as they like.
    ///
    /// # Errors
    /// How long to wait: this client has failed too often from there.
    pub fn may_try_secret(&self, address: IpAddr, client: &str) -> Result<(), Wait> {
        self.touch(Touch::Looks(Failing::at(address, Some(client))))
    }

    /// Counts a failed authentication from this address, of this client where one is claimed, and returns whether it is
    /// recorded by itself or counted with others: whoever fails too often buys no write with each failure, and neither do
    /// many addresses together.
    #[must_use]
    pub fn failure(&self, address: Option<IpAddr>, client: Option<&str>) -> Failure {
        let within = address.map_or(Ok(()), |address| self.failed(address, client));
        match within {
            Ok(()) if self.recorded.check().is_ok() => Failure::Recorded,
            Ok(()) => Failure::Counted(None),
            Err(wait) => Failure::Counted(Some(wait)),
        }
    }

    fn touch(&self, touch: Touch) -> Result<(), Wait> {
        self.failed
            .check_key(&touch)
            .map_err(|not_until| wait(&not_until, self.failed.clock()))
    }

    /// Forgets the applications and agencies whose allowance is full again.
    pub fn tidy(&self) {
        self.asked.retain_recent();
        self.asked.shrink_to_fit();
        self.asked_by_agency.retain_recent();
        self.asked_by_agency.shrink_to_fit();
    }

    /// Returns how many applications' allowances are remembered.
    #[must_use]
    pub fn asking(&self) -> usize {
        self.asked.len()
    }

    /// Returns how many addresses, and clients at addresses, are remembered for having failed.
    #[must_use]
    pub fn failing(&self) -> u64 {
        self.failures.0.run_pending_tasks();
        self.failures.0.entry_count()
    }
}

/// Returns an agency's allowance, where one of its applications has this one.
fn shared(allowance: NonZeroU32) -> NonZeroU32 {
    allowance.saturating_mul(NonZeroU32::new(AGENCY_SHARE).unwrap_or(NonZeroU32::MIN))
}

fn wait<C: Clock>(not_until: &NotUntil<C::Instant>, clock: &C) -> Wait {
    Wait::of(not_until.wait_time_from(clock.now()))
}

/// Who fails. Of constant size, whatever is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Failing {
    network: IpAddr,
    client: Option<[u8; 32]>,
}

impl Failing {
    fn at(address: IpAddr, client: Option<&str>) -> Self {
        let named = |client: &str| digest(&SHA256, client.as_bytes()).as_ref().try_into().ok();
        Self {
            network: network(address),
            client: client.and_then(named),
        }
    }
}

/// What becomes of a failed authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is recorded by itself.
    Recorded,
    /// It is counted with others. How long to wait, where it was one too many from its address.
    Counted(Option<Wait>),
}

/// Returns what one host has: an IPv4 address, or the whole /64 of an IPv6 address, in which it can take any (RFC 7421,
/// 1).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Returns such a network as the audit log names it.
#[must_use]
pub fn network_name(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V6(network) => format!("{network}/64"),
        IpAddr::V4(address) => address.to_string(),
    }
}

/// What is done with somebody's allowance for failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Touch {
    /// One is taken from it.
    Counts(Failing),
    /// It is looked whether there is one left.
    Looks(Failing),
}

/// The allowances of those who have failed lately. Everybody else's is full.
#[derive(Clone, Debug)]
struct Failures(Cache<Failing, Arc<InMemoryState>>);

impl Failures {
    /// Keeps an allowance until it is surely full again, where it is not used for this long.
    fn kept_for(refill: Duration) -> Self {
        Self(
            Cache::builder()
                .max_capacity(Limits::MAX_FAILING)
                // A flood of new ones must not keep each of them from being counted at all.
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(refill)
                .build(),
        )
    }
}

impl StateStore for Failures {
    type Key = Touch;

    fn measure_and_replace<T, F, E>(&self, touch: &Touch, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        match touch {
            Touch::Counts(failing) => self
                .0
                .get_with_by_ref(failing, Arc::default)
                .measure_and_replace(&NotKeyed::NonKey, measure),
            Touch::Looks(failing) => {
                let Some(state) = self.0.get(failing) else {
                    return measure(None).map(|(outcome, _)| outcome);
                };
                // A state is replaced only where the measure is content, so this one never is.
                let Err(outcome) = state
                    .measure_and_replace::<Infallible, _, _>(&NotKeyed::NonKey, |state| {
                        Err(measure(state))
                    });
                outcome.map(|(outcome, _)| outcome)
            }
        }
    }
}
