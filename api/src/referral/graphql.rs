//! A referral on the wire.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use concord_entities::vocabulary::{
    ActionBlock, Need, Purpose, ReferralAction, ReferralSide, ReferralStatus, StatusReason, Urgency,
};

use super::explained::AccessQuestion;
use super::explanation::{AccessExplanation, not_known};
use super::input::{EarlierOutcome, ReferralOutcome};
use super::listing::{ListPlace, ReferralOrder};
use super::package::Package;
use super::package_view::NotPrefetchedError;
use super::read::Seen;
use super::rules::actions;
use super::rules::outcome::{self, CORRECTABLE};
use super::rules::transitions::allowed;
use super::timeline::{self, TimelineEntry, TimelineOf};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::consent::graphql::Consent;
use crate::error::{Error, Refusal, Result};
use crate::mou::graphql::Mou;
use crate::request::InRequest;
use crate::store::page::{self, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// A referral of one survivor from one agency to another.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Referral {
    #[graphql(skip)]
    pub(super) seen: Seen,
    #[graphql(skip)]
    pub(super) packages: HashMap<Purpose, Package>,
    #[graphql(skip)]
    pub(super) previews: HashMap<Purpose, Package>,
    /// The agency that refers.
    pub sender: Agency,
    /// The agency that is asked.
    pub recipient: Agency,
    /// The consent that it stands on. Asks for `consent.r`.
    pub consent: Option<Consent>,
    /// The MOU that it stands on; null while it is a draft. Asks for `mou.r`.
    pub mou: Option<Mou>,
}

impl Referral {
    /// Returns a released referral of which no more than the header was asked for.
    #[must_use]
    pub fn headed(seen: Seen, sender: Agency, recipient: Agency) -> Self {
        Self {
            seen,
            packages: HashMap::new(),
            previews: HashMap::new(),
            sender,
            recipient,
            consent: None,
            mou: None,
        }
    }

    /// Checks that its reader wrote it.
    fn own(&self) -> Result<()> {
        match self.seen.side {
            ReferralSide::Sender => Ok(()),
            ReferralSide::Recipient => Err(Error::SendersOnly.into()),
        }
    }

    /// Returns the referral's place in a list of this order.
    #[must_use]
    pub(super) fn place(&self, order: ReferralOrder) -> ListPlace {
        let header = &self.seen.header;
        let at = match order {
            ReferralOrder::Arrival => header.sent_at,
            ReferralOrder::LastChange => Some(header.updated_at),
            ReferralOrder::MostUrgent => header.respond_by,
        };
        ListPlace {
            order,
            at: at.unwrap_or(header.created_at),
            id: header.id,
        }
    }
}

/// Something that your agency could do with a referral by its status.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReferralActionState {
    /// What it is.
    pub action: ReferralAction,
    /// What keeps your agency from it; empty where nothing does.
    pub blocked_by: Vec<ActionBlock>,
}

#[ComplexObject]
impl Referral {
    /// The referral's id.
    pub async fn id(&self) -> ID {
        ID(self.seen.header.id.to_string())
    }

    /// Where it stands now.
    async fn status(&self) -> ReferralStatus {
        self.seen.current.status
    }

    /// Why it stands there.
    async fn status_reason(&self) -> Option<StatusReason> {
        self.seen.current.reason
    }

    /// What the person needs.
    async fn needs(&self) -> Vec<Need> {
        self.seen.header.needs.iter().collect()
    }

    /// How soon an answer is wanted.
    async fn urgency(&self) -> Urgency {
        self.seen.header.urgency
    }

    /// When it was drafted.
    async fn created_at(&self) -> DateTime {
        self.seen.header.created_at.into()
    }

    /// When it was sent; null while it is a draft.
    async fn sent_at(&self) -> Option<DateTime> {
        self.seen.header.sent_at.map(DateTime::from)
    }

    /// By when an answer is wanted, from its urgency.
    async fn respond_by(&self) -> Option<DateTime> {
        self.seen.header.respond_by.map(DateTime::from)
    }

    /// Whether it waits for an answer that was wanted by now.
    async fn overdue(&self) -> bool {
        self.seen.overdue
    }

    /// Until when it can be answered, from its urgency: then it is expired. Null while it is a draft.
    async fn expires_at(&self) -> Option<DateTime> {
        self.seen.header.expires_at.map(DateTime::from)
    }

    /// When somebody last changed it. What time alone makes of it, `EXPIRED` or `SUSPENDED`, leaves this as it is.
    async fn updated_at(&self) -> DateTime {
        self.seen.header.updated_at.into()
    }

    /// What your agency could do next with it by its status, and what keeps it from each.
    async fn actions(&self) -> Vec<ReferralActionState> {
        let Seen { side, blocks, .. } = &self.seen;
        allowed(self.seen.current.status, *side)
            .map(|action| ReferralActionState {
                action,
                blocked_by: blocks.of(action).collect(),
            })
            .collect()
    }

    /// What your agency may do next with it: those of `actions` that nothing keeps it from. Show these as buttons.
    async fn allowed_actions(&self) -> Vec<ReferralAction> {
        let Seen { side, blocks, .. } = &self.seen;
        actions::unblocked(self.seen.current.status, *side, blocks).collect()
    }

    /// Who of your people took it on, by the `sub` of their tokens. Null where nobody was named, and to its sender.
    async fn assignee(&self) -> Option<&str> {
        let beyond = self.seen.beyond.as_ref()?;
        let own = self.seen.side == ReferralSide::Recipient;
        beyond.assignee.as_deref().filter(|_| own)
    }

    /// Whether the recipient said who of its people took it on.
    async fn assigned(&self) -> bool {
        let beyond = self.seen.beyond.as_ref();
        beyond.is_some_and(|beyond| beyond.assignee.is_some())
    }

    /// The earlier referral that this one takes up again; null where it takes up none, or where your agency is no party of
    /// that one.
    async fn reopens(&self) -> Option<ID> {
        let earlier = self.seen.beyond.as_ref()?.reopens?;
        Some(ID(earlier.to_string()))
    }

    /// What came of it; null until it is completed.
    async fn outcome(&self) -> Option<ReferralOutcome> {
        let beyond = self.seen.beyond.as_ref()?;
        let asked = self.seen.header.needs;
        let (provided, further) = outcome::split(asked, beyond.provided);
        let earlier = beyond
            .earlier_outcomes
            .iter()
            .flat_map(|earlier| &earlier.0);
        Some(ReferralOutcome {
            code: beyond.outcome?,
            provided: provided.iter().collect(),
            further: further.iter().collect(),
            recorded_at: beyond.outcome_at?.into(),
            correctable_until: beyond.completed_at?.plus(CORRECTABLE).into(),
            earlier: earlier
                .rev()
                .map(|one| EarlierOutcome::view(one, asked))
                .collect(),
        })
    }

    /// What happened to it and to its consent, the newest first: who, when and why, and the notes. The other side's people, its
    /// drafts and what it noted for itself are not in it. Requires `referral.r`.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<TimelineEntry>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let beyond = self.seen.beyond.as_ref();
        let beyond = beyond.ok_or_else(|| Refusal::internal(NotPrefetchedError))?;
        let of = TimelineOf {
            referral: self.seen.header.id,
            consent: beyond.consent,
            mou: beyond.mou,
            since: self.seen.header.created_at,
        };
        Box::pin(timeline::page(request, of, wanted)).await
    }

    /// What the sender tells the recipient, as far as it may be told to you, for this purpose, now. Reading it is a
    /// disclosure on record. Null where it is refused, as where a purpose is missing.
    async fn package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you need it for; your token's only purpose where you name none.")]
        purpose: Option<Purpose>,
    ) -> Option<Result<&Package>> {
        let package = || {
            let purpose = ctx.request()?.caller.purpose(purpose)?;
            let prefetched = self.packages.get(&purpose);
            prefetched.ok_or_else(|| Refusal::internal(NotPrefetchedError))
        };
        Some(package())
    }

    /// The package as its recipient would receive it now with its widest token, for this purpose: its sender sees what it tells.
    /// Of a draft, as if it were sent now. Your own token's categories are a limit here as well. Null where it is refused, as to the
    /// recipient.
    async fn preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the recipient would need it for.")] purpose: Purpose,
    ) -> Option<Result<&Package>> {
        let preview = || {
            self.own()?;
            ctx.request()?.caller.purpose(Some(purpose))?;
            let prefetched = self.previews.get(&purpose);
            prefetched.ok_or_else(|| Refusal::internal(NotPrefetchedError))
        };
        Some(preview())
    }

    /// Why an agency may see the package or may not, for this purpose: each of the keys, and what they come to. Now, or as it
    /// stood at a moment in the past. For its sender. Null where it is refused, as to the recipient.
    async fn explain_access(
        &self,
        #[graphql(desc = "Whom to explain it of: the recipient, your own agency, or any other.")]
        agency: ID,
        #[graphql(desc = "What that agency would need it for.")] purpose: Purpose,
        #[graphql(
            desc = "As of when: no earlier than the referral was drafted, nor than this service began to keep what each decision \
                    stood on; now where it is left out. Your token is no key of what was."
        )]
        as_of: Option<DateTime>,
    ) -> Option<Result<AccessExplanation>> {
        let explanation = || {
            self.own()?;
            let asked = AccessQuestion {
                agency: page::id("agency", &agency)?,
                purpose,
                as_of: as_of.map(|moment| moment.0),
            };
            let explained = self.seen.explained.get(&asked);
            let explained = explained.ok_or_else(|| Refusal::internal(NotPrefetchedError))?;
            let explained = explained.as_ref().map_err(|why| not_known(*why))?;
            Ok(AccessExplanation::of(explained))
        };
        Some(explanation())
    }
}
