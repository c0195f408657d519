//! Connections after the Relay cursor specification.

use async_graphql::{ObjectType, OutputType, SimpleObject};

use crate::agency::graphql::{Agency, TaskForce};
use crate::application::graphql::Application;
use crate::audit::accounting::Disclosure;
use crate::audit::graphql::AuditEvent;
use crate::consent::graphql::Consent;
use crate::consent::notice::Notice;
use crate::consent::packs::RulePack;
use crate::mandate::graphql::MandatedDisclosure;
use crate::mou::graphql::Mou;
use crate::referral::graphql::Referral;
use crate::store::page::{self, Page, Place};
use crate::survivor::graphql::Survivor;

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "AgencyConnection", params(Agency)),
    concrete(name = "ApplicationConnection", params(Application)),
    concrete(name = "TaskForceConnection", params(TaskForce)),
    concrete(name = "SurvivorConnection", params(Survivor)),
    concrete(name = "ConsentConnection", params(Consent)),
    concrete(name = "RulePackConnection", params(RulePack)),
    concrete(name = "ReferralConnection", params(Referral)),
    concrete(name = "MandatedDisclosureConnection", params(MandatedDisclosure)),
    concrete(name = "MouConnection", params(Mou)),
    concrete(name = "DisclosureConnection", params(Disclosure)),
    concrete(name = "NoticeConnection", params(Notice)),
    concrete(name = "AuditEventConnection", params(AuditEvent))
)]
pub struct Connection<T: OutputType + ObjectType>
where
    Edge<T>: OutputType,
{
    /// The entries with their cursors.
    pub edges: Vec<Edge<T>>,
    /// Where the page lies in the list.
    pub page_info: PageInfo,
}

/// An entry of a list, and where it stands.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "AgencyEdge", params(Agency)),
    concrete(name = "ApplicationEdge", params(Application)),
    concrete(name = "TaskForceEdge", params(TaskForce)),
    concrete(name = "SurvivorEdge", params(Survivor)),
    concrete(name = "ConsentEdge", params(Consent)),
    concrete(name = "RulePackEdge", params(RulePack)),
    concrete(name = "ReferralEdge", params(Referral)),
    concrete(name = "MandatedDisclosureEdge", params(MandatedDisclosure)),
    concrete(name = "MouEdge", params(Mou)),
    concrete(name = "DisclosureEdge", params(Disclosure)),
    concrete(name = "NoticeEdge", params(Notice)),
    concrete(name = "AuditEventEdge", params(AuditEvent))
)]
pub struct Edge<T: OutputType + ObjectType> {
    /// The entry.
    pub node: T,
    /// Where it stands: for `after` and `before`.
    pub cursor: String,
}

/// Where a page lies in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether more follow after the last entry.
    pub has_next_page: bool,
    /// Whether there are more before the first entry.
    pub has_previous_page: bool,
    /// The cursor of the first entry.
    pub start_cursor: Option<String>,
    /// The cursor of the last entry.
    pub end_cursor: Option<String>,
}

impl<T: OutputType + ObjectType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// The wire's form of a page; `place` is what a cursor stands for.
    pub fn of<P: Place>(page: Page<T>, place: impl Fn(&T) -> P) -> Self {
        let edges: Vec<Edge<T>> = page
            .entries
            .into_iter()
            .map(|node| Edge {
                cursor: page::cursor_of(&place(&node)),
                node,
            })
            .collect();
        Self {
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                end_cursor: edges.last().map(|edge| edge.cursor.clone()),
            },
            edges,
        }
    }
}
