//! The schema, assembled of the concepts' parts.

use async_graphql::{EmptySubscription, MergedObject, ValidationMode};

use super::node::NodeQuery;
use super::nullable_root::NullableRoot;
use crate::agency::change::AgencyMutation;
use crate::agency::graphql::AgencyQuery;
use crate::agency::membership::MembershipMutation;
use crate::agency::record::AgencyRecordMutation;
use crate::application::change::ApplicationMutation;
use crate::application::graphql::ApplicationQuery;
use crate::application::pages::ApplicationPageMutation;
use crate::application::staff::StaffMutation;
use crate::application::trusted::TrustedDocumentMutation;
use crate::consent::change::ConsentMutation;
use crate::consent::edit::ConsentDraftMutation;
use crate::consent::effects::EffectsQuery;
use crate::consent::graphql::ConsentQuery;
use crate::consent::objection::ObjectionMutation;
use crate::erasure::change::ErasureMutation;
use crate::feed::graphql::FeedQuery;
use crate::mandated_disclosure::change::MandateMutation;
use crate::mandated_disclosure::graphql::MandateQuery;
use crate::mou::calendar::change::MouCalendarMutation;
use crate::mou::calendar::graphql::MouCalendarQuery;
use crate::mou::change::MouMutation;
use crate::mou::coverage::CoverageQuery;
use crate::mou::life::MouLifeMutation;
use crate::mou::query::MouQuery;
use crate::mou::versions::MouVersionMutation;
use crate::notice::change::NoticeMutation;
use crate::notice::graphql::NoticeQuery;
use crate::partnership::change::PartnershipMutation;
use crate::partnership::query::PartnershipQuery;
use crate::referral::change::ReferralMutation;
use crate::referral::continuation::ContinuationMutation;
use crate::referral::draft::ReferralDraftMutation;
use crate::referral::notes::change::NoteMutation;
use crate::referral::query::ReferralQuery;
use crate::referral::steps::ReferralStepMutation;
use crate::review::events::AuditQuery;
use crate::review::reviews::change::AuditReviewMutation;
use crate::review::reviews::graphql::AuditReviewQuery;
use crate::rule_pack::graphql::{PackMutation, PackQuery};
use crate::statistics::graphql::StatisticsQuery;
use crate::survivor::contact::graphql::{ContactMutation, ContactQuery};
use crate::survivor::graphql::{SurvivorMutation, SurvivorQuery};
use crate::survivor::legal_hold::change::LegalHoldMutation;

/// What you can read.
#[derive(Default, MergedObject)]
pub struct Query(
    NodeQuery,
    AgencyQuery,
    ApplicationQuery,
    SurvivorQuery,
    ContactQuery,
    MandateQuery,
    ConsentQuery,
    EffectsQuery,
    NoticeQuery,
    FeedQuery,
    PackQuery,
    ReferralQuery,
    PartnershipQuery,
    MouQuery,
    MouCalendarQuery,
    CoverageQuery,
    StatisticsQuery,
    AuditQuery,
    AuditReviewQuery,
);

/// What you can change. Of the record that a mutation answers with, its `id` asks for nothing more; all else asks for the
/// scope that reads it, before anything is changed.
#[derive(Default, MergedObject)]
pub struct Mutation(
    AgencyMutation,
    AgencyRecordMutation,
    MembershipMutation,
    ApplicationMutation,
    StaffMutation,
    ApplicationPageMutation,
    TrustedDocumentMutation,
    SurvivorMutation,
    ErasureMutation,
    ContactMutation,
    MandateMutation,
    LegalHoldMutation,
    ConsentMutation,
    ConsentDraftMutation,
    ObjectionMutation,
    NoticeMutation,
    PackMutation,
    ReferralDraftMutation,
    ReferralMutation,
    ReferralStepMutation,
    ContinuationMutation,
    NoteMutation,
    PartnershipMutation,
    MouMutation,
    MouLifeMutation,
    MouVersionMutation,
    MouCalendarMutation,
    AuditReviewMutation,
);

/// The whole schema.
pub type Schema =
    async_graphql::Schema<NullableRoot<Query>, NullableRoot<Mutation>, EmptySubscription>;

/// Returns the schema. It holds no state: everything that a resolver needs comes with the request.
#[must_use]
pub fn schema() -> Schema {
    // Every document is validated and measured before it comes here: the executor need not look again.
    Schema::build(
        NullableRoot::default(),
        NullableRoot::default(),
        EmptySubscription,
    )
    .validation_mode(ValidationMode::Fast)
    .finish()
}

/// Returns the contract: the schema in the schema definition language, as `schema.graphql` has it.
#[must_use]
pub fn sdl() -> String {
    schema().sdl_with_options(
        async_graphql::SDLExportOptions::new()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items()
            .include_specified_by(),
    )
}
