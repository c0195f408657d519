//! A list cut into pages, after the Relay cursor specification: newest first, by keyset, never by offset.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_entities::ids::InvalidIdError;
use concord_entities::instant::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Order};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::error::{Error, InputPath};

/// How many entries a page has where its reader names no number.
pub const DEFAULT_SIZE: u64 = 20;
/// How many entries a page has at most.
pub const LARGEST_SIZE: u64 = 100;

/// Where an entry stands in its list: what the list is sorted by, so that it is unique in it.
pub trait CursorKey: Sized {
    /// Returns the place in a cursor.
    fn bytes(&self) -> Vec<u8>;

    /// Returns the place as the columns hold it that the list is sorted by.
    fn columns(&self) -> Vec<Expr>;

    /// Returns the place that a cursor holds; none where it is no such place.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// The place in a list that is sorted by ids which grow with time.
impl CursorKey for Uuid {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn columns(&self) -> Vec<Expr> {
        vec![Expr::value(*self)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

/// The place in a list whose ids are random: sorted by time, and by id where times are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The entry's time.
    pub at: Instant,
    /// The entry's id.
    pub id: Uuid,
}

impl CursorKey for Moment {
    fn bytes(&self) -> Vec<u8> {
        [self.at.0.to_be_bytes().as_slice(), self.id.as_bytes()].concat()
    }

    fn columns(&self) -> Vec<Expr> {
        vec![Expr::value(self.at), Expr::value(self.id)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk()?;
        Some(Self {
            at: Instant(i64::from_be_bytes(*at)),
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// Which page is wanted, of a list with such places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<P = Uuid> {
    /// How many entries.
    pub size: u64,
    /// Towards which end, from where.
    pub from: Towards<P>,
}

/// The direction of a page and the entry it starts beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards<P = Uuid> {
    /// Towards older entries, after this one or from the newest.
    Older(Option<P>),
    /// Towards newer entries, before this one or from the oldest.
    Newer(Option<P>),
}

/// A walk along a list: the one way in which every list is read, forwards, backwards, and to see what lies behind a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk<P = Uuid> {
    /// How many entries to bring at most.
    pub most: u64,
    newer: bool,
    from: Option<P>,
    with_it: bool,
}

impl<P: CursorKey> Walk<P> {
    /// Returns the walk that brings the first entries of a list.
    #[must_use]
    pub fn from_top(most: u64) -> Self {
        Self {
            most,
            newer: false,
            from: None,
            with_it: false,
        }
    }

    /// Returns the walk along a list that is sorted the other way round.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            newer: !self.newer,
            ..self
        }
    }

    /// Returns the order of the walk: of ids and times that grow, downwards towards older entries.
    #[must_use]
    pub fn order(&self) -> Order {
        if self.newer { Order::Asc } else { Order::Desc }
    }

    /// Returns what holds of the entries along the walk, in a list that is sorted by these columns; none where it begins at
    /// the end of the list.
    pub fn beyond<C: IntoColumnRef + Clone>(&self, columns: &[C]) -> Option<Expr> {
        let mut place = self.from.as_ref()?.columns();
        let mut columns: Vec<Expr> = columns.iter().cloned().map(Expr::col).collect();
        let (columns, place) = match (columns.len(), columns.pop(), place.pop()) {
            (1, Some(column), Some(place)) => (column, place),
            (_, last, of_last) => (
                Expr::tuple(columns.into_iter().chain(last)),
                Expr::tuple(place.into_iter().chain(of_last)),
            ),
        };
        Some(match (self.newer, self.with_it) {
            (false, false) => columns.lt(place),
            (false, true) => columns.lte(place),
            (true, false) => columns.gt(place),
            (true, true) => columns.gte(place),
        })
    }

    /// Returns these entries in the order of the walk; `among` may be in any order.
    #[must_use]
    pub fn in_order<E: EntityTrait>(
        &self,
        mut among: Select<E>,
        columns: &[E::Column],
    ) -> Select<E> {
        QueryTrait::query(&mut among).clear_order_by();
        for column in columns {
            among = among.order_by(*column, self.order());
        }
        among
    }

    /// Returns the entries along the walk among these, in a list that is sorted by these columns; `among` may be in any order.
    #[must_use]
    pub fn along<E: EntityTrait>(&self, among: Select<E>, columns: &[E::Column]) -> Select<E> {
        let among = self.in_order(among, columns);
        let columns: Vec<_> = columns.iter().map(ColumnTrait::as_column_ref).collect();
        match self.beyond(&columns) {
            Some(beyond) => among.filter(beyond).limit(self.most),
            None => among.limit(self.most),
        }
    }
}

/// A page: its entries in the order of the list, and what lies beyond.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries, newest first.
    pub entries: Vec<T>,
    /// Whether older ones follow.
    pub has_next: bool,
    /// Whether newer ones come before.
    pub has_previous: bool,
}

impl<P: CursorKey> PageRequest<P> {
    /// Returns the page that the arguments of a connection ask for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: a size outside 1 to 100, both directions at once, or a cursor that is none of ours.
    pub fn parse(
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<Self, Error> {
        let backwards = last.is_some() || before.is_some();
        if backwards && (first.is_some() || after.is_some()) {
            return Err(Error::input(
                "last",
                "page either with `first` and `after` or with `last` and `before`",
            ));
        }
        if backwards {
            Ok(Self {
                size: size("last", last)?,
                from: Towards::Newer(before.map(|text| cursor("before", text)).transpose()?),
            })
        } else {
            Ok(Self {
                size: size("first", first)?,
                from: Towards::Older(after.map(|text| cursor("after", text)).transpose()?),
            })
        }
    }

    /// Returns the walk that brings the page, and one entry more where there are more beyond.
    #[must_use]
    pub fn walk(&self) -> Walk<P>
    where
        P: Copy,
    {
        let (newer, from) = match self.from {
            Towards::Older(after) => (false, after),
            Towards::Newer(before) => (true, before),
        };
        Walk {
            most: self.size + 1,
            newer,
            from,
            with_it: false,
        }
    }

    /// Returns the walk the other way, that brings an entry where one lies behind the page. None where the page begins at an
    /// end of the list: nothing lies behind that.
    #[must_use]
    pub fn behind(&self) -> Option<Walk<P>>
    where
        P: Copy,
    {
        let there = self.walk();
        there.from.map(|from| Walk {
            most: 1,
            newer: !there.newer,
            from: Some(from),
            with_it: true,
        })
    }

    /// Returns the page of the rows that its walk brought; `behind` says whether anything lies behind it.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>, behind: bool) -> Page<T> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let beyond = rows.len() > size;
        rows.truncate(size);
        match &self.from {
            Towards::Older(_) => Page {
                entries: rows,
                has_next: beyond,
                has_previous: behind,
            },
            Towards::Newer(_) => {
                rows.reverse();
                Page {
                    entries: rows,
                    has_next: behind,
                    has_previous: beyond,
                }
            }
        }
    }
}

impl<T> Page<T> {
    /// Returns the same page of something else made of its entries.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            entries: self.entries.into_iter().map(make).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

fn size(argument: &str, wanted: Option<i32>) -> Result<u64, Error> {
    wanted.map_or(Ok(DEFAULT_SIZE), |wanted| sized(argument, wanted))
}

/// Returns how many entries are asked for, where a page may have as many.
///
/// # Errors
/// `BAD_USER_INPUT`: not 1 to 100.
pub fn sized(argument: impl Into<InputPath>, wanted: impl TryInto<u64>) -> Result<u64, Error> {
    match wanted.try_into() {
        Ok(wanted) if (1..=LARGEST_SIZE).contains(&wanted) => Ok(wanted),
        Ok(_) | Err(_) => Err(Error::input(argument, "a page has 1 to 100 entries")),
    }
}

/// Returns the cursor of an entry: opaque to its reader.
#[must_use]
pub fn cursor_of(place: &impl CursorKey) -> String {
    URL_SAFE_NO_PAD.encode(place.bytes())
}

fn cursor<P: CursorKey>(argument: &str, text: &str) -> Result<P, Error> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| P::read(&bytes))
        .ok_or_else(|| not_a_cursor(argument))
}

/// Returns the error for what is no cursor of the list that it is used for.
#[must_use]
pub fn not_a_cursor(argument: &str) -> Error {
    Error::input(
        argument,
        "not a cursor of this list: use one that a page gave you",
    )
}

/// Returns the id in an argument.
///
/// # Errors
/// `BAD_USER_INPUT`: not an id of this kind.
pub fn id<T: FromStr<Err = InvalidIdError>>(
    argument: impl Into<InputPath>,
    text: &str,
) -> Result<T, Error> {
    text.parse()
        .map_err(|invalid: InvalidIdError| Error::input(argument, invalid))
}
