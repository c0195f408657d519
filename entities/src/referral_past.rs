//! Where a referral stood and on what, before that changed. Nothing of the person.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Order};
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};

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

impl Entity {
    /// Returns the consents and MOUs on which a referral stood before, which the caller has found by a scoped finder, each pair
    /// with until when, the last ones first.
    #[must_use]
    pub fn stood_on_before(referral: ReferralId, most: u64) -> Select<Self> {
        let until = COLUMN.until.into_expr().max();
        Self::find()
            .select_only()
            .column(Column::ConsentId)
            .column(Column::MouId)
            .column_as(until.clone(), "stood_until")
            .filter(COLUMN.id.eq(referral))
            .group_by(Column::ConsentId)
            .group_by(Column::MouId)
            .order_by(until, Order::Desc)
            .limit(most)
    }
}
