//! A page below each of many parents, by one statement whatever their number: the same page of each parent's list.

use std::collections::HashMap;
use std::hash::Hash;

use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{DbErr, EntityTrait, IdenStatic, QueryResult, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::page::{Page, PageRequest, Towards};

const PARENT: &str = "below_parent";
const BEHIND: &str = "below_behind";
const NTH: &str = "below_nth";
const TOTAL: &str = "below_total";

/// Lists that hang below parents: the rows of all of them, and which column is their parent.
#[derive(Clone, Debug)]
pub struct Lists<E: EntityTrait> {
    /// The rows below all of the parents.
    pub rows: Select<E>,
    /// The parent.
    pub parent: E::Column,
    /// What each list is sorted by, the newest first: an id that grows with time.
    pub key: E::Column,
}

impl<E: EntityTrait> Lists<E> {
    /// Returns the statement that brings these columns of the wanted page of each list, one entry more where there are more,
    /// and one where something lies behind the page.
    #[must_use]
    pub fn page(self, columns: &[E::Column], wanted: &PageRequest) -> SelectStatement {
        let key = || Expr::col(self.key);
        let (direction, behind) = match wanted.from {
            Towards::Older(after) => ("DESC", after.map(|after| key().gte(after))),
            Towards::Newer(before) => ("ASC", before.map(|before| key().lte(before))),
        };
        let behind = behind.map_or_else(
            || Expr::cust("0"),
            |behind| CaseStatement::new().case(behind, 1).finally(0).into(),
        );
        let mut marked = self.rows.select_only().columns(columns.iter().copied());
        QueryTrait::query(&mut marked)
            .clear_order_by()
            .expr_as(Expr::col(self.parent), PARENT)
            .expr_as(behind, BEHIND);
        let key = self.key.as_str();
        let nth = format!(
            "row_number() OVER (PARTITION BY {PARENT}, {BEHIND} ORDER BY {key} {direction})"
        );
        let total = format!("count(*) OVER (PARTITION BY {PARENT})");
        let numbered = Query::select()
            .expr(Expr::cust("*"))
            .expr_as(Expr::cust(nth), NTH)
            .expr_as(Expr::cust(total), TOTAL)
            .from_subquery(marked.into_query(), "marked")
            .to_owned();
        let size = i64::try_from(wanted.size).unwrap_or(i64::MAX);
        let on_page = Expr::col(BEHIND)
            .eq(0)
            .and(Expr::col(NTH).lte(size.saturating_add(1)));
        Query::select()
            .expr(Expr::cust("*"))
            .from_subquery(numbered, "numbered")
            .and_where(on_page.or(Expr::col(NTH).lte(1)))
            .to_owned()
    }
}

/// The page of one parent's list, as the rows of all are told one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageBelow {
    /// The parent.
    pub parent: Uuid,
    /// How many entries of it are told.
    pub entries: usize,
    /// How many entries its list has.
    pub total: u64,
    has_next: bool,
    has_previous: bool,
}

/// What was found below one parent.
struct FoundBelow {
    parent: Uuid,
    /// Each with its number in the list.
    rows: Vec<(i64, QueryResult)>,
    behind: bool,
    total: i64,
}

/// Divides what such a statement brought: the rows that are told, parent by parent in the order of each list, and how many
/// are whose.
///
/// # Errors
/// Where a row is not of such a statement.
pub fn divide(
    found: Vec<QueryResult>,
    wanted: &PageRequest,
) -> Result<(Vec<QueryResult>, Vec<PageBelow>), DbErr> {
    let mut lists: Vec<FoundBelow> = Vec::new();
    let mut places: HashMap<Uuid, usize> = HashMap::new();
    for row in found {
        let Some(parent) = row.try_get::<Option<Uuid>>("", PARENT)? else {
            continue;
        };
        let place = *places.entry(parent).or_insert_with(|| {
            lists.push(FoundBelow {
                parent,
                rows: Vec::new(),
                behind: false,
                total: 0,
            });
            lists.len() - 1
        });
        let Some(list) = lists.get_mut(place) else {
            continue;
        };
        list.total = row.try_get("", TOTAL)?;
        if row.try_get::<i32>("", BEHIND)? == 0 {
            list.rows.push((row.try_get("", NTH)?, row));
        } else {
            list.behind = true;
        }
    }
    let mut told = Vec::new();
    let mut pages = Vec::new();
    for mut list in lists {
        list.rows.sort_by_key(|(nth, _)| *nth);
        let page = wanted.cut(list.rows, list.behind);
        pages.push(PageBelow {
            parent: list.parent,
            entries: page.entries.len(),
            total: u64::try_from(list.total).unwrap_or_default(),
            has_next: page.has_next,
            has_previous: page.has_previous,
        });
        told.extend(page.entries.into_iter().map(|(_, row)| row));
    }
    Ok((told, pages))
}

/// A page below one parent, and how many entries its list has.
#[derive(Clone, Debug)]
pub struct ListedBelow<T> {
    /// The page.
    pub page: Page<T>,
    /// How many entries the list has.
    pub total: u64,
}

impl<T> Default for ListedBelow<T> {
    /// Returns the page of a parent that has no list.
    fn default() -> Self {
        let page = Page {
            entries: Vec::new(),
            has_next: false,
            has_previous: false,
        };
        Self { page, total: 0 }
    }
}

/// Gives each parent its own of what was told.
pub fn by_parent<K: Eq + Hash, T>(
    told: Vec<T>,
    pages: &[PageBelow],
    key: impl Fn(Uuid) -> K,
) -> HashMap<K, ListedBelow<T>> {
    let mut told = told.into_iter();
    let below = |one: &PageBelow| {
        let page = Page {
            entries: told.by_ref().take(one.entries).collect(),
            has_next: one.has_next,
            has_previous: one.has_previous,
        };
        let total = one.total;
        (key(one.parent), ListedBelow { page, total })
    };
    pages.iter().map(below).collect()
}
