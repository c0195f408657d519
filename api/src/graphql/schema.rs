//! The schema, assembled of the concepts' parts.

use async_graphql::{EmptySubscription, MergedObject};

use super::node::NodeQuery;
use crate::agency::change::AgencyMutation;
use crate::agency::graphql::AgencyQuery;
use crate::application::change::ApplicationMutation;
use crate::application::graphql::ApplicationQuery;
use crate::audit::graphql::AuditQuery;
use crate::consent::change::ConsentMutation;
use crate::consent::graphql::ConsentQuery;
use crate::consent::packs::{PackMutation, PackQuery};
use crate::contact::graphql::{ContactMutation, ContactQuery};
use crate::mandate::change::MandateMutation;
use crate::mandate::graphql::MandateQuery;
use crate::mou::change::MouMutation;
use crate::mou::graphql::MouQuery;
use crate::referral::change::ReferralMutation;
use crate::referral::graphql::ReferralQuery;
use crate::survivor::graphql::{SurvivorMutation, SurvivorQuery};

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
    PackQuery,
    ReferralQuery,
    MouQuery,
    AuditQuery,
);

/// What you can change.
#[derive(Default, MergedObject)]
pub struct Mutation(
    AgencyMutation,
    ApplicationMutation,
    SurvivorMutation,
    ContactMutation,
    MandateMutation,
    ConsentMutation,
    PackMutation,
    ReferralMutation,
    MouMutation,
);

/// The whole schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema. It holds no state: everything that a resolver needs comes with the request.
#[must_use]
pub fn schema() -> Schema {
    // The guard has measured every document before it comes here, so the executor's own limits stay off.
    Schema::build(Query::default(), Mutation::default(), EmptySubscription).finish()
}

/// The contract: the schema in the schema definition language, as `schema.graphql` has it.
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
