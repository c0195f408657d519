//! An agency's own identity provider, whose tokens are believed within what its registration says.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder, UpdateMany};
use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, IssuerId};
use crate::instant::Instant;
use crate::vocabulary::AgencyStatus;

/// A trusted issuer. Whoever it names acts for one agency, the one that is written here.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_issuer")]
pub struct Model {
    /// The issuer's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IssuerId,
    /// The agency that its tokens act for.
    pub agency_id: AgencyId,
    /// The `iss` of its tokens, letter for letter.
    #[sea_orm(unique)]
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// The `typ` of its access tokens: `at+jwt`, or `JWT` where it can do no better, which stands for none as well.
    pub token_type: String,
    /// The algorithms that it may sign with, as RFC 7518 calls them.
    pub algorithms: Algorithms,
    /// The widest scope that its tokens may carry.
    pub scope: String,
    /// How a claim of its tokens narrows that; without one they carry the whole of it.
    pub mapping: Option<Mapping>,
    /// Whether its tokens are believed.
    pub status: AgencyStatus,
    /// The last good copy of its keys: a JWK set.
    pub jwks: Option<String>,
    /// When that copy was fetched.
    pub fetched_at: Option<Instant>,
    /// When its keys were last asked for, with success or without.
    pub attempted_at: Option<Instant>,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was reinstated, where it was suspended once: its tokens of before are not believed.
    pub believed_from: Option<Instant>,
    /// The `aud` of its tokens that is ours, letter for letter; the service's own audience where none is said.
    pub audience: Option<String>,
    /// For how many seconds its tokens may be good; as long as any token where none is said.
    pub max_life: Option<i32>,
    /// The agency that its tokens act for.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The names of signature algorithms, stored as one JSON array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Algorithms(pub Vec<String>);

/// How a claim of a foreign token narrows what the token may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Mapping {
    /// The claim's name.
    pub claim: String,
    /// The scope that each value of the claim gives; without a table, the claim says scopes itself.
    pub values: Option<BTreeMap<String, String>>,
}

impl Entity {
    /// Returns the issuers of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.agency_id.eq(agency))
    }

    /// Returns the one whose tokens say `issuer`, to verify such a token.
    #[must_use]
    pub fn issuing_as(issuer: &str) -> Select<Self> {
        Self::find().filter(COLUMN.issuer.eq(issuer))
    }

    /// Returns one issuer by its id, for the command line alone.
    #[must_use]
    pub fn named(id: IssuerId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns every issuer in the order of registration, for the command line alone.
    #[must_use]
    pub fn everywhere() -> Select<Self> {
        Self::find().order_by_asc(COLUMN.id)
    }

    /// Notes that the keys of the issuer `id` were asked for.
    #[must_use]
    pub fn note_attempt(id: IssuerId, now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::AttemptedAt, Expr::value(now))
            .filter(COLUMN.id.eq(id))
    }

    /// Notes the same where the issuer is in force and its keys were not asked for within `pause`: of all who ask at the same
    /// time, one changes the row. An attempt that lies further ahead is another clock's mistake.
    #[must_use]
    pub fn claim_attempt(id: IssuerId, now: Instant, pause: Duration) -> UpdateMany<Self> {
        let may_ask = Condition::any()
            .add(COLUMN.attempted_at.is_null())
            .add(COLUMN.attempted_at.lte(now.minus(pause)))
            .add(COLUMN.attempted_at.gt(now.plus(pause)));
        Self::note_attempt(id, now)
            .filter(COLUMN.status.eq(AgencyStatus::Active))
            .filter(may_ask)
    }

    /// Keeps a copy of the keys of the issuer `id`.
    #[must_use]
    pub fn keep_keys(id: IssuerId, jwks: &str, now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Jwks, Expr::value(jwks))
            .col_expr(Column::FetchedAt, Expr::value(now))
            .filter(COLUMN.id.eq(id))
    }

    /// Trusts the issuer `id` again, in what it issues from `now` on.
    #[must_use]
    pub fn reinstate(id: IssuerId, now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Status, Expr::value(AgencyStatus::Active))
            .col_expr(Column::BelievedFrom, Expr::value(now))
            .filter(COLUMN.id.eq(id))
    }

    /// Ends the trust in the issuer `id`.
    #[must_use]
    pub fn suspend(id: IssuerId) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Status, Expr::value(AgencyStatus::Suspended))
            .filter(COLUMN.id.eq(id))
    }
}
