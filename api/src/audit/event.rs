//! What is recorded: something that happened, who caused it, and by which request.

use concord_entities::consent;
use concord_entities::ids::{
    AgencyId, ApplicationId, ConsentId, IssuerId, MandateId, MouId, ReferralId, RulePackId,
    SurvivorAuditId,
};
use concord_entities::vocabulary::{AuditType, Categories, MandateInstrument, Pack, Purpose};

use super::tree::Digest;
use crate::sharing::Ground;

/// Something that happened and must be on record.
#[derive(Clone, Debug)]
pub enum Event {
    /// An agency was registered, suspended or reinstated.
    Agency {
        /// Which of these.
        kind: AuditType,
        /// The agency.
        id: AgencyId,
    },
    /// An application was registered, changed or suspended.
    Application {
        /// Which of these.
        kind: AuditType,
        /// The application.
        id: ApplicationId,
    },
    /// A survivor's pseudonym was registered, or what is on record of them corrected.
    Survivor {
        /// Which of the two.
        kind: AuditType,
        /// The person, under the audit log's own id.
        survivor: SurvivorAuditId,
    },
    /// A person was erased. Never with the id that records point at: the log must not keep what the erasure forgets.
    SurvivorErased {
        /// The person, under the audit log's own id.
        survivor: SurvivorAuditId,
        /// The consents that it ended.
        consents: Vec<ConsentId>,
    },
    /// A survivor's plan for safe contact was set, read, or asked.
    SafeContact {
        /// Which of the three.
        kind: AuditType,
        /// Whose plan.
        survivor: SurvivorAuditId,
        /// What the plan answered, where it was asked.
        answer: Option<&'static str>,
    },
    /// A disclosure that a statute or a court's order demanded was put on record.
    MandatedDisclosure {
        /// The record.
        id: MandateId,
        /// Who was disclosed.
        survivor: SurvivorAuditId,
        /// Who was told, where it is an agency of the task force.
        recipient: Option<AgencyId>,
        /// What was told.
        categories: Categories,
        /// What demanded it.
        instrument: MandateInstrument,
    },
    /// A consent was drafted, signed, revoked and so on.
    Consent {
        /// Which of these.
        kind: AuditType,
        /// The consent.
        id: ConsentId,
        /// Its version.
        version: i32,
        /// Whose it is.
        survivor: SurvivorAuditId,
        /// Whom it names, once that agency may know of it: nobody is told of what was never signed.
        recipient: Option<AgencyId>,
        /// Who signed, or how it was revoked.
        reason: Option<String>,
    },
    /// An agency said that a rule pack binds it, or binds it no longer.
    RulePack {
        /// Which of the two.
        kind: AuditType,
        /// The binding.
        id: RulePackId,
        /// The pack.
        pack: Pack,
    },
    /// The signed paper behind a consent was stored, or read by the agency that stored it. Nobody else is told.
    ConsentDocument {
        /// Which of the two.
        kind: AuditType,
        /// The consent.
        id: ConsentId,
        /// Its version.
        version: i32,
        /// Whose it is.
        survivor: SurvivorAuditId,
    },
    /// A referral was drafted, sent, accepted and so on.
    Referral {
        /// Which of these.
        kind: AuditType,
        /// The referral.
        id: ReferralId,
        /// The other side.
        counterpart: AgencyId,
        /// Why, where a code says it.
        reason: Option<String>,
    },
    /// An MOU was drafted, offered or signed.
    Mou {
        /// Which of these.
        kind: AuditType,
        /// The MOU.
        id: MouId,
        /// Its version.
        version: i32,
    },
    /// Headers were read.
    RecordsListed(Vec<String>),
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
        /// What was released; empty where everything was withheld.
        released: Categories,
        /// What it stands on; none where nothing was released.
        ground: Option<Ground>,
    },
    /// The audit log was read.
    AuditRead,
    /// An older data store was put back, and its operator answers for it.
    LedgerReopened {
        /// How many events had been signed for.
        signed: u64,
        /// The root over them.
        root: Digest,
    },
    /// A token was issued.
    TokenIssued(String),
    /// A narrower token was issued for another one.
    TokenExchanged {
        /// The new token's `jti`.
        token: String,
        /// The `jti` of the one that it was exchanged for.
        subject: String,
    },
    /// A token was taken back.
    TokenRevoked(String),
    /// A token or a program was refused.
    Refused {
        /// Which of the two.
        kind: AuditType,
        /// The fault's stable code.
        why: &'static str,
    },
    /// A key that signs tokens took over, or was retired.
    SigningKey {
        /// Which of the two.
        kind: AuditType,
        /// The key's thumbprint.
        kid: String,
    },
    /// An agency's own issuer was registered, refreshed or suspended.
    Issuer {
        /// Which of these.
        kind: AuditType,
        /// The issuer.
        id: IssuerId,
        /// Whose.
        agency: AgencyId,
    },
    /// A request was refused.
    AccessDenied {
        /// The refusal's stable code.
        code: &'static str,
        /// The record that was asked for, whether or not it exists.
        object: Option<String>,
    },
}

impl Event {
    /// That something was done to a consent, as it stands after that. Whom it names may know of it once it is signed:
    /// nobody is told of what never was.
    #[must_use]
    pub fn consent(
        kind: AuditType,
        consent: &consent::Model,
        survivor: SurvivorAuditId,
        reason: Option<String>,
    ) -> Self {
        let known = consent.signed_at.is_some() && kind != AuditType::ConsentDrafted;
        Self::Consent {
            kind,
            id: consent.id,
            version: consent.version,
            survivor,
            recipient: known.then_some(consent.recipient_id),
            reason,
        }
    }

    /// That a referral came to stand where it stands now.
    #[must_use]
    pub fn referral(kind: AuditType, id: ReferralId, counterpart: AgencyId) -> Self {
        Self::Referral {
            kind,
            id,
            counterpart,
            reason: None,
        }
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
}

impl Agent {
    /// The operator, at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            agency: None,
            subject: "operator".to_owned(),
            client: "command-line".to_owned(),
            token: None,
        }
    }

    /// Somebody who did not prove who they are.
    #[must_use]
    pub fn stranger() -> Self {
        Self {
            agency: None,
            subject: String::new(),
            client: String::new(),
            token: None,
        }
    }

    /// The operator, on behalf of an agency.
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
}
