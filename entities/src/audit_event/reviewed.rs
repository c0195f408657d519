//! The audit log as its reviewers ask for it: walked along an index, and no further than a page or a bound.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{
    Expr, ExprTrait, Func, LikeExpr, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{Condition, DbBackend};

use super::{
    CHANGES_RECORDS, COLUMN, Column, Entity, SubjectInLeaf, is_nobodys, object_in_leaf,
    subject_in_leaf, with_ids,
};
use crate::ids::{AgencyId, AnyId, ConsentId, SurvivorAuditId, lowest_at};
use crate::instant::Instant;
use crate::membership;
use crate::vocabulary::{AuditType, Code, DataCategory, Purpose};

/// The longest by which a server's clock, which gives an event its id, may differ from the database's, which gives it its time.
const BETWEEN_CLOCKS: Duration = Duration::from_hours(24);

/// What the index `audit_event_of_object` leaves out and `audit_event_of_other_object` has, letter for letter.
const OTHER_OBJECTS: &str = "kind NOT LIKE 'REFERRAL%' AND kind NOT LIKE 'CONSENT%' AND kind NOT LIKE 'MOU%' \
     AND kind <> 'RECORDS_LISTED' AND kind <> 'AUDIT_READ'";

/// An index along which the log is walked.
#[derive(Clone, Debug)]
pub enum Along {
    /// The events in which an agency acted, was told or disclosed.
    Agency(AgencyId),
    /// Those in which a person or program of an agency acted.
    Subject(AgencyId, SubjectInLeaf),
    /// Those about a record, by its id on the wire.
    Object(String),
    /// Those about a consent, and what was told under it.
    Consent(ConsentId),
    /// All, by the time of their ids.
    Whole,
}

impl Along {
    /// Returns that an event is one of these.
    #[must_use]
    pub fn holds(&self, backend: DbBackend) -> Condition {
        let indexes = self.indexes(backend).into_iter();
        indexes.fold(Condition::any(), Condition::add)
    }

    /// Returns the conditions that each are one range of an index.
    fn indexes(&self, backend: DbBackend) -> Vec<Condition> {
        let one = |condition: Expr| Condition::all().add(condition);
        let about = |record: &str| {
            let object = Expr::cust(object_in_leaf(backend)).eq(record);
            [format!("({CHANGES_RECORDS})"), format!("({OTHER_OBJECTS})")]
                .map(|kinds| one(Expr::cust(kinds)).add(object.clone()))
        };
        match self {
            Self::Agency(agency) => [Column::AgencyId, Column::RecipientId, Column::DiscloserId]
                .map(|column| one(column.eq(*agency)))
                .to_vec(),
            Self::Subject(agency, subject) => {
                let key = Expr::cust(subject_in_leaf(backend)).eq(&*subject.key);
                vec![acted(*agency, subject).add(key)]
            }
            Self::Object(record) => about(record).to_vec(),
            Self::Consent(consent) => {
                let mut indexes = about(&consent.to_string()).to_vec();
                indexes.push(one(COLUMN.disclosed_under.eq(consent.0)));
                indexes
            }
            Self::Whole => vec![Condition::all()],
        }
    }
}

/// Events of the audit log within reach of an agency.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The database's kind.
    pub backend: DbBackend,
    /// The agency that reads.
    pub reader: AgencyId,
    /// The index.
    pub along: Along,
    /// Which range of the index, by their ids.
    pub range: Condition,
    /// What else they must be.
    pub only: Condition,
}

/// Selects the ids of a range of an index, in this order.
fn walked(index: &Condition, range: &Condition, order: &Order) -> SelectStatement {
    Query::select()
        .column((Entity, Column::Id))
        .from(Entity)
        .cond_where(index.clone())
        .cond_where(range.clone())
        .order_by((Entity, Column::Id), order.clone())
        .to_owned()
}

impl Reviewed {
    /// Selects a page of the events.
    #[must_use]
    pub fn page(&self, order: &Order, most: u64) -> Select<Entity> {
        let found = self.of_each(UnionType::Distinct, |index| {
            walked(index, &self.range, order)
                .cond_where(self.only.clone())
                .limit(most)
                .to_owned()
        });
        with_ids(self.backend, found, order, most)
    }

    /// Selects, of each walk that has so many events in the range, whatever they are, the last of them: a page need look no further
    /// for now.
    #[must_use]
    pub fn bounds(&self, order: &Order, examined: u64) -> SelectStatement {
        self.of_each(UnionType::All, |index| {
            walked(index, &self.range, order)
                .limit(1)
                .offset(examined.saturating_sub(1))
                .to_owned()
        })
    }

    /// Selects what `walk` selects along each range of an index.
    fn of_each(
        &self,
        together: UnionType,
        walk: impl Fn(&Condition) -> SelectStatement,
    ) -> SelectStatement {
        let mut all: Option<SelectStatement> = None;
        for index in self.along.indexes(self.backend) {
            let ids = Query::select()
                .column(Column::Id)
                .from_subquery(walk(&index), "walk")
                .to_owned();
            match &mut all {
                Some(all) => {
                    all.union(together, ids);
                }
                None => all = Some(ids),
            }
        }
        all.unwrap_or_default()
    }

    /// Returns the same events, those within reach alone. An agency's own are; where all of another one's are, that is asked once.
    #[must_use]
    pub fn within_reach(mut self) -> Self {
        let reach = || membership::coordinated_with(self.reader);
        let reached = match &self.along {
            Along::Agency(agency) | Along::Subject(agency, _) => {
                Condition::all().add(Expr::value(*agency).in_subquery(reach()))
            }
            Along::Object(_) | Along::Consent(_) | Along::Whole => Condition::any()
                .add(COLUMN.agency_id.in_subquery(reach()))
                .add(COLUMN.recipient_id.in_subquery(reach()))
                .add(COLUMN.discloser_id.in_subquery(reach()))
                .add(is_nobodys(self.reader)),
        };
        self.only = self.only.add(reached);
        self
    }
}

/// Returns the range of ids that the events of a period have.
#[must_use]
pub fn ids_within(since: Option<Instant>, until: Option<Instant>) -> Condition {
    Condition::all()
        .add_option(since.map(|since| Column::Id.gte(lowest_at(since.minus(BETWEEN_CLOCKS)))))
        .add_option(until.map(|until| Column::Id.lt(lowest_at(until.plus(BETWEEN_CLOCKS)))))
}

/// Returns the range of ids that only events from before this moment have.
pub(super) fn ids_before(before: Instant) -> Expr {
    Column::Id.lt(lowest_at(before.minus(BETWEEN_CLOCKS)))
}

/// Returns that an event was recorded from one moment on and before another.
#[must_use]
pub fn recorded_within(since: Option<Instant>, until: Option<Instant>) -> Condition {
    Condition::all()
        .add_option(since.map(|since| Column::RecordedAt.gte(since)))
        .add_option(until.map(|until| Column::RecordedAt.lt(until)))
}

/// Returns that a person or program of an agency acted.
#[must_use]
pub fn acted(agency: AgencyId, subject: &SubjectInLeaf) -> Condition {
    let whole = LikeExpr::new(&subject.pattern).escape('\\');
    Condition::all()
        .add(COLUMN.agency_id.eq(agency))
        .add(Column::Leaf.into_expr().like(whole))
}

/// Returns that an agency acted, was told or disclosed.
#[must_use]
pub fn has_part(agency: AgencyId) -> Condition {
    Condition::any()
        .add(COLUMN.agency_id.eq(agency))
        .add(COLUMN.recipient_id.eq(agency))
        .add(COLUMN.discloser_id.eq(agency))
}

/// Returns that a leaf has this text in this field.
fn says(field: &str, text: &str) -> Expr {
    leaf_holds(&format!("\"{field}\":\"{text}\""))
}

/// Returns that something was for this purpose.
#[must_use]
pub fn was_for(purpose: Purpose) -> Expr {
    says("purpose", purpose.code())
}

/// Returns that this category was released.
#[must_use]
pub fn released(category: DataCategory) -> Expr {
    let pattern = format!("%\"categories\":[%\"{}\"%", literal(category.code()));
    Column::Leaf
        .into_expr()
        .like(LikeExpr::new(pattern).escape('\\'))
}

/// Returns that a program acted, by the id or name under which it is known.
#[must_use]
pub fn by_program(client: &str) -> Expr {
    says("client", client)
}

/// Returns that an event is about this MOU, or stood on it.
#[must_use]
pub fn on_mou(mou: &str) -> Expr {
    says("mou", mou)
}

/// Returns that an event is about this survivor, as far as `reader` may know: whoever was only told of somebody is not told
/// by it that two records are of the same person.
#[must_use]
pub fn about_survivor(survivor: SurvivorAuditId, reader: AgencyId) -> Condition {
    let holder = || {
        Func::coalesce([
            COLUMN.discloser_id.into_expr(),
            COLUMN.agency_id.into_expr(),
        ])
    };
    let was_told = Condition::any()
        .add(
            COLUMN
                .recipient_id
                .eq(reader)
                .and(Expr::from(holder()).ne(reader)),
        )
        // A column repeats nobody: who was told is the one that acted.
        .add(
            COLUMN
                .agency_id
                .eq(reader)
                .and(COLUMN.discloser_id.is_not_null()),
        );
    // A column that is null says nothing, and a `NOT` of nothing is nothing.
    let told: Expr = Expr::case(was_told, true).finally(false).into();
    of_survivor(survivor).add(told.eq(false))
}

/// Returns that an event is about this survivor, for whoever reads the whole log.
#[must_use]
pub fn of_survivor(survivor: SurvivorAuditId) -> Condition {
    Condition::all().add(says("survivor", &survivor.to_string()))
}

/// Returns that a leaf names a record: alone, as a whole id between quotes, or packed among many, in this form.
#[must_use]
pub fn names(record: &AnyId, packed: &str) -> Condition {
    Condition::any()
        .add(leaf_holds(&format!("\"{record}\"")))
        .add(leaf_holds(packed))
}

fn leaf_holds(text: &str) -> Expr {
    let pattern = format!("%{}%", literal(text));
    Column::Leaf
        .into_expr()
        .like(LikeExpr::new(pattern).escape('\\'))
}

/// Returns a text as a pattern that means itself.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal
}

/// An agency's person or program, as leaves write it.
pub type ActorInLeaf<'a> = (AgencyId, &'a SubjectInLeaf);

/// Selects the places in the list of those who acted before this event.
#[must_use]
pub fn acted_before(
    backend: DbBackend,
    actors: &[ActorInLeaf<'_>],
    before: Uuid,
) -> SelectStatement {
    let mut all: Option<SelectStatement> = None;
    for (place, (agency, subject)) in (0_i64..).zip(actors) {
        let theirs = Reviewed {
            backend,
            reader: *agency,
            along: Along::Subject(*agency, (*subject).clone()),
            range: Condition::all().add(Column::Id.lt(before)),
            only: Condition::all(),
        };
        let mut first = theirs.page(&Order::Desc, 1);
        let first = sea_orm::QueryTrait::query(&mut first).to_owned();
        let one = Query::select()
            .expr(Expr::cust(format!("CAST({place} AS bigint)")))
            .from_subquery(first, "acted")
            .to_owned();
        match &mut all {
            Some(all) => {
                all.union(UnionType::All, one);
            }
            None => all = Some(one),
        }
    }
    all.unwrap_or_default()
}

/// Selects when each agency's people or programs did something with these referrals last: the agency, the referral, the time.
#[must_use]
pub fn last_acts(
    backend: DbBackend,
    referrals: impl IntoIterator<Item = String>,
) -> SelectStatement {
    let object = object_in_leaf(backend);
    let by_itself = [AuditType::ReferralExpires, AuditType::ReferralExpired];
    Query::select()
        .column((Entity, Column::AgencyId))
        .expr(Expr::cust(object))
        .expr(Func::max(COLUMN.recorded_at.into_expr()))
        .from(Entity)
        .and_where(Expr::cust(object).is_in(referrals))
        .and_where(Expr::cust(format!("({CHANGES_RECORDS})")))
        .and_where(COLUMN.kind.is_not_in(by_itself))
        .and_where(COLUMN.agency_id.is_not_null())
        .add_group_by([(Column::AgencyId).into_expr(), Expr::cust(object)])
        .to_owned()
}
