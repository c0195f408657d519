//! What is recorded: something that happened, who caused it, and by which request.
//!
//! [`Event`] and what its leaf says are one table. A row holds the variant, which is also the kind that the log names
//! ([`AuditType`]), the kind of action after FHIR, who may know of it, and the fields. The leaf of a kind is never
//! changed: stored logs must verify.

use concord_entities::consent;
use concord_entities::ids::{
    AgencyId, ApplicationId, AuditEventId, AuditReviewId, ConsentId, IssuerId, LegalHoldId,
    MandateId, MouCalendarId, MouId, NoticeId, PartnershipId, ReferralId, ReferralNoteId,
    RulePackId, SurvivorAuditId, TaskForceId,
};
use concord_entities::vocabulary::{
    AuditAction, AuditType, Categories, Code, FlagNote, LegalHoldGround, MandateInstrument, Pack,
    PartnershipStep, Purpose, ReviewConclusion, VettingAttribute,
};
use uuid::Uuid;

use super::description::{Description, EventFields, about, nothing, of_person, refused};
use super::tree::Digest;
use crate::seal::envelope::KekId;
use crate::sharing::Ground;

/// Makes [`Event`] and its table. A row is `Variant(payload) => Action, fields;`, where [`EventFields::told`] names the
/// agency that may know of the event beside the one that acted.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $name:ident
            $(($payload:ident: $type:ty))?
            $({ $($(#[$about:meta])* $field:ident: $of:ty,)* })?
            => $action:ident, $fields:expr;
    )*) => {
        /// Something that happened and must be on record.
        #[derive(Clone, Debug)]
        pub enum Event {$(
            $(#[$doc])*
            $name $(($type))? $({ $($(#[$about])* $field: $of,)* })?,
        )*}

        impl Event {
            /// What the log says of it.
            pub(super) fn describe(self) -> Description {
                match self {$(
                    Self::$name $(($payload))? $({ $($field,)* })? => Description {
                        kind: AuditType::$name,
                        action: AuditAction::$action,
                        fields: $fields,
                    },
                )*}
            }
        }
    };
}

events! {
    /// An agency was registered.
    AgencyRegistered(agency: AgencyId) => Create, about(&agency).told(agency);
    /// An agency was suspended in a task force.
    AgencySuspended(place: MembershipEvent) => Update, place.fields();
    /// An agency was reinstated in a task force.
    AgencyReinstated(place: MembershipEvent) => Update, place.fields();
    /// The operator said in which time zone an agency works.
    AgencyTimeZoneSet {
        /// The agency.
        agency: AgencyId,
        /// The zone, by its IANA name.
        zone: String,
    } => Update, about(&agency).told(agency).because(zone);
    /// An agency said within how many days it answers a referral; the reason is their number.
    AgencyAnswerDaysSet {
        /// The agency.
        agency: AgencyId,
        /// The days.
        days: i32,
    } => Update, about(&agency).because(days.to_string());
    /// The operator said in which time zone a task force works.
    TaskForceTimeZoneSet {
        /// The task force.
        task_force: TaskForceId,
        /// The zone, by its IANA name.
        zone: String,
    } => Update, about(&task_force).within(Some(task_force)).because(zone);

    /// A coordinator of a task force looked into an attribute of one of its agencies.
    AgencyVetted {
        /// The agency, in the task force.
        place: MembershipEvent,
        /// The attribute.
        attribute: VettingAttribute,
    } => Update, place.fields().because(attribute.code().to_owned());
    /// An agency gave itself another name.
    AgencyRenamed(agency: AgencyId) => Update, about(&agency);
    /// An agency left a task force.
    TaskForceLeft(place: MembershipEvent) => Update, place.fields();
    /// The coordination of a task force was handed over to an agency.
    CoordinationHandedOver(place: MembershipEvent) => Update, place.fields();
    /// A calendar of MOUs' days was made.
    MouCalendarCreated(calendar: MouCalendarId) => Create, about(&calendar);
    /// A calendar of MOUs' days was revoked.
    MouCalendarRevoked(calendar: MouCalendarId) => Update, about(&calendar);
    /// Two agencies took a step towards working together, or its day was corrected.
    PartnershipStepRecorded(partnership: PartnershipEvent) => Update, partnership.fields();
    /// An agency answered the questions of a meeting with another one, for itself.
    PartnershipAnswered(partnership: PartnershipEvent) => Update, partnership.fields();
    /// An agency noted that its staff were trained.
    StaffTrainingRecorded(agency: AgencyId) => Update, about(&agency);

    /// An application was registered.
    ApplicationRegistered(application: ApplicationId) => Create, about(&application);
    /// An application was given a new secret.
    ApplicationSecretRotated(application: ApplicationId) => Update, about(&application);
    /// An application was given other public keys.
    ApplicationKeysReplaced(application: ApplicationId) => Update, about(&application);
    /// The origins of the pages that may call with an application's tokens were replaced.
    ApplicationOriginsReplaced(application: ApplicationId) => Update, about(&application);
    /// Documents were added to those that an application may execute.
    TrustedDocumentsAdded(documents: TrustedDocumentsEvent) => Update, documents.fields();
    /// Documents were taken from those that an application may execute.
    TrustedDocumentsRemoved(documents: TrustedDocumentsEvent) => Update, documents.fields();
    /// An application may execute any document again.
    TrustedDocumentsLifted(application: ApplicationId) => Update, about(&application);
    /// An application was suspended.
    ApplicationSuspended(application: ApplicationId) => Update, about(&application);

    /// An agency ended every token of one of its people; by the name that it gives them.
    SubjectEnded(subject: SubjectEvent) => Update, subject.fields();
    /// One of an agency's people can have tokens again.
    SubjectReinstated(subject: SubjectEvent) => Update, subject.fields();

    /// An agency's own issuer was registered.
    IssuerTrusted(issuer: IssuerEvent) => Create, about(&issuer.id).told(issuer.agency);
    /// An issuer's keys were fetched anew.
    IssuerRefreshed(issuer: IssuerEvent) => Update, about(&issuer.id).told(issuer.agency);
    /// An issuer was suspended.
    IssuerSuspended(issuer: IssuerEvent) => Update, about(&issuer.id).told(issuer.agency);
    /// An issuer that was suspended is trusted again.
    IssuerReinstated(issuer: IssuerEvent) => Update, about(&issuer.id).told(issuer.agency);

    /// The next key that signs tokens took over; by its thumbprint.
    SigningKeyRotated(kid: String) => Update, about(&kid);
    /// A key that signed tokens was retired; by its thumbprint.
    SigningKeyRetired(kid: String) => Update, about(&kid);

    /// What was wrapped under other key-encryption keys is wrapped anew.
    KekRotated {
        /// The key under which.
        kek: KekId,
        /// How many keys were under others when it began.
        wrappings: u64,
    } => Update, about(&kek).because(wrappings.to_string());

    /// A token was issued; by its `jti`.
    TokenIssued(token: String) => Create, about(&token);
    /// A narrower token was issued for another one.
    TokenExchanged {
        /// The new token's `jti`.
        token: String,
        /// The `jti` of the one that it was exchanged for.
        subject: String,
    } => Create, about(&token).and(vec![subject]);
    /// A token was taken back; by its `jti`.
    TokenRevoked(token: String) => Update, about(&token);

    /// A survivor's pseudonym was registered.
    SurvivorRegistered(survivor: SurvivorAuditId) => Create, of_person(survivor);
    /// What is on record of a survivor was corrected.
    SurvivorCorrected(survivor: SurvivorAuditId) => Update, of_person(survivor);
    /// A person was erased. Never with the id that records point at: the log must not keep what the erasure forgets.
    SurvivorErased {
        /// The person, under the audit log's own id.
        survivor: SurvivorAuditId,
        /// The consents that it ended.
        consents: Vec<ConsentId>,
    } => Delete, of_person(survivor).and(consents.iter().map(ToString::to_string).collect());

    /// A survivor's plan for safe contact was set.
    SafeContactSet(survivor: SurvivorAuditId) => Update, of_person(survivor);
    /// A survivor's plan for safe contact was read.
    SafeContactRead(survivor: SurvivorAuditId) => Read, of_person(survivor);
    /// A survivor's plan for safe contact was asked.
    ContactAdvised {
        /// Whose plan.
        survivor: SurvivorAuditId,
        /// What it answered.
        answer: &'static str,
    } => Read, of_person(survivor).because(answer.to_owned());

    /// A disclosure that a statute or a court's order demanded was put on record.
    MandatedDisclosureRecorded {
        /// The record.
        id: MandateId,
        /// Who was disclosed.
        survivor: SurvivorAuditId,
        /// Who disclosed.
        discloser: AgencyId,
        /// Who was told, where it is an agency of the task force.
        recipient: Option<AgencyId>,
        /// What was told.
        categories: Categories,
        /// What demanded it.
        instrument: MandateInstrument,
    } => Create, about(&id)
        .person(survivor)
        .disclosed(discloser, categories)
        .told(recipient)
        .because(instrument.to_string());

    /// What obliges an agency to keep what it holds of a survivor was put on record. Nobody else is told.
    LegalHoldRecorded {
        /// The hold.
        id: LegalHoldId,
        /// On whom.
        survivor: SurvivorAuditId,
        /// What obliges the agency.
        ground: LegalHoldGround,
    } => Create, about(&id).person(survivor).because(ground.to_string());
    /// A legal hold was released. Nobody else is told.
    LegalHoldReleased(hold: LegalHoldId) => Update, about(&hold);
    /// Legal holds in force were set aside by whoever erases the person. Nobody else is told.
    LegalHoldOverridden {
        /// The person, under the audit log's own id.
        survivor: SurvivorAuditId,
        /// The holds.
        holds: Vec<LegalHoldId>,
    } => Update, of_person(survivor).and(holds.iter().map(ToString::to_string).collect());

    /// A consent was drafted. Nobody else is told.
    ConsentDrafted(consent: ConsentEvent) => Create, consent.fields().told(None);
    /// A consent's draft was edited. Nobody else is told.
    ConsentDraftEdited(consent: ConsentEvent) => Update, consent.fields().told(None);
    /// A consent's draft was discarded, and what it said of the person with it. Nobody else is told.
    ConsentDraftDiscarded(consent: ConsentEvent) => Update, consent.fields().told(None);
    /// A signature was put under a consent; the reason says whose.
    ConsentSigned(consent: ConsentEvent) => Update, consent.fields();
    /// A consent was taken back, or ended with its survivor's erasure; the reason says how.
    ConsentRevoked(consent: ConsentEvent) => Update, consent.fields();
    /// A later version of a consent took its place.
    ConsentSuperseded(consent: ConsentEvent) => Update, consent.fields();
    /// A consent was found to be one that should never have been.
    ConsentEnteredInError(consent: ConsentEvent) => Update, consent.fields();

    /// A parent or guardian objected to a consent. Nobody else is told.
    ConsentObjectedTo(consent: ConsentEvent) => Update, consent.fields().told(None);
    /// The operator set the day from which a consent is suspended; the reason says what it lacks.
    ConsentSuspensionSet(consent: ConsentEvent) => Update, consent.fields();
    /// A consent lacks nothing any more, and is not suspended.
    ConsentSuspensionLifted(consent: ConsentEvent) => Update, consent.fields();

    /// The signed paper behind a consent was stored. Nobody else is told.
    ConsentDocumentStored(document: ConsentDocumentEvent) => Create, document.fields();
    /// The signed paper behind a consent was read by the agency that stored it. Nobody else is told.
    ConsentDocumentRead(document: ConsentDocumentEvent) => Read, document.fields();

    /// An agency said that a rule pack binds it.
    RulePackBound(rules: RulePackEvent) => Create, about(&rules.id).because(rules.pack.to_string());
    /// An agency said that a rule pack binds it no longer.
    RulePackUnbound(rules: RulePackEvent) => Update, about(&rules.id).because(rules.pack.to_string());

    /// A referral was drafted. The other side knows nothing of a draft.
    ReferralDrafted(referral: ReferralEvent) => Create, referral.fields().told(None);
    /// A referral's draft was edited, and its package sealed anew. The other side knows nothing of a draft.
    ReferralDraftEdited(referral: ReferralEvent) => Update, referral.fields().told(None);
    /// A referral's draft was discarded, and its package with it. The other side knows nothing of a draft.
    ReferralDraftDiscarded(referral: ReferralEvent) => Update, referral.fields().told(None);
    /// A referral was sent.
    ReferralSent(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was accepted.
    ReferralAccepted(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was rejected; the reason says why.
    ReferralRejected(referral: ReferralEvent) => Update, referral.fields();
    /// The recipient's service for a referral began.
    ReferralStarted(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was paused; the reason says why.
    ReferralHeld(referral: ReferralEvent) => Update, referral.fields();
    /// A paused referral was resumed.
    ReferralResumed(referral: ReferralEvent) => Update, referral.fields();
    /// A referral ended without success; the reason says why.
    ReferralFailed(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was called off by one of its sides; the reason says why.
    ReferralCancelled(referral: ReferralEvent) => Update, referral.fields();
    /// A recipient said who of its people took a referral on. Not who: the other side is told.
    ReferralAssigned(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was found to be one that should never have been. Of one that was never sent nobody else is told.
    ReferralEnteredInError(referral: ReferralEvent) => Update, referral.fields();
    /// A referral was completed.
    ReferralCompleted(referral: ReferralEvent) => Update, referral.fields();
    /// What came of a referral was corrected; the reason says what it is now.
    ReferralOutcomeCorrected(referral: ReferralEvent) => Update, referral.fields();
    /// A suspended referral was continued under a consent and an MOU in force.
    ReferralContinued(referral: ReferralEvent) => Update, referral.fields();
    /// Both sides of a referral that nobody answered were told that it expires soon.
    ReferralExpires(referral: ReferralEvent) => Update, referral.fields();
    /// A referral expired, as nobody answered it, and both sides were told.
    ReferralExpired(referral: ReferralEvent) => Update, referral.fields();
    /// A note to the other side of a referral was added.
    ReferralNoteAdded(note: NoteEvent) => Create, note.fields();
    /// A note on a referral was kept for one's own agency. The other side knows nothing of it.
    ReferralNoteKept(note: NoteEvent) => Create, note.fields();
    /// A file was attached to a note to the other side of a referral.
    ReferralNoteAttached(note: NoteEvent) => Create, note.fields();
    /// A file was attached to a note that is kept for one's own agency. The other side knows nothing of it.
    ReferralNoteAttachmentKept(note: NoteEvent) => Create, note.fields();

    /// An MOU was drafted.
    MouDrafted(mou: MouEvent) => Create, mou.fields();
    /// An MOU was offered to its parties.
    MouOffered(mou: MouEvent) => Update, mou.fields();
    /// An MOU was signed by a party.
    MouSigned(mou: MouEvent) => Update, mou.fields();
    /// An MOU was turned down by a party.
    MouDeclined(mou: MouEvent) => Update, mou.fields();
    /// An MOU was suspended by a party.
    MouSuspended(mou: MouEvent) => Update, mou.fields();
    /// A party took its suspension of an MOU back.
    MouReinstated(mou: MouEvent) => Update, mou.fields();
    /// A party said that an MOU is to end; the reason says how.
    MouTerminated(mou: MouEvent) => Update, mou.fields();
    /// A party leaves an MOU; the reason says how.
    MouLeft(mou: MouEvent) => Update, mou.fields();
    /// A party said that it reviewed an MOU.
    MouReviewConfirmed(mou: MouEvent) => Update, mou.fields();
    /// The parties and coordinators of an MOU were told that its review comes nearer.
    MouReviewNears(mou: MouEvent) => Update, mou.fields();
    /// They were told that its end does.
    MouEndNears(mou: MouEvent) => Update, mou.fields();
    /// A next version of an MOU came into force and took its place.
    MouSuperseded(mou: MouEvent) => Update, mou.fields();
    /// The text that the parties of an MOU sign was stored.
    MouDocumentStored(mou: MouEvent) => Create, mou.fields();
    /// The text that the parties of an MOU sign was read.
    MouDocumentRead(mou: MouEvent) => Read, mou.fields();

    /// An agency said that it has seen a notice to it.
    NoticeSeen(notice: NoticeId) => Update, about(&notice);

    /// Headers of these records were read.
    RecordsListed(records: Vec<String>) => Read, nothing().and(records);
    /// A package was read: what was released, to whom, on what ground.
    PackageRead {
        /// The referral.
        referral: ReferralId,
        /// Whose package.
        survivor: SurvivorAuditId,
        /// Who was told.
        reader: AgencyId,
        /// Who disclosed.
        discloser: AgencyId,
        /// What for.
        purpose: Purpose,
        /// What was released: selected, and shared; empty where that was nothing.
        released: Categories,
        /// What it stands on; none where nothing was released.
        ground: Option<Ground>,
    } => Read, about(&referral)
        .person(survivor)
        .disclosed(discloser, released)
        .told(reader)
        .used_for(purpose)
        .on_ground(ground);

    /// The audit log was read.
    AuditRead => Read, nothing();
    /// Some of the audit log left for other programs; in which form.
    AuditExported(format: &'static str) => Read, nothing().because(format.to_owned());
    /// The operator gave a command that shows records, or copies all of them, and changes none.
    CommandGiven => Read, nothing();
    /// A review of the log was opened. Nobody else is told, not even the agency that is reviewed.
    AuditReviewOpened {
        /// The review.
        review: AuditReviewId,
        /// The agency that it is about.
        of: Option<AgencyId>,
    } => Create, about(&review).and(of.iter().map(ToString::to_string).collect());
    /// A review flagged an event.
    AuditEventFlagged {
        /// The review.
        review: AuditReviewId,
        /// The event.
        event: AuditEventId,
        /// Why.
        note: FlagNote,
    } => Update, about(&review).and(vec![event.to_string()]).because(note.code().to_owned());
    /// A review was concluded.
    AuditReviewConcluded {
        /// The review.
        review: AuditReviewId,
        /// What came of it.
        conclusion: ReviewConclusion,
    } => Update, about(&review).because(conclusion.code().to_owned());
    /// An older data store was put back, and its operator answers for it.
    LedgerReopened {
        /// How many events had been signed for.
        signed: u64,
        /// The root over them.
        root: Digest,
    } => Update, about(&root).because(signed.to_string());
    /// The keys were moved to another keyring.
    KeyringMoved {
        /// The keyring that they are in from then on.
        keyring: Uuid,
    } => Update, about(&keyring);

    /// Stores that nothing apart from them vouched for were accepted by their operator as the newest there are.
    StoresAccepted {
        /// How many events their ledger had.
        size: u64,
        /// The root over them.
        root: Digest,
    } => Update, about(&root).because(size.to_string());

    /// A request was refused.
    AccessDenied {
        /// The refusal's stable code.
        code: &'static str,
        /// The record that was asked for, whether or not it exists.
        object: Option<String>,
    } => Execute, EventFields { object, ..refused(code) };
    /// A token was refused, by the fault's stable code.
    TokenRefused(attempts: RefusedAlike) => Execute, attempts.fields();
    /// A program that asked for a token, or about one, was refused, by the fault's stable code.
    ClientRefused(attempts: RefusedAlike) => Execute, attempts.fields();
}

/// Attempts that were refused alike.
#[derive(Clone, Copy, Debug)]
pub struct RefusedAlike {
    /// The fault's stable code.
    pub why: &'static str,
    /// How many they were; none for one that is recorded by itself.
    pub count: Option<u64>,
}

impl RefusedAlike {
    fn fields(self) -> EventFields {
        EventFields {
            count: self.count,
            ..refused(self.why)
        }
    }
}

/// An agency's own issuer of tokens.
#[derive(Clone, Copy, Debug)]
pub struct IssuerEvent {
    /// The issuer.
    pub id: IssuerId,
    /// The agency whose it is.
    pub agency: AgencyId,
}

/// A person of an agency's whose tokens were ended or who was reinstated.
#[derive(Clone, Debug)]
pub struct SubjectEvent {
    /// The person, as the agency calls them.
    pub subject: String,
    /// The agency.
    pub agency: AgencyId,
}

impl SubjectEvent {
    fn fields(self) -> EventFields {
        about(&self.subject).and(vec![self.agency.to_string()])
    }
}

/// A consent to which something was done.
#[derive(Clone, Debug)]
pub struct ConsentEvent {
    /// The consent.
    pub id: ConsentId,
    /// Its version.
    pub version: i32,
    /// Whose it is.
    pub survivor: SurvivorAuditId,
    /// Whom it names, once that agency may know of it: nobody is told of what was never signed.
    pub recipient: Option<AgencyId>,
    /// Who signed, or how it was revoked.
    pub reason: Option<String>,
}

impl ConsentEvent {
    /// Returns a consent as it stands after what was done to it.
    #[must_use]
    pub fn of(consent: &consent::Model, survivor: SurvivorAuditId, reason: Option<String>) -> Self {
        Self {
            id: consent.id,
            version: consent.version,
            survivor,
            recipient: consent.signed_at.map(|_| consent.recipient_id),
            reason,
        }
    }

    fn fields(self) -> EventFields {
        about(&self.id)
            .under_consent(self.id, self.version)
            .person(self.survivor)
            .told(self.recipient)
            .because(self.reason)
    }
}

/// The signed paper behind a consent.
#[derive(Clone, Copy, Debug)]
pub struct ConsentDocumentEvent {
    /// The consent.
    pub id: ConsentId,
    /// Its version.
    pub version: i32,
    /// Whose it is.
    pub survivor: SurvivorAuditId,
}

impl ConsentDocumentEvent {
    fn fields(self) -> EventFields {
        about(&self.id)
            .under_consent(self.id, self.version)
            .person(self.survivor)
    }
}

/// What an application may execute from now on.
#[derive(Clone, Debug)]
pub struct TrustedDocumentsEvent {
    /// The application.
    pub application: ApplicationId,
    /// The SHA-256 of the list of its documents' hashes, in order, each a line.
    pub list: String,
}

impl TrustedDocumentsEvent {
    fn fields(self) -> EventFields {
        about(&self.application).because(self.list)
    }
}

/// A rule pack's hold on an agency.
#[derive(Clone, Copy, Debug)]
pub struct RulePackEvent {
    /// The binding.
    pub id: RulePackId,
    /// The pack.
    pub pack: Pack,
}

/// A referral that came to stand where it stands now.
#[derive(Clone, Debug)]
pub struct ReferralEvent {
    /// The referral.
    pub id: ReferralId,
    /// The other side, once that agency may know of it.
    pub counterpart: Option<AgencyId>,
    /// Why, where a code says it.
    pub reason: Option<String>,
}

impl ReferralEvent {
    /// Returns a step that needs no reason.
    #[must_use]
    pub fn of(id: ReferralId, counterpart: AgencyId) -> Self {
        Self {
            id,
            counterpart: Some(counterpart),
            reason: None,
        }
    }

    fn fields(self) -> EventFields {
        about(&self.id).told(self.counterpart).because(self.reason)
    }
}

/// A note on a referral.
#[derive(Clone, Copy, Debug)]
pub struct NoteEvent {
    /// The note.
    pub id: ReferralNoteId,
    /// The referral.
    pub referral: ReferralId,
    /// The other side, where the note is for it.
    pub counterpart: Option<AgencyId>,
}

impl NoteEvent {
    fn fields(self) -> EventFields {
        about(&self.referral)
            .and(vec![self.id.to_string()])
            .told(self.counterpart)
    }
}

/// A step of two agencies towards working together.
#[derive(Clone, Copy, Debug)]
pub struct PartnershipEvent {
    /// The partnership.
    pub id: PartnershipId,
    /// The agency of the two that did not act.
    pub partner: AgencyId,
    /// The step.
    pub step: PartnershipStep,
}

impl PartnershipEvent {
    fn fields(self) -> EventFields {
        about(&self.id)
            .told(self.partner)
            .because(self.step.code().to_owned())
    }
}

/// An agency's membership of a task force, to which something was done.
#[derive(Clone, Copy, Debug)]
pub struct MembershipEvent {
    /// The agency.
    pub agency: AgencyId,
    /// The task force.
    pub task_force: TaskForceId,
}

impl MembershipEvent {
    fn fields(self) -> EventFields {
        about(&self.agency)
            .told(self.agency)
            .within(Some(self.task_force))
    }
}

/// An MOU to which something was done.
#[derive(Clone, Copy, Debug)]
pub struct MouEvent {
    /// The MOU.
    pub id: MouId,
    /// Its version.
    pub version: i32,
    /// The task force that follows it.
    pub task_force: Option<TaskForceId>,
    /// How it ends, where it does, as a code.
    pub how: Option<&'static str>,
}

impl MouEvent {
    fn fields(self) -> EventFields {
        about(&self.id)
            .under_mou(self.id, self.version)
            .within(self.task_force)
            .because(self.how.map(str::to_owned))
    }
}

/// Who acts: the parts of a caller that go on record.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The agency; none for the service's operator, and for a stranger whose token was refused.
    pub agency: Option<AgencyId>,
    /// The person or program, as the agency calls it.
    pub subject: String,
    /// The program's registration.
    pub client: String,
    /// The `jti` of the token.
    pub token: Option<String>,
    /// The program, as the agency's own issuer calls it.
    pub program: Option<String>,
    /// The operator's name, where it is the operator who acts.
    pub operator: Option<String>,
}

impl Agent {
    /// Returns the operator, at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            agency: None,
            subject: "operator".to_owned(),
            client: "command-line".to_owned(),
            token: None,
            program: None,
            operator: None,
        }
    }

    /// Returns the service by itself, on behalf of an agency or of none.
    #[must_use]
    pub fn service_for(agency: Option<AgencyId>) -> Self {
        Self {
            agency,
            subject: "service".to_owned(),
            client: String::new(),
            token: None,
            program: None,
            operator: None,
        }
    }

    /// Returns the agent of somebody who did not prove who they are.
    #[must_use]
    pub fn stranger() -> Self {
        Self {
            agency: None,
            subject: String::new(),
            client: String::new(),
            token: None,
            program: None,
            operator: None,
        }
    }

    /// Returns the operator, on behalf of an agency.
    #[must_use]
    pub fn operator_for(agency: AgencyId) -> Self {
        Self {
            agency: Some(agency),
            ..Self::operator()
        }
    }
}

/// Where a request came from and what it asked for.
#[derive(Clone, Debug, Default)]
pub struct RequestMeta {
    /// The request id that the client also gets.
    pub request: String,
    /// The network address.
    pub address: Option<String>,
    /// The operation's name, where the client gave it one.
    pub operation: Option<String>,
    /// The SHA-256 of the document, hex.
    pub document: Option<String>,
    /// The trace that the client's request belongs to (W3C Trace Context), 32 hexadecimal digits.
    pub trace: Option<String>,
    /// The id that the client gave its request itself.
    pub client_request: Option<String>,
}
