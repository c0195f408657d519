//! The tree as the database keeps it: its head and its tiles.

use std::collections::{BTreeMap, HashMap};

use concord_entities::ids::AuditEventId;
use concord_entities::{audit_checkpoint, audit_place, audit_tile, audit_tree};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
};

use super::tree::{Digest, Head, TileId, Tiles};

/// The head's only row.
pub(super) const HEAD: i32 = 1;

/// Returns the head's row; none before the first event is integrated.
///
/// # Errors
/// What the database says.
pub async fn head(database: &impl ConnectionTrait) -> Result<Option<audit_tree::Model>, DbErr> {
    audit_tree::Entity::head().one(database).await
}

/// Returns the size and root that the head's row holds; none where they cannot be ones.
#[must_use]
pub fn size_and_root(row: &audit_tree::Model) -> Option<Head> {
    Some(Head {
        size: u64::try_from(row.size).ok()?,
        root: Digest(row.root.as_slice().try_into().ok()?),
    })
}

/// Returns the checkpoint that was signed for this size, while it is kept.
///
/// # Errors
/// What the database says.
pub async fn checkpoint(
    database: &impl ConnectionTrait,
    size: u64,
) -> Result<Option<String>, DbErr> {
    let row = audit_checkpoint::Entity::of(in_column(size)?);
    Ok(row.one(database).await?.map(|row| row.note))
}

/// Writes down a new size and root, within a transaction. The checkpoint stays as it is.
///
/// # Errors
/// What the database says.
pub async fn keep_head(database: &impl ConnectionTrait, head: Head) -> Result<(), DbErr> {
    let row = audit_tree::Model {
        id: HEAD,
        size: in_column(head.size)?,
        root: head.root.0.to_vec(),
        note: String::new(),
    };
    let grown = OnConflict::column(audit_tree::Column::Id)
        .update_columns([audit_tree::Column::Size, audit_tree::Column::Root])
        .to_owned();
    audit_tree::Entity::insert(row.into_active_model())
        .on_conflict(grown)
        .exec_without_returning(database)
        .await
        .map(|_| ())
}

/// Returns those of the tiles that there are, by one statement.
///
/// # Errors
/// What the database says.
pub async fn tiles(
    database: &impl ConnectionTrait,
    wanted: impl IntoIterator<Item = TileId>,
) -> Result<Tiles, DbErr> {
    let mut places: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
    for tile in wanted {
        places
            .entry(tile.level)
            .or_default()
            .push(in_column(tile.index)?);
    }
    if places.is_empty() {
        return Ok(Tiles::new());
    }
    let any = places
        .into_iter()
        .fold(Condition::any(), |any, (level, places)| {
            let level = audit_tile::Column::Level.eq(i32::from(level));
            any.add(
                Condition::all()
                    .add(level)
                    .add(audit_tile::Column::Place.is_in(places)),
            )
        });
    let rows = audit_tile::Entity::all().filter(any).all(database).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let tile = TileId {
                level: u8::try_from(row.level).ok()?,
                index: u64::try_from(row.place).ok()?,
            };
            Some((tile, row.hashes))
        })
        .collect())
}

/// Writes down tiles that are new or longer than before, within a transaction.
///
/// # Errors
/// What the database says.
pub async fn keep_tiles(database: &impl ConnectionTrait, changed: Tiles) -> Result<(), DbErr> {
    let rows = changed
        .into_iter()
        .map(|(tile, hashes)| {
            let row = audit_tile::Model {
                level: i32::from(tile.level),
                place: in_column(tile.index)?,
                hashes,
            };
            Ok(row.into_active_model())
        })
        .collect::<Result<Vec<_>, DbErr>>()?;
    let longer = OnConflict::columns([audit_tile::Column::Level, audit_tile::Column::Place])
        .update_column(audit_tile::Column::Hashes)
        .to_owned();
    audit_tile::Entity::insert_many(rows)
        .on_conflict(longer)
        .exec_without_returning(database)
        .await
        .map(|_| ())
}

/// Returns the places that these events have in the tree; an event that waits for its place has none.
///
/// # Errors
/// What the database says.
pub async fn places(
    database: &impl ConnectionTrait,
    events: impl IntoIterator<Item = AuditEventId>,
) -> Result<HashMap<AuditEventId, u64>, DbErr> {
    let rows = audit_place::Entity::of(events).all(database).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.event_id, u64::try_from(row.leaf_index).ok()?)))
        .collect())
}

/// Returns a size or an index as a column holds it.
pub(crate) fn in_column(number: u64) -> Result<i64, DbErr> {
    i64::try_from(number).map_err(|_| DbErr::Type(format!("{number} is too large for a column")))
}
