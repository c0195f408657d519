//! Where a referral stood and on what, before that changed. Nothing of the person.

use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, ConsentId, MouId, ReferralId};
use crate::instant::Instant;
use crate::vocabulary::ReferralStatus;

/// What a referral's row said before it was changed: the same columns.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral_past")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReferralId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// The agency that refers.
    pub sender_id: AgencyId,
    /// The agency that is asked.
    pub recipient_id: AgencyId,
    /// The consent that it stood on.
    pub consent_id: ConsentId,
    /// The MOU that it stood on.
    pub mou_id: Option<MouId>,
    /// Where it stood by what people had done.
    pub status: ReferralStatus,
    /// Until when it could be answered.
    pub expires_at: Option<Instant>,
    /// When its consent would end by itself.
    pub consent_until: Option<Instant>,
    /// When its MOU would end by itself.
    pub mou_until: Option<Instant>,
    /// Whether its consent or MOU had been ended before its time.
    pub halted: bool,
    /// The referral.
    #[sea_orm(belongs_to, from = "id", to = "id", on_delete = "Cascade")]
    pub referral: BelongsTo<super::referral::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
