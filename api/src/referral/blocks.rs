//! What keeps referrals from being sent or continued: read for all of a page at once, by the rules that the verbs ask.

use std::collections::{HashMap, HashSet};

use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ActionBlock, ReferralStatus};
use concord_entities::{agency, consent, membership, mou, mou_party, referral};

use super::rules::basis::{Basis, Between, blocks_any_continuation, blocks_sending};
use crate::consent::grounds;
use crate::consent::rules as consent_rules;
use crate::error::Result;
use crate::mou::rules as mou_rules;
use crate::store::Store;

/// Returns what keeps each of these referrals of `sender`'s, drafts and suspended ones, from being sent or continued.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn read(
    store: &Store,
    sender: AgencyId,
    ids: Vec<ReferralId>,
    now: Instant,
) -> Result<HashMap<ReferralId, Vec<ActionBlock>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = referral::Entity::known_among(sender, ids);
    let rows = rows.all(&store.read).await?;
    let (drafts, suspended): (Vec<_>, Vec<_>) = rows
        .iter()
        .partition(|row| row.status == ReferralStatus::Draft);
    let recipients: HashSet<_> = rows.iter().map(|row| row.recipient_id).collect();
    let partners = Partners::read(store, sender, recipients).await?;
    let mut blocks = of_drafts(store, sender, &drafts, &partners, now).await?;
    blocks.extend(of_suspended(store, sender, &suspended, &partners, now).await?);
    Ok(blocks.into_iter().collect())
}

/// Returns the MOU that each of these drafts of `sender`'s would be sent under now, or what keeps it from that; none for a draft
/// without a consent.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn of_sending(
    store: &Store,
    sender: AgencyId,
    ids: Vec<ReferralId>,
    now: Instant,
) -> Result<HashMap<ReferralId, std::result::Result<mou::Model, ActionBlock>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let drafts = referral::Entity::known_among(sender, ids);
    let drafts = drafts.all(&store.read).await?;
    let recipients: HashSet<_> = drafts.iter().map(|row| row.recipient_id).collect();
    let partners = Partners::read(store, sender, recipients).await?;
    let consents = drafts.iter().map(|draft| draft.consent_id);
    let consents = consent::Entity::held_among(sender, consents);
    let consents = consents.all(&store.read).await?;
    let consents: HashMap<_, _> = consents.into_iter().map(|one| (one.id, one)).collect();
    let sent = drafts.iter().filter_map(|draft| {
        let consent = consents.get(&draft.consent_id)?;
        let between = partners.between(draft);
        let mou = between.covering_mou(consent, draft.contains, now);
        Some((draft.id, mou.cloned()))
    });
    Ok(sent.collect())
}

async fn of_drafts(
    store: &Store,
    sender: AgencyId,
    drafts: &[&referral::Model],
    partners: &Partners,
    now: Instant,
) -> Result<Vec<(ReferralId, Vec<ActionBlock>)>> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let ids = drafts.iter().map(|draft| draft.consent_id);
    let consents = consent::Entity::held_among(sender, ids);
    let consents = consents.all(&store.read).await?;
    let mut standing = consents.clone();
    standing.retain(|one| consent_rules::may_share(one, now));
    let hindrances = grounds::hindrances(&store.read, sender, &standing, now).await?;
    let consents: HashMap<ConsentId, consent::Model> =
        consents.into_iter().map(|one| (one.id, one)).collect();
    let blocks = drafts.iter().map(|draft| {
        let basis = Basis {
            consent: consents.get(&draft.consent_id).cloned(),
            hindrance: hindrances.get(&draft.consent_id).cloned(),
            between: partners.between(draft),
        };
        (draft.id, blocks_sending(draft, &basis, now))
    });
    Ok(blocks.collect())
}

async fn of_suspended(
    store: &Store,
    sender: AgencyId,
    suspended: &[&referral::Model],
    partners: &Partners,
    now: Instant,
) -> Result<Vec<(ReferralId, Vec<ActionBlock>)>> {
    if suspended.is_empty() {
        return Ok(Vec::new());
    }
    let survivors = suspended.iter().map(|row| row.survivor_id);
    let consents = consent::Entity::standing_of_survivors(sender, survivors, now);
    let consents = consents.all(&store.read).await?;
    let blocks = suspended.iter().map(|row| {
        let blocks = blocks_any_continuation(row, &consents, &partners.between(row), now);
        (row.id, blocks)
    });
    Ok(blocks.collect())
}

/// What stands between one sender and several recipients.
struct Partners {
    agencies: HashMap<AgencyId, agency::Model>,
    places: Vec<membership::Model>,
    mous: Vec<mou::Model>,
    parties: Vec<mou_party::Model>,
    signed: HashSet<(MouId, AgencyId)>,
}

impl Partners {
    async fn read(store: &Store, sender: AgencyId, recipients: HashSet<AgencyId>) -> Result<Self> {
        let agencies = agency::Entity::among(recipients.iter().copied());
        let agencies = agencies.all(&store.read).await?;
        let everybody = recipients.iter().copied().chain([sender]);
        let places = membership::Entity::of(everybody).all(&store.read).await?;
        let mut mous = mou::Entity::signed_by(sender).all(&store.read).await?;
        mous.sort_by_key(|mou| std::cmp::Reverse(mou.id));
        let parties = mou_party::Entity::of(mous.iter().map(|mou| mou.id));
        let parties = parties.all(&store.read).await?;
        let signed = parties.iter().filter(|party| party.signed_at.is_some());
        Ok(Self {
            agencies: agencies.into_iter().map(|one| (one.id, one)).collect(),
            places,
            signed: signed
                .map(|party| (party.mou_id, party.agency_id))
                .collect(),
            mous,
            parties,
        })
    }

    fn between(&self, row: &referral::Model) -> Between {
        let of_both = |place: &&membership::Model| {
            [row.sender_id, row.recipient_id].contains(&place.agency_id)
        };
        let with_recipient = |mou: &&mou::Model| self.signed.contains(&(mou.id, row.recipient_id));
        let pair = [row.sender_id, row.recipient_id];
        let between = |mou: &mou::Model| mou_rules::between(mou.clone(), &self.parties, pair);
        let recipient = self.agencies.get(&row.recipient_id);
        Between {
            recipient: recipient.map(|agency| agency.status),
            answer_days: recipient.map_or(agency::USUAL_ANSWER_DAYS, |agency| agency.answer_days),
            places: self.places.iter().filter(of_both).cloned().collect(),
            mous: self
                .mous
                .iter()
                .filter(with_recipient)
                .map(between)
                .collect(),
        }
    }
}
