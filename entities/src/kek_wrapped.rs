//! What the keyring's tables of wrapped keys have in common, for exchanging the key-encryption key.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    DeleteMany, FromQueryResult, Iterable, PrimaryKeyToColumn, QueryFilter, QueryOrder,
    QuerySelect, UpdateMany,
};

use crate::{document_key, package_key, record_key, signing_key};

/// A table of keys that are wrapped under a key-encryption key.
pub trait KekWrapped: EntityTrait {
    /// The column of the wrapped bytes.
    const WRAPPED: Self::Column;
    /// The column of the id of the key that wrapped them.
    const KEK_ID: Self::Column;

    /// Returns the wrapped bytes in a row, and the id of the key that wrapped them.
    fn wrapping(row: &Self::Model) -> (&[u8], Option<&[u8]>);
}

macro_rules! kek_wrapped {
    ($($table:ident)*) => {$(
        impl KekWrapped for $table::Entity {
            const WRAPPED: Self::Column = $table::Column::Wrapped;
            const KEK_ID: Self::Column = $table::Column::KekId;

            fn wrapping(row: &Self::Model) -> (&[u8], Option<&[u8]>) {
                (&row.wrapped, row.kek_id.as_deref())
            }
        }
    )*};
}

kek_wrapped! { package_key document_key record_key signing_key }

/// Returns the id that follows this one among those in the table, if there is one.
#[must_use]
pub fn next_id<E: KekWrapped>(after: Option<&[u8]>) -> Select<E> {
    let ids = E::find()
        .select_only()
        .column(E::KEK_ID)
        .filter(E::KEK_ID.is_not_null())
        .order_by_asc(E::KEK_ID)
        .limit(1);
    match after {
        Some(after) => ids.filter(E::KEK_ID.gt(after)),
        None => ids,
    }
}

/// Returns the keys that were wrapped under the key of this id, or before there were ids.
#[must_use]
pub fn wrapped_under<E: KekWrapped>(id: Option<&[u8]>) -> Select<E> {
    E::find().filter(match id {
        Some(id) => E::KEK_ID.eq(id),
        None => E::KEK_ID.is_null(),
    })
}

/// Returns the next keys after this one that are not wrapped under the key of this id, in the order of their table's key.
#[must_use]
pub fn not_wrapped_under<E>(id: &[u8], after: Option<&E::Model>, limit: u64) -> Select<E>
where
    E: KekWrapped,
    E::Model: ModelTrait<Entity = E>,
{
    let mut rows = E::find()
        .filter(E::KEK_ID.is_null().or(E::KEK_ID.ne(id)))
        .limit(limit);
    for column in primary_key::<E>() {
        rows = rows.order_by_asc(column);
    }
    let Some(after) = after else {
        return rows;
    };
    let last = primary_key::<E>().map(|column| Expr::value(after.get(column)));
    let place = primary_key::<E>().map(Expr::col);
    rows.filter(Expr::tuple(place).gt(Expr::tuple(last)))
}

/// Returns the same keys, kept from others, and without those that others keep: who asks so never waits.
#[must_use]
pub fn kept<E: EntityTrait>(mut rows: Select<E>) -> Select<E> {
    QuerySelect::query(&mut rows).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    rows
}

/// Destroys a key, where it is still wrapped as it was.
#[must_use]
pub fn destroy<E>(row: &E::Model) -> DeleteMany<E>
where
    E: KekWrapped,
    E::Model: ModelTrait<Entity = E>,
{
    let (as_it_was, _) = E::wrapping(row);
    let mut gone = E::delete_many().filter(E::WRAPPED.eq(as_it_was));
    for column in primary_key::<E>() {
        gone = gone.filter(column.eq(row.get(column)));
    }
    gone
}

/// Changes the wrapping of a key, where the key is still there and wrapped as it was: nothing that was destroyed comes back.
#[must_use]
pub fn wrap_anew<E>(row: &E::Model, wrapped: Vec<u8>, id: Option<Vec<u8>>) -> UpdateMany<E>
where
    E: KekWrapped,
    E::Model: ModelTrait<Entity = E> + FromQueryResult,
{
    let (as_it_was, _) = E::wrapping(row);
    let mut anew = E::update_many()
        .col_expr(E::WRAPPED, Expr::value(wrapped))
        .col_expr(E::KEK_ID, Expr::value(id))
        .filter(E::WRAPPED.eq(as_it_was));
    for column in primary_key::<E>() {
        anew = anew.filter(column.eq(row.get(column)));
    }
    anew
}

fn primary_key<E: EntityTrait>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column)
}
