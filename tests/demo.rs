//! The demo: what it promises to fill an empty store with, by which operations, and tokens that open it.

mod covered;
mod log;
mod personas;
mod records;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use concord::access::token::{self, Claims, Expected};
use concord::jose::key::{KeySet, SigningKey};
use concord::seal::{Vault, kek};
use concord::settings::{RawSettings, Settings};
use concord::sharing::facts::{self, Gathered};
use concord::sharing::{self, Question, decide};
use concord::store::Store;
use concord::{clock, demo};
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, DataCategory, Purpose};
use concord_entities::{
    agency, audit_event, consent, mou, package_key, referral, sealed_part, survivor,
};
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait};

struct Demo {
    folder: tempfile::TempDir,
    settings: Settings,
    store: Store,
    vault: Vault,
    now: Instant,
}

/// A store that the demo filled, after the first sweep of its server.
async fn filled() -> Demo {
    let demo = empty().await;
    assert!(demo.fill().await);
    demo.vault.sweep(&demo.store, demo.now).await.unwrap();
    demo
}

async fn empty() -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let flags = RawSettings {
        data: Some(folder.path().to_owned()),
        ..RawSettings::default()
    };
    let settings = Settings::read(None, &flags).unwrap();
    let store = Store::migrate_up(&settings).await.unwrap();
    let vault = Vault::new(&store, Arc::new(kek::read(&settings).await.unwrap()));
    let now = clock::now();
    Demo {
        folder,
        settings,
        store,
        vault,
        now,
    }
}

impl Demo {
    async fn fill(&self) -> bool {
        demo::fill(&self.store, &self.vault, self.now)
            .await
            .unwrap()
    }

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
                ceiling,
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
    assert_eq!(demo.count::<referral::Entity>().await, 121);
    let before = (demo.count::<audit_event::Entity>().await, demo.keys().await);

    assert!(!demo.fill().await);
    assert_eq!(demo.count::<agency::Entity>().await, 16);
    assert_eq!(demo.count::<referral::Entity>().await, 121);
    assert_eq!(
        (demo.count::<audit_event::Entity>().await, demo.keys().await),
        before
    );
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_made_good_by_the_next() {
    let demo = empty().await;
    let first_package = async {
        while demo.keys().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        _ = demo.fill() => panic!("it was not cut off"),
        () = first_package => {}
    }
    for rows in [
        demo.count::<agency::Entity>().await,
        demo.count::<consent::Entity>().await,
        demo.count::<sealed_part::Entity>().await,
        demo.count::<audit_event::Entity>().await,
    ] {
        assert_eq!(rows, 0);
    }

    assert!(demo.fill().await);
    assert_eq!(demo.count::<referral::Entity>().await, 121);
}
