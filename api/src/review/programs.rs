//! The applications that audit events name, as far as their reader may know them: its own agency's.

use std::collections::HashMap;

use concord_entities::audit_event;
use concord_entities::ids::ApplicationId;

use crate::application::graphql::{Application, own};
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::Request;

/// Some of the reader's own agency's applications.
#[derive(Clone, Debug, Default)]
pub(super) struct Programs(HashMap<ApplicationId, Application>);

impl Programs {
    /// Returns the application that a leaf names, where it is one of these.
    pub(super) fn named(&self, leaf: &Leaf) -> Option<Application> {
        self.0.get(&leaf.client.parse().ok()?).cloned()
    }

    async fn of(request: &Request, events: &[audit_event::Model]) -> Result<Self> {
        let named = events
            .iter()
            .filter_map(|row| serde_json::from_str::<Leaf>(&row.leaf).ok())
            .filter_map(|leaf| leaf.client.parse().ok());
        own(request, named).await.map(Self)
    }
}

/// Returns the same events with the applications that they name, read and named on record before anything is released.
pub(super) async fn with_programs<T>(
    request: &Request,
    found: Decided<T>,
    events: impl Fn(&T) -> &[audit_event::Model],
) -> Result<Decided<(T, Programs)>> {
    let programs = Programs::of(request, events(&found.content)).await?;
    let named: Vec<String> = programs.0.keys().map(ToString::to_string).collect();
    Ok(found.naming(named).map(|content| (content, programs)))
}
