//! What is left to chance, from a seed.

use std::time::Duration;

use concord::clock;

use super::stage::says;

/// Names the seed with which everything is drawn again.
const SEED: &str = "FAULTS_SEED";

/// Draws numbers; where the test fails, it says from which seed.
pub struct Chance {
    seed: u64,
    state: u64,
    is_root: bool,
}

impl Chance {
    /// Draws from the seed of the environment, or from a new one.
    pub fn new() -> Self {
        let given = std::env::var(SEED).ok();
        let seed = given.map_or_else(
            || u64::try_from(clock::now().0).unwrap(),
            |seed| seed.parse().unwrap(),
        );
        Self {
            seed,
            state: seed,
            is_root: true,
        }
    }

    /// For a client of its own.
    pub fn another(&mut self) -> Self {
        let seed = self.number();
        Self {
            seed,
            state: seed,
            is_root: false,
        }
    }

    /// A number below this one.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.number() % bound).unwrap()
    }

    /// One of these.
    pub fn one_of<T: Clone>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())].clone()
    }

    /// A time shorter than this.
    pub fn time_below(&mut self, bound: Duration) -> Duration {
        Duration::from_micros(self.number() % u64::try_from(bound.as_micros()).unwrap())
    }

    /// `SplitMix64`.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if self.is_root && std::thread::panicking() {
            says(&format!("drawn from {SEED}={}", self.seed));
        }
    }
}
