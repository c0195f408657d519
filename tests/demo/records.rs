//! What stands in the demo's records, and that the rules brought it there.

use std::collections::{BTreeMap, BTreeSet};

use concord::consent::lint::{Beside, ConsentDraft, RulePacks, lint};
use concord::consent::rules as consent_rules;
use concord::mou::rules as mou_rules;
use concord::referral::rules::answer::response_time;
use concord::referral::rules::outcome::Outcome;
use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord::seal::vault::PackageVersion;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, ConsentStatus, MouStatus, NoteAudience, Purpose,
    ReferralAction, ReferralStatus, StatusReason,
};
use concord_entities::{
    agency, application, consent, consent_signature, membership, mou, mou_party, referral,
    referral_note, sealed_part, survivor,
};

use super::filled;

/// How something comes to stand where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ComesAbout {
    /// By this mutation.
    By(&'static str),
    /// By time, or by the end of what it stands on.
    ByItself,
    /// Nothing brings it there yet.
    Never,
}

impl ComesAbout {
    fn is_by_an_operation_of_the_schema(self) {
        if let Self::By(mutation) = self {
            let field = format!("\t{mutation}(");
            let schema = include_str!("../../schema.graphql");
            assert!(schema.contains(&field), "there is no {mutation}");
        }
    }
}

fn referral_comes_about(status: ReferralStatus) -> ComesAbout {
    match status {
        ReferralStatus::Draft => ComesAbout::By("draftReferral"),
        ReferralStatus::Requested => ComesAbout::By("sendReferral"),
        ReferralStatus::Accepted => ComesAbout::By("acceptReferral"),
        ReferralStatus::Rejected => ComesAbout::By("rejectReferral"),
        ReferralStatus::Completed => ComesAbout::By("completeReferral"),
        ReferralStatus::InProgress => ComesAbout::By("startReferral"),
        ReferralStatus::OnHold => ComesAbout::By("holdReferral"),
        ReferralStatus::Failed => ComesAbout::By("failReferral"),
        ReferralStatus::Cancelled => ComesAbout::By("cancelReferral"),
        ReferralStatus::EnteredInError => ComesAbout::By("markReferralEnteredInError"),
        ReferralStatus::Suspended | ReferralStatus::Expired => ComesAbout::ByItself,
    }
}

fn is_discarded(row: &referral::Model) -> bool {
    row.last_action == Some(ReferralAction::Discard)
}

fn mou_comes_about(status: MouStatus) -> ComesAbout {
    match status {
        MouStatus::Draft => ComesAbout::By("draftMou"),
        MouStatus::Offered => ComesAbout::By("offerMou"),
        MouStatus::PartiallySigned | MouStatus::Signed => ComesAbout::By("signMou"),
        MouStatus::Active | MouStatus::DueForReview | MouStatus::Expired => ComesAbout::ByItself,
        MouStatus::Declined => ComesAbout::By("declineMou"),
        MouStatus::Suspended => ComesAbout::By("suspendMou"),
        MouStatus::Terminated => ComesAbout::By("terminateMou"),
        MouStatus::Superseded => ComesAbout::By("renewMou"),
    }
}

fn consent_comes_about(status: ConsentStatus) -> ComesAbout {
    match status {
        ConsentStatus::Draft => ComesAbout::By("draftConsent"),
        ConsentStatus::Active => ComesAbout::By("signConsent"),
        ConsentStatus::Revoked => ComesAbout::By("revokeConsent"),
        ConsentStatus::Superseded => ComesAbout::By("renewConsent"),
        ConsentStatus::EnteredInError => ComesAbout::By("markConsentEnteredInError"),
        ConsentStatus::Expired => ComesAbout::ByItself,
        // By the operator's command, for what an earlier release let into force.
        ConsentStatus::Suspended => ComesAbout::Never,
    }
}

#[tokio::test]
async fn a_referral_stands_wherever_an_operation_or_time_brings_it_and_nowhere_else() {
    let demo = filled().await;
    let rows = demo.all::<referral::Entity>().await;
    let stored: BTreeSet<_> = rows.iter().map(|row| row.status).collect();
    let standing = |row: &referral::Model| CurrentStatus::of(&StoredStatus::from(row), demo.now);
    let shown: BTreeSet<_> = rows.iter().map(|row| standing(row).status).collect();
    for status in ReferralStatus::ALL {
        let comes_about = referral_comes_about(*status);
        comes_about.is_by_an_operation_of_the_schema();
        assert_eq!(
            shown.contains(status),
            comes_about != ComesAbout::Never,
            "{status} shown"
        );
        assert_eq!(
            stored.contains(status),
            matches!(comes_about, ComesAbout::By(_)),
            "{status} stored"
        );
    }

    assert!(rows.iter().any(|row| row.reopens.is_some()));

    let suspended = |halted, reason| {
        rows.iter().any(|row| {
            row.halted == halted
                && standing(row)
                    == CurrentStatus {
                        status: ReferralStatus::Suspended,
                        reason: Some(reason),
                    }
        })
    };
    assert!(
        suspended(true, StatusReason::ConsentNotInForce),
        "a revoked consent"
    );
    assert!(
        suspended(false, StatusReason::ConsentNotInForce),
        "a consent that ran out"
    );
    assert!(
        suspended(false, StatusReason::MouNotInForce),
        "an MOU that ran out"
    );
    for row in &rows {
        let says_why = matches!(
            row.status,
            ReferralStatus::Rejected
                | ReferralStatus::OnHold
                | ReferralStatus::Failed
                | ReferralStatus::Cancelled
        );
        assert_eq!(says_why, row.status_reason.is_some(), "{row:?}");
        assert_eq!(
            row.status == ReferralStatus::Completed,
            row.outcome.is_some()
        );
        if let Some(code) = row.outcome {
            let provided = row.provided;
            let outcome = Outcome { code, provided };
            assert_eq!(outcome.check(row.needs), Ok(()), "{row:?}");
        }
        let unsent = row.status == ReferralStatus::Draft || is_discarded(row);
        assert_eq!(row.sent_at.is_none(), unsent, "{row:?}");
        assert_eq!(
            row.respond_by,
            row.sent_at.map(|at| at.plus(response_time(row.urgency)))
        );
        if let Some(earlier) = row.reopens {
            let earlier = rows.iter().find(|one| one.id == earlier).unwrap();
            assert_eq!(earlier.survivor_id, row.survivor_id);
            assert_eq!(earlier.status, ReferralStatus::Failed);
            assert!(earlier.updated_at < row.created_at);
        }
        let moments = [
            Some(row.created_at),
            row.sent_at,
            Some(row.updated_at),
            Some(demo.now),
        ];
        assert!(moments.into_iter().flatten().is_sorted(), "{row:?}");
    }
}

#[tokio::test]
async fn an_mou_stands_wherever_an_operation_or_time_brings_it_and_nowhere_else() {
    let demo = filled().await;
    let parties = demo.all::<mou_party::Entity>().await;
    let mut shown = BTreeSet::new();
    for mou in demo.all::<mou::Entity>().await {
        let signed = parties
            .iter()
            .filter(|party| party.mou_id == mou.id && party.signed_at.is_some());
        shown.insert(mou_rules::status(&mou, signed.count(), demo.now));
        assert_eq!(mou.version > 1, mou.supersedes.is_some(), "{mou:?}");
    }
    for status in MouStatus::ALL {
        let comes_about = mou_comes_about(*status);
        comes_about.is_by_an_operation_of_the_schema();
        let comes = comes_about != ComesAbout::Never;
        assert_eq!(shown.contains(status), comes, "{status}");
    }
}

#[tokio::test]
async fn a_consent_stands_wherever_an_operation_or_time_brings_it() {
    let demo = filled().await;
    let consents = demo.all::<consent::Entity>().await;
    let shown: BTreeSet<_> = consents
        .iter()
        .map(|row| consent_rules::status(row, demo.now))
        .collect();
    for status in ConsentStatus::ALL {
        let comes_about = consent_comes_about(*status);
        comes_about.is_by_an_operation_of_the_schema();
        let comes = comes_about != ComesAbout::Never;
        assert_eq!(shown.contains(status), comes, "{status}");
    }
    for renewed in consents.iter().filter(|row| row.supersedes.is_some()) {
        let earlier = consents
            .iter()
            .find(|row| Some(row.id) == renewed.supersedes);
        let earlier = earlier.unwrap();
        assert_eq!(renewed.version, earlier.version + 1);
        assert_eq!(earlier.superseded_at, renewed.signed_at);
    }
}

#[tokio::test]
async fn agencies_and_programs_are_as_registering_and_suspending_leave_them() {
    let demo = filled().await;
    let agencies = demo.all::<agency::Entity>().await;
    let suspended: Vec<_> = agencies
        .iter()
        .filter(|agency| agency.status == AgencyStatus::Suspended)
        .collect();
    let [suspended] = suspended[..] else {
        panic!("{suspended:?}")
    };
    let places = demo.all::<membership::Entity>().await;
    let out: Vec<_> = places.iter().filter(|place| !place.is_active()).collect();
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].agency_id, suspended.id);
    assert!(out[0].suspension_reason.is_some());
    assert!(suspended.epoch_began_at > suspended.created_at);
    for agency in &agencies {
        assert_eq!(agency.token_epoch == 2, agency.id == suspended.id);
    }
    let programs = demo.all::<application::Entity>().await;
    assert_eq!(programs.len(), agencies.len());
    for program in programs {
        assert_ne!(
            program.keys,
            application::NO_KEYS,
            "it proves itself by no key"
        );
    }
}

#[tokio::test]
async fn the_copied_state_is_what_consents_and_mous_say() {
    let demo = filled().await;
    let consents: BTreeMap<_, _> = demo
        .all::<consent::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let mous: BTreeMap<_, _> = demo
        .all::<mou::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let parties = demo.all::<mou_party::Entity>().await;
    let parts = demo.all::<sealed_part::Entity>().await;
    let keys = demo.keys().await;
    for row in demo.all::<referral::Entity>().await {
        let consent = &consents[&row.consent_id];
        assert_eq!(
            (consent.discloser_id, consent.recipient_id),
            (row.sender_id, row.recipient_id)
        );
        assert_eq!(consent.survivor_id, row.survivor_id);
        assert_eq!(row.consent_until, Some(consent.expires_at));
        assert!(row.contains.within(consent.grants.categories()));
        assert_eq!(row.mou_id.is_some(), row.sent_at.is_some(), "{row:?}");
        let sealed: Categories = parts
            .iter()
            .filter(|part| part.referral_id == row.id)
            .map(|part| part.category)
            .collect();
        assert_eq!(sealed, row.contains);
        let taken_back = consent.revoked_at.is_some() || consent.entered_in_error_at.is_some();
        let ended = taken_back || is_discarded(&row) || consent.expires_at <= demo.now;
        assert_eq!(keys.contains(&row.id), !ended, "a key of {row:?}");

        if let (Some(id), Some(sent)) = (row.mou_id, row.sent_at) {
            let mou = &mous[&id];
            assert_eq!(row.mou_until, Some(mou.ends_at));
            assert!(mou.signed_at.unwrap() < sent && mou.begins_at <= sent && sent < mou.ends_at);
            for party in [row.sender_id, row.recipient_id] {
                assert!(
                    parties.iter().any(|of| of.mou_id == id
                        && of.agency_id == party
                        && of.signed_at.is_some())
                );
            }
            assert!(consent.signed_at.unwrap() < sent);
            assert!(row.contains.within(mou.grants.categories()));
        }
        assert_eq!(row.halted, taken_back && row.status.is_open(), "{row:?}");
    }
}

#[tokio::test]
async fn consents_are_signed_as_the_law_asks() {
    let demo = filled().await;
    let survivors: BTreeMap<_, _> = demo
        .all::<survivor::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let signatures = demo.all::<consent_signature::Entity>().await;
    let mut minors = 0;
    for row in demo.all::<consent::Entity>().await {
        let survivor = &survivors[&row.survivor_id];
        assert_eq!(survivor.agency_id, row.discloser_id);
        assert!(survivor.created_at < row.created_at);
        let beside = Beside {
            recipient_known: true,
            ceiling: Some(row.grants),
            understood: survivor.language.clone(),
            minor: survivor.is_guarded(row.created_at.day()),
            came_of_age: None,
            both_guardians: false,
            zone: "America/New_York".parse().unwrap(),
        };
        let draft = ConsentDraft::from_consent(&row, beside);
        let findings = lint(&draft, &RulePacks::default(), row.created_at);
        assert_eq!(findings, [], "{row:?}");
        let roles: Vec<_> = signatures
            .iter()
            .filter(|one| one.consent_id == row.id)
            .map(|one| one.role)
            .collect();
        assert_eq!(
            row.signed_at.is_some(),
            draft.situation().complete(&roles),
            "{row:?}"
        );
        minors += usize::from(survivor.is_guarded(row.created_at.day()) && row.signed_at.is_some());
    }
    assert!(minors > 0);
}

#[tokio::test]
async fn nothing_is_readable_without_a_consent_and_an_mou_in_force() {
    let demo = filled().await;
    let consents: BTreeMap<_, _> = demo
        .all::<consent::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let mous: BTreeMap<_, _> = demo
        .all::<mou::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let keys = demo.keys().await;
    let mut readable = 0;
    for row in demo.all::<referral::Entity>().await {
        for purpose in Purpose::ALL {
            let shared = demo.readable(&row, *purpose, Categories::all()).await;
            if shared.is_empty() {
                continue;
            }
            readable += 1;
            let (consent, mou) = (&consents[&row.consent_id], &mous[&row.mou_id.unwrap()]);
            assert!(
                consent.revoked_at.is_none()
                    && consent.entered_in_error_at.is_none()
                    && consent.expires_at > demo.now
                    && consent.grants.purposes().has(*purpose)
            );
            let told = consent.grants.and(&mou.grants);
            assert!(shared.within(told.categories_for(*purpose)));
            assert!(mou.signed_at.is_some() && mou.ends_at > demo.now);
            assert!(keys.contains(&row.id));
            let released = [(PackageVersion::from(&row), shared)].into();
            let opened = demo.vault.open(&demo.store, &released).await.unwrap();
            let categories: Categories = opened[&row.id]
                .iter()
                .map(|(category, _)| *category)
                .collect();
            assert_eq!(categories, shared);
        }
    }
    assert!(readable > 40, "{readable}");
}

#[tokio::test]
async fn notes_of_either_kind_are_on_referrals_that_were_taken_on() {
    let demo = filled().await;
    let referrals: BTreeMap<_, _> = demo
        .all::<referral::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let notes = demo.all::<referral_note::Entity>().await;
    let audiences: BTreeSet<NoteAudience> = notes.iter().map(|note| note.audience).collect();
    assert_eq!(audiences.len(), NoteAudience::ALL.len());
    for note in notes {
        let on = &referrals[&note.referral_id];
        assert!([on.sender_id, on.recipient_id].contains(&note.author_id));
        assert!(on.sent_at.unwrap() < note.created_at);
        assert!(note.category.code().len() > 2 && on.contains.has(note.category));
    }
}
