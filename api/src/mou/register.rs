//! Which list of MOUs is asked for: in which order, by which filters together. Asks no database.

use async_graphql::Enum;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou;
use concord_entities::vocabulary::{MouKind, MouStatus};
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use crate::error::Error;
use crate::store::page::{CursorKey, PageRequest, Towards};

/// In which order a list of MOUs is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum MouOrder {
    /// What was drafted last comes first.
    #[default]
    Newest,
    /// What ends soonest comes first, what is over before all; `statuses` leaves that out.
    Ending,
}

/// What is asked for: a filter, read.
#[derive(Clone, Debug, Default)]
pub struct WantedMous {
    /// Any of these states.
    pub statuses: Option<Vec<MouStatus>>,
    /// Any of these kinds.
    pub kinds: Option<Vec<MouKind>>,
    /// Those that this agency is a party of.
    pub party: Option<AgencyId>,
    /// Those that this task force follows.
    pub task_force: Option<TaskForceId>,
    /// Those whose last day comes before this one.
    pub ending_before: Option<Day>,
    /// Those that await this agency's signature.
    pub lacking_signature_of: Option<AgencyId>,
}

/// A list of MOUs.
#[derive(Clone, Debug, Default)]
pub struct MouRegister {
    /// In this order.
    pub order: MouOrder,
    /// What is in it.
    pub wanted: WantedMous,
}

impl MouRegister {
    /// Returns where an MOU stands in the list.
    #[must_use]
    pub fn place(&self, mou: &mou::Model) -> MouPlace {
        match self.order {
            MouOrder::Newest => MouPlace::Newest(mou.id),
            MouOrder::Ending => MouPlace::Ending(mou.ends_at, mou.id),
        }
    }

    /// Checks that a page begins at a place in this list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: the cursor is of a list in another order.
    pub fn check_place(&self, wanted: &PageRequest<MouPlace>) -> Result<(), Error> {
        let (argument, place) = match &wanted.from {
            Towards::Older(place) => ("after", place),
            Towards::Newer(place) => ("before", place),
        };
        if place.is_none_or(|place| place.order() == self.order) {
            Ok(())
        } else {
            let remedy = "a cursor of a list in another order: use one that this list gave you";
            Err(Error::input(argument, remedy))
        }
    }
}

/// Where an MOU stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouPlace {
    /// By its id, which grows with time.
    Newest(MouId),
    /// By its end, and by its id where ends are the same.
    Ending(Instant, MouId),
}

impl MouPlace {
    fn order(self) -> MouOrder {
        match self {
            Self::Newest(_) => MouOrder::Newest,
            Self::Ending(..) => MouOrder::Ending,
        }
    }
}

impl CursorKey for MouPlace {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Newest(id) => id.0.as_bytes().to_vec(),
            Self::Ending(at, id) => {
                [at.0.to_be_bytes().as_slice(), id.0.as_bytes().as_slice()].concat()
            }
        }
    }

    fn columns(&self) -> Vec<Expr> {
        match self {
            Self::Newest(id) => vec![Expr::value(*id)],
            Self::Ending(at, id) => vec![Expr::value(*at), Expr::value(*id)],
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let id = |bytes| Uuid::from_slice(bytes).ok().map(MouId);
        if let Some(newest) = id(bytes) {
            return Some(Self::Newest(newest));
        }
        let (at, rest) = bytes.split_first_chunk()?;
        Some(Self::Ending(Instant(i64::from_be_bytes(*at)), id(rest)?))
    }
}
