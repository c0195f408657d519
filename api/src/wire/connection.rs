//! Connections after the Relay cursor specification.

use std::borrow::Cow;

use async_graphql::{Object, ObjectType, OutputType, SimpleObject, TypeName};
use tokio::task::consume_budget;

use crate::store::page::{self, CursorKey, Page};

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(name_type)]
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
pub struct Edge<T: OutputType + ObjectType> {
    /// The entry.
    pub node: T,
    /// Where it stands.
    pub cursor: String,
}

/// An entry of a list, and where it stands.
#[Object(name_type)]
impl<T: OutputType + ObjectType> Edge<T> {
    /// The entry.
    async fn node(&self) -> &T {
        // What is at hand is answered without a pause: after some entries the thread's other requests are let by.
        consume_budget().await;
        &self.node
    }

    /// Where it stands: for `after` and `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }
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
    /// Returns the wire's form of a page; `place` is what a cursor stands for.
    pub fn from_page<P: CursorKey>(page: Page<T>, place: impl Fn(&T) -> P) -> Self {
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

impl<T: OutputType + ObjectType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// Returns the same page, of a list that was looked through as far as this place and may have more beyond it: whoever goes on
    /// goes on there.
    #[must_use]
    pub fn reaching(mut self, place: &impl CursorKey) -> Self {
        let reached = Some(page::cursor_of(place));
        if self.page_info.has_next_page {
            self.page_info.end_cursor = reached;
        } else {
            self.page_info.start_cursor = reached;
        }
        self
    }
}

impl<T: OutputType + ObjectType> TypeName for Connection<T>
where
    Edge<T>: OutputType,
{
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <T as OutputType>::type_name()).into()
    }
}

impl<T: OutputType + ObjectType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <T as OutputType>::type_name()).into()
    }
}
