//! What a consent on the wire says, field by field; apart from its type, since what stands on it shows it in turn.

use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID};
use concord_entities::ids::{ConsentId, RulePackId};
use concord_entities::vocabulary::{DataCategory, Explanation, MinorAlone, Purpose};

use super::graphql::{Consent, HeldConsent, find_consent, rule_packs};
use super::parts::{ConsentFinding, Interpreter, Objection};
use super::selection::ConsentSelection;
use crate::access::grant::Resource;
use crate::error::Result;
use crate::referral;
use crate::referral::connection::ReferralConnection;
use crate::referral::selection::ReferralSelection;
use crate::request::InRequest;
use crate::rule_pack::graphql::RulePack;
use crate::store::page::PageRequest;
use crate::wire::grants::{self, Grant};
use crate::wire::scalars::{DateTime, LanguageTag};

#[ComplexObject]
impl Consent {
    /// The consent's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// The version of the agreement, from 1.
    async fn version(&self) -> i32 {
        self.model.version
    }

    /// What may be told, for what; empty to a coordinator.
    async fn grants(&self) -> Vec<Grant> {
        grants::from_grants(&self.model.grants)
    }

    /// What may be told for some purpose; empty to a coordinator.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.grants.categories().iter().collect()
    }

    /// What something may be told for; empty to a coordinator.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.grants.purposes().iter().collect()
    }

    /// The language in which it was explained; `und`, for undetermined, to a coordinator.
    async fn language(&self) -> LanguageTag {
        self.model.language.clone().into()
    }

    /// From when.
    async fn effective_at(&self) -> DateTime {
        self.model.effective_at.into()
    }

    /// Until when.
    async fn expires_at(&self) -> DateTime {
        self.model.expires_at.into()
    }

    /// From when it is suspended, since it lacks what the law asks for: `findings` says what. Renew it, or draft a next
    /// version that lacks nothing, before then; null where it stays in force.
    async fn suspends_at(&self) -> Option<DateTime> {
        self.model.suspends_at.map(DateTime::from)
    }

    /// When the survivor took it back.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.model.revoked_at.map(DateTime::from)
    }

    /// When a later version took its place.
    async fn superseded_at(&self) -> Option<DateTime> {
        self.model.superseded_at.map(DateTime::from)
    }

    /// The version before this one; null where it is the first, or where you may not see that one. Asks for
    /// `consent.r`.
    async fn supersedes(&self, ctx: &Context<'_>) -> Option<Result<Consent>> {
        let earlier = self.model.supersedes?;
        let request = match ctx.request() {
            Ok(request) => request,
            Err(refusal) => return Some(Err(refusal)),
        };
        let selection = ConsentSelection::below(ctx, &[]);
        find_consent(request, earlier, selection).await.transpose()
    }

    /// What was explained before it was asked for; null where nobody said, and to the recipient.
    async fn explained(&self) -> Option<Vec<Explanation>> {
        self.held.as_ref()?;
        self.model.explained.map(|some| some.iter().collect())
    }

    /// Whether services do not depend on it; null where nobody said, and to a coordinator.
    async fn voluntary(&self) -> Option<bool> {
        self.model.voluntary
    }

    /// Whether it says that it can be taken back at any time; null where nobody said, and to a coordinator.
    async fn revocable(&self) -> Option<bool> {
        self.model.revocable
    }

    /// Who interpreted the explanation; null where it needed nobody, and to the recipient.
    async fn interpreter(&self) -> Option<Interpreter> {
        self.held.as_ref()?;
        self.model.interpreter.clone().map(Interpreter::from)
    }

    /// Whether it names substance-use records in so many words; false to a coordinator, whatever it says.
    async fn names_substance_use(&self) -> bool {
        self.model.names_substance_use
    }

    /// Why the law lets a minor consent alone; null where it does not, and to the recipient.
    async fn minor_alone(&self) -> Option<MinorAlone> {
        self.held.as_ref()?;
        self.model.minor_alone
    }

    /// Whether a court appointed somebody to decide for the person; null to the recipient.
    async fn incapacitated(&self) -> Option<bool> {
        self.held.as_ref().map(|_| self.model.incapacitated)
    }

    /// Whether a minor has one parent or guardian alone; null where nobody said, and to the recipient.
    async fn sole_guardian(&self) -> Option<bool> {
        self.held.as_ref()?;
        self.model.sole_guardian
    }

    /// Which of a minor's parents or guardians object; none to the recipient.
    async fn objections(&self) -> Vec<Objection> {
        let held = self.held.iter();
        let of = |held: &Arc<HeldConsent>| -> Vec<Objection> {
            let rows = held.objections.iter();
            rows.map(|row| Objection::seen(row, &held.signatures))
                .collect()
        };
        held.flat_map(of).collect()
    }

    /// The rules that bind your agency today and that this consent is judged by; none to the recipient. Asks for
    /// `agency.r`.
    async fn rule_packs(&self, ctx: &Context<'_>) -> Result<Vec<RulePack>> {
        let Some(held) = &self.held else {
            return Ok(Vec::new());
        };
        let grounds = self.grounds(ctx, held).await?;
        let bound: HashSet<RulePackId> = grounds.binding().map(|pack| pack.id).collect();
        let own = &held.rule_packs;
        let read = own.get_or_try_init(|| rule_packs(ctx, &bound));
        Ok(read.await?.clone())
    }

    /// What it lacks today, missing signatures included; empty for a good one, and to the recipient. A consent that is
    /// signed stays in force whatever is found later.
    async fn findings(&self, ctx: &Context<'_>) -> Result<Vec<ConsentFinding>> {
        let Some(held) = &self.held else {
            return Ok(Vec::new());
        };
        let grounds = self.grounds(ctx, held).await?;
        let findings = grounds.judge(
            &self.model,
            &held.survivor,
            &held.signatures,
            &held.objections,
        );
        Ok(findings.into_iter().map(ConsentFinding::from).collect())
    }

    /// The referrals that stand on it and that your agency is a party of, the newest first: a draft is shown to its sender
    /// alone. Asks for `referral.r`. Of all consents that are shown together they are read at once.
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<ReferralConnection> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let selection = ReferralSelection::below(ctx, &["edges", "node"])?;
        let asked = format!("{wanted:?} {selection:?}");
        let below = self.together.below(asked, async |ids: Vec<ConsentId>| {
            referral::below::under_consents(request, &ids, &wanted, &selection).await
        });
        let below = below.await?;
        let own = below.get(&self.model.id).cloned();
        Ok(ReferralConnection::below(own.unwrap_or_default()))
    }
}
