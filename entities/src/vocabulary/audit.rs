//! What an audit event records.

use crate::code::codes;

codes! {
    /// Which of the FHIR kinds of action an audit event records.
    AuditAction {
        /// Something was made.
        Create = "C",
        /// Something was read.
        Read = "R",
        /// Something was changed.
        Update = "U",
        /// Something was destroyed.
        Delete = "D",
        /// Something was carried out.
        Execute = "E",
    }

    /// What an audit event records.
    AuditType {
        /// An agency was registered.
        AgencyRegistered = "AGENCY_REGISTERED",
        /// An agency was suspended: it shares and receives nothing, and its tokens are over.
        AgencySuspended = "AGENCY_SUSPENDED",
        /// A suspended agency takes part again.
        AgencyReinstated = "AGENCY_REINSTATED",
        /// The operator said in which time zone an agency works; the reason is the zone.
        AgencyTimeZoneSet = "AGENCY_TIME_ZONE_SET",
        /// An agency said within how many days it answers a referral; the reason is their number.
        AgencyAnswerDaysSet = "AGENCY_ANSWER_DAYS_SET",
        /// A coordinator of a task force looked into one of its agencies; the reason is the attribute.
        AgencyVetted = "AGENCY_VETTED",
        /// An agency gave itself another name.
        AgencyRenamed = "AGENCY_RENAMED",
        /// An agency left a task force.
        TaskForceLeft = "TASK_FORCE_LEFT",
        /// The coordination of a task force was handed over to the agency that is the object.
        CoordinationHandedOver = "COORDINATION_HANDED_OVER",
        /// The operator said in which time zone a task force works; the reason is the zone.
        TaskForceTimeZoneSet = "TASK_FORCE_TIME_ZONE_SET",
        /// An application was registered.
        ApplicationRegistered = "APPLICATION_REGISTERED",
        /// An application was given a new secret.
        ApplicationSecretRotated = "APPLICATION_SECRET_ROTATED",
        /// An application was given other public keys.
        ApplicationKeysReplaced = "APPLICATION_KEYS_REPLACED",
        /// The origins of the pages that may call with an application's tokens were replaced.
        ApplicationOriginsReplaced = "APPLICATION_ORIGINS_REPLACED",
        /// Documents were added to those that an application may execute, where it may execute no others; the reason is the
        /// SHA-256 of the list of their hashes from then on, in order, each a line.
        TrustedDocumentsAdded = "TRUSTED_DOCUMENTS_ADDED",
        /// Documents were taken from those that an application may execute; the reason is the SHA-256 of the list of the
        /// hashes that are left, in order, each a line.
        TrustedDocumentsRemoved = "TRUSTED_DOCUMENTS_REMOVED",
        /// An application may execute any document again.
        TrustedDocumentsLifted = "TRUSTED_DOCUMENTS_LIFTED",
        /// An application was suspended: its tokens are over.
        ApplicationSuspended = "APPLICATION_SUSPENDED",
        /// A survivor's pseudonym was registered.
        SurvivorRegistered = "SURVIVOR_REGISTERED",
        /// What is on record of a survivor was corrected: whether they are a minor, and the language they understand best.
        SurvivorCorrected = "SURVIVOR_CORRECTED",
        /// A survivor's plan for safe contact was set.
        SafeContactSet = "SAFE_CONTACT_SET",
        /// A survivor's plan for safe contact was read.
        SafeContactRead = "SAFE_CONTACT_READ",
        /// Somebody asked whether a survivor may be contacted now; the reason is the answer.
        ContactAdvised = "CONTACT_ADVISED",
        /// A disclosure that a statute or a court's order demanded was put on record.
        MandatedDisclosureRecorded = "MANDATED_DISCLOSURE_RECORDED",
        /// What obliges an agency to keep what it holds of a survivor was put on record.
        LegalHoldRecorded = "LEGAL_HOLD_RECORDED",
        /// A legal hold was said to hold no longer.
        LegalHoldReleased = "LEGAL_HOLD_RELEASED",
        /// Legal holds in force were set aside, by name, to erase a person all the same.
        LegalHoldOverridden = "LEGAL_HOLD_OVERRIDDEN",
        /// A consent was drafted.
        ConsentDrafted = "CONSENT_DRAFTED",
        /// A consent's draft was edited.
        ConsentDraftEdited = "CONSENT_DRAFT_EDITED",
        /// A consent's draft was discarded.
        ConsentDraftDiscarded = "CONSENT_DRAFT_DISCARDED",
        /// A consent was signed.
        ConsentSigned = "CONSENT_SIGNED",
        /// A consent was revoked.
        ConsentRevoked = "CONSENT_REVOKED",
        /// A parent or guardian objected to a consent.
        ConsentObjectedTo = "CONSENT_OBJECTED_TO",
        /// The operator set the day from which a consent is suspended, since it lacks what the law asks for; the reason says
        /// what.
        ConsentSuspensionSet = "CONSENT_SUSPENSION_SET",
        /// A consent lacks nothing any more, and is not suspended.
        ConsentSuspensionLifted = "CONSENT_SUSPENSION_LIFTED",
        /// A person was erased: every consent ended, every package's key destroyed, the pseudonym forgotten.
        SurvivorErased = "SURVIVOR_ERASED",
        /// A later version of a consent took its place.
        ConsentSuperseded = "CONSENT_SUPERSEDED",
        /// A consent was found to be one that should never have been.
        ConsentEnteredInError = "CONSENT_ENTERED_IN_ERROR",
        /// An agency said that a rule pack binds it.
        RulePackBound = "RULE_PACK_BOUND",
        /// An agency said that a rule pack binds it no longer.
        RulePackUnbound = "RULE_PACK_UNBOUND",
        /// The signed paper behind a consent was stored.
        ConsentDocumentStored = "CONSENT_DOCUMENT_STORED",
        /// The signed paper behind a consent was read by the agency that stored it.
        ConsentDocumentRead = "CONSENT_DOCUMENT_READ",
        /// A referral was drafted.
        ReferralDrafted = "REFERRAL_DRAFTED",
        /// A referral was sent.
        ReferralSent = "REFERRAL_SENT",
        /// A referral was accepted.
        ReferralAccepted = "REFERRAL_ACCEPTED",
        /// A referral was rejected.
        ReferralRejected = "REFERRAL_REJECTED",
        /// A referral was completed.
        ReferralCompleted = "REFERRAL_COMPLETED",
        /// A referral's draft was edited.
        ReferralDraftEdited = "REFERRAL_DRAFT_EDITED",
        /// A referral's draft was discarded.
        ReferralDraftDiscarded = "REFERRAL_DRAFT_DISCARDED",
        /// What came of a referral was corrected; the reason says what it is now.
        ReferralOutcomeCorrected = "REFERRAL_OUTCOME_CORRECTED",
        /// A suspended referral was continued under a consent and an MOU in force.
        ReferralContinued = "REFERRAL_CONTINUED",
        /// Both sides of a referral that nobody answered were told that it expires soon.
        ReferralExpires = "REFERRAL_EXPIRES",
        /// A referral expired, as nobody answered it, and both sides were told.
        ReferralExpired = "REFERRAL_EXPIRED",
        /// A note to the other side of a referral was added.
        ReferralNoteAdded = "REFERRAL_NOTE_ADDED",
        /// A note on a referral was kept for one's own agency.
        ReferralNoteKept = "REFERRAL_NOTE_KEPT",
        /// A file was attached to a note to the other side of a referral.
        ReferralNoteAttached = "REFERRAL_NOTE_ATTACHED",
        /// A file was attached to a note that is kept for one's own agency.
        ReferralNoteAttachmentKept = "REFERRAL_NOTE_ATTACHMENT_KEPT",
        /// The recipient's service for a referral began.
        ReferralStarted = "REFERRAL_STARTED",
        /// A referral was paused by its recipient; the reason says why.
        ReferralHeld = "REFERRAL_HELD",
        /// A paused referral was resumed.
        ReferralResumed = "REFERRAL_RESUMED",
        /// A referral ended without success; the reason says why.
        ReferralFailed = "REFERRAL_FAILED",
        /// A referral was called off by one of its sides; the reason says why.
        ReferralCancelled = "REFERRAL_CANCELLED",
        /// A recipient said who of its people took a referral on; not who that is.
        ReferralAssigned = "REFERRAL_ASSIGNED",
        /// A referral was found by its sender to be one that should never have been.
        ReferralEnteredInError = "REFERRAL_ENTERED_IN_ERROR",
        /// A calendar of MOUs' days was made, which its address opens.
        MouCalendarCreated = "MOU_CALENDAR_CREATED",
        /// A calendar of MOUs' days was revoked: its address opens nothing.
        MouCalendarRevoked = "MOU_CALENDAR_REVOKED",
        /// Two agencies took a step towards working together, or its day was corrected; the reason is the step.
        PartnershipStepRecorded = "PARTNERSHIP_STEP_RECORDED",
        /// An agency answered the questions of a meeting with another one, for itself.
        PartnershipAnswered = "PARTNERSHIP_ANSWERED",
        /// An agency noted that its staff were trained.
        StaffTrainingRecorded = "STAFF_TRAINING_RECORDED",
        /// An MOU was drafted.
        MouDrafted = "MOU_DRAFTED",
        /// An MOU was offered to its parties.
        MouOffered = "MOU_OFFERED",
        /// An MOU was signed by a party.
        MouSigned = "MOU_SIGNED",
        /// An MOU was turned down by a party.
        MouDeclined = "MOU_DECLINED",
        /// An MOU was suspended by a party.
        MouSuspended = "MOU_SUSPENDED",
        /// A party took its suspension of an MOU back.
        MouReinstated = "MOU_REINSTATED",
        /// A party said that an MOU is to end; the reason says whether that is with notice, at once as all agree, or at once for
        /// a breach.
        MouTerminated = "MOU_TERMINATED",
        /// A party leaves an MOU, which goes on without it; the reason says whether that is with notice or at once.
        MouLeft = "MOU_LEFT",
        /// A party said that it reviewed an MOU, and when it is reviewed next.
        MouReviewConfirmed = "MOU_REVIEW_CONFIRMED",
        /// The parties and coordinators of an MOU were told that its review is due within 90, 60, 30 or 7 days.
        MouReviewNears = "MOU_REVIEW_NEARS",
        /// They were told that it ends within so many days.
        MouEndNears = "MOU_END_NEARS",
        /// A next version of an MOU came into force and took its place.
        MouSuperseded = "MOU_SUPERSEDED",
        /// The text that the parties of an MOU sign was stored.
        MouDocumentStored = "MOU_DOCUMENT_STORED",
        /// The text that the parties of an MOU sign was read.
        MouDocumentRead = "MOU_DOCUMENT_READ",
        /// An agency said that it has seen a notice.
        NoticeSeen = "NOTICE_SEEN",
        /// Headers of records were read: ids, status, needs, parties.
        RecordsListed = "RECORDS_LISTED",
        /// A package's content was disclosed, or everything in it withheld.
        PackageRead = "PACKAGE_READ",
        /// The audit log itself was read.
        AuditRead = "AUDIT_READ",
        /// The operator gave a command that shows records, or copies all of them, and changes none; the operation says which.
        CommandGiven = "COMMAND_GIVEN",
        /// A review of the audit log was opened; the objects name the agency that it is about, where it is about one.
        AuditReviewOpened = "AUDIT_REVIEW_OPENED",
        /// A review flagged an event; the objects name the event, the reason is the note.
        AuditEventFlagged = "AUDIT_EVENT_FLAGGED",
        /// A review was concluded; the reason is what came of it.
        AuditReviewConcluded = "AUDIT_REVIEW_CONCLUDED",
        /// An older data store was put back, and its operator answers for it.
        LedgerReopened = "LEDGER_REOPENED",
        /// The keys were moved to another keyring, by the operator.
        KeyringMoved = "KEYRING_MOVED",
        /// Stores that nothing apart from them vouched for were accepted by their operator as the newest there are.
        StoresAccepted = "STORES_ACCEPTED",
        /// An access token was issued.
        TokenIssued = "TOKEN_ISSUED",
        /// A narrower access token was issued for another one.
        TokenExchanged = "TOKEN_EXCHANGED",
        /// An access token, and what was exchanged for it, was taken back.
        TokenRevoked = "TOKEN_REVOKED",
        /// An agency ended every token of one of its people, whom the object names as their agency does.
        SubjectEnded = "SUBJECT_ENDED",
        /// One of an agency's people can have tokens again.
        SubjectReinstated = "SUBJECT_REINSTATED",
        /// A request's access token, or the proof that goes with it, was refused.
        TokenRefused = "TOKEN_REFUSED",
        /// A program that asked for a token, or about one, was refused.
        ClientRefused = "CLIENT_REFUSED",
        /// The next signing key took over.
        SigningKeyRotated = "SIGNING_KEY_ROTATED",
        /// A signing key was retired: the tokens that it signed are over.
        SigningKeyRetired = "SIGNING_KEY_RETIRED",
        /// The key-encryption key was exchanged: what others had wrapped was wrapped anew; the reason is how many keys.
        KekRotated = "KEK_ROTATED",
        /// An agency's own issuer of tokens was registered.
        IssuerTrusted = "ISSUER_TRUSTED",
        /// An issuer's keys were fetched anew by an operator.
        IssuerRefreshed = "ISSUER_REFRESHED",
        /// An issuer was suspended: its tokens are over.
        IssuerSuspended = "ISSUER_SUSPENDED",
        /// An issuer that was suspended is trusted again, in what it issues from then on.
        IssuerReinstated = "ISSUER_REINSTATED",
        /// A request was refused.
        AccessDenied = "ACCESS_DENIED",
        /// The audit log, or some of it, was exported; the reason is the form.
        AuditExported = "AUDIT_EXPORTED",
    }

    /// How the audited act ended.
    AuditOutcome {
        /// It was done.
        Success = "SUCCESS",
        /// It was refused.
        Refused = "REFUSED",
    }

    /// Where a review of the audit log stands.
    AuditReviewStatus {
        /// It goes on: events can be flagged.
        Open = "OPEN",
        /// It is over: what it found stays as it is.
        Concluded = "CONCLUDED",
    }

    /// Why a reviewer flags an event.
    FlagNote {
        /// Nobody reading the log can tell why it was done: somebody is to be asked.
        NeedsExplanation = "NEEDS_EXPLANATION",
        /// It was done outside the working hours of whoever did it.
        OutsideWorkingHours = "OUTSIDE_WORKING_HOURS",
        /// It was one of many reads in a short time.
        ManyRecords = "MANY_RECORDS",
        /// Whoever did it does not work on the case.
        NotTheirCase = "NOT_THEIR_CASE",
        /// It was one of several attempts that were refused.
        RepeatedlyRefused = "REPEATEDLY_REFUSED",
        /// Whoever did it had left the agency.
        HasLeft = "HAS_LEFT",
        /// More was read than the work asked for.
        MoreThanNeeded = "MORE_THAN_NEEDED",
        /// Somebody was asked, and it was in order.
        Explained = "EXPLAINED",
        /// It was misuse.
        Misuse = "MISUSE",
    }

    /// What came of a review.
    ReviewConclusion {
        /// Nothing that would have to be asked about.
        NothingFound = "NOTHING_FOUND",
        /// Everything that was asked about was in order.
        AllExplained = "ALL_EXPLAINED",
        /// People are trained, or scopes narrowed, because of it.
        FollowedUp = "FOLLOWED_UP",
        /// Somebody misused the service, and it was ended.
        MisuseEnded = "MISUSE_ENDED",
        /// It was a breach, and is reported as the law demands.
        BreachReported = "BREACH_REPORTED",
    }

    /// By which rule an event stands out.
    AuditSignalKind {
        /// Its person acts outside working hours, 07:00 to 19:00 from Monday to Friday by the agency's time zone, for the first time
        /// in an hour.
        OutsideWorkingHours = "OUTSIDE_WORKING_HOURS",
        /// With it, one person or program has read 100 records or more within ten minutes.
        ManyRecords = "MANY_RECORDS",
        /// It is the first that the log has of its person or program.
        FirstAccess = "FIRST_ACCESS",
        /// It is the fifth attempt of one person or program in a row, within an hour, that was refused.
        RefusedInARow = "REFUSED_IN_A_ROW",
        /// An agency read another one's package three days ago or more, and did nothing with the referral since.
        NoLaterAction = "NO_LATER_ACTION",
        /// With it, more than one person or program has read of one survivor within an hour.
        SeveralReaders = "SEVERAL_READERS",
    }
}
