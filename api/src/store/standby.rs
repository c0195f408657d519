//! A named standby that must have what was committed before anybody is told (`synchronous_standby = true`).
//!
//! PostgreSQL waits for the standbys in `synchronous_standby_names` without any limit: no `statement_timeout` ends that
//! wait. Where its backend is cancelled or its client has gone, the *wait* ends, and the commit is reported as done, or is
//! found so afterwards. A primary that runs on after its standby was promoted would hold up everybody, and whoever asked
//! again what became of a lost reply would release under consents that were taken back on the other one. So we wait for
//! so long and no longer, and do not believe what the primary alone has. Once that happened, everything is refused at once
//! until a write is confirmed again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, Statement};
use tokio::time::timeout;

use super::connections::Connections;
use super::session;
use crate::settings::Settings;

/// What the service demands of the data store's standby. Cheap to clone; all clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Standby(Arc<Demand>);

#[derive(Debug, Default)]
struct Demand {
    demanded: bool,
    /// How long a commit may wait for the standby; none where it may take as long as it takes.
    limit: Option<Duration>,
    silent: AtomicBool,
    /// A write is on its way that shows whether the standby is there again.
    asking: AtomicBool,
}

/// Nobody is named to have what was committed.
#[derive(Debug, thiserror::Error)]
pub enum StandbyError {
    /// It cannot be asked.
    #[error("PostgreSQL cannot be asked for its standbys: {0}")]
    Unread(#[from] DbErr),
    /// No standby is named.
    #[error(
        "`synchronous_standby = true`, and PostgreSQL's `synchronous_standby_names` is empty, so that a commit waits for \
         nobody: name the standbys there (and reload it), or leave the setting out, and know what is not guaranteed then: \
         see docs/OPERATING.md"
    )]
    NoneNamed,
}

impl Standby {
    /// Returns what the settings demand.
    pub(super) fn demanded_by(settings: &Settings) -> Self {
        Self(Arc::new(Demand {
            demanded: settings.synchronous_standby,
            limit: session::standby_limit(settings.sessions),
            silent: AtomicBool::new(false),
            asking: AtomicBool::new(false),
        }))
    }

    /// Returns whether a standby must have what was committed.
    #[must_use]
    pub fn is_demanded(&self) -> bool {
        self.0.demanded
    }

    /// Checks that PostgreSQL names the standby that the settings demand.
    ///
    /// # Errors
    /// [`StandbyError`].
    pub async fn check_named(&self, data: &Connections) -> Result<(), StandbyError> {
        if !self.0.demanded {
            return Ok(());
        }
        let asked = "SELECT current_setting('synchronous_standby_names') AS names";
        let statement = Statement::from_string(data.get_database_backend(), asked);
        let row = data.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("its settings".to_owned()))?;
        let names: String = row.try_get("", "names")?;
        if names.trim().is_empty() {
            return Err(StandbyError::NoneNamed);
        }
        Ok(())
    }

    /// Waits for a commit that the standby must confirm, where one is demanded. One that it does not confirm in time may
    /// be durable on the primary, and counts as failed; from then on everything fails at once.
    pub(crate) async fn confirms<T>(
        &self,
        commit: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let Some(limit) = self.0.limit else {
            return commit.await;
        };
        self.confirms_within(limit, commit).await
    }

    /// The same, within this time.
    pub(crate) async fn confirms_within<T>(
        &self,
        limit: Duration,
        commit: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        if !self.0.demanded {
            return commit.await;
        }
        let confirmed = timeout(limit, commit).await;
        confirmed.unwrap_or_else(|_| {
            self.falls_silent();
            Err(silent())
        })
    }

    /// Checks that the standby is not known to be away.
    ///
    /// # Errors
    /// Passes by itself once the standby answers.
    pub(crate) fn check(&self) -> Result<(), DbErr> {
        if self.is_silent() {
            Err(silent())
        } else {
            Ok(())
        }
    }

    /// Returns whether the standby is known to be away.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.0.silent.load(Ordering::SeqCst)
    }

    fn falls_silent(&self) {
        if !self.0.silent.swap(true, Ordering::SeqCst) {
            tracing::error!(
                "the standby did not confirm a commit in time: nothing is released or changed until it does. Bring the \
                 standbys in `synchronous_standby_names` back; where one was promoted, this is the old primary: stop it"
            );
        }
    }

    /// Asks the standby to confirm a write, where it is known to be away, and goes on once it does. There is one such
    /// write at a time: the primary keeps each that is not confirmed.
    pub(crate) fn asks(&self, data: &Connections) {
        if !self.is_silent() || self.0.asking.swap(true, Ordering::SeqCst) {
            return;
        }
        let (standby, data) = (self.clone(), data.clone());
        tokio::spawn(async move {
            // The epoch that is there, written again.
            let written = "UPDATE sharing_epoch SET epoch = epoch";
            let asked =
                data.drive(async |connection| sqlx::query(written).execute(connection).await);
            if asked.await.is_ok() {
                standby.0.silent.store(false, Ordering::SeqCst);
                tracing::info!("the standby confirms commits again");
            }
            standby.0.asking.store(false, Ordering::SeqCst);
        });
    }
}

/// The error of a commit that no standby is known to have.
fn silent() -> DbErr {
    let told = "the standby did not confirm what was committed";
    DbErr::Conn(RuntimeErr::Internal(told.to_owned()))
}
