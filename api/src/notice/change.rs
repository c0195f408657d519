//! Saying that a notice was seen.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::NoticeId;
use concord_entities::notice;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::graphql::{Notice, find_notice};
use super::rules;
use crate::access::grant::Resource;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::store::page;

/// Changing notices.
#[derive(Default)]
pub struct NoticeMutation;

/// Changing notices.
#[Object]
impl NoticeMutation {
    /// Says that your agency has seen a notice: whoever gave it sees when. Whoever may read it may say so.
    async fn mark_notice_seen(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The notice's id.")] id: ID,
    ) -> Result<Notice> {
        let request = ctx.request()?;
        let change = request.change(Resource::Consent.read()).await?;
        let id: NoticeId = page::id("id", &id)?;
        let notice = notice::Entity::one_to(change.agency(), id)
            .one_locked(&change)
            .await?
            .ok_or(Error::NotFound)?;
        if let Some(seen) = rules::seen(notice, change.now()) {
            seen.into_active_model().reset_all().update(&change).await?;
            change.commit(Event::NoticeSeen(id)).await?;
        } else {
            change.give_up().await?;
        }
        let notice = find_notice(request, id).await?;
        notice.ok_or_else(|| Error::NotFound.into())
    }
}
