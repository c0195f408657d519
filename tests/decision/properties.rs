//! What the decision promises whatever the facts: it is monotone, local and timely, and silent where nothing may be
//! told.

use concord::sharing::{Answer, Ground, Reason};
use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{
    AgencyStatus, Code, DataCategory, Purpose, ReferralStatus, Set,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::cases::{
    Case, EAST, NORTH, SOUTH, WEST, agencies, cases, code, disclosures, moments, without_category,
    without_pair, without_purpose,
};

/// One step towards less: whatever it is done to, nothing more may be shared for it.
#[derive(Clone, Copy, Debug)]
enum Narrowing {
    TokenLosesCategory(DataCategory),
    ConsentLosesCategory(DataCategory),
    ConsentLosesPurpose(Purpose),
    ConsentLosesPair(DataCategory, Purpose),
    ConsentBeginsAt(Instant),
    ConsentEndsAt(Instant),
    ConsentUnsigned,
    ConsentRevoked(Instant),
    ConsentVoid(Instant),
    ConsentSuspendedFrom(Instant),
    ConsentGone,
    MouLosesCategory(DataCategory),
    MouLosesPurpose(Purpose),
    MouLosesPair(DataCategory, Purpose),
    MouBeginsOn(Day),
    MouEndsOn(Day),
    MouUnsigned,
    MouHalted(Instant),
    MouBindsOneOnly,
    MouGone,
    SenderSuspended,
    RecipientSuspended,
    MembershipSuspended,
    ReferralHalted,
    AnswerDueBy(Instant),
    ReferralMoves(ReferralStatus),
}

impl Narrowing {
    /// Does it; a date moves in its own direction only.
    fn narrow(self, case: &mut Case) {
        match self {
            Self::TokenLosesCategory(category) => {
                let ceiling = &mut case.question.ceiling;
                *ceiling = ceiling.without(category);
            }
            Self::ConsentLosesCategory(category) => {
                case.consent(|c| c.grants = without_category(c.grants, category));
            }
            Self::ConsentLosesPurpose(purpose) => {
                case.consent(|c| c.grants = without_purpose(c.grants, purpose));
            }
            Self::ConsentLosesPair(category, purpose) => {
                case.consent(|c| c.grants = without_pair(c.grants, category, purpose));
            }
            Self::MouLosesPair(category, purpose) => {
                case.mou(|m| m.grants = without_pair(m.grants, category, purpose));
            }
            Self::ConsentBeginsAt(at) => {
                case.consent(|c| c.dates.effective_at = c.dates.effective_at.max(at));
            }
            Self::ConsentEndsAt(at) => {
                case.consent(|c| c.dates.expires_at = c.dates.expires_at.min(at));
            }
            Self::ConsentUnsigned => case.consent(|c| c.dates.signed_at = None),
            Self::ConsentRevoked(at) => case.consent(|c| c.dates.revoked_at = Some(at)),
            Self::ConsentVoid(at) => case.consent(|c| c.dates.void_at = Some(at)),
            Self::ConsentSuspendedFrom(at) => case.consent(|c| {
                let before = c.dates.suspends_at;
                c.dates.suspends_at = Some(before.map_or(at, |from| from.min(at)));
            }),
            Self::ConsentGone => case.facts.consent = None,
            Self::MouLosesCategory(category) => {
                case.mou(|m| m.grants = without_category(m.grants, category));
            }
            Self::MouLosesPurpose(purpose) => {
                case.mou(|m| m.grants = without_purpose(m.grants, purpose));
            }
            Self::MouBeginsOn(day) => {
                case.mou(|m| m.dates.begins_at = m.dates.begins_at.max(day.start()));
            }
            Self::MouEndsOn(day) => {
                case.mou(|m| m.dates.ends_at = m.dates.ends_at.min(day.end()));
            }
            Self::MouUnsigned => case.mou(|m| m.dates.signed_at = None),
            Self::MouHalted(at) => case.mou(|m| m.dates.halted_at = Some(at)),
            Self::MouBindsOneOnly => case.mou(|m| m.binds_both = false),
            Self::MouGone => case.facts.mou = None,
            Self::SenderSuspended => case.facts.sender.status = AgencyStatus::Suspended,
            Self::RecipientSuspended => case.facts.recipient.status = AgencyStatus::Suspended,
            Self::MembershipSuspended => case.facts.parted = true,
            Self::ReferralHalted => case.facts.halted = true,
            Self::AnswerDueBy(moment) => {
                let before = case.facts.answerable_until;
                case.facts.answerable_until = Some(before.map_or(moment, |end| end.min(moment)));
            }
            Self::ReferralMoves(status) => case.facts.status = status,
        }
    }
}

fn narrowings() -> impl Strategy<Value = Narrowing> {
    let ended = [
        ReferralStatus::Suspended,
        ReferralStatus::Rejected,
        ReferralStatus::Cancelled,
        ReferralStatus::Completed,
        ReferralStatus::Failed,
        ReferralStatus::Expired,
        ReferralStatus::EnteredInError,
    ];
    prop_oneof![
        code().prop_map(Narrowing::TokenLosesCategory),
        code().prop_map(Narrowing::ConsentLosesCategory),
        code().prop_map(Narrowing::ConsentLosesPurpose),
        (code(), code()).prop_map(|(one, of)| Narrowing::ConsentLosesPair(one, of)),
        moments(0..=4).prop_map(Narrowing::ConsentBeginsAt),
        moments(0..=4).prop_map(Narrowing::ConsentEndsAt),
        moments(0..=4).prop_map(Narrowing::ConsentRevoked),
        moments(0..=4).prop_map(Narrowing::ConsentVoid),
        moments(0..=4).prop_map(Narrowing::ConsentSuspendedFrom),
        code().prop_map(Narrowing::MouLosesCategory),
        code().prop_map(Narrowing::MouLosesPurpose),
        (code(), code()).prop_map(|(one, of)| Narrowing::MouLosesPair(one, of)),
        moments(0..=4).prop_map(|at| Narrowing::MouBeginsOn(at.day())),
        moments(0..=4).prop_map(|at| Narrowing::MouEndsOn(at.day())),
        moments(0..=4).prop_map(Narrowing::MouHalted),
        moments(0..=4).prop_map(Narrowing::AnswerDueBy),
        prop::sample::select(ended.to_vec()).prop_map(Narrowing::ReferralMoves),
        prop::sample::select(vec![
            Narrowing::ConsentUnsigned,
            Narrowing::ConsentGone,
            Narrowing::MouUnsigned,
            Narrowing::MouBindsOneOnly,
            Narrowing::MouGone,
            Narrowing::SenderSuspended,
            Narrowing::RecipientSuspended,
            Narrowing::MembershipSuspended,
            Narrowing::ReferralHalted,
        ]),
    ]
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn shares(answer: Answer) -> bool {
    matches!(answer, Answer::Share(_))
}

fn discloses(answer: Answer) -> bool {
    matches!(answer, Answer::Share(Ground::Consented { .. }))
}

fn is_party(case: &Case) -> bool {
    let Case {
        question, facts, ..
    } = case;
    question.reader == facts.sender.agency
        || question.reader == facts.recipient.agency && facts.status != ReferralStatus::Draft
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn monotone_less_never_shares_more(case in cases(), steps in prop::collection::vec(narrowings(), 1..4)) {
        let narrowed = case.but(|case| steps.iter().for_each(|step| step.narrow(case)));
        if shares(narrowed.answer()) {
            prop_assert_eq!(narrowed.answer(), case.answer(), "narrowed to {:?}", narrowed);
        }
    }

    #[test]
    fn monotone_what_ended_never_comes_back(case in cases(), mut times in [moments(0..=4), moments(0..=4), moments(0..=4)]) {
        times.sort_unstable();
        let [before, between, after] = times.map(|now| shares(case.but(|case| case.now = now).answer()));
        prop_assert!(between || !(before && after), "shared at both ends of {:?}, not within", times);
    }

    #[test]
    fn timely_a_disclosure_lies_within_every_date(case in cases()) {
        if let Answer::Share(Ground::Consented { .. }) = case.answer() {
            let (consent, mou) = (case.facts.consent.unwrap(), case.facts.mou.unwrap());
            prop_assert!(case.now < consent.dates.expires_at && case.now < mou.dates.ends_at);
            prop_assert!(case.now >= consent.dates.effective_at && case.now >= mou.dates.begins_at);
            prop_assert!(consent.dates.signed_at.unwrap() <= case.now && mou.dates.signed_at.unwrap() <= case.now);
        }
    }

    #[test]
    fn a_disclosure_names_what_it_stands_on(case in cases()) {
        if let Answer::Share(Ground::Consented { consent, consent_version, mou, mou_version }) = case.answer() {
            let (c, m) = (case.facts.consent.unwrap(), case.facts.mou.unwrap());
            prop_assert_eq!((consent, consent_version, mou, mou_version), (c.id, c.version, m.id, m.version));
        }
    }

    #[test]
    fn local_a_consent_between_others_answers_as_none(case in cases(), others in (agencies(), agencies())) {
        let (sender, recipient) = (case.facts.sender.agency, case.facts.recipient.agency);
        prop_assume!(others != (sender, recipient));
        let foreign = case.but(|case| case.consent(|c| (c.discloser, c.recipient) = others));
        let none = case.but(|case| case.facts.consent = None);
        prop_assert!(!shares(foreign.answer()));
        prop_assert_eq!(foreign.answer(), none.answer());
    }

    #[test]
    fn local_an_mou_that_binds_one_only_answers_as_none(case in cases()) {
        let one_sided = case.but(|case| case.mou(|m| m.binds_both = false));
        let none = case.but(|case| case.facts.mou = None);
        prop_assert_eq!(one_sided.answer(), none.answer());
    }

    #[test]
    fn local_other_pairs_change_nothing(case in cases(), category in code::<DataCategory>(), purpose in code::<Purpose>()) {
        prop_assume!(category != case.question.category && purpose != case.question.purpose);
        for (now_in, now_out) in [(true, false), (false, true)] {
            let other = case.but(|case| {
                let ceiling = &mut case.question.ceiling;
                *ceiling = set(*ceiling, category, now_in);
                case.consent(|c| c.grants = set_pair(c.grants, (category, purpose), now_out));
                case.mou(|m| m.grants = set_pair(m.grants, (category, purpose), now_in));
            });
            prop_assert_eq!(other.answer(), case.answer());
        }
    }

    #[test]
    fn what_is_shared_is_a_pair_of_consent_and_mou(case in disclosures()) {
        let (category, purpose) = (case.question.category, case.question.purpose);
        if discloses(case.answer()) {
            prop_assert!(case.facts.consent.unwrap().grants.permits(category, purpose));
            prop_assert!(case.facts.mou.unwrap().grants.permits(category, purpose));
        }
        let apart = case.but(|case| case.consent(|c| c.grants = without_pair(c.grants, category, purpose)));
        prop_assert!(!discloses(apart.answer()));
        let apart = case.but(|case| case.mou(|m| m.grants = without_pair(m.grants, category, purpose)));
        prop_assert!(!discloses(apart.answer()));
    }

    #[test]
    fn local_only_who_is_who_counts_not_which_agency_it_is(case in cases()) {
        let turned = case.but(|case| {
            case.question.reader = turn(case.question.reader);
            case.facts.sender.agency = turn(case.facts.sender.agency);
            case.facts.recipient.agency = turn(case.facts.recipient.agency);
            case.consent(|c| (c.discloser, c.recipient) = (turn(c.discloser), turn(c.recipient)));
        });
        prop_assert_eq!(turned.answer(), case.answer());
    }

    #[test]
    fn local_an_own_package_is_no_matter_of_the_recipient(case in cases(), other in cases()) {
        let own = case.but(|case| case.question.reader = case.facts.sender.agency);
        let elsewhere = own.but(|own| {
            own.facts.mou = other.facts.mou;
            own.facts.recipient.status = other.facts.recipient.status;
            own.facts.status = other.facts.status;
            own.facts.answerable_until = other.facts.answerable_until;
            own.facts.halted = other.facts.halted;
            own.question.purpose = other.question.purpose;
        });
        prop_assert!(!discloses(own.answer()));
        prop_assert_eq!(elsewhere.answer(), own.answer());
    }

    #[test]
    fn silent_to_a_third_agency_whatever_the_facts(case in cases()) {
        let (sender, recipient) = (case.facts.sender.agency, case.facts.recipient.agency);
        for third in [NORTH, SOUTH, EAST, WEST].into_iter().filter(|&a| a != sender && a != recipient) {
            let asked = case.but(|case| case.question.reader = third);
            prop_assert_eq!(asked.answer(), Answer::Withhold(Reason::NotAParty));
        }
    }

    #[test]
    fn silent_about_a_draft_to_its_recipient(case in disclosures()) {
        let draft = case.but(|case| case.facts.status = ReferralStatus::Draft);
        let stranger = draft.but(|case| case.question.reader = AgencyId(Uuid::nil()));
        prop_assert_eq!(draft.answer(), Answer::Withhold(Reason::NotAParty));
        prop_assert_eq!(draft.answer(), stranger.answer());
    }

    #[test]
    fn silent_beyond_a_narrow_token(case in cases()) {
        let narrow = case.but(|case| {
            let ceiling = &mut case.question.ceiling;
            *ceiling = ceiling.without(case.question.category);
        });
        let reason = if is_party(&case) { Reason::TokenTooNarrow } else { Reason::NotAParty };
        prop_assert_eq!(narrow.answer(), Answer::Withhold(reason));
    }
}

fn set<C: Code>(codes: Set<C>, code: C, is_in: bool) -> Set<C> {
    if is_in {
        codes.with(code)
    } else {
        codes.without(code)
    }
}

fn set_pair(grants: Grants, (category, purpose): (DataCategory, Purpose), is_in: bool) -> Grants {
    let pair = (purpose, Set::only(category));
    if is_in {
        grants.iter().chain([pair]).collect()
    } else {
        without_pair(grants, category, purpose)
    }
}

/// Each agency to the next: a consistent change of names.
fn turn(agency: AgencyId) -> AgencyId {
    match agency {
        NORTH => SOUTH,
        SOUTH => EAST,
        EAST => WEST,
        _ => NORTH,
    }
}
