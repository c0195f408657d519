//! What taking a consent back ended, on the wire.

use async_graphql::{ComplexObject, Context, SimpleObject};
use concord_entities::audit_event;
use concord_entities::ids::ConsentId;

use super::graphql::Consent;
use crate::error::Result;
use crate::notice::graphql::{Notice, about};
use crate::request::InRequest;
use crate::review::accounting::{self, Disclosure};
use crate::store::page::PageRequest;
use crate::wire::connection::Connection;

/// That a consent was taken back, and what that ended. Nothing can be read under it any more, with whatever token:
/// tokens are bound to agencies and purposes, never to one consent, and each read is decided anew.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Revocation {
    /// The consent, as it stands now.
    pub consent: Consent,
    /// How many open referrals stand suspended for it, and for the versions that followed it.
    pub referrals_suspended: i32,
    /// Whether the key of every package that stood on it is destroyed, so that nobody can read it any more, from whatever
    /// copy. Where the keyring did not answer in time this is false: no package is released all the same, and the service
    /// destroys the keys by itself as soon as the keyring answers.
    pub keys_destroyed: bool,
    /// The consent that was named, and every version that followed it.
    #[graphql(skip)]
    pub(super) versions: Vec<ConsentId>,
}

#[ComplexObject]
impl Revocation {
    /// What had been told under it before, newest first. That cannot be taken back: tell the survivor. A coordinator is
    /// shown it too, as codes: where the discloser does not take part, the survivor has nobody else to hear it from, and
    /// the coordinator may read the same in the audit log. Asks for `survivor.r`.
    async fn disclosed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Disclosure>> {
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let versions = self.versions.iter().copied();
        let told = audit_event::Entity::told_under(self.consent.model.discloser_id, versions);
        accounting::page(ctx.request()?, &told, wanted).await
    }

    /// The notices that went to whom it named as recipient, and to the discloser where somebody else took it back.
    /// Asks for `consent.r`.
    async fn notices(&self, ctx: &Context<'_>) -> Result<Vec<Notice>> {
        about(ctx.request()?, &self.versions).await
    }
}
