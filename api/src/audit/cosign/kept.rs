//! What witnesses cosigned, as the database keeps it.

use concord_entities::audit_cosignature;
use sea_orm::{ConnectionTrait, DbErr, QuerySelect};

use super::cosignature::{self, Cosignature, CosignerPublicKey};
use crate::audit::stored::in_column;

/// Keeps a cosignature of the checkpoint of this size.
///
/// # Errors
/// What the database says.
pub async fn keep(
    database: &impl ConnectionTrait,
    size: u64,
    cosignature: &Cosignature,
) -> Result<(), DbErr> {
    let row = audit_cosignature::Model {
        size: in_column(size)?,
        vkey: cosignature.by.to_string(),
        signature: cosignature.signature.clone(),
        cosigned_at: cosignature.at,
    };
    let keep = audit_cosignature::Entity::keep(row);
    keep.exec_without_returning(database).await.map(|_| ())
}

/// Returns what was cosigned of this very checkpoint, which has this size.
///
/// # Errors
/// What the database says.
pub async fn of(
    database: &impl ConnectionTrait,
    size: u64,
    note: &str,
) -> Result<Vec<Cosignature>, DbErr> {
    let rows = audit_cosignature::Entity::of(in_column(size)?)
        .all(database)
        .await?;
    let verified = rows.iter().filter_map(|row| {
        let by: CosignerPublicKey = row.vkey.parse().ok()?;
        by.cosignature_in(&(note.to_owned() + &cosignature::line(by.name(), &row.signature)))
    });
    Ok(verified.collect())
}

/// Returns the size of the largest checkpoint that a witness cosigned, as far as it is kept.
///
/// # Errors
/// What the database says.
pub async fn largest_by(
    database: &impl ConnectionTrait,
    by: &CosignerPublicKey,
) -> Result<Option<u64>, DbErr> {
    let newest = audit_cosignature::Entity::by(&by.to_string()).limit(1);
    let row = newest.one(database).await?;
    Ok(row.and_then(|row| u64::try_from(row.size).ok()))
}
