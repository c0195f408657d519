//! The demo: what it promises to fill an empty store with, and tokens that open it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use concord::access::grant::{Permission, Resource};
use concord::access::scope::Scopes;
use concord::access::token::{self, Claims, Expected};
use concord::consent::lint::{Beside, ConsentDraft, RulePacks, lint};
use concord::consent::rules as consent_rules;
use concord::jose::key::{KeySet, SigningKey};
use concord::referral::rules::{self, CurrentStatus, StoredStatus};
use concord::seal::vault::PackageVersion;
use concord::seal::{Vault, kek};
use concord::settings::{RawSettings, Settings};
use concord::sharing::facts::{self, Gathered};
use concord::sharing::{self, Question, decide};
use concord::store::Store;
use concord::{clock, demo};
use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AuditType, Categories, Code, DataCategory, Purpose, ReferralStatus, StatusReason, Urgency,
};
use concord_entities::{
    agency, audit_event, consent, consent_signature, mou, mou_party, package_key, referral,
    sealed_part, survivor, token_state,
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait};

struct Demo {
    folder: tempfile::TempDir,
    settings: Settings,
    store: Store,
    vault: Vault,
    now: Instant,
}

async fn filled() -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let flags = RawSettings {
        data: Some(folder.path().to_owned()),
        ..RawSettings::default()
    };
    let settings = Settings::read(None, &flags).unwrap();
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    let vault = Vault::new(&store, Arc::new(kek::read(&settings).unwrap()));
    let now = clock::now();
    assert!(demo::fill(&store, &vault, now).await.unwrap());
    Demo {
        folder,
        settings,
        store,
        vault,
        now,
    }
}

impl Demo {
    async fn all<E: EntityTrait>(&self) -> Vec<E::Model> {
        #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
        E::find().all(&self.store.read).await.unwrap()
    }

    async fn count<E: EntityTrait>(&self) -> usize {
        self.all::<E>().await.len()
    }

    async fn keys(&self) -> BTreeSet<ReferralId> {
        let keys = package_key::Entity::in_order(None, 10_000)
            .all(&self.store.keyring)
            .await
            .unwrap();
        keys.into_iter().map(|key| key.referral_id).collect()
    }

    /// What the decision says of a package to its recipient, for a purpose, whatever the token.
    async fn readable(
        &self,
        row: &referral::Model,
        purpose: Purpose,
        ceiling: Categories,
    ) -> Categories {
        let one = referral::Entity::known_to(row.recipient_id, row.id).into_query();
        let statement = facts::beside_epoch(self.store.backend, one, true);
        let found = self.store.read.query_all(&statement).await.unwrap();
        if !facts::is_row(&found[0]) {
            return Categories::EMPTY;
        }
        let facts = Gathered::from_row(&found[0]).unwrap().facts;
        let shared = |category: &DataCategory| {
            let question = Question {
                reader: row.recipient_id,
                category: *category,
                purpose,
                ceiling: ceiling,
            };
            matches!(
                decide(&question, &facts, self.now),
                sharing::Answer::Share(_)
            )
        };
        row.contains.iter().filter(shared).collect()
    }

    async fn personas(&self) -> BTreeMap<String, (serde_json::Value, Claims)> {
        let key = SigningKey::generate().unwrap();
        let file = self.folder.path().join("demo-tokens.json");
        demo::tokens(&self.store, &key, &self.settings, &file, self.now)
            .await
            .unwrap();
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let keys: KeySet = std::iter::once(key.public().clone()).collect();
        let expected = Expected {
            issuer: self.settings.issuer.clone(),
            audience: self.settings.audience.clone(),
        };
        let text = std::fs::read(&file).unwrap();
        let cards: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&text).unwrap();
        let verified = |card: &serde_json::Value| {
            token::verify(card["token"].as_str().unwrap(), &keys, &expected, self.now).unwrap()
        };
        cards
            .into_iter()
            .map(|(name, card)| (name, (card.clone(), verified(&card))))
            .collect()
    }
}

#[tokio::test]
async fn an_empty_store_is_filled_quickly_and_only_once() {
    let watch = Stopwatch::now();
    let demo = filled().await;
    let took = watch.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");

    assert!(demo.count::<agency::Entity>().await >= 12);
    assert!(demo.count::<mou::Entity>().await >= 10);
    assert_eq!(demo.count::<survivor::Entity>().await, 40);
    assert_eq!(demo.count::<referral::Entity>().await, 120);
    let before = (demo.count::<audit_event::Entity>().await, demo.keys().await);

    assert!(
        !demo::fill(&demo.store, &demo.vault, clock::now())
            .await
            .unwrap()
    );
    assert_eq!(demo.count::<agency::Entity>().await, 16);
    assert_eq!(demo.count::<referral::Entity>().await, 120);
    assert_eq!(
        (demo.count::<audit_event::Entity>().await, demo.keys().await),
        before
    );
}

#[tokio::test]
async fn every_state_of_a_referral_occurs() {
    let demo = filled().await;
    let rows = demo.all::<referral::Entity>().await;
    let stored: BTreeSet<_> = rows.iter().map(|row| row.status).collect();
    let standing = |row: &referral::Model| CurrentStatus::of(&StoredStatus::from(row), demo.now);
    let shown: BTreeSet<_> = rows.iter().map(|row| standing(row).status).collect();
    let set_by_time = [ReferralStatus::Suspended, ReferralStatus::Expired];
    for status in ReferralStatus::ALL {
        assert!(shown.contains(status), "{status} is not shown");
        assert_eq!(
            stored.contains(status),
            !set_by_time.contains(status),
            "{status} stored"
        );
    }

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
        let terminal = matches!(
            row.status,
            ReferralStatus::Rejected | ReferralStatus::Cancelled | ReferralStatus::Failed
        );
        assert!(!terminal || row.status_reason.is_some(), "{row:?}");
        assert_eq!(
            row.status == ReferralStatus::Completed,
            row.outcome.is_some() && !row.provided.is_empty()
        );
        assert_eq!(row.sent_at.is_none(), row.status == ReferralStatus::Draft);
        assert_eq!(
            row.respond_by,
            row.sent_at
                .map(|at| at.plus(rules::response_time(row.urgency)))
        );
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
        assert!(row.contains.within(consent.categories));
        assert_eq!(row.mou_id.is_some(), row.sent_at.is_some(), "{row:?}");
        let sealed: Categories = parts
            .iter()
            .filter(|part| part.referral_id == row.id)
            .map(|part| part.category)
            .collect();
        assert_eq!(sealed, row.contains);
        let ended = consent.revoked_at.is_some() || consent.expires_at <= demo.now;
        assert_eq!(keys.contains(&row.id), !ended, "a key of {row:?}");

        let mut halted = consent.revoked_at.is_some();
        if let (Some(id), Some(sent)) = (row.mou_id, row.sent_at) {
            let mou = &mous[&id];
            assert_eq!(row.mou_until, Some(mou.expires_on.end()));
            assert!(
                mou.signed_at.unwrap() < sent
                    && mou.effective_on <= sent.day()
                    && sent.day() <= mou.expires_on
            );
            for party in [row.sender_id, row.recipient_id] {
                assert!(
                    parties.iter().any(|of| of.mou_id == id
                        && of.agency_id == party
                        && of.signed_at.is_some())
                );
            }
            assert!(consent.signed_at.unwrap() < sent);
            assert!(row.contains.within(mou.categories));
            halted |= mou.suspended_at.is_some();
        }
        assert_eq!(row.halted, halted && row.status.is_open(), "{row:?}");
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
            ceiling: Some(Categories::all()),
            understood: survivor.language.clone(),
            minor: survivor.minor,
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
        minors += usize::from(survivor.minor && row.signed_at.is_some());
    }
    assert!(minors > 0);
    let states: BTreeSet<_> = demo
        .all::<consent::Entity>()
        .await
        .iter()
        .map(|row| consent_rules::status(row, demo.now).code())
        .collect();
    assert_eq!(
        states,
        ["ACTIVE", "DRAFT", "EXPIRED", "REVOKED", "SUPERSEDED"].into()
    );
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
                    && consent.expires_at > demo.now
                    && consent.purposes.has(*purpose)
            );
            assert!(shared.within(consent.categories) && shared.within(mou.categories));
            assert!(
                mou.suspended_at.is_none()
                    && mou.terminated_at.is_none()
                    && mou.expires_on >= demo.now.day()
            );
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
async fn every_persona_has_a_token_that_opens_its_work() {
    let demo = filled().await;
    let personas = demo.personas().await;
    let names: Vec<&str> = personas.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "advocate",
            "auditor",
            "coordinator",
            "health",
            "housing",
            "legal_aid",
            "police_liaison"
        ]
    );
    let states = demo.all::<token_state::Entity>().await;
    let issued: Vec<_> = demo
        .all::<audit_event::Entity>()
        .await
        .into_iter()
        .filter(|event| event.kind == AuditType::TokenIssued)
        .collect();
    for (name, (card, claims)) in &personas {
        let agency = agency::Entity::named(claims.agency)
            .one(&demo.store.read)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(card["agency"], agency.name.as_str());
        assert_eq!(card["agencyId"], agency.id.to_string());
        let scopes: Vec<&str> = card["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert_eq!(scopes.join(" "), claims.scope);
        Scopes::parse(&claims.scope).unwrap();
        assert_eq!(claims.subject, format!("demo:{name}"));
        assert!(claims.expires_at > demo.now.plus(Duration::from_secs(43_190)));
        assert!(
            states
                .iter()
                .any(|state| state.jti == claims.id && state.agency_id == claims.agency)
        );
        assert_eq!(
            issued
                .iter()
                .filter(|event| event.leaf.contains(&claims.id))
                .count(),
            1
        );
    }
    for name in ["housing", "legal_aid", "health", "police_liaison"] {
        let claims = &personas[name].1;
        let scopes = Scopes::parse(&claims.scope).unwrap();
        let purposes: Vec<Purpose> = scopes
            .purposes(Resource::Referral, Permission::Read)
            .iter()
            .collect();
        let [purpose] = purposes[..] else {
            panic!("{name} has {purposes:?}")
        };
        let ceiling = scopes.categories_for(Resource::Referral, Permission::Read, purpose);
        works_at(&demo, name, claims.agency, purpose, ceiling).await;
    }
    let outbox = referral::Entity::outbox(personas["advocate"].1.agency)
        .all(&demo.store.read)
        .await
        .unwrap();
    assert!(outbox.len() >= 30);

    let again = demo.personas().await;
    assert_ne!(again["housing"].1.id, personas["housing"].1.id);
    assert_eq!(demo.count::<token_state::Entity>().await, 14);
}

async fn works_at(
    demo: &Demo,
    name: &str,
    agency: AgencyId,
    purpose: Purpose,
    ceiling: Categories,
) {
    let mut open = Vec::new();
    for row in referral::Entity::inbox(agency)
        .all(&demo.store.read)
        .await
        .unwrap()
    {
        let shared = demo.readable(&row, purpose, ceiling).await;
        if !shared.is_empty() {
            assert_eq!(shared, row.contains, "{name} cannot read all of {row:?}");
            open.push(row);
        }
    }
    let requested = open
        .iter()
        .filter(|row| row.status == ReferralStatus::Requested);
    assert!(open.len() >= 8, "{name}: {}", open.len());
    assert!(requested.count() >= 3, "{name}");
    assert!(
        open.iter().any(|row| row.urgency == Urgency::Emergency),
        "{name}"
    );
}

#[tokio::test]
async fn the_audit_log_tells_the_history_in_order() {
    let demo = filled().await;
    let events = audit_event::Entity::awaiting_integration()
        .all(&demo.store.read)
        .await
        .unwrap();
    assert!(events.iter().map(|event| event.recorded_at).is_sorted());
    assert!(events.iter().all(|event| event.recorded_at <= demo.now));
    let count = |kind| events.iter().filter(|event| event.kind == kind).count();
    let referrals = demo.all::<referral::Entity>().await;
    assert_eq!(
        count(AuditType::AgencyRegistered),
        demo.count::<agency::Entity>().await
    );
    assert_eq!(count(AuditType::SurvivorRegistered), 40);
    assert_eq!(
        count(AuditType::ConsentDrafted),
        demo.count::<consent::Entity>().await
    );
    assert_eq!(
        count(AuditType::ConsentSigned),
        demo.count::<consent_signature::Entity>().await
    );
    assert_eq!(
        count(AuditType::MouDrafted),
        demo.count::<mou::Entity>().await
    );
    assert_eq!(count(AuditType::ReferralDrafted), 120);
    assert_eq!(
        count(AuditType::ReferralSent),
        referrals.iter().filter(|row| row.sent_at.is_some()).count()
    );
    let revoked = demo
        .all::<consent::Entity>()
        .await
        .iter()
        .filter(|row| row.revoked_at.is_some())
        .count();
    assert_eq!(count(AuditType::ConsentRevoked), revoked);
    for survivor in demo.all::<survivor::Entity>().await {
        assert!(
            events
                .iter()
                .all(|event| !event.leaf.contains(&survivor.pseudonym))
        );
    }
}
