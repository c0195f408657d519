//! A named standby that must have what was committed before anybody is told (`synchronous_standby = true`).
//!
//! PostgreSQL waits for the standbys in `synchronous_standby_names`, but not to the end: a limit of time, an operator's
//! `pg_cancel_backend` or a lost connection ends the *wait*, and the commit is reported as done. A primary that runs on
//! after its standby was promoted would go on like that, and release under consents that were taken back on the other one.
//! So an answer that came so late that a limit may have ended the wait is not believed, and a lost one neither. Once that
//! happened, everything is refused at once until a write is answered in time again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, Statement};
use tokio::time::{Instant, timeout};

use super::Store;
use super::session;
use crate::settings::Settings;

/// How soon a write must be answered for the standby to count as there again.
const PROMPT: Duration = Duration::from_secs(1);

/// What the service demands of the data store's standby. Cheap to clone; all clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Standby(Arc<Demand>);

#[derive(Debug, Default)]
struct Demand {
    demanded: bool,
    /// How long an answer may take to be believed; none where no limit of time ends the wait.
    believed: Option<Duration>,
    silent: AtomicBool,
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
            believed: session::believed_limit(settings.sessions),
            silent: AtomicBool::new(false),
        }))
    }

    /// Returns whether a standby must have what was committed.
    #[must_use]
    pub fn is_demanded(&self) -> bool {
        self.0.demanded
    }

    /// Returns whether a commit that was reported after this time has reached the standby. Where not, everything is
    /// refused from then on.
    pub(crate) fn believes(&self, took: Duration) -> bool {
        let late = self.0.believed.is_some_and(|limit| took > limit);
        if self.0.demanded && late {
            self.falls_silent();
        }
        !(self.0.demanded && late)
    }

    /// Returns whether a commit whose reply was lost is believed where the primary has it.
    pub(crate) fn believes_lost_reply(&self) -> bool {
        if self.0.demanded {
            self.falls_silent();
        }
        !self.0.demanded
    }

    /// Checks that the standby is not known to be away.
    ///
    /// # Errors
    /// Passes by itself once the standby answers.
    pub(crate) fn check(&self) -> Result<(), DbErr> {
        if self.0.silent.load(Ordering::SeqCst) {
            Err(silent())
        } else {
            Ok(())
        }
    }

    fn falls_silent(&self) {
        if !self.0.silent.swap(true, Ordering::SeqCst) {
            tracing::error!(
                "the standby did not confirm a commit in time: nothing is released or changed until it does. Bring the \
                 standbys in `synchronous_standby_names` back; where one was promoted, this is the old primary: stop it"
            );
        }
    }

    /// Looks whether the standby is there again, where it was not: by a write that it confirms.
    pub(crate) async fn look(&self, store: &Store) {
        if self.check().is_ok() {
            return;
        }
        let since = Instant::now();
        let written = timeout(PROMPT, store.try_writing()).await;
        if matches!(written, Ok(Ok(()))) && since.elapsed() < PROMPT {
            self.0.silent.store(false, Ordering::SeqCst);
            tracing::info!("the standby confirms commits again");
        }
    }
}

/// The error of a commit that no standby is known to have.
pub(crate) fn silent() -> DbErr {
    let told = "the standby did not confirm what was committed";
    DbErr::Conn(RuntimeErr::Internal(told.to_owned()))
}

impl Store {
    /// Checks that PostgreSQL names the standby that the settings demand.
    ///
    /// # Errors
    /// [`StandbyError`].
    pub async fn check_standby(&self) -> Result<(), StandbyError> {
        if !self.standby.is_demanded() {
            return Ok(());
        }
        let asked = "SELECT current_setting('synchronous_standby_names') AS names";
        let statement = Statement::from_string(self.backend, asked);
        let row = sea_orm::ConnectionTrait::query_one_raw(&self.read, statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("its settings".to_owned()))?;
        let names: String = row.try_get("", "names")?;
        if names.trim().is_empty() {
            return Err(StandbyError::NoneNamed);
        }
        Ok(())
    }
}
