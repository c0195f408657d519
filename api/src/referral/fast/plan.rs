//! What to write for each entry of a page, in the order of the answer: its selection, read once.

use async_graphql::ContextSelectionSet;
use async_graphql::parser::types::{Selection, SelectionSet};

/// What is written of an object, each after its key.
pub(super) type Object<F> = Vec<(JsonKey, F)>;

/// A key with its quotes and colon. A GraphQL name needs no escaping.
pub(super) struct JsonKey(pub(super) String);

/// The page.
pub(super) struct PagePlan(pub(super) Object<OfPage>);

/// A field of the page.
pub(super) enum OfPage {
    TypeName,
    Edges(Object<OfEdge>),
    PageInfo(Object<OfPageInfo>),
    TotalCount(Object<OfTotal>),
}

/// A field of an edge.
pub(super) enum OfEdge {
    TypeName,
    Node(Object<OfReferral>),
    Cursor,
}

/// A field of the list's length.
pub(super) enum OfTotal {
    TypeName,
    Count,
    OrMore,
}

/// A field of the page's place.
pub(super) enum OfPageInfo {
    TypeName,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
}

/// A field of a referral's header.
pub(super) enum OfReferral {
    TypeName,
    Id,
    Status,
    StatusReason,
    Needs,
    Urgency,
    CreatedAt,
    SentAt,
    RespondBy,
    Overdue,
    ExpiresAt,
    UpdatedAt,
    AllowedActions,
    Sender(Object<OfAgency>),
    Recipient(Object<OfAgency>),
}

/// A field of an agency that its name is known by.
pub(super) enum OfAgency {
    TypeName,
    Id,
    Name,
    Kind,
}

impl PagePlan {
    /// Reads the plan of a page's selection. Returns `None` if something in it is not covered.
    pub(super) fn read(ctx: &ContextSelectionSet<'_>) -> Option<Self> {
        let all = [&ctx.item.node];
        let names = ["ReferralConnection"];
        object(ctx, &names, &all, |field| match field.name {
            "__typename" => Some(OfPage::TypeName),
            "edges" => edge(ctx, field).map(OfPage::Edges),
            "pageInfo" => page_info(ctx, field).map(OfPage::PageInfo),
            "totalCount" => total(ctx, field).map(OfPage::TotalCount),
            _ => None,
        })
        .map(Self)
    }
}

fn edge(ctx: &ContextSelectionSet<'_>, field: &Selected<'_>) -> Option<Object<OfEdge>> {
    object(ctx, &["ReferralEdge"], &field.below, |field| {
        match field.name {
            "__typename" => Some(OfEdge::TypeName),
            "node" => referral(ctx, field).map(OfEdge::Node),
            "cursor" => Some(OfEdge::Cursor),
            _ => None,
        }
    })
}

fn page_info(ctx: &ContextSelectionSet<'_>, field: &Selected<'_>) -> Option<Object<OfPageInfo>> {
    object(ctx, &["PageInfo"], &field.below, |field| {
        Some(match field.name {
            "__typename" => OfPageInfo::TypeName,
            "hasNextPage" => OfPageInfo::HasNextPage,
            "hasPreviousPage" => OfPageInfo::HasPreviousPage,
            "startCursor" => OfPageInfo::StartCursor,
            "endCursor" => OfPageInfo::EndCursor,
            _ => return None,
        })
    })
}

fn total(ctx: &ContextSelectionSet<'_>, field: &Selected<'_>) -> Option<Object<OfTotal>> {
    object(ctx, &["TotalCount"], &field.below, |field| {
        Some(match field.name {
            "__typename" => OfTotal::TypeName,
            "count" => OfTotal::Count,
            "orMore" => OfTotal::OrMore,
            _ => return None,
        })
    })
}

fn referral(ctx: &ContextSelectionSet<'_>, field: &Selected<'_>) -> Option<Object<OfReferral>> {
    object(ctx, &["Referral", "Node"], &field.below, |field| {
        Some(match field.name {
            "__typename" => OfReferral::TypeName,
            "id" => OfReferral::Id,
            "status" => OfReferral::Status,
            "statusReason" => OfReferral::StatusReason,
            "needs" => OfReferral::Needs,
            "urgency" => OfReferral::Urgency,
            "createdAt" => OfReferral::CreatedAt,
            "sentAt" => OfReferral::SentAt,
            "respondBy" => OfReferral::RespondBy,
            "overdue" => OfReferral::Overdue,
            "expiresAt" => OfReferral::ExpiresAt,
            "updatedAt" => OfReferral::UpdatedAt,
            "allowedActions" => OfReferral::AllowedActions,
            "sender" => OfReferral::Sender(agency(ctx, field)?),
            "recipient" => OfReferral::Recipient(agency(ctx, field)?),
            _ => return None,
        })
    })
}

fn agency(ctx: &ContextSelectionSet<'_>, field: &Selected<'_>) -> Option<Object<OfAgency>> {
    object(ctx, &["Agency", "Node"], &field.below, |field| {
        Some(match field.name {
            "__typename" => OfAgency::TypeName,
            "id" => OfAgency::Id,
            "name" => OfAgency::Name,
            "kind" => OfAgency::Kind,
            _ => return None,
        })
    })
}

/// A field that is selected once or more, with everything that is selected below it.
struct Selected<'a> {
    key: &'a str,
    name: &'a str,
    below: Vec<&'a SelectionSet>,
}

/// Reads the plan of an object that answers to `names`: its type and its interfaces.
fn object<'a, F>(
    ctx: &ContextSelectionSet<'a>,
    names: &[&str],
    selections: &[&'a SelectionSet],
    each: impl Fn(&Selected<'a>) -> Option<F>,
) -> Option<Object<F>> {
    let mut fields = Vec::new();
    for selection in selections {
        collect(ctx, names, selection, &mut fields)?;
    }
    fields
        .iter()
        .map(|field| Some((JsonKey(format!("\"{}\":", field.key)), each(field)?)))
        .collect()
}

/// Gathers fields as the specification's `CollectFields` does: fragments looked through, and fields of one key together.
/// `@skip` and `@include` are gone by now. Returns `None` at any other directive.
fn collect<'a>(
    ctx: &ContextSelectionSet<'a>,
    names: &[&str],
    selection: &'a SelectionSet,
    fields: &mut Vec<Selected<'a>>,
) -> Option<()> {
    for item in &selection.items {
        if !item.node.directives().is_empty() {
            return None;
        }
        let (condition, below) = match &item.node {
            Selection::Field(field) => {
                add(
                    fields,
                    field.node.response_key().node.as_str(),
                    field.node.name.node.as_str(),
                    &field.node.selection_set.node,
                )?;
                continue;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = ctx
                    .query_env
                    .fragments
                    .get(&spread.node.fragment_name.node)?;
                (
                    Some(&fragment.node.type_condition),
                    &fragment.node.selection_set,
                )
            }
            Selection::InlineFragment(inline) => (
                inline.node.type_condition.as_ref(),
                &inline.node.selection_set,
            ),
        };
        let applies = condition.is_none_or(|on| names.contains(&on.node.on.node.as_str()));
        if applies {
            collect(ctx, names, &below.node, fields)?;
        }
    }
    Some(())
}

fn add<'a>(
    fields: &mut Vec<Selected<'a>>,
    key: &'a str,
    name: &'a str,
    below: &'a SelectionSet,
) -> Option<()> {
    match fields.iter_mut().find(|field| field.key == key) {
        Some(known) if known.name == name => known.below.push(below),
        // Two fields under one key: what the executor makes of it is for the executor to say.
        Some(_) => return None,
        None => fields.push(Selected {
            key,
            name,
            below: vec![below],
        }),
    }
    Some(())
}
