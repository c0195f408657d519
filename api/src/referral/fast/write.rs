//! A page, written by its plan.

use std::fmt::{Display, Write};

use concord_entities::instant::Instant;
use concord_entities::vocabulary::Code;

use super::plan::{
    JsonKey, Object, OfAgency, OfEdge, OfPage, OfPageInfo, OfReferral, OfTotal, PagePlan,
};
use crate::agency::graphql::Agency;
use crate::referral::connection::{ReferralConnection, TotalCount};
use crate::referral::graphql::Referral;
use crate::referral::rules::actions;
use crate::wire::connection::{Edge, PageInfo};

/// About what an entry of a page takes, in bytes.
const ENTRY: usize = 640;

/// Writes a page as JSON. Returns `None` if something cannot be written, which the derived type then says in its own way.
pub(super) fn page(page: &ReferralConnection, plan: &PagePlan) -> Option<String> {
    let mut out = String::with_capacity(ENTRY * (page.edges.len() + 1));
    object(&mut out, &plan.0, |out, field| match field {
        OfPage::TypeName => text(out, "ReferralConnection"),
        OfPage::Edges(plan) => list(out, &page.edges, |out, entry| edge(out, entry, plan)),
        OfPage::PageInfo(plan) => page_info(out, &page.page_info, plan),
        OfPage::TotalCount(plan) => total(out, page.total_count?, plan),
    })?;
    Some(out)
}

fn edge(out: &mut String, edge: &Edge<Referral>, plan: &Object<OfEdge>) -> Option<()> {
    object(out, plan, |out, field| match field {
        OfEdge::TypeName => text(out, "ReferralEdge"),
        OfEdge::Node(plan) => referral(out, &edge.node, plan),
        OfEdge::Cursor => text(out, &edge.cursor),
    })
}

fn total(out: &mut String, total: TotalCount, plan: &Object<OfTotal>) -> Option<()> {
    object(out, plan, |out, field| match field {
        OfTotal::TypeName => text(out, "TotalCount"),
        OfTotal::Count => write!(out, "{}", total.count).ok(),
        OfTotal::OrMore => write!(out, "{}", total.or_more).ok(),
    })
}

fn page_info(out: &mut String, info: &PageInfo, plan: &Object<OfPageInfo>) -> Option<()> {
    object(out, plan, |out, field| match field {
        OfPageInfo::TypeName => text(out, "PageInfo"),
        OfPageInfo::HasNextPage => write!(out, "{}", info.has_next_page).ok(),
        OfPageInfo::HasPreviousPage => write!(out, "{}", info.has_previous_page).ok(),
        OfPageInfo::StartCursor => or_null(out, info.start_cursor.as_deref(), text),
        OfPageInfo::EndCursor => or_null(out, info.end_cursor.as_deref(), text),
    })
}

fn referral(out: &mut String, referral: &Referral, plan: &Object<OfReferral>) -> Option<()> {
    let header = &referral.seen.header;
    let current = referral.seen.current;
    object(out, plan, |out, field| match field {
        OfReferral::TypeName => text(out, "Referral"),
        OfReferral::Id => plain(out, header.id),
        OfReferral::Status => plain(out, current.status.code()),
        OfReferral::StatusReason => or_null(out, current.reason, |out, it| plain(out, it.code())),
        OfReferral::Needs => list(out, header.needs.iter(), |out, it| plain(out, it.code())),
        OfReferral::Urgency => plain(out, header.urgency.code()),
        OfReferral::CreatedAt => plain(out, header.created_at.in_full()),
        OfReferral::SentAt => or_null(out, header.sent_at.map(Instant::in_full), plain),
        OfReferral::RespondBy => or_null(out, header.respond_by.map(Instant::in_full), plain),
        OfReferral::Overdue => write!(out, "{}", referral.seen.overdue).ok(),
        OfReferral::ExpiresAt => or_null(out, header.expires_at.map(Instant::in_full), plain),
        OfReferral::UpdatedAt => plain(out, header.updated_at.in_full()),
        OfReferral::AllowedActions => {
            let seen = &referral.seen;
            let allowed = actions::unblocked(current.status, seen.side, &seen.blocks);
            list(out, allowed, |out, it| plain(out, it.code()))
        }
        OfReferral::Sender(plan) => agency(out, &referral.sender, plan),
        OfReferral::Recipient(plan) => agency(out, &referral.recipient, plan),
    })
}

fn agency(out: &mut String, agency: &Agency, plan: &Object<OfAgency>) -> Option<()> {
    let known = agency.known();
    object(out, plan, |out, field| match field {
        OfAgency::TypeName => text(out, "Agency"),
        OfAgency::Id => plain(out, known.id),
        OfAgency::Name => text(out, &known.name),
        OfAgency::Kind => plain(out, known.kind.code()),
    })
}

fn object<F>(
    out: &mut String,
    plan: &Object<F>,
    each: impl Fn(&mut String, &F) -> Option<()>,
) -> Option<()> {
    out.push('{');
    let mut first = true;
    for (JsonKey(key), field) in plan {
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(key);
        each(out, field)?;
    }
    out.push('}');
    Some(())
}

fn list<T>(
    out: &mut String,
    all: impl IntoIterator<Item = T>,
    each: impl Fn(&mut String, T) -> Option<()>,
) -> Option<()> {
    out.push('[');
    let mut first = true;
    for one in all {
        if !first {
            out.push(',');
        }
        first = false;
        each(out, one)?;
    }
    out.push(']');
    Some(())
}

fn or_null<T>(
    out: &mut String,
    value: Option<T>,
    some: impl Fn(&mut String, T) -> Option<()>,
) -> Option<()> {
    if let Some(value) = value {
        some(out, value)
    } else {
        out.push_str("null");
        Some(())
    }
}

/// Writes something of ours whose text needs no escaping: an id, a code, a moment.
fn plain(out: &mut String, value: impl Display) -> Option<()> {
    write!(out, "\"{value}\"").ok()
}

/// Writes any text.
fn text(out: &mut String, value: &str) -> Option<()> {
    let escaped = value
        .bytes()
        .any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
    if escaped {
        out.push_str(&serde_json::to_string(value).ok()?);
    } else {
        out.push('"');
        out.push_str(value);
        out.push('"');
    }
    Some(())
}
