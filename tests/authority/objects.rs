//! The parties, and the objects that operations are asked of, made by the sender through the service itself.

mod mous;
mod reviews;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use concord::access::issued;
use concord::access::token::{Claims, issue};
use concord::jose::key::SigningKey;
use concord::store::Store;
use concord_entities::ids::TokenId;
use concord_entities::vocabulary::DataCategory;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::world::agency::{Told, day, good_consent, survivors_signature, text};
use crate::world::{Agency, Answer, EVERYTHING, World};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Sender,
    Recipient,
    Stranger,
    Coordinator,
    Nobody,
}

impl Party {
    pub const ALL: [Self; 5] = [
        Self::Sender,
        Self::Recipient,
        Self::Stranger,
        Self::Coordinator,
        Self::Nobody,
    ];
}

/// What an operation is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Nothing,
    TaskForce,
    Agency,
    Member,
    MemberSuspended,
    Application,
    ApplicationWithSecret,
    ApplicationToRekey,
    Token,
    Subject,
    SubjectEnded,
    Survivor,
    ConsentDraft,
    ConsentToSign,
    ConsentOfAMinor,
    Consent,
    ConsentToRenew,
    ConsentToReaddress,
    NewRulePack,
    RulePack,
    ReferralDraft,
    Referral,
    ReferralAccepted,
    ReferralSuspended,
    NewNote,
    Note,
    NoteKept,
    Notice,
    ReferralChanged,
    ConsentChanged,
    MouChanged,
    ReferralToEdit,
    ReferralCompleted,
    ReferralOnHold,
    ConsentToEdit,
    MouDraft,
    MouOffered,
    MouToSign,
    MouInForce,
    MouOfThree,
    MouToAmend,
    MouSuspended,
    Event,
    EventOf,
    NewReview,
    Review,
    ReviewOfEvent,
    NewAgency,
    NewApplication,
    NewSurvivor,
    NewConsent,
    NewMandate,
    Mandate,
    NewLegalHold,
    LegalHold,
    SurvivorOnHold,
    NewReferral,
    NewMou,
    MouCalendar,
    NewStep,
    Partnership,
    NewTraining,
    NewName,
    FurtherTaskForce,
}

/// Something that operations are asked of.
pub struct Object {
    /// Its id, where it has one already.
    pub id: String,
    /// What an operation says of it.
    pub variables: Value,
}

impl Object {
    fn new(id: impl Into<String>, variables: Value) -> Self {
        Self {
            id: id.into(),
            variables,
        }
    }

    fn known(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            variables: json!({ "id": id }),
            id,
        }
    }
}

/// The parties of one task force: the sender and the recipient have an MOU in force.
pub struct Stage {
    pub(super) sender: Agency,
    pub(super) recipient: Agency,
    stranger: Agency,
    coordinator: Agency,
    task_force: String,
    key: SigningKey,
    claims: Claims,
    pub(super) store: Store,
    made: AtomicU32,
    http: reqwest::Client,
}

impl Stage {
    /// The parties, who ask the server at this address.
    pub async fn set(world: &World, address: &str) -> Self {
        let (sender, recipient) = world.agencies("sender", "recipient").await;
        let key =
            SigningKey::from_pkcs8_der(&world.service.key_cache.signer().to_pkcs8_der()).unwrap();
        // One state for all of them: none of these tokens is taken back.
        let claims = world.claims(sender.id, EVERYTHING);
        world.signs(&claims);
        Self {
            claims,
            store: world.service.store.clone(),
            stranger: world.agency("stranger").await.at(address),
            coordinator: world.coordinator().at(address),
            task_force: world.task_force.to_string(),
            http: reqwest::Client::new(),
            made: AtomicU32::new(0),
            key,
            sender: sender.at(address),
            recipient: recipient.at(address),
        }
    }

    pub(super) fn agency(&self, party: Party) -> Option<&Agency> {
        match party {
            Party::Sender => Some(&self.sender),
            Party::Recipient => Some(&self.recipient),
            Party::Stranger => Some(&self.stranger),
            Party::Coordinator => Some(&self.coordinator),
            Party::Nobody => None,
        }
    }

    /// A party's request, with a token for everything or for this scope alone.
    pub async fn asks(
        &self,
        party: Party,
        scope: Option<&str>,
        document: &str,
        variables: &Value,
    ) -> Answer {
        let token = self.agency(party).map(|agency| {
            let claims = Claims {
                agency: agency.id,
                scope: scope.unwrap_or(EVERYTHING).to_owned(),
                ..self.claims.clone()
            };
            issue(&self.key, &claims).unwrap()
        });
        let mut request = self
            .http
            .post(format!("http://{}/graphql", self.sender.address))
            .header("accept", "application/graphql-response+json")
            .json(&json!({ "query": document, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap();
        Answer { status, body, text }
    }

    /// A member, with the task force that it belongs to.
    fn placed(&self, id: String) -> Object {
        let variables = json!({ "id": id, "in": self.task_force });
        Object::new(id, variables)
    }

    /// A new object that nothing was done with.
    pub async fn makes(&self, given: Given) -> Object {
        match given {
            Given::Nothing => Object::new("", json!({})),
            Given::TaskForce => Object::known(&self.task_force),
            Given::Agency => Object::known(self.sender.id.to_string()),
            Given::Member => self.placed(self.member().await),
            Given::MemberSuspended => {
                let placed = self.placed(self.member().await);
                let suspend = "mutation($id: ID!, $in: ID!) \
                    { suspendMembership(agency: $id, taskForce: $in, reason: \"review\") { id } }";
                let suspended = self.coordinator.asks(suspend, placed.variables.clone());
                suspended.await.data();
                placed
            }
            Given::Application => {
                let application = self.new_application("agency.u", &[public_key()]);
                Object::known(self.application(application).await)
            }
            Given::ApplicationWithSecret => {
                let mut application = self.new_application("agency.u", &[]);
                application["secret"] = json!(true);
                Object::known(self.application(application).await)
            }
            Given::ApplicationToRekey => {
                let application = self.new_application("agency.u", &[public_key()]);
                let id = self.application(application).await;
                Object::new(&id, json!({ "id": id, "keys": [public_key()] }))
            }
            Given::Token => {
                let claims = Claims {
                    id: TokenId::new().to_string(),
                    ..self.claims.clone()
                };
                issued::record(&self.store, &claims).await.unwrap();
                Object::known(claims.id)
            }
            Given::Subject => Object::new("", json!({ "subject": self.name() })),
            Given::SubjectEnded => {
                let named = json!({ "subject": self.name() });
                let end =
                    "mutation($subject: String!) { endSubject(subject: $subject) { subject } }";
                self.sender.asks(end, named.clone()).await.data();
                Object::new("", named)
            }
            Given::NewApplication => {
                let application = self.new_application("agency.c", &[public_key()]);
                Object::new("", json!({ "new": application }))
            }
            Given::Survivor => Object::known(self.sender.registers(&self.name()).await),
            Given::ConsentDraft => Object::known(self.consent().await),
            Given::ConsentToSign => {
                let signature = survivors_signature();
                let id = self.consent().await;
                Object::new(&id, json!({ "id": id, "signature": signature }))
            }
            Given::ConsentOfAMinor => {
                let id = self.consent().await;
                let survivor = self.sender.survivor_of(&id).await;
                let correct = "mutation($id: ID!) { \
                    correctSurvivor(id: $id, ageGroup: MINOR, language: \"en\") { id } }";
                let corrected = self.sender.asks(correct, json!({ "id": survivor })).await;
                corrected.data();
                Object::new(&id, json!({ "id": id, "day": day(0) }))
            }
            Given::Consent => Object::known(self.drafted().await.consent),
            Given::ConsentToRenew => {
                let id = self.drafted().await.consent;
                let end = format!("{}T00:00:00Z", day(60));
                Object::new(&id, json!({ "id": id, "end": end }))
            }
            Given::ConsentToReaddress => {
                let id = self.drafted().await.consent;
                let end = format!("{}T00:00:00Z", day(60));
                let to = self.stranger.id.to_string();
                Object::new(&id, json!({ "id": id, "end": end, "to": to }))
            }
            Given::NewRulePack => Object::new(
                "",
                json!({ "new": { "pack": "STATE", "citation": "a state's law" } }),
            ),
            Given::MouCalendar => {
                let create = "mutation { createMouCalendar(calendar: {}) { calendar { id } } }";
                let made = self.sender.asks(create, json!({})).await;
                Object::known(text(&made.data()["createMouCalendar"]["calendar"]["id"]))
            }
            Given::NewStep => Object::new("", json!({ "partner": self.recipient.id.to_string() })),
            Given::Partnership => {
                let record = "mutation($partner: ID!) { \
                    recordPartnershipStep(partner: $partner, step: IDENTIFIED) { id } }";
                let partner = json!({ "partner": self.recipient.id.to_string() });
                let recorded = self.sender.asks(record, partner).await;
                self.placed(text(&recorded.data()["recordPartnershipStep"]["id"]))
            }
            Given::NewName => Object::new("", json!({ "name": self.name() })),
            Given::FurtherTaskForce => {
                let further = self.further_task_force().await;
                let to = self.recipient.id.to_string();
                Object::new(&further, json!({ "in": further, "to": to }))
            }
            Given::NewTraining => {
                let new = json!({ "heldOn": day(-1), "topic": self.name(), "attended": 3 });
                Object::new("", json!({ "new": new }))
            }
            Given::RulePack => {
                let bind = "mutation($new: RulePackInput!) { bindRulePack(pack: $new) { id } }";
                let new = json!({ "pack": "STATE", "citation": "a state's law" });
                let bound = self.sender.asks(bind, json!({ "new": new })).await;
                Object::known(text(&bound.data()["bindRulePack"]["id"]))
            }
            Given::ReferralDraft => Object::known(self.drafted().await.referral),
            Given::Referral => Object::known(self.sent().await.referral),
            Given::NewNote => {
                let referral = self.sent().await.referral;
                let note = json!({ "category": "IDENTITY", "audience": "OTHER_PARTY", "text": "Ada called." });
                Object::new(&referral, json!({ "id": referral, "note": note }))
            }
            Given::Note => Object::known(self.note("OTHER_PARTY").await),
            Given::NoteKept => Object::known(self.note("OWN_AGENCY").await),
            Given::ReferralAccepted => {
                let told = self.sent().await;
                self.recipient.does("acceptReferral", &told).await.data();
                Object::known(told.referral)
            }
            Given::ReferralOnHold => {
                let told = self.sent().await;
                self.recipient.does("acceptReferral", &told).await.data();
                let hold =
                    "mutation($id: ID!) { holdReferral(id: $id, reason: NO_CAPACITY) { id } }";
                let variables = json!({ "id": told.referral });
                self.recipient.asks(hold, variables).await.data();
                Object::known(told.referral)
            }
            Given::ReferralSuspended => {
                let told = self.sent().await;
                let consent = self.signed_anew(&told).await;
                self.sender.revokes_consent(&told).await.data();
                let package = json!({ "identity": { "givenName": "Ada" } });
                let variables =
                    json!({ "id": told.referral, "consent": consent, "package": package });
                Object::new(&told.referral, variables)
            }
            Given::ReferralChanged | Given::ConsentChanged | Given::MouChanged => {
                self.changed(given).await
            }
            Given::Notice => {
                let told = self.sent().await;
                let revoke = "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { notices { id } } }";
                let revoked = self
                    .sender
                    .asks(revoke, json!({ "id": told.consent }))
                    .await;
                let notice = text(&revoked.data()["revokeConsent"]["notices"][0]["id"]);
                Object::known(notice)
            }
            Given::MouDraft => Object::known(self.mou().await),
            Given::MouOffered => Object::known(self.offered().await),
            Given::MouToSign => {
                let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
                let id = self.offered().await;
                Object::new(&id, json!({ "id": id, "signature": signature }))
            }
            Given::MouInForce => {
                let id = self.in_force(&[&self.sender, &self.recipient]).await;
                Object::new(&id, json!({ "id": id, "day": day(300) }))
            }
            Given::MouToAmend => {
                let id = self.in_force(&[&self.sender, &self.recipient]).await;
                Object::new(&id, json!({ "id": id, "new": self.new_mou() }))
            }
            Given::MouOfThree => {
                let three = [&self.sender, &self.recipient, &self.coordinator];
                Object::known(self.in_force(&three).await)
            }
            Given::MouSuspended => {
                let id = self.in_force(&[&self.sender, &self.recipient]).await;
                let suspend =
                    "mutation($id: ID!) { suspendMou(id: $id, reason: \"a doubt\") { id } }";
                self.recipient
                    .asks(suspend, json!({ "id": id }))
                    .await
                    .data();
                Object::known(id)
            }
            Given::Event => Object::known(self.event().await.0),
            Given::NewReview => Object::new("", json!({ "new": self.new_review() })),
            Given::Review => Object::known(self.review().await),
            Given::ReviewOfEvent => self.review_of_event().await,
            Given::EventOf => {
                let (event, referral) = self.event().await;
                Object::new(event, json!({ "object": referral }))
            }
            Given::NewAgency => Object::new("", json!({ "new": self.new_agency() })),
            Given::NewSurvivor => Object::new(
                "",
                json!({ "new": { "pseudonym": self.name(), "ageGroup": "ADULT" } }),
            ),
            Given::NewConsent => {
                let survivor = self.sender.registers(&self.name()).await;
                let consent = good_consent(&survivor, &self.recipient, &[DataCategory::Identity]);
                Object::new("", json!({ "new": consent }))
            }
            Given::NewMandate => Object::new("", json!({ "new": self.new_mandate().await })),
            Given::Mandate => {
                let record = "mutation($new: MandatedDisclosureInput!) { recordMandatedDisclosure(disclosure: $new) { id } }";
                let new = self.new_mandate().await;
                let recorded = self.sender.asks(record, json!({ "new": new })).await;
                Object::known(text(&recorded.data()["recordMandatedDisclosure"]["id"]))
            }
            Given::NewLegalHold => Object::new("", json!({ "new": self.new_legal_hold().await })),
            Given::LegalHold => Object::known(self.legal_hold().await.0),
            Given::SurvivorOnHold => {
                let (hold, survivor) = self.legal_hold().await;
                Object::new(&survivor, json!({ "id": survivor, "holds": [hold] }))
            }
            Given::NewReferral => {
                let consent = self.drafted().await.consent;
                let package = json!({ "identity": { "givenName": "Ada" } });
                let referral = json!({ "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": package, "again": true });
                Object::new("", json!({ "new": referral }))
            }
            Given::ReferralToEdit => {
                let told = self.drafted().await;
                let package = json!({ "identity": { "givenName": "Bea" } });
                let referral = json!({ "consent": told.consent, "needs": ["LEGAL"], "urgency": "ROUTINE", "package": package });
                Object::new(
                    &told.referral,
                    json!({ "id": told.referral, "new": referral }),
                )
            }
            Given::ReferralCompleted => {
                let told = self.sent().await;
                self.recipient.does("acceptReferral", &told).await.data();
                let complete = "mutation($id: ID!) { completeReferral(id: $id, outcome: { code: SURVIVOR_ENDED }) { id } }";
                let variables = json!({ "id": told.referral });
                self.recipient.asks(complete, variables).await.data();
                Object::known(told.referral)
            }
            Given::ConsentToEdit => {
                let survivor = self.sender.registers(&self.name()).await;
                let mut consent =
                    good_consent(&survivor, &self.recipient, &[DataCategory::Identity]);
                let drafted = self.sender.drafts(&consent).await;
                let id = text(&drafted.data()["draftConsent"]["id"]);
                consent["expiresAt"] = json!(format!("{}T00:00:00Z", day(20)));
                Object::new(&id, json!({ "id": id, "new": consent }))
            }
            Given::NewMou => Object::new("", json!({ "new": self.new_mou() })),
        }
    }

    pub(super) fn name(&self) -> String {
        format!("number {}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    fn new_agency(&self) -> Value {
        json!({ "taskForce": self.task_force, "name": self.name(), "kind": "ATTORNEY" })
    }

    async fn member(&self) -> String {
        let register = "mutation($new: AgencyInput!) { registerAgency(agency: $new) { id } }";
        let registered = self
            .coordinator
            .asks(register, json!({ "new": self.new_agency() }))
            .await;
        text(&registered.data()["registerAgency"]["id"])
    }

    /// No wider than the one permission that the operation needs.
    fn new_application(&self, scope: &str, keys: &[String]) -> Value {
        json!({ "name": self.name(), "scopes": [scope], "keys": keys })
    }

    /// Registers a program of the sender's, which can have so many at a time: those that no cell asks about any more go.
    async fn application(&self, new: Value) -> String {
        let old = "UPDATE application SET status = 'SUSPENDED' WHERE id NOT IN \
            (SELECT id FROM application ORDER BY id DESC LIMIT 50)";
        self.store.write.execute_unprepared(old).await.unwrap();
        let register = "mutation($new: ApplicationInput!) { registerApplication(application: $new) { application { id } } }";
        let registered = self.sender.asks(register, json!({ "new": new })).await;
        text(&registered.data()["registerApplication"]["application"]["id"])
    }

    async fn new_mandate(&self) -> Value {
        json!({
            "survivor": self.sender.registers(&self.name()).await, "instrument": "STATUTE",
            "issuingAuthority": "the State", "citation": "Title 1", "datedOn": day(-9), "disclosedOn": day(-1),
            "recipient": self.recipient.id.to_string(), "orderedCategories": ["IDENTITY"],
            "categories": ["IDENTITY"], "minimumNecessary": true, "noNotice": "UNSAFE_TO_TRY",
            "protectiveSteps": ["MINIMISED"],
        })
    }

    async fn new_legal_hold(&self) -> Value {
        json!({
            "survivor": self.sender.registers(&self.name()).await, "ground": "SUBPOENA", "issuedOn": day(-3),
            "counselOffice": "Office of counsel",
        })
    }

    /// A hold in force, and the survivor whom it is on.
    async fn legal_hold(&self) -> (String, String) {
        let record = "mutation($new: LegalHoldInput!) { recordLegalHold(hold: $new) { id } }";
        let new = self.new_legal_hold().await;
        let recorded = self.sender.asks(record, json!({ "new": new })).await;
        let id = text(&recorded.data()["recordLegalHold"]["id"]);
        (id, text(&new["survivor"]))
    }

    async fn consent(&self) -> String {
        let survivor = self.sender.registers(&self.name()).await;
        let categories = [DataCategory::Identity];
        self.sender
            .consents(&survivor, &self.recipient, &categories)
            .await
    }

    /// Another consent in force of the same survivor's for the same recipient.
    async fn signed_anew(&self, told: &Told) -> String {
        let survivor = self.sender.survivor_of(&told.consent).await;
        let categories = [DataCategory::Identity];
        let consent = self
            .sender
            .consents(&survivor, &self.recipient, &categories)
            .await;
        self.sender.signs(&consent).await.data();
        consent
    }

    async fn drafted(&self) -> Told {
        let referring = self.sender.refers(&self.name()).to(&self.recipient);
        referring.drafted([DataCategory::Identity]).await
    }

    async fn sent(&self) -> Told {
        let referring = self.sender.refers(&self.name()).to(&self.recipient);
        referring.sharing([DataCategory::Identity]).await
    }

    /// Something that changed behind a cursor that the sender was given, once its feed tells of it.
    async fn changed(&self, given: Given) -> Object {
        let mailbox = self
            .sender
            .asks("{ mailbox { changesCursor } }", Value::Null);
        let after = mailbox.await.data()["mailbox"]["changesCursor"].clone();
        let id = match given {
            Given::ReferralChanged => self.sent().await.referral,
            Given::ConsentChanged => self.consent().await,
            _ => self.mou().await,
        };
        let list = format!("changes(after: {after}, first: 100)");
        while !self
            .sender
            .lists(&list, "object")
            .await
            .contains(&json!({ "object": id }))
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Object::new(id, json!({ "after": after }))
    }

    /// A note of the sender's on a referral that was sent.
    async fn note(&self, audience: &str) -> String {
        let referral = self.sent().await.referral;
        let note = json!({ "category": "IDENTITY", "audience": audience, "text": "Ada called." });
        let add = "mutation($id: ID!, $note: NoteInput!) { addReferralNote(id: $id, note: $note) { note { id } } }";
        let variables = json!({ "id": referral, "note": note });
        let added = self.sender.asks(add, variables).await;
        text(&added.data()["addReferralNote"]["note"]["id"])
    }
}

fn public_key() -> String {
    SigningKey::generate().unwrap().public_jwk().to_string()
}
