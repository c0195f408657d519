//! A page of a list of referrals, and how long the list is.

use async_graphql::{ComplexObject, SimpleObject};
use sea_orm::ConnectionTrait;

use super::find::Find;
use super::graphql::Referral;
use super::listing::ReferralOrder;
use crate::error::{Refusal, Result};
use crate::store::Store;
use crate::store::page::Page;
use crate::store::pages_below::ListedBelow;
use crate::wire::connection::{Connection, Edge, PageInfo};

/// As far as a list is counted.
const COUNTED: u64 = 1_000;

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ReferralConnection {
    /// The entries with their cursors.
    pub edges: Vec<Edge<Referral>>,
    /// Where the page lies in the list.
    pub page_info: PageInfo,
    /// How many entries the list has, where that was asked for.
    #[graphql(skip)]
    pub total_count: Option<TotalCount>,
}

#[ComplexObject]
impl ReferralConnection {
    /// How many entries the list has: counted where you ask for it, and as far as 1,000.
    #[expect(clippy::unused_async, reason = "a field of the wire is a future")]
    async fn total_count(&self) -> Result<&TotalCount> {
        let counted = self.total_count.as_ref();
        counted.ok_or_else(|| Refusal::internal(NotCountedError))
    }
}

/// How many entries a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct TotalCount {
    /// How many were counted: 1,000 at most.
    pub count: u32,
    /// Whether there are more than those: show `1000+`.
    pub or_more: bool,
}

/// A list was to be counted, and the query was not seen to ask for it.
#[derive(Debug, thiserror::Error)]
#[error("a list's length was selected without being read ahead")]
struct NotCountedError;

impl ReferralConnection {
    /// Returns the wire's form of a page below another record, the newest first.
    #[must_use]
    pub fn below(listed: ListedBelow<Referral>) -> Self {
        let total_count = Some(TotalCount::counted(listed.total));
        let Connection { edges, page_info } =
            Connection::from_page(listed.page, |one| one.seen.header.id.0);
        Self {
            edges,
            page_info,
            total_count,
        }
    }

    /// Returns the wire's form of a page of a list in this order.
    #[must_use]
    pub fn from_page(
        page: Page<Referral>,
        order: ReferralOrder,
        total_count: Option<TotalCount>,
    ) -> Self {
        let Connection { edges, page_info } = Connection::from_page(page, |one| one.place(order));
        Self {
            edges,
            page_info,
            total_count,
        }
    }
}

impl TotalCount {
    /// Counts a list. It names no record, and none goes on record.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub(super) async fn of(list: &Find<'_>, store: &Store) -> Result<Self> {
        let row = store.read.query_one(&list.count(COUNTED + 1)).await?;
        let counted: i64 = match row {
            Some(row) => row.try_get("", "count")?,
            None => 0,
        };
        Ok(Self::counted(u64::try_from(counted).unwrap_or_default()))
    }

    /// Returns what is told of so many.
    fn counted(count: u64) -> Self {
        Self {
            count: u32::try_from(count.min(COUNTED)).unwrap_or_default(),
            or_more: count > COUNTED,
        }
    }
}
