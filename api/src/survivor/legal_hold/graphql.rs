//! Legal holds on the wire: to the agency that recorded them, and to nobody else.

use async_graphql::{ComplexObject, ID, InputObject, SimpleObject};
use concord_entities::instant::Instant;
use concord_entities::legal_hold::Model;
use concord_entities::vocabulary::LegalHoldGround;
use concord_entities::zone::Zone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rules::{self, ToldHold};
use crate::wire::scalars::{Date, DateTime};

/// The version of the key that seals a hold's texts: they never change.
pub(super) const KEY_VERSION: i32 = 1;

/// What obliges your agency to keep what it holds of a survivor. No other agency sees it. An erasure asks before it goes
/// over a hold in force.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct LegalHold {
    #[graphql(skip)]
    model: Model,
    #[graphql(skip)]
    texts: Option<LegalHoldTexts>,
    #[graphql(skip)]
    at: Local,
    /// When it was put on record.
    pub recorded_at: DateTime,
    /// When your agency released it.
    pub released_at: Option<DateTime>,
}

/// A moment, and where it is lived through.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) now: Instant,
    pub(super) zone: Zone,
}

/// The texts of a hold, sealed: a case number is identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegalHoldTexts {
    pub(super) counsel_office: String,
    pub(super) reference: Option<String>,
}

#[ComplexObject]
impl LegalHold {
    /// The hold's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// What obliges your agency.
    async fn ground(&self) -> LegalHoldGround {
        self.model.ground
    }

    /// The day on what obliges your agency.
    async fn issued_on(&self) -> Date {
        self.model.issued_on.into()
    }

    /// Its last day, which counts whole; null where it holds until it is released.
    async fn ends_on(&self) -> Option<Date> {
        self.model.ends_on.map(Date::from)
    }

    /// Whether it obliges your agency now: not released, and its last day not over.
    async fn in_force(&self) -> bool {
        rules::is_in_force(&self.model, &self.at.zone, self.at.now)
    }

    /// The office of your agency's counsel that had it recorded; null once the person is erased.
    async fn counsel_office(&self) -> Option<&str> {
        let texts = self.texts.as_ref();
        texts.map(|texts| texts.counsel_office.as_str())
    }

    /// The case or file number; null where there is none, and once the person is erased.
    async fn reference(&self) -> Option<&str> {
        self.texts.as_ref()?.reference.as_deref()
    }
}

impl LegalHold {
    /// Shows a hold as it stands then and there.
    pub(super) fn view(model: Model, texts: Option<LegalHoldTexts>, at: &Local) -> Self {
        Self {
            recorded_at: model.recorded_at.into(),
            released_at: model.released_at.map(DateTime::from),
            model,
            texts,
            at: at.clone(),
        }
    }

    /// Returns the hold's key in lists.
    pub(super) fn key(&self) -> Uuid {
        self.model.id.0
    }
}

/// What obliges your agency to keep what it holds of a survivor. None of its texts is about the person; they are sealed,
/// and your agency alone reads them.
#[derive(Clone, Debug, InputObject)]
pub struct LegalHoldInput {
    /// Your agency's survivor.
    pub survivor: ID,
    /// What obliges your agency.
    pub ground: LegalHoldGround,
    /// The day on what obliges your agency.
    pub issued_on: Date,
    /// Its last day, which counts whole; leave it out where it holds until it is released.
    pub ends_on: Option<Date>,
    /// The office of your agency's counsel that had it recorded: 1 to 200 characters, and never a person.
    pub counsel_office: String,
    /// The case or file number: 1 to 200 characters.
    pub reference: Option<String>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

impl LegalHoldInput {
    /// Returns what the rules judge.
    #[must_use]
    pub fn told(&self) -> ToldHold<'_> {
        ToldHold {
            issued_on: self.issued_on.0,
            ends_on: self.ends_on.map(|day| day.0),
            counsel_office: &self.counsel_office,
            reference: self.reference.as_deref(),
        }
    }
}
