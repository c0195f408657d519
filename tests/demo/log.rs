//! The audit log of the demo: what the operations of its story write, and nothing else.

use std::collections::BTreeMap;

use concord::audit::{check, integrator, ledger_key};
use concord::seal::kek;
use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AuditType, NoteAudience, ReferralAction, ReferralSide, ReferralStatus,
};
use concord_entities::{
    agency, agency_vetting, application, audit_event, audit_waiting, consent, consent_signature,
    membership, mou, mou_party, partnership, referral, referral_note, staff_training, survivor,
};

use uuid::Uuid;

use super::filled;

#[tokio::test]
async fn the_audit_log_tells_the_history_in_order() {
    let demo = filled().await;
    let waiting = audit_waiting::Entity::after(Instant(0), AuditEventId(Uuid::nil()))
        .all(&demo.store.read)
        .await
        .unwrap();
    let mut events = audit_event::Entity::to_verify(waiting.iter().map(|row| row.event_id))
        .all(&demo.store.read)
        .await
        .unwrap();
    assert_eq!(events.len(), waiting.len());
    events.sort_by_key(|event| event.id);
    assert!(
        events
            .iter()
            .map(|event| event.id)
            .eq(waiting.iter().map(|row| row.event_id))
    );
    assert!(events.iter().map(|event| event.recorded_at).is_sorted());
    assert!(events.iter().all(|event| event.recorded_at <= demo.now));
    for survivor in demo.all::<survivor::Entity>().await {
        assert!(
            events
                .iter()
                .all(|event| !event.leaf.contains(&survivor.pseudonym))
        );
    }
}

/// How many of them satisfy something.
fn count<T>(all: &[T], is: impl Fn(&T) -> bool) -> usize {
    all.iter().filter(|one| is(one)).count()
}

#[tokio::test]
async fn the_log_holds_what_the_operations_write_and_nothing_else() {
    let demo = filled().await;
    let mut recorded: BTreeMap<AuditType, usize> = BTreeMap::new();
    for event in demo.all::<audit_event::Entity>().await {
        *recorded.entry(event.kind).or_default() += 1;
    }

    let agencies = demo.all::<agency::Entity>().await;
    let consents = demo.all::<consent::Entity>().await;
    let notes = demo.all::<referral_note::Entity>().await;
    let mous = demo.all::<mou::Entity>().await;
    let parties = demo.all::<mou_party::Entity>().await;
    let referrals = demo.all::<referral::Entity>().await;
    let partnerships = demo.all::<partnership::Entity>().await;
    assert_eq!(
        partnerships.len(),
        agencies.len() * (agencies.len() - 1) / 2,
        "every two"
    );
    let standing = |status| count(&referrals, |row| row.status == status);
    let done_last = |action| count(&referrals, |row| row.last_action == Some(action));
    let cancelled_by = |side| {
        count(&referrals, |row| {
            row.last_action == Some(ReferralAction::Cancel) && row.last_action_side == Some(side)
        })
    };
    let begun = [
        ReferralStatus::InProgress,
        ReferralStatus::OnHold,
        ReferralStatus::Failed,
    ];
    let begun: usize = begun.into_iter().map(standing).sum();
    let accepted = standing(ReferralStatus::Accepted)
        + standing(ReferralStatus::Completed)
        + begun
        + cancelled_by(ReferralSide::Recipient);
    let rejected = standing(ReferralStatus::Rejected);
    let expected = BTreeMap::from([
        (AuditType::AgencyRegistered, agencies.len()),
        (
            AuditType::AgencySuspended,
            count(&demo.all::<membership::Entity>().await, |row| {
                !row.is_active()
            }),
        ),
        (
            AuditType::AgencyVetted,
            demo.count::<agency_vetting::Entity>().await,
        ),
        (
            AuditType::ApplicationRegistered,
            demo.count::<application::Entity>().await,
        ),
        (
            AuditType::SurvivorRegistered,
            demo.count::<survivor::Entity>().await,
        ),
        (AuditType::ConsentDrafted, consents.len()),
        (
            AuditType::ConsentSigned,
            demo.count::<consent_signature::Entity>().await,
        ),
        (
            AuditType::ConsentRevoked,
            count(&consents, |row| row.revoked_at.is_some()),
        ),
        (
            AuditType::ConsentSuperseded,
            count(&consents, |row| row.superseded_at.is_some()),
        ),
        (
            AuditType::ConsentEnteredInError,
            count(&consents, |row| row.entered_in_error_at.is_some()),
        ),
        (
            AuditType::PartnershipStepRecorded,
            partnerships
                .iter()
                .map(|row| usize::try_from(row.steps).unwrap())
                .sum(),
        ),
        (
            AuditType::StaffTrainingRecorded,
            demo.count::<staff_training::Entity>().await,
        ),
        (AuditType::MouDrafted, mous.len()),
        (
            AuditType::MouOffered,
            count(&mous, |row| row.offered_at.is_some()),
        ),
        (
            AuditType::MouSigned,
            count(&parties, |row| row.signed_at.is_some()),
        ),
        (
            AuditType::MouSuperseded,
            count(&mous, |row| row.superseded_at.is_some()),
        ),
        (
            AuditType::MouDeclined,
            count(&mous, |row| row.declined_at.is_some()),
        ),
        (
            AuditType::MouSuspended,
            count(&parties, |row| row.suspended_at.is_some()),
        ),
        (
            AuditType::MouTerminated,
            count(&mous, |row| row.terminated_at.is_some()),
        ),
        (AuditType::ReferralDrafted, referrals.len()),
        (
            AuditType::ReferralSent,
            count(&referrals, |row| row.sent_at.is_some()),
        ),
        (
            AuditType::ReferralDraftDiscarded,
            done_last(ReferralAction::Discard),
        ),
        (AuditType::ReferralStarted, begun),
        (
            AuditType::ReferralHeld,
            standing(ReferralStatus::OnHold) + done_last(ReferralAction::Resume),
        ),
        (
            AuditType::ReferralResumed,
            done_last(ReferralAction::Resume),
        ),
        (AuditType::ReferralFailed, standing(ReferralStatus::Failed)),
        (
            AuditType::ReferralCancelled,
            done_last(ReferralAction::Cancel),
        ),
        (
            AuditType::ReferralEnteredInError,
            standing(ReferralStatus::EnteredInError),
        ),
        (
            AuditType::ReferralNoteAdded,
            count(&notes, |row| row.audience == NoteAudience::OtherParty),
        ),
        (
            AuditType::ReferralNoteKept,
            count(&notes, |row| row.audience == NoteAudience::OwnAgency),
        ),
        (AuditType::ReferralAccepted, accepted),
        (AuditType::ReferralRejected, rejected),
        (
            AuditType::ReferralCompleted,
            standing(ReferralStatus::Completed),
        ),
        // Whoever answers has read the package, and a read lists the record too.
        (AuditType::PackageRead, accepted + rejected),
        (AuditType::RecordsListed, accepted + rejected),
    ]);
    assert_eq!(recorded, expected);
}

#[tokio::test]
async fn every_package_was_read_on_a_ground_that_stood_then() {
    let demo = filled().await;
    let referrals: BTreeMap<String, referral::Model> = demo
        .all::<referral::Entity>()
        .await
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect();
    let mut reads = 0;
    for event in demo.all::<audit_event::Entity>().await {
        if event.kind != AuditType::PackageRead {
            continue;
        }
        reads += 1;
        let leaf: serde_json::Value = serde_json::from_str(&event.leaf).unwrap();
        let row = &referrals[leaf["object"].as_str().unwrap()];
        assert_eq!(event.agency_id, Some(row.recipient_id));
        assert_eq!(leaf["consent"], row.consent_id.to_string());
        assert_eq!(leaf["mou"], row.mou_id.unwrap().to_string());
        let released = serde_json::to_value(row.contains).unwrap();
        assert_eq!(leaf["categories"], released, "{leaf}");
        assert!(row.sent_at.unwrap() < event.recorded_at && event.recorded_at < row.updated_at);
    }
    assert!(reads > 60, "{reads}");
}

#[tokio::test]
async fn audit_verify_finds_nothing_wrong() {
    let demo = filled().await;
    let events = demo.count::<audit_event::Entity>().await;
    let kek = kek::read(&demo.settings).await.unwrap();
    let key = ledger_key::open(
        &demo.store.keyring,
        &kek,
        "concord.example/graphql",
        demo.now,
    )
    .await
    .unwrap();
    integrator::settle(&demo.store, &key).await.unwrap();
    let verified = check::check(&demo.store, key.origins(), None, |_, _| ())
        .await
        .unwrap();
    let told = verified.to_string();
    let whole = format!(
        "{events} events are as they were recorded, and signed checkpoints vouch for the first {events}; 0 more"
    );
    assert!(told.starts_with(&whole), "{told}");
}
