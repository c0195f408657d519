//! People of an agency's who carry its tokens, on the wire: how they leave and return.

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::audit_event::reviewed::{Along, Reviewed};
use concord_entities::{application, ended_subject};
use sea_orm::Condition;
use sea_orm::sea_query::Order;

use super::rules;
use crate::access::grant::{RequiredScope, Resource};
use crate::access::off_boarding;
use crate::audit::leaf;
use crate::error::{Error, Result};
use crate::request::{InRequest, Request};
use crate::wire::scalars::DateTime;

/// A person of your agency's whose tokens it ended.
#[derive(Clone, Debug, SimpleObject)]
pub struct EndedSubject {
    /// The person, as your agency calls them.
    pub subject: String,
    /// When their tokens were ended last.
    pub ended_at: DateTime,
    /// From when on their tokens count again; null until they are reinstated.
    pub reinstated_at: Option<DateTime>,
    /// When they last did anything here; null where nobody of this name ever did: is it how your tokens spell it?
    pub last_acted_at: Option<DateTime>,
    /// The ids of the programs that they registered and that may call. These go on: look whether each one should.
    pub applications: Vec<ID>,
}

/// Ending the tokens of people.
#[derive(Default)]
pub struct StaffMutation;

/// Ending the tokens of people.
#[Object]
impl StaffMutation {
    /// Ends every token of one of your agency's people, Concord's and your identity provider's, as when somebody leaves. In
    /// force on the very next request, and they are given none until `reinstateSubject`. Programs that they registered go on.
    async fn end_subject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person, as your tokens call them (`sub`): 1 to 128 characters.")]
        subject: String,
    ) -> Result<EndedSubject> {
        off_board(ctx.request()?, Resource::Agency.delete(), &subject, true).await
    }

    /// Lets one of your agency's people have tokens again whose tokens were ended. Those of before stay over.
    async fn reinstate_subject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person, as your tokens call them (`sub`): 1 to 128 characters.")]
        subject: String,
    ) -> Result<EndedSubject> {
        off_board(ctx.request()?, Resource::Agency.update(), &subject, false).await
    }
}

/// Ends a person's tokens, or lets them have tokens again. Either is an ending: what was read of their tokens under this
/// epoch is no longer so.
async fn off_board(
    request: &Request,
    needed: RequiredScope,
    subject: &str,
    ends: bool,
) -> Result<EndedSubject> {
    request.looks(needed).await?;
    let subject = rules::person("subject", subject)?;
    let agency = request.caller.agency();
    let known = off_boarding::find(&request.worker.store.read, agency, subject).await?;
    if off_boarding::is_ended(known.as_ref()) == ends {
        return show(request, subject).await;
    }
    let ending = request.counted_ending(needed).await?;
    let event = if ends {
        off_boarding::end(&ending, agency, subject).await?
    } else {
        off_boarding::reinstate(&ending, agency, subject).await?
    };
    match event {
        Some(event) => {
            ending.commit(event).await?;
        }
        None => ending.ends_nothing().give_up().await?,
    }
    show(request, subject).await
}

/// Returns what is known of a person of the caller's agency, whose tokens were ended once.
async fn show(request: &Request, subject: &str) -> Result<EndedSubject> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let known = off_boarding::find(&store.read, agency, subject).await?;
    let ended_subject::Model {
        ended_at,
        reinstated_at,
        ..
    } = known.ok_or(Error::NotFound)?;
    let written = leaf::subject(subject)?;
    let theirs = Reviewed {
        backend: store.backend,
        reader: agency,
        along: Along::Subject(agency, written),
        range: Condition::all(),
        only: Condition::all(),
    };
    let acted = theirs.page(&Order::Desc, 1).one(&store.read).await?;
    let registered = application::Entity::live_registered_by(agency, subject)
        .all(&store.read)
        .await?;
    Ok(EndedSubject {
        subject: subject.to_owned(),
        ended_at: ended_at.into(),
        reinstated_at: reinstated_at.map(Into::into),
        last_acted_at: acted.map(|event| event.recorded_at.into()),
        applications: registered
            .iter()
            .map(|one| ID(one.id.to_string()))
            .collect(),
    })
}
