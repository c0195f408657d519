//! The mailbox and the feed on the wire.

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::vocabulary::{ChangedKind, Code};

use super::{cursor, mailbox, query, states};
use crate::access::Caller;
use crate::access::grant::Resource;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::store::page;
use crate::wire::connection::{Connection, Edge, PageInfo};
use crate::wire::scalars::DateTime;

/// What a badge needs. It names no record, and reading it is not on record: poll it. Each count is taken up to 1,000: there it
/// means that many or more.
#[derive(Clone, Debug, SimpleObject)]
pub struct Mailbox {
    /// The referrals in your inbox that are `REQUESTED` now: not expired, and not suspended.
    pub inbox_unanswered: i32,
    /// Those of them whose `respondBy` is past.
    pub inbox_overdue: i32,
    /// The referrals in your outbox that are `ACCEPTED` or `REJECTED` now and changed last within the past 7 days.
    pub outbox_answered: i32,
    /// The notices to your agency of which it has not said that it has seen them.
    pub unseen_notices: i32,
    /// When something changed last that `changes` tells of; null where nothing did within its 30 days.
    pub changed_at: Option<DateTime>,
    /// The newest cursor of `changes`. To begin to synchronise: take it, read the lists, then go on from it.
    pub changes_cursor: String,
}

/// That a record changed: which one, and where it stands now. What it says is read by its id.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Change")]
pub struct RecordChange {
    /// What kind of record.
    #[graphql(name = "type")]
    pub kind: ChangedKind,
    /// The record's id.
    pub object: ID,
    /// When that which changed it was recorded. The order is not by this time, but by the audit log's places.
    pub at: DateTime,
    /// Where the record stands now: a code of `ReferralStatus`, `ConsentStatus` or `MouStatus`; of a notice, `SEEN` or
    /// `UNSEEN`.
    pub state: String,
}

/// Reading the mailbox and the feed.
#[derive(Default)]
pub struct FeedQuery;

/// Reading the mailbox and the feed.
#[Object]
impl FeedQuery {
    /// What a badge needs: counts, and when something changed last. Requires `referral.s`.
    async fn mailbox(&self, ctx: &Context<'_>) -> Result<Mailbox> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.search())?;
        let counts = mailbox::count(request).await?;
        Ok(Mailbox {
            inbox_unanswered: counts.unanswered,
            inbox_overdue: counts.overdue,
            outbox_answered: counts.answered,
            unseen_notices: counts.unseen_notices,
            changed_at: counts.changed_at.map(DateTime::from),
            changes_cursor: cursor::seal(&counts.cursor, &request.worker.ledger_key),
        })
    }

    /// What changed for your agency, the oldest first, in the audit log's order: so that whoever goes on from `endCursor`
    /// misses nothing, however late it was committed. Referrals (`referral.s`), consents and notices (`consent.s`) and MOUs
    /// (`mou.s`): each kind that your token lists. Within a page a record is named once, where it changed last, and what your
    /// agency cannot see any more is not named: a page may have fewer entries than `first`, or none, and more may follow.
    /// `endCursor` is always there. It can be gone on from for 30 days: after that, or where the data store was put back, the
    /// error `CURSOR_EXPIRED` says to read the lists anew. What time alone does (a consent lapses, a referral expires) is
    /// told by the records' own dates.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The cursor to go on after; the oldest that is kept where you leave it out."
        )]
        after: Option<String>,
        #[graphql(desc = "How many changes to look through, 1 to 100; 20 where you leave it out.")]
        first: Option<i32>,
    ) -> Result<Connection<RecordChange>> {
        let request = ctx.request()?;
        require_some_kind(&request.caller)?;
        let size = first.map_or(Ok(page::DEFAULT_SIZE), |first| page::sized("first", first))?;
        let key = &request.worker.ledger_key;
        let after = after
            .map(|text| {
                let cursor = cursor::open(key, request.caller.agency(), &text);
                cursor.ok_or_else(|| page::not_a_cursor("after"))
            })
            .transpose()?;
        let page = query::page(request, after, size).await?;
        let edges: Vec<_> = page
            .named
            .into_iter()
            .map(|one| Edge {
                cursor: cursor::seal(&one.cursor, key),
                node: RecordChange {
                    kind: one.row.kind,
                    object: ID(query::object(&one.row)),
                    at: one.row.at.into(),
                    state: one.state.to_owned(),
                },
            })
            .collect();
        Ok(Connection {
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                end_cursor: Some(cursor::seal(&page.end, key)),
            },
            edges,
        })
    }
}

/// Checks that the token lists some kind of what changes.
fn require_some_kind(caller: &Caller) -> Result<(), Error> {
    let mut kinds = ChangedKind::ALL.iter();
    if kinds.any(|kind| caller.may(states::resource(*kind).search()).is_ok()) {
        return Ok(());
    }
    let needed = Resource::Referral.search().to_string();
    Err(Error::forbidden_scope(needed))
}
