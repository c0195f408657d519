//! What a referral is sent and continued under: a consent and an MOU in force, and a recipient that takes part. Pure.

use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, ConsentStatus, DataCategory, ReferralAction, ReferralSide,
    ReferralStatus,
};
use concord_entities::{consent, membership, mou};

use super::answer::{answer_term, response_time, told_first};
use super::status::{CurrentStatus, StoredStatus};
use super::steps::{ReferralAct, last_act};
use super::transitions::destination;
use crate::consent::rules as consent_rules;
use crate::error::{Error, Faults, Finding};
use crate::mou::rules as mou_rules;
use crate::request::repeated::unless_repeated;
use crate::sharing::memberships::parted;

/// What a referral is to be sent or continued under, as its change read it.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The consent, where the sender holds one with the id that was named.
    pub consent: Option<consent::Model>,
    /// Whether the recipient takes part; none where there is no such agency.
    pub recipient: Option<AgencyStatus>,
    /// Within how many days the recipient answers.
    pub answer_days: i32,
    /// What keeps the consent from carrying a new referral.
    pub hindrance: Option<Finding>,
    /// The places of the two agencies in task forces.
    pub places: Vec<membership::Model>,
    /// The MOUs that both agencies have signed, newest first.
    pub mous: Vec<mou::Model>,
}

impl Basis {
    /// Checks that the recipient takes part.
    fn require_recipient(&self) -> Result<(), Error> {
        match self.recipient {
            Some(AgencyStatus::Active) => Ok(()),
            Some(AgencyStatus::Suspended) | None => {
                let text = "the recipient does not take part at the moment";
                Err(Error::NotNow(text.into()))
            }
        }
    }

    /// Returns the newest MOU in force that covers these categories, each for a purpose of the consent, and by which the two
    /// agencies may share.
    fn covering_mou(
        &self,
        consent: &consent::Model,
        contains: Categories,
        now: Instant,
    ) -> Result<&mou::Model, Error> {
        let mut covering =
            mou_rules::covering(&self.mous, contains, &consent.grants, now).peekable();
        if covering.peek().is_none() {
            return Err(Error::MouRequired);
        }
        let pair = [consent.discloser_id, consent.recipient_id];
        covering
            .find(|mou| !parted(&self.places, pair, mou.task_force_id))
            .ok_or_else(|| {
                let text =
                    "one of the two agencies is suspended in the task force by which they share";
                Error::NotNow(text.into())
            })
    }
}

/// Sends a draft. Returns none where that was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: it is no draft, its consent is not in force, or its recipient does not take part.
/// `CONSENT_DEFECTIVE`: its consent carries no new referral. `MOU_REQUIRED`: no MOU in force covers it.
pub fn send(draft: Model, basis: &Basis, now: Instant) -> Result<Option<Model>, Error> {
    unless_repeated(last_act(&draft, now), &ReferralAct::Send, || {
        sent(draft, basis, now)
    })
    .transpose()
}

fn sent(draft: Model, basis: &Basis, now: Instant) -> Result<Model, Error> {
    let status = destination(&draft, ReferralAction::Send, ReferralSide::Sender, now)?;
    let consent = basis.consent.as_ref().ok_or(Error::NotFound)?;
    if consent_rules::status(consent, now) != ConsentStatus::Active {
        let text =
            "the consent that this referral stands on is not in force: sign it, or draft a new one";
        return Err(Error::NotNow(text.into()));
    }
    if !draft.contains.within(consent.grants.categories()) {
        let text = "its package holds a category that the consent does not name: edit this draft";
        return Err(Error::NotNow(text.into()));
    }
    if let Some(finding) = &basis.hindrance {
        return Err(Error::ConsentDefective {
            findings: vec![finding.clone()],
        });
    }
    basis.require_recipient()?;
    let mou = basis.covering_mou(consent, draft.contains, now)?;
    let expires_at = now.plus(answer_term(basis.answer_days, draft.urgency));
    Ok(Model {
        status,
        sent_at: Some(now),
        respond_by: Some(now.plus(response_time(draft.urgency))),
        expires_at: Some(expires_at),
        tell_at: Some(told_first(now, expires_at)),
        mou_id: Some(mou.id),
        mou_until: Some(mou.ends_at),
        consent_until: Some(consent.stands_until()),
        updated_at: now,
        last_action: Some(ReferralAction::Send),
        last_action_side: Some(ReferralSide::Sender),
        ..draft
    })
}

/// A package that is to be sealed anew, under a key of the next version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// The categories that it has something in.
    pub contains: Categories,
    /// Whether it says what the one says that is sealed.
    pub is_same: bool,
}

/// Continues a suspended referral in the state that it left; without a package that is sealed anew the package stays, which
/// it can only under the same consent. Returns none where that was done last, under the same consent and with the same
/// package.
///
/// # Errors
/// `INVALID_TRANSITION`: it is not suspended, was not answered in time before, the consent is not in force, or the
/// recipient does not take part. `BAD_USER_INPUT`: the consent is not this survivor's for this recipient, or does not
/// name what the package holds. `MOU_REQUIRED`: no MOU in force covers it.
pub fn continue_under(
    referral: Model,
    basis: &Basis,
    consent: ConsentId,
    resealed: Option<Resealed>,
    now: Instant,
) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Continue {
        consent,
        has_its_package: resealed.is_none_or(|one| one.is_same),
    };
    let resealed = resealed.map(|one| one.contains);
    unless_repeated(last_act(&referral, now), &act, || {
        continued(referral, basis, resealed, now)
    })
    .transpose()
}

fn continued(
    referral: Model,
    basis: &Basis,
    resealed: Option<Categories>,
    now: Instant,
) -> Result<Model, Error> {
    let status = destination(
        &referral,
        ReferralAction::Continue,
        ReferralSide::Sender,
        now,
    )?;
    let consent = consent_to_continue(&referral, basis, now)?;
    basis.require_recipient()?;
    let contains = match resealed {
        Some(categories) => categories,
        None if consent.id == referral.consent_id => referral.contains,
        None => {
            let text = "the package ended with the consent that it was sealed under: seal it anew";
            return Err(Error::input("package", text));
        }
    };
    let mut faults = Faults::default();
    beyond_consent("package", contains, consent, &mut faults);
    faults.none()?;
    let mou = basis.covering_mou(consent, contains, now)?;
    let respond_by = if status == ReferralStatus::Requested {
        // Its recipient could not answer meanwhile, and has the whole time again.
        Some(now.plus(response_time(referral.urgency)))
    } else {
        referral.respond_by
    };
    let continued = Model {
        status,
        consent_id: consent.id,
        consent_until: Some(consent.stands_until()),
        mou_id: Some(mou.id),
        mou_until: Some(mou.ends_at),
        halted: false,
        respond_by,
        contains,
        key_version: referral
            .key_version
            .saturating_add(i32::from(resealed.is_some())),
        updated_at: now,
        last_action: Some(ReferralAction::Continue),
        last_action_side: Some(ReferralSide::Sender),
        ..referral
    };
    if CurrentStatus::of(&StoredStatus::from(&continued), now).status != continued.status {
        let text = "this referral was not answered in time: draft a new one";
        return Err(Error::NotNow(text.into()));
    }
    Ok(continued)
}

/// Adds a fault for each category of a package that its consent does not name; `path` is where the package stands in the
/// arguments.
pub(super) fn beyond_consent(
    path: &str,
    contains: Categories,
    consent: &consent::Model,
    faults: &mut Faults,
) {
    let named = consent.grants.categories();
    for category in contains.iter().filter(|one| !named.has(*one)) {
        let place = format!("{path}.{}", field_of(category));
        faults.add(place, "the consent does not name this category");
    }
}

/// Returns the field of a package that holds a category: its code in camel case.
#[must_use]
pub fn field_of(category: DataCategory) -> String {
    let mut words = category.code().split('_').map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |field, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        field + &initial.into_iter().chain(letters).collect::<String>()
    })
}

/// Returns the consent of the basis, if it is in force and of the referral's survivor for its recipient.
fn consent_to_continue<'b>(
    referral: &Model,
    basis: &'b Basis,
    now: Instant,
) -> Result<&'b consent::Model, Error> {
    let fits = |one: &&consent::Model| {
        one.survivor_id == referral.survivor_id && one.recipient_id == referral.recipient_id
    };
    let consent = basis.consent.as_ref().filter(fits).ok_or_else(|| {
        let text = "no consent of this survivor's for this recipient has this id";
        Error::input("consent", text)
    })?;
    if consent_rules::status(consent, now) != ConsentStatus::Active {
        let text = "this consent is not in force: the survivor decides on a new one";
        return Err(Error::NotNow(text.into()));
    }
    Ok(consent)
}
