//! Which lists of referrals are answered: in which order, by which filters together. Each is walked along an index, whatever
//! its size and whether or not anything matches. Asks no database.

use async_graphql::Enum;
use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId, SurvivorId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, Need, Needs, ReferralStatus, Urgency};
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use crate::error::{Error, Faults};
use crate::store::page::{CursorKey, PageRequest, Towards};

/// How many walks along an index one page may take.
const WALKS: usize = 36;

/// Where a referral stands that was sent and is not over: its recipient works on it, or would if its consent or MOU were in force.
const UNDONE: [ReferralStatus; 5] = [
    ReferralStatus::Requested,
    ReferralStatus::Accepted,
    ReferralStatus::InProgress,
    ReferralStatus::OnHold,
    ReferralStatus::Suspended,
];

/// The lists that are answered: of which box, in which order, by what. `docs/CLIENTS.md` prints it.
pub const SUPPORTED: [(&str, &str, &str); 6] = [
    ("either", "`ARRIVAL`", "`sentSince`, `sentBefore`"),
    ("either", "`LAST_CHANGE`", "`updatedSince`"),
    ("either", "`MOST_URGENT`", "`statuses`, or `overdue`"),
    (
        "`INBOX`",
        "`ARRIVAL`",
        "`statuses`, one of `urgencies`, `needs`, `counterpart`, `mou`, `assignee`, and `sentSince`, `sentBefore`",
    ),
    (
        "`OUTBOX`",
        "`LAST_CHANGE`",
        "`statuses`, one of `urgencies`, `needs`, `counterpart`, `mou`, and `updatedSince`",
    ),
    (
        "either",
        "any",
        "`consent` or, in the outbox, `survivor`, with all of the others but `overdue`; `assignee` in the inbox alone",
    ),
];

/// Which of your agency's two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Box")]
pub enum ReferralBox {
    /// What was sent to your agency.
    Inbox,
    /// What your agency wrote, drafts included.
    Outbox,
}

/// In which order a list of referrals is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ReferralOrder {
    /// What was sent last comes first; drafts are left out. An inbox is in this order where you name none.
    Arrival,
    /// What somebody changed last comes first. An outbox is in this order where you name none.
    LastChange,
    /// What wants an answer soonest comes first, by `respondBy`; drafts are left out.
    MostUrgent,
}

impl ReferralOrder {
    const ALL: [Self; 3] = [Self::Arrival, Self::LastChange, Self::MostUrgent];

    /// Returns its name on the wire.
    const fn name(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::LastChange => "LAST_CHANGE",
            Self::MostUrgent => "MOST_URGENT",
        }
    }

    /// Returns how a cursor calls it.
    const fn tag(self) -> u8 {
        match self {
            Self::Arrival => 1,
            Self::LastChange => 2,
            Self::MostUrgent => 3,
        }
    }

    /// Returns what a cursor calls so.
    fn of_tag(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.tag() == tag)
    }
}

/// What is asked for: a filter, read.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Any of these states.
    pub statuses: Option<Vec<ReferralStatus>>,
    /// Any of these urgencies.
    pub urgencies: Option<Vec<Urgency>>,
    /// Any of these needs.
    pub needs: Option<Needs>,
    /// With this other agency.
    pub counterpart: Option<AgencyId>,
    /// On this MOU.
    pub mou: Option<MouId>,
    /// On this consent.
    pub consent: Option<ConsentId>,
    /// Of this survivor.
    pub survivor: Option<SurvivorId>,
    /// Taken on by this one of the recipient's people.
    pub assignee: Option<String>,
    /// Those whose answer is overdue.
    pub overdue: Option<bool>,
    /// Sent then or later.
    pub sent_since: Option<Instant>,
    /// Sent before then.
    pub sent_before: Option<Instant>,
    /// Changed then or later.
    pub updated_since: Option<Instant>,
}

/// A list that is answered.
#[derive(Clone, Debug)]
pub struct Listing {
    /// In this order.
    pub order: ReferralOrder,
    /// Whether it is read from the other end of that order.
    pub backwards: bool,
    /// What is in it.
    pub wanted: Wanted,
    /// What keeps of that only what stands on an agency's place in a task force.
    pub on_place: Option<OnPlace>,
    /// How it is found.
    pub found_by: FoundBy,
}

/// How a list is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Along this whole box.
    Box(ReferralBox),
    /// Along an index for each of these, all at once.
    Walks(Vec<IndexWalk>),
    /// Of the few that a consent or a survivor has in this box.
    Few(ReferralBox),
}

/// What stands on an agency's place in a task force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnPlace {
    /// What is shared under the MOUs that this task force follows; none where the agency has no place in it.
    pub followed_by: Option<TaskForceId>,
    /// What is shared with these under an MOU that no task force follows.
    pub unfollowed_with: Vec<AgencyId>,
}

/// One walk along an index: in a box, a status as the index has it, and what else its rows have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexWalk {
    /// The box.
    pub which: ReferralBox,
    /// The status.
    pub status: ReferralStatus,
    /// What else.
    pub narrowed: IndexKey,
}

/// What the rows of one index have in common, beside the box and the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKey {
    /// Nothing.
    None,
    /// An urgency.
    Urgency(Urgency),
    /// A need among others.
    Need(Need),
    /// The other agency.
    Counterpart(AgencyId),
    /// The MOU.
    Mou(MouId),
    /// Who of the recipient's people took it on.
    Assignee,
}

impl Listing {
    /// Returns the list that is wanted of a box, in this order or in the one that the filter goes with.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: no index answers it.
    pub fn of(
        which: ReferralBox,
        order: Option<ReferralOrder>,
        wanted: Wanted,
    ) -> Result<Self, Error> {
        let order = order.unwrap_or_else(|| wanted.usual_order(which));
        let mut faults = Faults::default();
        let path = if wanted.consent.is_some() || wanted.survivor.is_some() {
            wanted.check_few(which, &mut faults);
            FoundBy::Few(which)
        } else {
            wanted.check(which, order, &mut faults);
            wanted.path(which, order, &mut faults)
        };
        faults.none()?;
        Ok(Self {
            order,
            backwards: false,
            wanted,
            on_place: None,
            found_by: path,
        })
    }

    /// Returns the list of what an agency leaves without a path where it ends, what was sent first first: the open referrals of
    /// both boxes, with that agency alone where it is the `counterpart`; `on_place` keeps of them what its end in one task force
    /// leaves.
    #[must_use]
    pub fn left_behind(counterpart: Option<AgencyId>, on_place: Option<OnPlace>) -> Self {
        let narrowed = counterpart.map_or(IndexKey::None, IndexKey::Counterpart);
        let boxes = [ReferralBox::Inbox, ReferralBox::Outbox].into_iter();
        let walks = boxes.flat_map(|which| {
            UNDONE.map(|status| IndexWalk {
                which,
                status,
                narrowed,
            })
        });
        Self {
            order: ReferralOrder::Arrival,
            backwards: true,
            wanted: Wanted {
                statuses: Some(UNDONE.into()),
                counterpart,
                ..Wanted::default()
            },
            on_place,
            found_by: FoundBy::Walks(walks.collect()),
        }
    }

    /// Checks that a page begins at a place in this list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: the cursor is of a list in another order.
    pub fn check_place(&self, wanted: &PageRequest<ListPlace>) -> Result<(), Error> {
        let (argument, place) = match &wanted.from {
            Towards::Older(place) => ("after", place),
            Towards::Newer(place) => ("before", place),
        };
        if place.as_ref().is_none_or(|place| place.order == self.order) {
            Ok(())
        } else {
            let remedy = "a cursor of a list in another order: use one that this list gave you";
            Err(Error::input(argument, remedy))
        }
    }
}

impl Wanted {
    /// Returns the order that a filter goes with; otherwise each box has its own.
    fn usual_order(&self, which: ReferralBox) -> ReferralOrder {
        if self.overdue.is_some() {
            ReferralOrder::MostUrgent
        } else if self.updated_since.is_some() {
            ReferralOrder::LastChange
        } else if self.sent_since.or(self.sent_before).is_some() {
            ReferralOrder::Arrival
        } else {
            own_order(which)
        }
    }

    fn check_few(&self, which: ReferralBox, faults: &mut Faults) {
        let known = self.survivor.is_none() || which == ReferralBox::Outbox;
        let remedy = "whose referral it is, its sender alone knows: ask for it in the OUTBOX";
        faults.require(known, "filter.survivor", remedy);
        self.check_assignee(which, faults);
        let remedy =
            "goes with no `consent` or `survivor`: each entry says whether it is `overdue`";
        faults.require(self.overdue.is_none(), "filter.overdue", remedy);
        self.check_times(faults);
    }

    fn check_assignee(&self, which: ReferralBox, faults: &mut Faults) {
        let known = self.assignee.is_none() || which == ReferralBox::Inbox;
        let remedy = "who took it on, its recipient alone knows: ask for it in the INBOX";
        faults.require(known, "filter.assignee", remedy);
    }

    fn check(&self, which: ReferralBox, order: ReferralOrder, faults: &mut Faults) {
        let goes_with = |asked: bool, with: ReferralOrder| !asked || order == with;
        for (place, asked, with) in [
            (
                "filter.sentSince",
                self.sent_since.is_some(),
                ReferralOrder::Arrival,
            ),
            (
                "filter.sentBefore",
                self.sent_before.is_some(),
                ReferralOrder::Arrival,
            ),
            (
                "filter.updatedSince",
                self.updated_since.is_some(),
                ReferralOrder::LastChange,
            ),
            (
                "filter.overdue",
                self.overdue.is_some(),
                ReferralOrder::MostUrgent,
            ),
        ] {
            let remedy = format!("goes with `orderBy: {}`", with.name());
            faults.require(goes_with(asked, with), place, remedy);
        }
        faults.require(
            self.overdue != Some(false),
            "filter.overdue",
            "write true, or leave it out",
        );
        faults.require(
            self.overdue.is_none() || self.statuses.is_none(),
            "filter.statuses",
            "what is overdue is `REQUESTED`: leave this out",
        );
        self.check_assignee(which, faults);
        let narrowing = self.narrowing_places();
        for place in narrowing.iter().skip(1) {
            let remedy =
                "one of `urgencies`, `needs`, `counterpart`, `mou` and `assignee` at a time";
            faults.add(*place, remedy);
        }
        if order == ReferralOrder::MostUrgent {
            for place in narrowing.iter().take(1) {
                faults.add(*place, "`orderBy: MOST_URGENT` goes with `statuses` alone");
            }
        } else if order != own_order(which) {
            let statuses = self.statuses.is_some().then_some("filter.statuses");
            for place in statuses.into_iter().chain(narrowing.into_iter().take(1)) {
                let remedy = format!(
                    "goes with `orderBy: {}` in this box",
                    own_order(which).name()
                );
                faults.add(place, remedy);
            }
        }
        self.check_times(faults);
    }

    fn check_times(&self, faults: &mut Faults) {
        let in_order = self
            .sent_since
            .zip(self.sent_before)
            .is_none_or(|(since, before)| since < before);
        faults.require(
            in_order,
            "filter.sentBefore",
            "a moment after `filter.sentSince`",
        );
    }

    /// Returns where it names something that an index of its own is walked by.
    fn narrowing_places(&self) -> Vec<&'static str> {
        [
            ("filter.urgencies", self.urgencies.is_some()),
            ("filter.needs", self.needs.is_some()),
            ("filter.counterpart", self.counterpart.is_some()),
            ("filter.mou", self.mou.is_some()),
            ("filter.assignee", self.assignee.is_some()),
        ]
        .into_iter()
        .filter_map(|(place, named)| named.then_some(place))
        .collect()
    }

    fn narrowings(&self) -> Vec<IndexKey> {
        if let Some(urgencies) = &self.urgencies {
            urgencies.iter().copied().map(IndexKey::Urgency).collect()
        } else if let Some(needs) = self.needs {
            needs.iter().map(IndexKey::Need).collect()
        } else if let Some(counterpart) = self.counterpart {
            vec![IndexKey::Counterpart(counterpart)]
        } else if self.assignee.is_some() {
            vec![IndexKey::Assignee]
        } else {
            vec![self.mou.map_or(IndexKey::None, IndexKey::Mou)]
        }
    }

    fn path(&self, which: ReferralBox, order: ReferralOrder, faults: &mut Faults) -> FoundBy {
        let narrowings = self.narrowings();
        let whole = self.statuses.is_none() && narrowings == [IndexKey::None];
        if whole && order != ReferralOrder::MostUrgent {
            return FoundBy::Box(which);
        }
        let statuses = match &self.statuses {
            Some(statuses) => statuses.clone(),
            None if self.overdue.is_some() => vec![ReferralStatus::Requested],
            None => every_status(which),
        };
        let walks: Vec<_> = narrowings
            .iter()
            .flat_map(|narrowed| {
                statuses.iter().map(|status| IndexWalk {
                    which,
                    status: *status,
                    narrowed: *narrowed,
                })
            })
            .collect();
        let place = if self.urgencies.is_some() {
            "filter.urgencies"
        } else {
            "filter.needs"
        };
        let remedy = format!(
            "name fewer of them, or `statuses`: as many of one as of the other come to {WALKS} at most"
        );
        faults.require(walks.len() <= WALKS, place, remedy);
        FoundBy::Walks(walks)
    }
}

/// Returns the order in which a box is read where nothing else is asked for.
fn own_order(which: ReferralBox) -> ReferralOrder {
    match which {
        ReferralBox::Inbox => ReferralOrder::Arrival,
        ReferralBox::Outbox => ReferralOrder::LastChange,
    }
}

/// Returns the states that something in a box may have.
fn every_status(which: ReferralBox) -> Vec<ReferralStatus> {
    let seen =
        |status: &ReferralStatus| which == ReferralBox::Outbox || *status != ReferralStatus::Draft;
    let all = ReferralStatus::ALL.iter().copied();
    all.filter(seen).collect()
}

/// Where a referral stands in a list: in its order, at its time, by its id where times are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPlace {
    /// The list's order.
    pub order: ReferralOrder,
    /// The time by which it is sorted.
    pub at: Instant,
    /// The referral.
    pub id: ReferralId,
}

impl CursorKey for ListPlace {
    fn bytes(&self) -> Vec<u8> {
        let order = [self.order.tag()];
        [
            order.as_slice(),
            self.at.0.to_be_bytes().as_slice(),
            self.id.0.as_bytes(),
        ]
        .concat()
    }

    fn columns(&self) -> Vec<Expr> {
        vec![Expr::value(self.at), Expr::value(self.id)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let ([tag], rest) = bytes.split_first_chunk()?;
        let (at, id) = rest.split_first_chunk()?;
        Some(Self {
            order: ReferralOrder::of_tag(*tag)?,
            at: Instant(i64::from_be_bytes(*at)),
            id: ReferralId(Uuid::from_slice(id).ok()?),
        })
    }
}
