//! An agency in a test: what its people do, as verbs.

use std::fmt::Write;
use std::time::Duration;

use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{Code, DataCategory, Explanation, Purpose};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Answer;
use super::documents::{
    DRAFT_CONSENT, DRAFT_REFERRAL, REGISTER_SURVIVOR, RENEW_CONSENT, REVOKE_TOKEN, change, list,
    node, sign_consent,
};

/// Somebody of an agency's who calls the service.
#[derive(Clone)]
pub struct Agency {
    pub id: AgencyId,
    pub name: String,
    pub token: String,
    pub address: String,
    http: reqwest::Client,
}

/// A referral that was made in a test.
#[derive(Clone, Debug)]
pub struct Told {
    pub referral: String,
    pub consent: String,
    pub person: String,
}

impl Agency {
    pub fn new(id: AgencyId, name: &str, token: String, address: String) -> Self {
        Self {
            id,
            name: name.to_owned(),
            token,
            address,
            // Well before the server closes an idle connection, or a request may meet its closing.
            http: reqwest::Client::builder()
                .pool_idle_timeout(Duration::from_secs(2))
                .build()
                .unwrap(),
        }
    }

    /// The same person, asking another server.
    pub fn at(&self, address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..self.clone()
        }
    }

    /// The same agency, with another token.
    pub fn with(&self, token: String) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    /// Sends a query and gives back whatever comes.
    pub async fn asks(&self, query: &str, variables: Value) -> Answer {
        self.tries(query, variables).await.unwrap()
    }

    /// Sends a query to a server that may be gone.
    pub async fn tries(&self, query: &str, variables: Value) -> reqwest::Result<Answer> {
        let response = self
            .http
            .post(format!("http://{}/graphql", self.address))
            .header("accept", "application/graphql-response+json")
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap();
        Ok(Answer { status, body, text })
    }

    /// Puts an MOU in force with another agency, which covers everything.
    pub async fn agrees_with(&self, other: &Self) -> String {
        let categories: Vec<_> = DataCategory::ALL.iter().map(|code| code.code()).collect();
        let everything: Vec<_> = Purpose::ALL
            .iter()
            .map(|purpose| json!({ "purpose": purpose.code(), "categories": categories }))
            .collect();
        let mou = json!({
            "kind": "REFERRAL", "title": format!("{} and {}", self.name, other.name),
            "parties": [
                { "agency": self.id.to_string(), "responsibilities": "refers and receives" },
                { "agency": other.id.to_string(), "responsibilities": "refers and receives" },
            ],
            "terms": {
                "grants": everything,
                "purpose": "to serve survivors together", "services": "as listed", "confidentiality": "as the law asks",
                "breachNoticeHours": 24, "training": "yearly", "conflictResolution": "the directors meet",
                "terminationNoticeDays": 30,
            },
            "effectiveOn": day(-1), "expiresOn": day(365),
        });
        let drafted = self
            .asks(
                "mutation($m: MouInput!) { draftMou(mou: $m) { id } }",
                json!({ "m": mou }),
            )
            .await;
        let id = text(&drafted.data()["draftMou"]["id"]);
        self.changes("offerMou", &id, "status").await.data();
        for party in [self, other] {
            let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
            let sign = "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
            party
                .asks(sign, json!({ "id": id, "s": signature }))
                .await
                .data();
        }
        id
    }

    /// Begins a referral of a person.
    pub fn refers(&self, person: &str) -> Referring<'_> {
        Referring {
            sender: self,
            person: person.to_owned(),
        }
    }

    /// Reads a package, and tells it on one line.
    pub async fn reads(&self, told: &Told) -> String {
        self.reads_for(told, "SERVICE_DELIVERY").await
    }

    /// Reads a package for a purpose, and tells it on one line.
    pub async fn reads_for(&self, told: &Told, purpose: &str) -> String {
        let answer = self
            .asks(PACKAGE, json!({ "id": told.referral, "p": purpose }))
            .await;
        if answer.body.get("errors").is_some() {
            return format!("refused: {}", answer.codes());
        }
        match &answer.data()["referral"] {
            Value::Null => "nothing".to_owned(),
            referral => told_on_one_line(&referral["package"]),
        }
    }

    /// Takes back the consent that a referral was made under.
    pub async fn revokes_consent(&self, told: &Told) -> Answer {
        self.revokes(&told.consent).await
    }

    /// Takes a consent back.
    pub async fn revokes(&self, consent: &str) -> Answer {
        let revoke = "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { referralsSuspended consent { status } } }";
        self.asks(revoke, json!({ "id": consent })).await
    }

    /// Does one of the verbs that need only the referral's id.
    pub async fn does(&self, verb: &str, told: &Told) -> Answer {
        let shown = "id status statusReason allowedActions";
        self.changes(verb, &told.referral, shown).await
    }

    /// Does what needs only a record's id, and shows these fields of what comes of it.
    pub async fn changes(&self, verb: &str, id: &str, shown: &str) -> Answer {
        self.asks(&change(verb, shown), json!({ "id": id })).await
    }

    /// Finds a record of a kind: these fields of it, or null.
    pub async fn finds(&self, kind: &str, id: &str, shown: &str) -> Value {
        let answer = self.asks(&node(kind, shown), json!({ "id": id })).await;
        answer.data()["node"].clone()
    }

    /// Reads a list, which may be narrowed in brackets: these fields of each entry.
    pub async fn lists(&self, which: &str, shown: &str) -> Vec<Value> {
        let answer = self.asks(&list(which, shown), Value::Null).await;
        let name = which.split('(').next().unwrap();
        entries(&answer.data()[name])
    }

    /// The survivor whose consent this is.
    pub async fn survivor_of(&self, consent: &str) -> String {
        let consent = self.finds("Consent", consent, "survivor { id }").await;
        text(&consent["survivor"]["id"])
    }

    /// Suspends an agency in the task force that this one coordinates.
    pub async fn suspends(&self, agency: &Self, reason: &str) -> Answer {
        let task_force = self.task_force().await;
        self.suspends_in(&task_force, agency, reason).await
    }

    /// Suspends an agency in a task force.
    pub async fn suspends_in(&self, task_force: &str, agency: &Self, reason: &str) -> Answer {
        let suspend = "mutation($id: ID!, $in: ID!, $r: String!) \
            { suspendMembership(agency: $id, taskForce: $in, reason: $r) { id status } }";
        let variables = json!({ "id": agency.id.to_string(), "in": task_force, "r": reason });
        self.asks(suspend, variables).await
    }

    /// Lets an agency take part again in the task force that this one coordinates.
    pub async fn reinstates(&self, agency: &Self) -> Answer {
        let task_force = self.task_force().await;
        self.reinstates_in(&task_force, agency).await
    }

    /// Lets an agency take part in a task force again.
    pub async fn reinstates_in(&self, task_force: &str, agency: &Self) -> Answer {
        let reinstate = "mutation($id: ID!, $in: ID!) \
            { reinstateMembership(agency: $id, taskForce: $in) { id status } }";
        let variables = json!({ "id": agency.id.to_string(), "in": task_force });
        self.asks(reinstate, variables).await
    }

    /// The task force that this agency coordinates, or one that it belongs to.
    async fn task_force(&self) -> String {
        let own = "{ viewer { agency { memberships { taskForce role } } } }";
        let answer = self.asks(own, Value::Null).await;
        let places = answer.data()["viewer"]["agency"]["memberships"].clone();
        let places = places.as_array().unwrap();
        let coordinated = places.iter().find(|place| place["role"] == "COORDINATOR");
        text(&coordinated.unwrap_or(&places[0])["taskForce"])
    }

    /// Takes a token back.
    pub async fn revokes_token(&self, id: &str) -> Answer {
        self.asks(REVOKE_TOKEN, json!({ "id": id })).await
    }

    /// The status of a referral as this agency sees it.
    pub async fn sees(&self, told: &Told) -> String {
        let query = "query($id: ID!) { referral(id: $id) { status statusReason } }";
        let answer = self.asks(query, json!({ "id": told.referral })).await;
        match &answer.data()["referral"] {
            Value::Null => "nothing".to_owned(),
            referral => match referral["statusReason"].as_str() {
                Some(reason) => format!("{} ({reason})", text(&referral["status"])),
                None => text(&referral["status"]),
            },
        }
    }
}

/// A referral in the making.
pub struct Referring<'a> {
    sender: &'a Agency,
    person: String,
}

/// A referral in the making, with its recipient.
pub struct ReferringTo<'a> {
    sender: &'a Agency,
    recipient: &'a Agency,
    person: String,
}

impl<'a> Referring<'a> {
    pub fn to(self, recipient: &'a Agency) -> ReferringTo<'a> {
        ReferringTo {
            sender: self.sender,
            recipient,
            person: self.person,
        }
    }
}

impl ReferringTo<'_> {
    /// Registers the survivor, has the consent signed, drafts the referral and sends it. The package holds these
    /// categories.
    pub async fn sharing(self, categories: impl IntoIterator<Item = DataCategory>) -> Told {
        let drafted = self.drafting(categories).await;
        let (sender, told) = drafted;
        let sent = sender.changes("sendReferral", &told.referral, "status");
        sent.await.data();
        told
    }

    /// The same, without sending.
    pub async fn drafted(self, categories: impl IntoIterator<Item = DataCategory>) -> Told {
        self.drafting(categories).await.1
    }

    async fn drafting(self, categories: impl IntoIterator<Item = DataCategory>) -> (Agency, Told) {
        let Self {
            sender,
            recipient,
            person,
        } = self;
        let categories: Vec<DataCategory> = categories.into_iter().collect();
        let survivor = sender.registers(&person).await;
        let consent = sender.consents(&survivor, recipient, &categories).await;
        let signed = sender.signs(&consent).await;
        assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
        let told = sender.drafts_referral(&consent, &person, &categories).await;
        (sender.clone(), told)
    }
}

impl Agency {
    /// Registers a survivor under a pseudonym made of the person's name in the test.
    pub async fn registers(&self, person: &str) -> String {
        let pseudonym = format!("pseudonym {:x}", fingerprint(person));
        let answer = self
            .asks(
                REGISTER_SURVIVOR,
                json!({ "s": { "pseudonym": pseudonym, "ageGroup": "ADULT", "language": "en" } }),
            )
            .await;
        text(&answer.data()["registerSurvivor"]["id"])
    }

    /// Drafts a consent for service delivery.
    pub async fn consents(
        &self,
        survivor: &str,
        recipient: &Self,
        categories: &[DataCategory],
    ) -> String {
        let consent = good_consent(survivor, recipient, categories);
        text(&self.drafts(&consent).await.data()["draftConsent"]["id"])
    }

    /// Drafts this consent.
    pub async fn drafts(&self, consent: &Value) -> Answer {
        self.asks(DRAFT_CONSENT, json!({ "c": consent })).await
    }

    /// Has the survivor sign a consent.
    pub async fn signs(&self, consent: &str) -> Answer {
        self.signs_with(consent, &survivors_signature(), "status")
            .await
    }

    /// Has somebody sign a consent, and shows these fields of it.
    pub async fn signs_with(&self, consent: &str, signature: &Value, shown: &str) -> Answer {
        let variables = json!({ "id": consent, "s": signature });
        self.asks(&sign_consent(shown), variables).await
    }

    /// Drafts the next version of a consent, for eighty days.
    pub async fn renews(&self, consent: &str) -> Answer {
        let end = format!("{}T00:00:00Z", day(80));
        self.asks(RENEW_CONSENT, json!({ "id": consent, "end": end }))
            .await
    }

    /// Drafts a referral under a consent. Its package holds these categories.
    pub async fn drafts_referral(
        &self,
        consent: &str,
        person: &str,
        categories: &[DataCategory],
    ) -> Told {
        let package: Map<String, Value> = categories
            .iter()
            .map(|category| content(*category, person))
            .collect();
        let referral = json!({ "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": package, "again": true });
        let drafted = self.asks(DRAFT_REFERRAL, json!({ "r": referral })).await;
        Told {
            referral: text(&drafted.data()["draftReferral"]["id"]),
            consent: consent.to_owned(),
            person: person.to_owned(),
        }
    }

    /// Continues a suspended referral under a consent.
    pub async fn continues(&self, told: &Told, consent: &str, package: Value) -> Answer {
        let mutation = "mutation($id: ID!, $c: ID!, $p: PackageInput) { \
            continueReferral(id: $id, consent: $c, package: $p) { status statusReason } }";
        let variables = json!({ "id": told.referral, "c": consent, "p": package });
        self.asks(mutation, variables).await
    }
}

/// A consent that lacks nothing, for service delivery.
pub fn good_consent(survivor: &str, recipient: &Agency, categories: &[DataCategory]) -> Value {
    let explained: Vec<_> = Explanation::ALL.iter().map(|code| code.code()).collect();
    json!({
        "survivor": survivor, "recipient": recipient.id.to_string(), "language": "en",
        "grants": [{
            "purpose": "SERVICE_DELIVERY",
            "categories": categories.iter().map(|code| code.code()).collect::<Vec<_>>(),
        }],
        "expiresAt": format!("{}T00:00:00Z", day(30)),
        "explained": explained, "voluntary": true, "revocable": true,
        "namesSubstanceUse": categories.contains(&DataCategory::SubstanceUse),
    })
}

/// A survivor's own signature, today, on a paper of its own each time.
pub fn survivors_signature() -> Value {
    let document = [Uuid::new_v4(), Uuid::new_v4()].map(|half| half.simple().to_string());
    json!({
        "role": "SURVIVOR", "isAbuser": false, "method": "PAPER", "signedOn": day(0), "documentSha256": document.concat(),
    })
}

/// Reads a package with one field of each category.
pub const PACKAGE: &str = "query($id: ID!, $p: Purpose) { referral(id: $id) { package(purpose: $p) { \
    identity { givenName } demographics { age } contact { codeWord } location { address } family { notes } \
    language { dialect } needs { request } safety { plan } exploitation { narrative } medical { notes } \
    mentalHealth { notes } substanceUse { treatment } immigration { status } legal { notes } financial { debts } \
    notice receipt { event leafHash signature } withheld { category reason } } } }";

/// What a test puts into a category: something that names the person, to be found again.
fn content(category: DataCategory, person: &str) -> (String, Value) {
    use DataCategory::{
        Contact, Demographics, Exploitation, Family, Financial, Identity, Immigration, Language,
        Legal, Location, Medical, MentalHealth, Needs, Safety, SubstanceUse,
    };
    let (field, inner) = match category {
        Identity => ("identity", "givenName"),
        Demographics => ("demographics", "age"),
        Contact => ("contact", "codeWord"),
        Location => ("location", "address"),
        Family => ("family", "notes"),
        Language => ("language", "dialect"),
        Needs => ("needs", "request"),
        Safety => ("safety", "plan"),
        Exploitation => ("exploitation", "narrative"),
        Medical => ("medical", "notes"),
        MentalHealth => ("mentalHealth", "notes"),
        SubstanceUse => ("substanceUse", "treatment"),
        Immigration => ("immigration", "status"),
        Legal => ("legal", "notes"),
        Financial => ("financial", "debts"),
    };
    let mut shape = json!({ inner: person });
    if category == Contact {
        // A plan that can be followed.
        shape["doNotContact"] = json!(true);
    }
    if category == Financial {
        shape[inner] = json!([person]);
    }
    (field.to_owned(), shape)
}

/// A package on one line: what is there, then what is withheld and why.
fn told_on_one_line(package: &Value) -> String {
    let mut line = String::new();
    for (field, value) in package.as_object().unwrap() {
        if let (false, Some(inner)) = (field == "receipt", value.as_object()) {
            let shown = inner.values().next().unwrap();
            let shown = shown.get(0).unwrap_or(shown).as_str().unwrap_or("-");
            write!(line, "{field}: {shown}   ").unwrap();
        }
    }
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for withheld in package["withheld"].as_array().unwrap() {
        let (category, reason) = (text(&withheld["category"]), text(&withheld["reason"]));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, categories)) => categories.push(category.to_lowercase()),
            None => reasons.push((reason, vec![category.to_lowercase()])),
        }
    }
    for (reason, categories) in reasons {
        let count = categories.len();
        let which = if count == DataCategory::ALL.len() {
            "everything".to_owned()
        } else {
            categories.join(", ")
        };
        write!(line, "withheld: {which} ({reason})   ").unwrap();
    }
    line.trim_end().to_owned()
}

/// The day so many days from now, ISO 8601.
pub fn day(from_now: i32) -> String {
    concord::clock::now().day().plus_days(from_now).to_string()
}

/// The entries of a list, in its order.
pub fn entries(list: &Value) -> Vec<Value> {
    let edges = list["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// A JSON text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn fingerprint(person: &str) -> u64 {
    person.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
