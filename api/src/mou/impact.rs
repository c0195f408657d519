//! What would stop if an MOU lapsed, in counts; and that whoever takes away from one has seen it.

use std::collections::BTreeMap;

use async_graphql::SimpleObject;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou::Follower;
use concord_entities::vocabulary::Need;
use concord_entities::{consent, mou, mou_party, referral};
use sea_orm::sea_query::Expr;

use super::coverage::read_facts;
use super::rules::impact::{
    CountedConsents, Impact, Stopped, left_without, reaching_only_through, usual_day,
};
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::{Error, Result};
use crate::request::Request;
use crate::store::Store;
use crate::wire::scalars::{Date, Sha256};

/// Seconds of an hour.
const HOUR: i64 = 3_600;
/// What the code of a refusal is for.
const SHOWN_AGAIN: &str = "concord impact shown again v1";

/// What would stop if an MOU lapsed: counts, and nothing about any person. A party is told of its own referrals and consents, and
/// of what its own MOUs come to. A coordinator is told of all that its task force follows, in fives: null where under five.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouImpact {
    /// The last day on which it would be in force.
    pub lapses_on: Date,
    /// Open referrals that stand on it now.
    pub open_referrals: Option<i32>,
    /// Consents in force that outlast the day and would reach their recipients no more, as no other MOU in force then permits
    /// anything that they do.
    pub active_consents: Option<i32>,
    /// The needs that nobody could be referred for any more, by what is promised (`coverage`).
    pub needs_left: Vec<Need>,
    /// How many agencies nobody could refer to any more under any MOU.
    pub agencies_left: i32,
    /// Your agency's referrals and consents with each other party; none where it is no party.
    pub by_partner: Vec<PartnerImpact>,
    /// What to pass as `impactSeen` to `terminateMou` and `amendMou`, from `impact` without a day.
    pub digest: Sha256,
}

/// What would stop with one partner.
#[derive(Clone, Debug, SimpleObject)]
pub struct PartnerImpact {
    /// The other party.
    pub agency: Agency,
    /// Open referrals between the two that stand on the MOU now.
    pub open_referrals: i32,
    /// Consents in force between the two that would reach no more.
    pub active_consents: i32,
}

/// An impact, and from which day on.
struct Weighed {
    day: Day,
    told: Impact,
    is_party: bool,
}

/// Returns what would stop if an MOU that the caller's agency follows were in force until a day and no longer: its own last day by
/// a notice that is given now, where none is named.
pub(super) async fn impact(
    request: &Request,
    mou: &mou::Model,
    lapses_on: Option<Day>,
) -> Result<MouImpact> {
    let store = &request.worker.store;
    let reader = request.caller.agency();
    let released = request
        .disclose(|| async {
            let among = mou::Entity::known_to(reader, mou.id);
            let found = disclose::one(store, among, &mou.id, |row| row.id.to_string()).await?;
            let Some(row) = found.content.clone() else {
                return Ok(found.map(|_| None));
            };
            let weighed = weigh(store, reader, &row, lapses_on, found.now).await?;
            let events = vec![Event::RecordsListed(vec![row.id.to_string()])];
            let decided = Decided { events, ..found };
            Ok(decided.map(|_| Some(weighed)))
        })
        .await?;
    let weighed = released.content().ok_or(Error::NotFound)?;
    let partners = weighed.told.by_partner.keys().copied();
    let agencies = request.worker.directory.among(store, partners).await?;
    let all = weighed.told.all;
    let few = |count: u32| (weighed.is_party || count > 0).then(|| number(count));
    let by_partner = weighed.told.by_partner.iter();
    Ok(MouImpact {
        lapses_on: weighed.day.into(),
        open_referrals: few(all.referrals),
        active_consents: few(all.consents),
        needs_left: weighed.told.needs.iter().collect(),
        agencies_left: i32::try_from(weighed.told.agencies.len()).unwrap_or(i32::MAX),
        by_partner: by_partner
            .map(|(partner, stopped)| PartnerImpact {
                agency: Agency::from_directory(&agencies, *partner),
                open_referrals: number(stopped.referrals),
                active_consents: number(stopped.consents),
            })
            .collect(),
        digest: Sha256::from(weighed.told.digest(mou.id, reader)),
    })
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Whether what would stop was seen by whoever takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ImpactSeen {
    /// As it stands, or as it was shown again.
    Yes,
    /// It was not; what is taken as seen once it was shown again, where it changed since it was shown.
    No {
        /// The code that a refusal gives.
        again: Option<String>,
    },
}

impl ImpactSeen {
    /// Checks that it was seen.
    ///
    /// # Errors
    /// `IMPACT_UNSEEN`.
    pub(super) fn require(self) -> Result<()> {
        match self {
            Self::Yes => Ok(()),
            Self::No { again } => Err(Error::ImpactUnseen { again }.into()),
        }
    }
}

/// Returns whether what would stop, as it stands now, was seen by the caller's agency. A partner who is busy changes it all the
/// time: so it is refused once for that, and what the refusal gave is taken after it.
pub(super) async fn seen(
    request: &Request,
    mou: &mou::Model,
    seen: Option<&Sha256>,
    now: Instant,
) -> Result<ImpactSeen> {
    let Some(seen) = seen else {
        return Ok(ImpactSeen::No { again: None });
    };
    let reader = request.caller.agency();
    let key = &request.worker.ledger_key;
    let hour = now.unix_seconds() / HOUR;
    let given = hex::decode(seen.as_str()).unwrap_or_default();
    let is_code =
        |hour| key.has_authenticated(SHOWN_AGAIN, &shown_again(mou.id, reader, hour), &given);
    // A code is made within an hour, and is good until the next one is over.
    if is_code(hour) || is_code(hour - 1) {
        return Ok(ImpactSeen::Yes);
    }
    let weighed = weigh(&request.worker.store, reader, mou, None, now).await?;
    if weighed.told.digest(mou.id, reader) == seen.as_str() {
        return Ok(ImpactSeen::Yes);
    }
    let code = key.authenticate(SHOWN_AGAIN, &shown_again(mou.id, reader, hour));
    Ok(ImpactSeen::No {
        again: Some(hex::encode(code)),
    })
}

/// Returns what the code of a refusal is made over; nobody makes one without the key that every server has.
fn shown_again(mou: MouId, reader: AgencyId, hour: i64) -> Vec<u8> {
    format!("{mou} {reader} {hour}").into_bytes()
}

async fn weigh(
    store: &Store,
    reader: AgencyId,
    mou: &mou::Model,
    lapses_on: Option<Day>,
    now: Instant,
) -> Result<Weighed> {
    let day = lapses_on.unwrap_or_else(|| usual_day(mou, now));
    if lapses_on.is_some() && day < mou.time_zone.day(now) {
        return Err(Error::input("ifLapsesOn", "today or a day to come").into());
    }
    let from = mou.time_zone.end(day).max(now);
    let parties = mou_party::Entity::of([mou.id]).all(&store.read).await?;
    let parties: Vec<AgencyId> = parties.iter().map(|party| party.agency_id).collect();
    let is_party = parties.contains(&reader);
    let follower = match mou.task_force_id {
        Some(id) if !is_party => Follower::CoordinatorOf(id),
        Some(_) | None => Follower::Party,
    };
    let within = if is_party { None } else { mou.task_force_id };
    let facts = read_facts(store, reader, follower, within, now).await?;
    let (needs, agencies) = left_without(&facts, mou.id, from);
    let involved = is_party.then_some(reader);
    let mut impact = Impact {
        by_partner: BTreeMap::new(),
        all: Stopped::default(),
        needs,
        agencies,
    };
    if is_party {
        for partner in parties.iter().filter(|party| **party != reader) {
            impact.by_partner.insert(*partner, Stopped::default());
        }
    }
    let clock = Expr::value(now);
    let open = referral::Entity::open_on(mou.id, involved, &clock);
    let open: Vec<(AgencyId, AgencyId, i64)> = open.into_tuple().all(&store.read).await?;
    for (sender, recipient, count) in open {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        impact.count(
            [sender, recipient],
            reader,
            |stopped| &mut stopped.referrals,
            count,
        );
    }
    // Whoever has no part in them is not told by days which of them ends when.
    let outlast = if is_party { from } else { now };
    let consents = consent::Entity::standing_among(&parties, involved, now, outlast);
    let consents: Vec<(AgencyId, AgencyId, Grants, i64)> =
        consents.into_tuple().all(&store.read).await?;
    let consents: Vec<_> = consents
        .into_iter()
        .map(|(discloser, recipient, grants, count)| CountedConsents {
            discloser,
            recipient,
            grants,
            count: u32::try_from(count).unwrap_or(u32::MAX),
        })
        .collect();
    for one in reaching_only_through(&facts, mou.id, &consents, from) {
        let pair = [one.discloser, one.recipient];
        impact.count(pair, reader, |stopped| &mut stopped.consents, one.count);
    }
    let told = if is_party { impact } else { impact.coarse() };
    Ok(Weighed {
        day,
        told,
        is_party,
    })
}

impl Impact {
    /// Counts what stops between two agencies.
    fn count(
        &mut self,
        pair: [AgencyId; 2],
        reader: AgencyId,
        figure: impl Fn(&mut Stopped) -> &mut u32,
        count: u32,
    ) {
        let all = figure(&mut self.all);
        *all = all.saturating_add(count);
        let mut partners = pair.into_iter().filter(|agency| *agency != reader);
        if let Some(partner) = partners.next()
            && let Some(stopped) = self.by_partner.get_mut(&partner)
        {
            let figure = figure(stopped);
            *figure = figure.saturating_add(count);
        }
    }
}
