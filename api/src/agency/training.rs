//! That an agency's staff were trained on trafficking.

use async_graphql::{InputObject, SimpleObject};
use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::staff_training;

use super::beside;
use crate::error::{Faults, Result};
use crate::request::Request;
use crate::text;
use crate::wire::scalars::Date;

/// How many people one training has at most.
const MOST: i32 = 10_000;

/// A training of an agency's staff on trafficking.
#[derive(Clone, Debug, SimpleObject)]
pub struct StaffTraining {
    /// Its day.
    pub held_on: Date,
    /// What it was on.
    pub topic: String,
    /// How many of the staff took part.
    pub attended: i32,
}

/// A training of your agency's staff on trafficking.
#[derive(Clone, Debug, InputObject)]
pub struct StaffTrainingInput {
    /// Its day, where your agency works: not in the future.
    pub held_on: Date,
    /// What it was on: 1 to 200 characters, and nobody's name.
    pub topic: String,
    /// How many of the staff took part: 1 to 10,000.
    pub attended: i32,
}

impl From<staff_training::Model> for StaffTraining {
    fn from(row: staff_training::Model) -> Self {
        Self {
            held_on: row.held_on.into(),
            topic: row.topic,
            attended: row.attended,
        }
    }
}

impl StaffTrainingInput {
    /// Returns the training as it is kept.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub(super) fn kept(
        &self,
        agency: AgencyId,
        (today, now): (Day, Instant),
    ) -> Result<staff_training::Model> {
        let mut faults = Faults::default();
        let topic = text::line_at(&mut faults, "training.topic", &self.topic, text::LINE);
        let held = self.held_on.0 <= today;
        faults.require(held, "training.heldOn", "today, or a day before");
        let some = (1..=MOST).contains(&self.attended);
        faults.require(some, "training.attended", "1 to 10,000");
        faults.none()?;
        Ok(staff_training::Model {
            agency_id: agency,
            held_on: self.held_on.0,
            topic,
            attended: self.attended,
            recorded_at: now,
        })
    }
}

/// Returns the latest trainings of an agency, and puts it on record that they were read.
pub(super) async fn latest(request: &Request, agency: AgencyId) -> Result<Vec<StaffTraining>> {
    let store = &request.worker.store;
    beside::told(request, agency, |_| async {
        let latest = staff_training::Entity::latest_of(agency);
        let rows = latest.all(&store.read).await?.into_iter();
        Ok(rows.map(StaffTraining::from).collect())
    })
    .await
}
