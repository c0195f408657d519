//! An entry of the audit log: the exact bytes that were hashed, and copies of what is searched for.

pub mod reviewed;

use std::ops::Range;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{Condition, DbBackend, QueryFilter, QueryOrder, QuerySelect, UpdateMany};

use crate::audit_place;
use crate::consent;
use crate::ids::{AgencyId, AuditEventId, ConsentId, ReferralId, SurvivorId};
use crate::instant::Instant;
use crate::mandated_disclosure;
use crate::membership;
use crate::vocabulary::{AuditOutcome, AuditType};

/// An audit event. Written once and never changed; its place in the tree is an [`audit_place`].
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// The event's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// When it was recorded, by the database's clock.
    pub recorded_at: Instant,
    /// The agency that acted.
    pub agency_id: Option<AgencyId>,
    /// The agency that was told or acted upon.
    pub recipient_id: Option<AgencyId>,
    /// The agency that disclosed, where another one acted.
    pub discloser_id: Option<AgencyId>,
    /// What was done.
    pub kind: AuditType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The leaf: the JSON text that was hashed.
    #[sea_orm(column_type = "Text")]
    pub leaf: String,
    /// Where the request came from; outside the leaf, which holds a commitment to it.
    pub address: Option<String>,
    /// What the commitment to the address is salted with, 16 bytes.
    pub salt: Option<Vec<u8>>,
    /// The consent, or the record of a mandate, under which something was told; none where nothing was.
    pub disclosed_under: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The events by which the sharing epoch moves on. The index `audit_event_ending` has this condition letter for letter, or
/// no database would use it.
const ENDS_SHARING: &str = "kind IN ('AGENCY_SUSPENDED', 'AGENCY_REINSTATED', 'APPLICATION_SUSPENDED', \
     'ISSUER_SUSPENDED', 'ISSUER_REINSTATED', 'SUBJECT_ENDED', 'SUBJECT_REINSTATED', 'SIGNING_KEY_RETIRED', 'TOKEN_REVOKED', 'CONSENT_REVOKED', 'CONSENT_SUPERSEDED', \
     'CONSENT_ENTERED_IN_ERROR', 'SURVIVOR_ERASED', 'MOU_SUSPENDED', 'MOU_REINSTATED', 'MOU_TERMINATED', 'MOU_LEFT', 'MOU_SUPERSEDED', \
     'TASK_FORCE_LEFT', 'MOU_CALENDAR_REVOKED', 'LEDGER_REOPENED')";

impl Entity {
    /// Returns the events that end sharing, in the order of their times, from after this time and event.
    #[must_use]
    pub fn endings_after((recorded_at, id): (Instant, AuditEventId)) -> Select<Self> {
        let place = Expr::tuple([COLUMN.recorded_at.into_expr(), COLUMN.id.into_expr()]);
        let after = Expr::tuple([Expr::value(recorded_at), Expr::value(id)]);
        Self::find()
            .filter(Expr::cust(ENDS_SHARING))
            .filter(place.gt(after))
            .order_by_asc(COLUMN.recorded_at)
            .order_by_asc(COLUMN.id)
    }

    /// Selects when these referrals were accepted or rejected, each with its id on the wire as `object`. The index
    /// `audit_event_of_object` has the expression and the condition letter for letter.
    #[must_use]
    pub fn answers_to(backend: DbBackend, referrals: &[ReferralId]) -> Select<Self> {
        let object = object_in_leaf(backend);
        let ids = referrals.iter().map(ToString::to_string);
        Self::find()
            .select_only()
            .expr_as(Expr::cust(object), "object")
            .column(Column::RecordedAt)
            .filter(Expr::cust(object).is_in(ids))
            .filter(Expr::cust(format!("({CHANGES_RECORDS})")))
            .filter(
                COLUMN
                    .kind
                    .is_in([AuditType::ReferralAccepted, AuditType::ReferralRejected]),
            )
    }

    /// Returns any one event.
    #[must_use]
    pub fn any() -> Select<Self> {
        Self::find().limit(1)
    }

    /// Returns what was told under these consents of `discloser`'s, newest first.
    #[must_use]
    pub fn told_under(
        discloser: AgencyId,
        consents: impl IntoIterator<Item = ConsentId>,
    ) -> Select<Self> {
        let own = Query::select()
            .column(consent::COLUMN.id)
            .from(consent::Entity)
            .and_where(consent::COLUMN.discloser_id.eq(discloser))
            .and_where(consent::COLUMN.id.is_in(consents))
            .to_owned();
        Self::disclosures(own)
    }

    /// Returns what was told of the survivor `id` of `discloser`'s, under any consent and by any mandate, newest first.
    #[must_use]
    pub fn told_of(discloser: AgencyId, id: SurvivorId) -> Select<Self> {
        let mandates = Query::select()
            .column(mandated_disclosure::COLUMN.id)
            .from(mandated_disclosure::Entity)
            .and_where(mandated_disclosure::COLUMN.agency_id.eq(discloser))
            .and_where(mandated_disclosure::COLUMN.survivor_id.eq(id))
            .to_owned();
        let own = Query::select()
            .column(consent::COLUMN.id)
            .from(consent::Entity)
            .and_where(consent::COLUMN.discloser_id.eq(discloser))
            .and_where(consent::COLUMN.survivor_id.eq(id))
            .union(UnionType::All, mandates)
            .to_owned();
        Self::disclosures(own)
    }

    fn disclosures(under: SelectStatement) -> Select<Self> {
        Self::find()
            .filter(COLUMN.disclosed_under.in_subquery(under))
            .order_by_desc(COLUMN.id)
    }

    /// Selects the ids of the events after this one and before that one, oldest first.
    #[must_use]
    pub fn ids_between(after: AuditEventId, before: AuditEventId, most: u64) -> Select<Self> {
        Self::find()
            .select_only()
            .column(Column::Id)
            .filter(COLUMN.id.gt(after))
            .filter(COLUMN.id.lt(before))
            .order_by_asc(COLUMN.id)
            .limit(most)
    }

    /// Returns the events after this one and up to that one, oldest first.
    #[must_use]
    pub fn up_to(after: AuditEventId, last: AuditEventId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.gt(after))
            .filter(COLUMN.id.lte(last))
            .order_by_asc(COLUMN.id)
    }

    /// Returns the oldest events after one, in the order of their ids, that were recorded longer ago than `before`.
    #[must_use]
    pub fn old_after(after: AuditEventId, before: Instant) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.gt(after))
            .filter(reviewed::ids_before(before))
            .order_by_asc(COLUMN.id)
    }

    /// Takes the network addresses of the events after one, up to another, away, with what the commitments to them are salted with.
    #[must_use]
    pub fn forget_addresses(after: AuditEventId, through: AuditEventId) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Address, Expr::value(None::<String>))
            .col_expr(Column::Salt, Expr::value(None::<Vec<u8>>))
            .filter(COLUMN.id.gt(after))
            .filter(COLUMN.id.lte(through))
            .filter(COLUMN.address.is_not_null())
    }

    /// Returns these events, to check those that wait for their place.
    #[must_use]
    pub fn to_verify(events: impl IntoIterator<Item = AuditEventId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(events))
    }

    /// Returns the places in this range, in order, each with the columns of its event, or nulls where that is gone.
    #[must_use]
    pub fn placed(places: Range<i64>) -> SelectStatement {
        let index = (audit_place::Entity, audit_place::Column::LeafIndex);
        let event = (audit_place::Entity, audit_place::Column::EventId);
        Query::select()
            .column(index)
            .column((Entity, Asterisk))
            .from(audit_place::Entity)
            .left_join(Entity, Expr::col((Entity, Column::Id)).equals(event))
            .and_where(Expr::col(index).gte(places.start))
            .and_where(Expr::col(index).lt(places.end))
            .order_by(index, Order::Asc)
            .to_owned()
    }
}

/// How a leaf says whose act it records.
#[derive(Clone, Debug)]
pub struct SubjectInLeaf {
    /// The text up to its first quotation mark.
    key: String,
    /// What the leaf is like that says all of it.
    pattern: String,
}

impl SubjectInLeaf {
    /// Returns a person or program as leaves write them, by its text in JSON.
    #[must_use]
    pub fn written(json: &str) -> Self {
        let text = json.trim_start_matches('"');
        let mut pattern = "%\"subject\":".to_owned();
        for letter in json.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        Self {
            key: text.split('"').next().unwrap_or_default().to_owned(),
            pattern,
        }
    }
}

/// A page of what happened to some records, as far as an agency acted or was told, newest first.
#[derive(Clone, Debug)]
pub struct AboutRecords<'a> {
    /// The database's kind.
    pub backend: DbBackend,
    /// The records by their ids on the wire, each with what else its events must be.
    pub records: &'a [(String, Condition)],
    /// In which order: the newest first, or the oldest. Where the walk along them begins, the conditions say.
    pub order: Order,
    /// How many at most.
    pub most: u64,
}

/// Returns that an agency did it or was told of it.
#[must_use]
pub fn did_or_was_told(agency: AgencyId) -> Condition {
    Condition::any()
        .add(COLUMN.agency_id.eq(agency))
        .add(COLUMN.recipient_id.eq(agency))
}

/// What the index `audit_event_of_object` has, letter for letter.
const CHANGES_RECORDS: &str = "kind LIKE 'REFERRAL%' OR kind LIKE 'CONSENT%' OR kind LIKE 'MOU%'";

/// Returns who acted, as the index `audit_event_of_subject` has it, letter for letter.
fn subject_in_leaf(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres {
        r#"split_part(split_part(leaf, '"subject":"', 2), '"', 1) COLLATE "C""#
    } else {
        r#"substr(leaf, instr(leaf, '"subject":"') + 11, instr(substr(leaf, instr(leaf, '"subject":"') + 11), '"') - 1)"#
    }
}

/// Returns the record that an event is about, as the index `audit_event_of_object` has it, letter for letter.
fn object_in_leaf(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres {
        r#"split_part(split_part(leaf, '"object":"', 2), '"', 1) COLLATE "C""#
    } else {
        r#"substr(leaf, instr(leaf, '"object":"') + 10, instr(substr(leaf, instr(leaf, '"object":"') + 10), '"') - 1)"#
    }
}

impl AboutRecords<'_> {
    /// Selects the events. Each record's are walked from the index, no further than the page.
    #[must_use]
    pub fn select(&self) -> Select<Entity> {
        let mut walks = self.records.iter().map(|(record, only)| {
            Query::select()
                .column(Column::Id)
                .from_subquery(self.walk(record, only), "walk")
                .to_owned()
        });
        // Of no record there is nothing.
        let mut found = walks.next().unwrap_or_else(|| {
            let none = Condition::all().add(Expr::cust("1 = 0"));
            Query::select()
                .column(Column::Id)
                .from(Entity)
                .cond_where(none)
                .to_owned()
        });
        for walked in walks {
            found.union(UnionType::Distinct, walked);
        }
        with_ids(self.backend, found, &self.order, self.most)
    }

    fn walk(&self, record: &str, only: &Condition) -> SelectStatement {
        let key = object_in_leaf(self.backend);
        Query::select()
            .column((Entity, Column::Id))
            .from(Entity)
            .cond_where(Expr::cust(format!("({CHANGES_RECORDS})")))
            .and_where(Expr::cust(key).eq(record))
            .cond_where(only.clone())
            .order_by((Entity, Column::Id), self.order.clone())
            .limit(self.most)
            .to_owned()
    }
}

/// Selects the events with these ids, in this order and no more than so many.
///
/// PostgreSQL finds the ids first, and once: where it counts on few events in a range, and there are many, it would walk the
/// range and find the ids anew for each event in it.
fn with_ids(backend: DbBackend, ids: SelectStatement, order: &Order, most: u64) -> Select<Entity> {
    let among = if backend == DbBackend::Postgres {
        let ids = Expr::SubQuery(None, Box::new(ids.into()));
        Expr::cust_with_expr(r#""audit_event"."id" = ANY(ARRAY $1)"#, ids)
    } else {
        COLUMN.id.in_subquery(ids)
    };
    Entity::find()
        .filter(among)
        .order_by(COLUMN.id, order.clone())
        .limit(most)
}

/// Returns that an event is nobody's, such as a refused token's, and the reader coordinates some task force.
fn is_nobodys(reader: AgencyId) -> Expr {
    COLUMN
        .agency_id
        .is_null()
        .and(COLUMN.recipient_id.is_null())
        .and(Expr::exists(membership::coordination(reader)))
}

/// A page of the events within reach of an agency, newest first.
#[derive(Clone, Debug)]
pub struct WithinReach {
    /// The database's kind.
    pub backend: DbBackend,
    /// The agency that reads.
    pub reader: AgencyId,
    /// What else they must be.
    pub only: Condition,
    /// In which order: the newest first, or the oldest. Where the walk along them begins, `only` says.
    pub order: Order,
    /// How many at most.
    pub most: u64,
}

impl WithinReach {
    /// Selects those in which the reader, or an agency of a task force that it coordinates, acted, was told or
    /// disclosed, and to a coordinator those of nobody's.
    ///
    /// Each agency's events are walked from the index of each of the three columns, and no further than the page: an
    /// `OR` of them, or a sort of everything in reach, would grow with the log.
    #[must_use]
    pub fn select(&self) -> Select<Entity> {
        let mut newest = self.walk(Column::AgencyId);
        newest
            .union(UnionType::Distinct, self.walk(Column::RecipientId))
            .union(UnionType::Distinct, self.walk(Column::DiscloserId))
            .union(UnionType::Distinct, self.nobodys())
            .order_by(Column::Id, self.order.clone())
            .limit(self.most);
        with_ids(self.backend, newest, &self.order, self.most)
    }

    /// Returns, for every agency within reach, the newest events with it in this column.
    fn walk(&self, column: Column) -> SelectStatement {
        let of_agency = Expr::col((Entity, column)).equals(("reach", "agency_id"));
        let last = self
            .walked(of_agency.clone())
            .limit(1)
            .offset(self.most.saturating_sub(1))
            .to_owned();
        let last = Expr::SubQuery(None, Box::new(last.into()));
        let id = Expr::col((Entity, Column::Id));
        let as_far = if self.order == Order::Asc {
            id.lte(Func::coalesce([last, Expr::value(Uuid::max())]))
        } else {
            id.gte(Func::coalesce([last, Expr::value(Uuid::nil())]))
        };
        Query::select()
            .column((Entity, Column::Id))
            .from_subquery(membership::coordinated_with(self.reader), "reach")
            .join(JoinType::InnerJoin, Entity, of_agency.and(as_far))
            .cond_where(self.only.clone())
            .to_owned()
    }

    /// Returns the newest events of nobody's, such as a refused token's: for whoever coordinates some task force.
    fn nobodys(&self) -> SelectStatement {
        let newest = self
            .walked(is_nobodys(self.reader))
            .limit(self.most)
            .to_owned();
        Query::select()
            .column(Column::Id)
            .from_subquery(newest, "nobodys")
            .to_owned()
    }

    fn walked(&self, of: Expr) -> SelectStatement {
        Query::select()
            .column((Entity, Column::Id))
            .from(Entity)
            .and_where(of)
            .cond_where(self.only.clone())
            .order_by((Entity, Column::Id), self.order.clone())
            .to_owned()
    }
}
