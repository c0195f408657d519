//! Any record by its id, and who asks.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Interface, Object, SimpleObject};
use concord_entities::ids::{
    AgencyId, AnyId, ApplicationId, AuditEventId, AuditReviewId, ConsentId, LegalHoldId, MandateId,
    MouCalendarId, MouId, NoticeId, PartnershipId, ReferralId, ReferralNoteId, RulePackId,
    SurvivorId, TaskForceId,
};
use concord_entities::vocabulary::{Code, DataCategory, Purpose};

use crate::access::scope::Scope;
use crate::agency::graphql::{Agency, TaskForce};
use crate::application::graphql::Application;
use crate::audit::ledger::Decided;
use crate::consent::graphql::Consent;
use crate::consent::selection::ConsentSelection;
use crate::error::{Error, Result};
use crate::mandated_disclosure::graphql::MandatedDisclosure;
use crate::mou::calendar::graphql::MouCalendar;
use crate::mou::graphql::Mou;
use crate::notice::graphql::Notice;
use crate::partnership::graphql::Partnership;
use crate::referral::graphql::Referral;
use crate::referral::notes::graphql::{ReferralNote, note_by_id};
use crate::referral::selection::ReferralSelection;
use crate::request::{InRequest, Request};
use crate::review::events::AuditEvent;
use crate::review::reviews::graphql::{AuditReview, audit_review_by_id};
use crate::rule_pack::graphql::RulePack;
use crate::sharing::facts;
use crate::store::page;
use crate::survivor::graphql::Survivor;
use crate::survivor::legal_hold::graphql::LegalHold;
use crate::wire::lookahead;
use crate::wire::scalars::DateTime;

/// A record with an id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The record's id, unique among all kinds."
))]
pub enum Node {
    /// An agency.
    Agency(Agency),
    /// A program of your agency's.
    Application(Application),
    /// A survivor of your agency's.
    Survivor(Survivor),
    /// A task force that your agency belongs to.
    TaskForce(TaskForce),
    /// A set of rules that binds your agency.
    RulePack(RulePack),
    /// A notice to your agency.
    Notice(std::boxed::Box<Notice>),
    /// A consent.
    Consent(Consent),
    /// A disclosure that a statute or a court's order demanded of your agency.
    MandatedDisclosure(std::boxed::Box<MandatedDisclosure>),
    /// What obliges your agency to keep what it holds of a survivor.
    LegalHold(LegalHold),
    /// A referral.
    Referral(std::boxed::Box<Referral>),
    /// A note on a referral.
    ReferralNote(ReferralNote),
    /// How far two agencies have come towards working together.
    Partnership(Partnership),
    /// An MOU.
    Mou(Mou),
    /// A calendar of MOUs' days, of your agency's.
    MouCalendar(MouCalendar),
    /// An audit event.
    AuditEvent(std::boxed::Box<AuditEvent>),
    /// A review of the audit log, by your agency.
    AuditReview(std::boxed::Box<AuditReview>),
}

/// Who asks: the token's agency, person or program, and reach.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Viewer {
    /// Your agency.
    agency: Agency,
    /// The person or program that your agency names in the token.
    subject: String,
    /// The id under which the program that carries the token is known: an application's id or, where it is not
    /// registered here, the name that its issuer gives it.
    client: String,
    /// The program that carries the token, as your agency's own identity provider calls it (`azp` or `client_id`); null where
    /// Concord issued the token.
    program: Option<String>,
    #[graphql(skip)]
    registered: Option<ApplicationId>,
    /// The token's scopes.
    scopes: Vec<String>,
    /// The token's scopes taken apart.
    permissions: Vec<ScopePermission>,
    /// The purposes for which the token may read packages.
    purposes: Vec<Purpose>,
    /// When the token dies of itself.
    expires_at: DateTime,
}

/// One scope of a token, taken apart. What it allows of a person is each of its categories for each of its purposes.
#[derive(Clone, Debug, SimpleObject)]
pub struct ScopePermission {
    /// What it opens: the word before the point.
    resource: String,
    /// What may be done with it: letters of `cruds`, in this order.
    letters: String,
    /// For these categories alone; null for every one.
    categories: Option<Vec<DataCategory>>,
    /// For these purposes alone; null for every one.
    purposes: Option<Vec<Purpose>>,
}

impl ScopePermission {
    fn of(scope: &Scope) -> Self {
        Self {
            resource: scope.resource.name().to_owned(),
            letters: scope.permissions.iter().map(Code::code).collect(),
            categories: scope.categories.map(|limit| limit.iter().collect()),
            purposes: scope.purposes.map(|limit| limit.iter().collect()),
        }
    }
}

#[ComplexObject]
impl Viewer {
    /// The application that carries the token; null where it is not registered here, as for a token of your agency's
    /// own issuer. All but its `id` and `name` asks for `agency.r`.
    async fn application(&self, ctx: &Context<'_>) -> Option<Result<Application>> {
        let id = self.registered?;
        own_application(ctx, id).await.transpose()
    }
}

/// Reading who asks, and any record by its id.
#[derive(Default)]
pub struct NodeQuery;

/// Reading who asks, and any record by its id.
#[Object]
impl NodeQuery {
    /// Who you are to the service.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        let request = ctx.request()?;
        let caller = &request.caller;
        let released = request.disclose(|| own_agency(request)).await?;
        Ok(Viewer {
            agency: released.content(),
            subject: caller.subject().to_owned(),
            client: caller.client().to_owned(),
            program: caller.program().map(str::to_owned),
            registered: caller.application(),
            scopes: caller.scopes(),
            permissions: caller.granted().iter().map(ScopePermission::of).collect(),
            purposes: caller.purposes().iter().collect(),
            expires_at: caller.expires_at().into(),
        })
    }

    /// The record with this id; null for what does not exist and for what you may not see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A TypeID, such as `referral_01h2xcejqtf2nbrexx3vqjhp41`.")] id: ID,
    ) -> Option<Result<Node>> {
        find(ctx, "id", &id).await.transpose()
    }

    /// The records with these ids, in their order; null for what does not exist and for what you may not see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "1 to 100 TypeIDs, of any kinds. A page of as many entries costs as much."
        )]
        ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        page::sized("ids", ids.len())?;
        let mut found = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            // One after another: a token's allowance of connections is for others, too.
            found.push(find(ctx, &format!("ids.{index}"), id).await?);
        }
        Ok(found)
    }
}

async fn own_agency(request: &Request) -> Result<Decided<Agency>> {
    let store = &request.worker.store;
    let own = concord_entities::agency::Entity::named(request.caller.agency());
    let statement = facts::beside_epoch(store.backend, sea_orm::QueryTrait::into_query(own), false);
    let rows = sea_orm::ConnectionTrait::query_all(&store.read, &statement).await?;
    let (epoch, now) = facts::epoch_and_time(&rows)?;
    let row = rows
        .iter()
        .find(|row| facts::is_row(row))
        .ok_or(Error::Unauthenticated)?;
    let agency =
        <concord_entities::agency::Model as sea_orm::FromQueryResult>::from_query_result(row, "")?;
    Ok(Decided {
        epoch,
        now,
        content: Agency::named(Arc::new(agency)),
        events: Vec::new(),
    })
}

async fn own_application(ctx: &Context<'_>, id: ApplicationId) -> Result<Option<Application>> {
    crate::application::graphql::find_application(ctx.request()?, id).await
}

async fn find(ctx: &Context<'_>, argument: &str, id: &ID) -> Result<Option<Node>> {
    let request = ctx.request()?;
    let AnyId { prefix, uuid } = id
        .parse()
        .map_err(|invalid| Error::input(argument, invalid))?;
    let found = match prefix.as_str() {
        AgencyId::PREFIX => crate::agency::graphql::agency_by_id(request, AgencyId(uuid))
            .await?
            .map(Node::from),
        ApplicationId::PREFIX => {
            crate::application::graphql::application_by_id(request, ApplicationId(uuid))
                .await?
                .map(Node::from)
        }
        SurvivorId::PREFIX => crate::survivor::graphql::survivor_by_id(request, SurvivorId(uuid))
            .await?
            .map(Node::from),
        ConsentId::PREFIX => {
            let selection = ConsentSelection::below(ctx, &[]);
            crate::consent::graphql::consent_by_id(request, ConsentId(uuid), selection)
                .await?
                .map(Node::from)
        }
        MandateId::PREFIX => {
            let with_survivor = lookahead::asks(ctx, &["survivor"]);
            let id = MandateId(uuid);
            crate::mandated_disclosure::graphql::mandated_disclosure_by_id(
                request,
                id,
                with_survivor,
            )
            .await?
            .map(|record| Node::from(std::boxed::Box::new(record)))
        }
        LegalHoldId::PREFIX => {
            crate::survivor::legal_hold::query::legal_hold_by_id(request, LegalHoldId(uuid))
                .await?
                .map(Node::from)
        }
        TaskForceId::PREFIX => {
            let members = ["members", "agency"];
            let told = lookahead::asks_beyond(ctx, &members, &["id", "name", "kind"]);
            crate::agency::graphql::task_force_by_id(request, TaskForceId(uuid), told)
                .await?
                .map(Node::from)
        }
        RulePackId::PREFIX => crate::rule_pack::graphql::rule_pack_by_id(request, RulePackId(uuid))
            .await?
            .map(Node::from),
        NoticeId::PREFIX => crate::notice::graphql::notice_by_id(request, NoticeId(uuid))
            .await?
            .map(|notice| Node::from(std::boxed::Box::new(notice))),
        PartnershipId::PREFIX => {
            crate::partnership::query::partnership_by_id(request, PartnershipId(uuid))
                .await?
                .map(Node::from)
        }
        MouCalendarId::PREFIX => {
            crate::mou::calendar::graphql::mou_calendar_by_id(request, MouCalendarId(uuid))
                .await?
                .map(Node::from)
        }
        MouId::PREFIX => crate::mou::query::mou_by_id(request, MouId(uuid))
            .await?
            .map(Node::from),
        AuditEventId::PREFIX => {
            crate::review::events::audit_event_by_id(request, AuditEventId(uuid))
                .await?
                .map(|event| Node::from(std::boxed::Box::new(event)))
        }
        AuditReviewId::PREFIX => audit_review_by_id(request, AuditReviewId(uuid))
            .await?
            .map(|review| Node::from(std::boxed::Box::new(review))),
        ReferralNoteId::PREFIX => note_by_id(request, ReferralNoteId(uuid))
            .await?
            .map(Node::from),
        ReferralId::PREFIX => {
            let selection = ReferralSelection::below(ctx, &[])?;
            crate::referral::view::referral_by_id(request, ReferralId(uuid), &selection)
                .await?
                .map(|referral| Node::from(std::boxed::Box::new(referral)))
        }
        _ => return Err(Error::input(argument, "no kind of record has this prefix").into()),
    };
    Ok(found)
}
