//! Random histories, replayed: what was explained at a moment is explained of it afterwards.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use concord::clock;
use concord_entities::grants::Grants;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, DataCategory, Purpose};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{moment_between, written};
use crate::world::agency::{Told, good_consent, text};
use crate::world::{Agency, Database, World, on_both};

/// How long a history is.
const STEPS: usize = 120;

/// A long time ago, and in a long time.
const PAST: &str = "1000000000000000";
const TO_COME: &str = "4000000000000000";

/// What happens in a history, by the service's own verbs or by a command that changes its data.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A verb of the sender's or the recipient's, possible or not.
    Verb(bool, &'static str),
    /// The survivor takes the consent back on which the referral stands.
    Revoke,
    /// A new consent is signed, and the referral continued under it.
    Continue,
    /// The next version of the consent is signed, which carries the referral on.
    Renew,
    /// The consent is found to be an error.
    ConsentInError,
    ConsentSuspended(bool),
    ConsentGrants(u16),
    /// It ends within some milliseconds, or lasts.
    ConsentEnds(bool),
    MouGrants(u16),
    MouSuspended(bool),
    MouEnded(bool),
    /// The recipient takes its signature back, or gives it.
    Unsigned(bool),
    /// The MOU belongs to the task force, or to none.
    Followed(bool),
    RecipientSuspended(bool),
    SenderSuspended(bool),
    /// It can be answered for some milliseconds, or for long.
    Answerable(bool),
    /// The referral is halted, or stands, whatever became of its consent.
    Halted(bool),
    /// What ended too early to be seen is as it was sent.
    Mended,
    Wait,
}

const VERBS: [(bool, &str); 10] = [
    (true, "sendReferral(id: $id)"),
    (false, "acceptReferral(id: $id)"),
    (false, "startReferral(id: $id)"),
    (false, "holdReferral(id: $id, reason: AWAITING_DOCUMENTS)"),
    (false, "resumeReferral(id: $id)"),
    (false, "rejectReferral(id: $id, reason: NO_CAPACITY)"),
    (false, "failReferral(id: $id, reason: NO_CONTACT)"),
    (
        false,
        "completeReferral(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] })",
    ),
    (true, "cancelReferral(id: $id, reason: WRONG_PARTNER)"),
    (true, "markReferralEnteredInError(id: $id)"),
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::sample::select(VERBS[..5].to_vec()).prop_map(|(sender, verb)| Step::Verb(sender, verb)),
        1 => prop::sample::select(VERBS[5..].to_vec()).prop_map(|(sender, verb)| Step::Verb(sender, verb)),
        6 => Just(Step::Mended),
        2 => Just(Step::Continue),
        1 => Just(Step::Revoke),
        2 => Just(Step::Renew),
        1 => Just(Step::ConsentInError),
        2 => any::<bool>().prop_map(Step::ConsentSuspended),
        3 => any::<u16>().prop_map(Step::ConsentGrants),
        2 => any::<bool>().prop_map(Step::ConsentEnds),
        3 => any::<u16>().prop_map(Step::MouGrants),
        2 => any::<bool>().prop_map(Step::MouSuspended),
        2 => any::<bool>().prop_map(Step::MouEnded),
        2 => any::<bool>().prop_map(Step::Unsigned),
        1 => any::<bool>().prop_map(Step::Followed),
        2 => any::<bool>().prop_map(Step::RecipientSuspended),
        2 => any::<bool>().prop_map(Step::SenderSuspended),
        2 => any::<bool>().prop_map(Step::Answerable),
        2 => any::<bool>().prop_map(Step::Halted),
        1 => Just(Step::Wait),
    ]
}

/// The columns of grants as the database has them: some categories for service delivery and for health care.
fn grants(bits: u16) -> String {
    let categories = DataCategory::ALL.iter().copied();
    let some = categories.filter(|category| bits & (1 << category.place()) != 0);
    let purposes = [Purpose::HealthCare, Purpose::ServiceDelivery].into_iter();
    format!(
        "grants = '{}'",
        Grants::product(some.collect(), purposes.collect())
    )
}

/// Two agencies that share something of a survivor, and a third.
struct Shared<'w> {
    world: &'w World,
    north: Agency,
    south: Agency,
    west: Agency,
    survivor: String,
    told: Told,
    mou: String,
}

impl<'w> Shared<'w> {
    async fn of(world: &'w World) -> Self {
        let (north, south) = (world.agency("north").await, world.agency("south").await);
        let west = world.agency("west").await;
        let mou = north.agrees_with(&south).await;
        let told = north
            .refers("Ada")
            .to(&south)
            .drafted(DataCategory::ALL.iter().copied())
            .await;
        Self {
            survivor: north.survivor_of(&told.consent).await,
            world,
            north,
            south,
            west,
            told,
            mou,
        }
    }

    /// Takes a step. What cannot be done just then is refused, and nothing happens.
    async fn takes(&mut self, step: Step) {
        let (referral, mou) = (
            self.world.sql_id(&self.told.referral),
            self.world.sql_id(&self.mou),
        );
        let consent = format!("(SELECT consent_id FROM referral WHERE id = {referral})");
        let when = |is: bool| if is { PAST } else { "NULL" };
        let until = |soon: bool| {
            let soon_over = clock::now().plus(Duration::from_millis(25)).0.to_string();
            if soon { soon_over } else { TO_COME.to_owned() }
        };
        let of_consent = |set: String| format!("UPDATE consent SET {set} WHERE id = {consent}");
        let of_mou = |set: String| format!("UPDATE mou SET {set} WHERE id = {mou}");
        let of_referral = |set: String| format!("UPDATE referral SET {set} WHERE id = {referral}");
        let statement = match step {
            Step::Verb(senders, verb) => {
                let by = if senders { &self.north } else { &self.south };
                let done = format!("mutation($id: ID!) {{ {verb} {{ id }} }}");
                by.asks(&done, json!({ "id": self.told.referral })).await;
                return;
            }
            Step::Revoke => {
                self.north.revokes_consent(&self.told).await;
                return;
            }
            Step::Continue => return self.goes_on().await,
            Step::Renew => return self.renews().await,
            Step::ConsentInError => {
                let verb = "markConsentEnteredInError";
                self.north.changes(verb, &self.told.consent, "id").await;
                return;
            }
            Step::RecipientSuspended(is) => {
                let coordinator = self.world.coordinator();
                if is {
                    coordinator.suspends(&self.south, "an audit").await;
                } else {
                    coordinator.reinstates(&self.south).await;
                    // Its tokens ended with its last membership.
                    self.south = self.anew(&self.south);
                }
                return;
            }
            Step::Wait => {
                tokio::time::sleep(Duration::from_millis(30)).await;
                return;
            }
            Step::ConsentSuspended(is) => of_consent(format!("suspends_at = {}", when(is))),
            Step::ConsentGrants(bits) => of_consent(grants(bits)),
            Step::ConsentEnds(soon) => {
                let until = until(soon);
                let of_referral = of_referral(format!("consent_until = {until}"));
                format!(
                    "{}; {of_referral}",
                    of_consent(format!("expires_at = {until}"))
                )
            }
            Step::MouGrants(bits) => of_mou(grants(bits)),
            Step::MouSuspended(is) => of_mou(format!("suspended_at = {}", when(is))),
            Step::MouEnded(soon) => {
                let until = until(soon);
                let of_referral = of_referral(format!("mou_until = {until}"));
                format!("{}; {of_referral}", of_mou(format!("ends_at = {until}")))
            }
            Step::Unsigned(is) => {
                let south = self.world.sql_id(&self.south.id.to_string());
                let signed = if is { "NULL" } else { PAST };
                format!(
                    "UPDATE mou_party SET signed_at = {signed} WHERE mou_id = {mou} AND agency_id = {south}"
                )
            }
            Step::Followed(is) => {
                let task_force = self.world.sql_id(&self.world.task_force.to_string());
                let by = if is { &task_force } else { "NULL" };
                of_mou(format!("task_force_id = {by}"))
            }
            // The sender asks, and stays; its place in the task force is what goes.
            Step::SenderSuspended(is) => {
                let north = self.world.sql_id(&self.north.id.to_string());
                format!(
                    "UPDATE membership SET suspended_at = {} WHERE agency_id = {north}",
                    when(is)
                )
            }
            Step::Answerable(soon) => of_referral(format!("expires_at = {}", until(soon))),
            Step::Halted(is) => of_referral(format!("halted = {is}")),
            Step::Mended => {
                let everything = grants(u16::MAX);
                [
                    of_consent(format!("revoked_at = NULL, superseded_at = NULL, entered_in_error_at = NULL, \
                        suspends_at = NULL, expires_at = {TO_COME}, {everything}")),
                    of_mou(format!("suspended_at = NULL, ends_at = {TO_COME}, {everything}")),
                    format!("UPDATE mou_party SET signed_at = {PAST} WHERE mou_id = {mou}"),
                    "UPDATE membership SET suspended_at = NULL".to_owned(),
                    "UPDATE agency SET status = 'ACTIVE'".to_owned(),
                    of_referral(format!("halted = false, expires_at = {TO_COME}, consent_until = {TO_COME}, \
                        mou_until = {TO_COME}, mou_id = {mou}, \
                        status = CASE WHEN status IN ('DRAFT', 'REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') THEN status \
                        ELSE 'REQUESTED' END")),
                ]
                .join("; ")
            }
        };
        self.world.ends_sharing(&statement);
        if matches!(step, Step::Mended) {
            self.south = self.anew(&self.south);
        }
    }

    /// Somebody of an agency's, with a token that is good now.
    fn anew(&self, agency: &Agency) -> Agency {
        let id = self.world.sql_id(&agency.id.to_string());
        let epoch = format!("SELECT token_epoch FROM agency WHERE id = {id}");
        let mut claims = self.world.claims(agency.id, crate::world::EVERYTHING);
        claims.epoch = self.world.tampers(&epoch).parse().unwrap();
        agency.with(self.world.signs(&claims))
    }

    async fn goes_on(&mut self) {
        let consent = good_consent(&self.survivor, &self.south, DataCategory::ALL);
        let drafted = self.north.drafts(&consent).await;
        if !drafted.codes().is_empty() {
            return;
        }
        let consent = text(&drafted.data()["draftConsent"]["id"]);
        self.north.signs(&consent).await;
        let package = json!({ "identity": { "givenName": "Ada" } });
        self.north.continues(&self.told, &consent, package).await;
        self.told.consent = consent;
    }

    async fn renews(&mut self) {
        let renewed = self.north.renews(&self.told.consent).await;
        if renewed.codes().is_empty() {
            let renewed = text(&renewed.data()["renewConsent"]["id"]);
            self.north.signs(&renewed).await;
            self.told.consent = renewed;
        }
    }

    /// Everything that is explained, of each agency and for several purposes, now or as of a moment.
    async fn explained(&self, as_of: Option<Instant>) -> Value {
        let mut asked = String::new();
        let as_of = as_of.map(|moment| format!(", asOf: \"{}\"", written(moment)));
        let as_of = as_of.unwrap_or_default();
        for (number, agency) in [&self.north, &self.south, &self.west]
            .into_iter()
            .enumerate()
        {
            for purpose in ["SERVICE_DELIVERY", "HEALTH_CARE", "HOUSING_PLACEMENT"] {
                let id = agency.id;
                write!(
                    asked,
                    "x{number}{purpose}: explainAccess(agency: \"{id}\", purpose: {purpose}{as_of}) \
                     {{ status keys {{ kind held reason detail }} shared withheld {{ category reason }} }} "
                )
                .unwrap();
            }
        }
        let query = format!("query($id: ID!) {{ referral(id: $id) {{ {asked} }} }}");
        let answer = self
            .north
            .asks(&query, json!({ "id": self.told.referral }))
            .await;
        let mut explained = answer.data()["referral"].clone();
        // The token that asks is a key of now alone.
        for one in explained.as_object_mut().unwrap().values_mut() {
            let keys = one["keys"].as_array_mut().unwrap();
            keys.retain(|key| key["kind"] != "TOKEN");
        }
        explained
    }

    /// What is explained now, and a moment in which that was so; none where something ended by itself meanwhile.
    async fn kept(&self) -> Option<(Instant, Value)> {
        let before = self.explained(None).await;
        let moment = moment_between().await;
        let after = self.explained(None).await;
        (before == after).then_some((moment, after))
    }
}

on_both!(what_was_explained_at_each_moment_of_a_random_history_is_explained_of_it_afterwards);
async fn what_was_explained_at_each_moment_of_a_random_history_is_explained_of_it_afterwards(
    world: World,
) {
    let mut shared = Shared::of(&world).await;
    let mut runner = TestRunner::default();
    let mut history = Vec::new();
    for number in 0..STEPS {
        let drawn = step().new_tree(&mut runner).unwrap().current();
        // It is drafted, sent, and then whatever happens.
        let step = match number {
            0 => Step::Wait,
            1 => Step::Verb(true, VERBS[0].1),
            _ => drawn,
        };
        shared.takes(step).await;
        moment_between().await;
        history.extend(shared.kept().await.map(|kept| (step, kept)));
    }
    let mut different = BTreeSet::new();
    let mut told = 0;
    for (number, (step, (moment, explained))) in history.iter().enumerate() {
        let afterwards = shared.explained(Some(*moment)).await;
        let steps: Vec<_> = history[..=number].iter().map(|(step, _)| step).collect();
        assert_eq!(&afterwards, explained, "after {step:?}, of {steps:?}");
        let categories = &explained["x1SERVICE_DELIVERY"]["shared"];
        told += usize::from(!categories.as_array().unwrap().is_empty());
        different.insert(explained.to_string());
    }
    assert!(
        history.len() > STEPS / 2 && told > 5 && different.len() > 8,
        "{told} of {}, {} different",
        history.len(),
        different.len()
    );
}

on_both!(a_change_that_was_not_kept_is_noticed);
async fn a_change_that_was_not_kept_is_noticed(world: World) {
    let shared = Shared::of(&world).await;
    let drops = |table: &str| match world.database {
        Database::Postgres => format!("DROP TRIGGER {table}_past_kept ON {table}"),
        Database::Sqlite => format!("DROP TRIGGER {table}_past_kept"),
    };
    world.tampers(&drops("consent"));
    let (moment, explained) = shared.kept().await.unwrap();
    shared.north.revokes_consent(&shared.told).await.data();
    assert_ne!(shared.explained(Some(moment)).await, explained);
}
