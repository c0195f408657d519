//! Whether a party had signed an MOU, before it did.

use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, MouId};
use crate::instant::Instant;

/// A version of a party's part in an MOU that is over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_party_past")]
pub struct Model {
    /// The MOU.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mou_id: MouId,
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// When it had signed, where it had.
    pub signed_at: Option<Instant>,
    /// From when it would be no party any more.
    pub leaves_at: Option<Instant>,
    /// The party.
    #[sea_orm(
        belongs_to,
        from = "(mou_id, agency_id)",
        to = "(mou_id, agency_id)",
        on_delete = "Cascade"
    )]
    pub party: BelongsTo<super::mou_party::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
