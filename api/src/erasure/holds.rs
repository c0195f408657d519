//! Legal holds on whoever is to be erased: nothing is refused for good, and nothing goes over a hold unasked.
//!
//! It is asked twice. First before any lock, so that whoever has yet to confirm stops nobody; then within the erasure,
//! since a hold may have been recorded meanwhile.

use async_graphql::ID;
use concord_entities::ids::{LegalHoldId, SurvivorId};
use concord_entities::legal_hold::{self, Model};
use sea_orm::Select;

use crate::agency::zone;
use crate::audit::change::Ending;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::{Error, Faults, HoldInForce, Result};
use crate::request::Request;
use crate::store::page;
use crate::survivor::legal_hold::rules;

/// The holds that whoever erases goes over, by name.
#[derive(Debug)]
pub(super) struct ConfirmedHolds(Vec<LegalHoldId>);

impl ConfirmedHolds {
    /// Reads the ids in the argument.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: one is no hold's id.
    pub(super) fn parse(ids: Option<Vec<ID>>) -> Result<Self> {
        let ids = ids.unwrap_or_default();
        let mut faults = Faults::default();
        let mut named: Vec<LegalHoldId> = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            let id: Option<LegalHoldId> =
                faults.keep(page::id(format!("confirmLegalHolds.{index}"), id))?;
            named.extend(id);
        }
        faults.none()?;
        Ok(Self(named))
    }

    /// Checks, without any lock, that each hold in force on a survivor of the caller's agency is confirmed. Telling of
    /// those that are not goes on record like any reading.
    ///
    /// # Errors
    /// `LEGAL_HOLD` with every hold in force. `NOT_FOUND`: what is confirmed is no hold on this survivor. `UNAVAILABLE`.
    pub(super) async fn require(&self, request: &Request, survivor: SurvivorId) -> Result<()> {
        let released = request
            .disclose(|| async {
                let among = legal_hold::Entity::on(request.caller.agency(), survivor);
                self.decide(request, among).await
            })
            .await?;
        let holds = released.content();
        if holds.is_empty() {
            return Ok(());
        }
        Err(Error::LegalHold { holds }.into())
    }

    /// Returns every hold in force where one of them is not confirmed, to be told; none otherwise.
    async fn decide(
        &self,
        request: &Request,
        among: Select<legal_hold::Entity>,
    ) -> Result<Decided<Vec<HoldInForce>>> {
        let store = &request.worker.store;
        let found = disclose::all(store, among).await?;
        let all = &found.content;
        let is_theirs = |id: &LegalHoldId| all.iter().any(|hold| hold.id == *id);
        if !self.0.iter().all(is_theirs) {
            return Err(Error::NotFound.into());
        }
        let zone = zone::of_agency(&store.read, request.caller.agency()).await?;
        let in_force = rules::in_force(all, &zone, found.now);
        let told: Vec<HoldInForce> = if rules::are_confirmed(&in_force, &self.0) {
            Vec::new()
        } else {
            in_force.into_iter().map(told).collect()
        };
        let names: Vec<String> = told.iter().map(|hold| hold.id.to_string()).collect();
        let listed = (!names.is_empty()).then_some(Event::RecordsListed(names));
        Ok(Decided {
            epoch: found.epoch,
            now: found.now,
            content: told,
            events: listed.into_iter().collect(),
        })
    }

    /// Returns the holds that the erasure goes over, where each of them is confirmed; `None` where one is not.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub(super) async fn overridden(
        &self,
        ending: &Ending<'_>,
        survivor: SurvivorId,
    ) -> Result<Option<Vec<LegalHoldId>>> {
        let all = legal_hold::Entity::on(ending.agency(), survivor);
        let all = all.all(ending).await?;
        let zone = zone::of_agency(ending, ending.agency()).await?;
        let in_force = rules::in_force(&all, &zone, ending.now());
        let confirmed = rules::are_confirmed(&in_force, &self.0);
        Ok(confirmed.then(|| in_force.iter().map(|hold| hold.id).collect()))
    }
}

fn told(hold: &Model) -> HoldInForce {
    HoldInForce {
        id: hold.id,
        ground: hold.ground,
        issued_on: hold.issued_on,
        ends_on: hold.ends_on,
    }
}
