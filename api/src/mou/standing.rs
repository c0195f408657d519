//! What stands on an MOU, and who is told of it.

use concord_entities::ids::{AgencyId, MouId};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::{mou, mou_party, notice, referral};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use crate::audit::change::{Author, Change};
use crate::error::Result;

/// Has the open referrals that stand on an MOU say until when they do, as it stands now. What is halted stands no more from that
/// moment on, and again once it is not: their consents are another matter.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn stand_anew<By: Author>(
    change: &Change<'_, By>,
    mou: &mou::Model,
) -> Result<()> {
    let parties = mou_party::Entity::of([mou.id]).all(change).await?;
    referral::Entity::stand_under(mou.id, mou.stands_until())
        .exec(change)
        .await?;
    for party in parties {
        if let Some(leaves) = party.leaves_at {
            referral::Entity::stand_with(mou.id, party.agency_id, leaves)
                .exec(change)
                .await?;
        }
    }
    Ok(())
}

/// Tells an agency something of an MOU.
pub(super) async fn tell<By: Author>(
    change: &Change<'_, By>,
    agency: AgencyId,
    mou: MouId,
    kind: NoticeKind,
) -> Result<()> {
    let notice = notice::Model::unseen(agency, kind, mou.to_string(), change.now());
    notice.into_active_model().insert(change).await?;
    Ok(())
}
