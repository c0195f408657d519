//! A change of many moments, for sample data.

use std::borrow::Cow;
use std::ops::Deref;

use concord_entities::ids;
use concord_entities::instant::Instant;

use super::{ByAgency, Change, Ending};
use crate::audit::event::{Event, RequestMeta};
use crate::error::Result;
use crate::store::Store;

/// The past of an empty store, as somebody invents it: what agencies did, each at its moment, all of it durable or
/// nothing. Rows and events get the time of the moment. For sample data alone: no moment of a real store is chosen.
#[derive(Debug)]
pub struct InventedPast<'c> {
    pub(super) ending: Ending<'c>,
}

impl<'c> InventedPast<'c> {
    /// Begins it, at the moment of its first event, alone: of two that begin together, one finds the store filled.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn open(store: &'c Store, moment: Instant, by: ByAgency) -> Result<Self> {
        let ending = Ending::at_command_line(store, by.clone()).await?;
        let mut past = Self { ending };
        past.ending.change.invented = true;
        past.at(moment, by);
        Ok(past)
    }

    /// Returns the change, at another moment, by another agency. Moments a millisecond apart and growing keep the log
    /// in order.
    pub fn at(&mut self, moment: Instant, by: ByAgency) -> &mut Ending<'c> {
        let change = &mut self.ending.change;
        change.now = moment;
        change.by = by;
        change.meta = Cow::Owned(RequestMeta {
            request: ids::uuid_at(moment).to_string(),
            ..RequestMeta::default()
        });
        &mut self.ending
    }

    /// Records the last event and makes everything durable.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was.
    pub async fn commit(self, last: Event) -> Result<()> {
        self.ending.commit(last).await.map(|_| ())
    }
}

impl<'c> Deref for InventedPast<'c> {
    type Target = Change<'c>;

    fn deref(&self) -> &Change<'c> {
        &self.ending
    }
}
