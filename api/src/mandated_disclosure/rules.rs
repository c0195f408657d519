//! Whether a disclosure without consent was one that the law demands. Pure.
//!
//! 34 U.S.C. 12291(b)(2)(C): a statute or a court mandate compels it, the person is notified by reasonable attempts, and
//! steps are taken to protect the privacy and safety of whoever is affected; (D): no more than is compelled. 28 CFR
//! 90.4(b)(2)(iii) says the same of grantees. A subpoena is neither: a party's lawyer can issue one.

use std::time::Duration;

use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{
    Categories, MandateInstrument, NoNoticeReason, NoProtectionReason, NoticeResult,
    ProtectiveStep, Set,
};

use crate::error::InputPath;
use crate::text;

/// How many attempts to notify one record holds at most.
pub const ATTEMPTS: usize = 50;
/// How long before UTC's a day begins, where it begins first.
const AHEAD: Duration = Duration::from_hours(14);

/// A disclosure without consent, as the agency that made it tells it.
#[derive(Clone, Debug)]
pub struct ToldDisclosure<'t> {
    /// What demanded it.
    pub instrument: MandateInstrument,
    /// Who issued that.
    pub issuing_authority: &'t str,
    /// Where it is written.
    pub citation: &'t str,
    /// The day on the instrument.
    pub dated_on: Day,
    /// The day of the disclosure.
    pub disclosed_on: Day,
    /// The agency that was told.
    pub recipient: Option<AgencyId>,
    /// The name of the body outside the task force that was told.
    pub outside: Option<&'t str>,
    /// What the instrument names.
    pub ordered_categories: Categories,
    /// What was told.
    pub categories: Categories,
    /// Whether no less would have done.
    pub minimum_necessary: bool,
    /// When somebody tried to notify the person, and what came of it.
    pub attempts: Vec<(Instant, NoticeResult)>,
    /// Why nobody tried.
    pub no_notice: Option<NoNoticeReason>,
    /// What was done to protect the person.
    pub protective_steps: Set<ProtectiveStep>,
    /// Why nothing could be done.
    pub no_protection: Option<NoProtectionReason>,
}

/// What the law asks for and a record lacks. Safe to show: it repeats nothing of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum MandatedDisclosureError {
    /// There is only a subpoena.
    #[error(
        "a subpoena alone discloses nothing: not without a court's order (34 U.S.C. 12291(b)(2)(C)). Consult counsel; where a court orders it, record that order as COURT_ORDER"
    )]
    SubpoenaAlone,
    /// Nobody is said to have issued it.
    #[error("who issued it, in 1 to 200 characters that can be seen")]
    Authority,
    /// It is not said where the mandate is written.
    #[error(
        "the statute's citation or the order's docket number, in 1 to 200 characters that can be seen"
    )]
    Citation,
    /// The instrument is from a day to come.
    #[error("an instrument is not from a day to come")]
    DatedAhead,
    /// The disclosure is on a day to come.
    #[error("a disclosure is recorded once it was made, not before")]
    DisclosedAhead,
    /// The disclosure came before what demanded it.
    #[error("nothing was demanded before the day on the instrument")]
    DisclosedBefore,
    /// Nobody was told.
    #[error("name who was told: `recipient` or `recipientOutside`")]
    NoRecipient,
    /// Two were told.
    #[error("name one of `recipient` and `recipientOutside`: two disclosures are two records")]
    TwoRecipients,
    /// The discloser told itself.
    #[error("your agency discloses to another, not to itself")]
    OwnRecipient,
    /// The body outside the task force has no name.
    #[error("which body was told, in 1 to 200 characters that can be seen")]
    OutsideName,
    /// Nothing was told.
    #[error("name at least one category")]
    NoCategory,
    /// The instrument demands nothing.
    #[error("name at least one category: what the instrument names")]
    NothingOrdered,
    /// More was told than was demanded.
    #[error(
        "only what the instrument names is disclosed: these categories go beyond `orderedCategories`"
    )]
    BeyondOrder,
    /// Nobody says that less would not have done.
    #[error("only the minimum is disclosed: this must be true")]
    NotMinimum,
    /// Nobody tried to notify the person, and nobody says why.
    #[error(
        "at least one attempt to notify the person that was made, or `noNotice` with the reason why none was"
    )]
    NoNotice,
    /// Somebody tried before there was anything to tell, by the attempt of this place in the list.
    #[error("nobody is notified of an instrument before the day on it")]
    AttemptBefore(usize),
    /// Somebody tried, and a reason says why nobody did.
    #[error("`noNotice` is for when no attempt was made")]
    NoticeContradicted,
    /// There are too many attempts.
    #[error("at most 50 attempts")]
    TooManyAttempts,
    /// An attempt is at a time to come, the one of this place in the list.
    #[error("an attempt is recorded once it was made, not before")]
    AttemptAhead(usize),
    /// Nothing was done to protect the person.
    #[error("at least one protective step, or NONE_POSSIBLE with `noProtection`")]
    NoProtection,
    /// Nothing was possible, and something was done.
    #[error("NONE_POSSIBLE stands alone")]
    ProtectionContradicted,
    /// Nothing was possible, and nobody says why.
    #[error("why no protective step was possible")]
    Unexplained,
    /// Something was done, and a reason says why nothing was.
    #[error("`noProtection` is for NONE_POSSIBLE")]
    Overexplained,
}

impl MandatedDisclosureError {
    /// Every defect.
    pub const ALL: &[Self] = &[
        Self::SubpoenaAlone,
        Self::Authority,
        Self::Citation,
        Self::DatedAhead,
        Self::DisclosedAhead,
        Self::DisclosedBefore,
        Self::NoRecipient,
        Self::TwoRecipients,
        Self::OwnRecipient,
        Self::OutsideName,
        Self::NoCategory,
        Self::NothingOrdered,
        Self::BeyondOrder,
        Self::NotMinimum,
        Self::NoNotice,
        Self::NoticeContradicted,
        Self::TooManyAttempts,
        Self::AttemptAhead(0),
        Self::AttemptBefore(0),
        Self::NoProtection,
        Self::ProtectionContradicted,
        Self::Unexplained,
        Self::Overexplained,
    ];

    /// Returns the field of the input that is wrong.
    #[must_use]
    pub fn field(self) -> InputPath {
        let field = match self {
            Self::AttemptAhead(place) | Self::AttemptBefore(place) => {
                return format!("disclosure.attempts.{place}.at").into();
            }
            Self::SubpoenaAlone => "disclosure.instrument",
            Self::Authority => "disclosure.issuingAuthority",
            Self::Citation => "disclosure.citation",
            Self::DatedAhead => "disclosure.datedOn",
            Self::DisclosedAhead | Self::DisclosedBefore => "disclosure.disclosedOn",
            Self::NoRecipient | Self::OwnRecipient => "disclosure.recipient",
            Self::TwoRecipients => "disclosure.recipientOutside",
            Self::OutsideName => "disclosure.recipientOutside.name",
            Self::NothingOrdered => "disclosure.orderedCategories",
            Self::NoCategory | Self::BeyondOrder => "disclosure.categories",
            Self::NotMinimum => "disclosure.minimumNecessary",
            Self::NoNotice | Self::TooManyAttempts => "disclosure.attempts",
            Self::NoticeContradicted => "disclosure.noNotice",
            Self::NoProtection | Self::ProtectionContradicted => "disclosure.protectiveSteps",
            Self::Unexplained | Self::Overexplained => "disclosure.noProtection",
        };
        field.into()
    }
}

/// Checks that the law demanded this disclosure of `own`, as it is told at `now`.
///
/// # Errors
/// Everything that it lacks, in the order of the list; never empty.
pub fn check(
    told: &ToldDisclosure<'_>,
    own: AgencyId,
    now: Instant,
) -> Result<(), Vec<MandatedDisclosureError>> {
    let defects: Vec<MandatedDisclosureError> = mandate(told, now)
        .chain(audience(told, own))
        .chain(extent(told))
        .chain(notice(told, now))
        .chain(protection(told))
        .flatten()
        .collect();
    if defects.is_empty() {
        Ok(())
    } else {
        Err(defects)
    }
}

type MandatedDisclosureErrors<const N: usize> =
    std::array::IntoIter<Option<MandatedDisclosureError>, N>;

fn mandate(told: &ToldDisclosure<'_>, now: Instant) -> MandatedDisclosureErrors<6> {
    let compels = match told.instrument {
        MandateInstrument::Statute | MandateInstrument::CourtOrder => true,
        MandateInstrument::Subpoena => false,
    };
    // A day ahead, for those whose day has begun before UTC's.
    let latest = now.day().plus_days(1);
    let (dated, disclosed) = (told.dated_on, told.disclosed_on);
    [
        (!compels).then_some(MandatedDisclosureError::SubpoenaAlone),
        (!is_text(told.issuing_authority)).then_some(MandatedDisclosureError::Authority),
        (!is_text(told.citation)).then_some(MandatedDisclosureError::Citation),
        (dated > latest).then_some(MandatedDisclosureError::DatedAhead),
        (disclosed > latest).then_some(MandatedDisclosureError::DisclosedAhead),
        (disclosed < dated).then_some(MandatedDisclosureError::DisclosedBefore),
    ]
    .into_iter()
}

fn audience(told: &ToldDisclosure<'_>, own: AgencyId) -> MandatedDisclosureErrors<3> {
    let count = match (told.recipient, told.outside) {
        (None, None) => Some(MandatedDisclosureError::NoRecipient),
        (Some(_), Some(_)) => Some(MandatedDisclosureError::TwoRecipients),
        (Some(_), None) | (None, Some(_)) => None,
    };
    let unnamed = told.outside.is_some_and(|name| !is_text(name));
    [
        count,
        (told.recipient == Some(own)).then_some(MandatedDisclosureError::OwnRecipient),
        unnamed.then_some(MandatedDisclosureError::OutsideName),
    ]
    .into_iter()
}

fn extent(told: &ToldDisclosure<'_>) -> MandatedDisclosureErrors<3> {
    [
        told.categories
            .is_empty()
            .then_some(MandatedDisclosureError::NoCategory),
        if told.ordered_categories.is_empty() {
            Some(MandatedDisclosureError::NothingOrdered)
        } else {
            (!told.categories.within(told.ordered_categories))
                .then_some(MandatedDisclosureError::BeyondOrder)
        },
        (!told.minimum_necessary).then_some(MandatedDisclosureError::NotMinimum),
    ]
    .into_iter()
}

fn notice(
    told: &ToldDisclosure<'_>,
    now: Instant,
) -> impl Iterator<Item = Option<MandatedDisclosureError>> {
    let tried = told.attempts.iter().any(|(_, result)| was_made(*result));
    let balance = match (tried, told.no_notice) {
        (false, None) => Some(MandatedDisclosureError::NoNotice),
        (true, Some(_)) => Some(MandatedDisclosureError::NoticeContradicted),
        (false, Some(_)) | (true, None) => None,
    };
    let first = told.dated_on.start().minus(AHEAD);
    let attempts = told.attempts.iter().take(ATTEMPTS).enumerate();
    let at_fault = attempts.map(move |(place, (at, _))| {
        if *at > now {
            Some(MandatedDisclosureError::AttemptAhead(place))
        } else {
            (*at < first).then_some(MandatedDisclosureError::AttemptBefore(place))
        }
    });
    let too_many = told.attempts.len() > ATTEMPTS;
    [
        balance,
        too_many.then_some(MandatedDisclosureError::TooManyAttempts),
    ]
    .into_iter()
    .chain(at_fault)
}

/// Returns whether somebody tried to notify the person, as the result tells it.
fn was_made(result: NoticeResult) -> bool {
    match result {
        NoticeResult::Reached | NoticeResult::LeftNoMessage | NoticeResult::NotReached => true,
        NoticeResult::UnsafeToTry | NoticeResult::ProhibitedByOrder => false,
    }
}

fn protection(told: &ToldDisclosure<'_>) -> MandatedDisclosureErrors<2> {
    let steps = told.protective_steps;
    let none = steps.has(ProtectiveStep::NonePossible);
    let alone = steps == Set::only(ProtectiveStep::NonePossible);
    [
        match (steps.is_empty(), none, alone) {
            (true, _, _) => Some(MandatedDisclosureError::NoProtection),
            (false, true, false) => Some(MandatedDisclosureError::ProtectionContradicted),
            (false, _, _) => None,
        },
        match (none, told.no_protection) {
            (true, None) => Some(MandatedDisclosureError::Unexplained),
            (false, Some(_)) => Some(MandatedDisclosureError::Overexplained),
            (true, Some(_)) | (false, None) => None,
        },
    ]
    .into_iter()
}

fn is_text(text: &str) -> bool {
    text::line(text, text::LINE).is_ok()
}
