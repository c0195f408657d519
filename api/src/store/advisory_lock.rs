//! The advisory locks that are taken on PostgreSQL, all in one list: two of one number would be one lock, and do not
//! compile.

/// An advisory lock, by its number.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(crate) enum AdvisoryLock {
    /// Everybody's who records, changes or ends: see [`sharing_lock`](super::sharing_lock).
    Sharing = 0x00C0_4C0D,
    /// Whoever gives events their places.
    Integrating = 0x00C0_4C0E,
    /// Whoever sweeps.
    Sweeping = 0x00C0_4C0F,
    /// Whoever migrates.
    Migrating = 0x00C0_4C10,
    /// Every server's, shared, for as long as it serves; alone, whoever moves the keys or puts a store back.
    Serving = 0x00C0_4C11,
}

impl AdvisoryLock {
    /// Returns its number.
    #[expect(clippy::as_conversions, reason = "a variant is its number")]
    pub(crate) const fn number(self) -> i64 {
        self as i64
    }
}
