//! What a referral package holds: one shape for each data category, the same going in and coming out.
//!
//! Everything in a category is optional: a package carries the minimum that the service needs. A shape is written as
//! JSON, sealed, and never stored, logged or recorded in the open.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use concord_entities::vocabulary::{Categories, DataCategory, Need, Purpose};
use serde::{Deserialize, Serialize};

use super::withheld::WithheldReason;
use crate::error::Faults;
use crate::survivor::contact::plan::SafeContactPlan;
use crate::wire::scalars::{Date, LanguageTag, Sha256};

/// Declares one category's shape.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident as $input:literal { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
        #[graphql(input_name = $input)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$fdoc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }
    )*};
}

shapes! {
    /// Who the person is.
    Identity as "IdentityInput" {
        /// Given name.
        given_name: String,
        /// Family name.
        family_name: String,
        /// Other names that the person goes by.
        other_names: Vec<String>,
        /// Date of birth.
        date_of_birth: Date,
    }

    /// What the person is like, without naming them.
    Demographics as "DemographicsInput" {
        /// Age in years, or a band such as `25-34`.
        age: String,
        /// Gender, in the person's own word.
        gender: String,
        /// Nationalities, ISO 3166-1 alpha-2.
        nationalities: Vec<String>,
    }

    /// Where the person is. Location is identity.
    Location as "LocationInput" {
        /// The country, ISO 3166-1 alpha-2.
        country: String,
        /// The state or region.
        region: String,
        /// The city or county.
        locality: String,
        /// The street address.
        address: String,
    }

    /// Family and dependants.
    Family as "FamilyInput" {
        /// How many children come along.
        children: i32,
        /// What else matters of the family.
        notes: String,
    }

    /// Languages and interpreting.
    Language as "LanguageInput" {
        /// The language that the person understands best.
        primary: LanguageTag,
        /// Its dialect.
        dialect: String,
        /// Other languages.
        others: Vec<LanguageTag>,
        /// Whether an interpreter is needed.
        interpreter_needed: bool,
    }

    /// Needs in detail.
    NeedsDetail as "NeedsDetailInput" {
        /// What is needed first.
        first: Need,
        /// What the person asks for, in their words.
        request: String,
        /// Whether childcare is needed.
        childcare: bool,
        /// Whether transport is needed.
        transport: bool,
    }

    /// Safety plan and threats.
    Safety as "SafetyInput" {
        /// The plan, as far as the recipient needs it.
        plan: String,
        /// Threats that the recipient must know of.
        threats: Vec<String>,
    }

    /// The exploitation, after the action-means-purpose model.
    Exploitation as "ExploitationInput" {
        /// What was done.
        actions: Vec<ExploitationAction>,
        /// By what means.
        means: Vec<ExploitationMeans>,
        /// For what purpose.
        purposes: Vec<ExploitationPurpose>,
        /// What the person told.
        narrative: String,
    }

    /// Medical or mental-health information.
    Medical as "MedicalInput" {
        /// Conditions to treat.
        conditions: Vec<String>,
        /// Medicines taken.
        medications: Vec<String>,
        /// Allergies.
        allergies: Vec<String>,
        /// Whether only a confidential service will do.
        confidential_service_only: bool,
        /// What else matters.
        notes: String,
    }

    /// Substance-use records; 42 CFR part 2 forbids telling them on.
    SubstanceUse as "SubstanceUseInput" {
        /// Substances.
        substances: Vec<String>,
        /// Treatment.
        treatment: String,
    }

    /// Immigration status and relief.
    Immigration as "ImmigrationInput" {
        /// The present status.
        status: String,
        /// The reliefs sought.
        relief_sought: Vec<String>,
        /// What else matters.
        notes: String,
    }

    /// Legal matters.
    Legal as "LegalInput" {
        /// The matters at hand.
        matters: Vec<String>,
        /// Whether the person has decided to cooperate with law enforcement; theirs alone to decide.
        cooperation_decided: bool,
        /// What else matters.
        notes: String,
    }

    /// Money.
    Financial as "FinancialInput" {
        /// Money needed now, in minor units of the currency.
        needed_minor: i32,
        /// The currency, ISO 4217.
        currency: String,
        /// Debts that bind the person.
        debts: Vec<String>,
    }
}

/// What was done to the person: the action of the action-means-purpose model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum ExploitationAction {
    /// Was induced.
    Induces,
    /// Was recruited.
    Recruits,
    /// Was transported; movement is not required for trafficking.
    Transports,
    /// Was harboured.
    Harbors,
    /// Was provided or obtained.
    ProvidesOrObtains,
}

/// By what means it was done. Under 18 and a commercial sex act, none is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum ExploitationMeans {
    /// Force.
    Force,
    /// Fraud.
    Fraud,
    /// Coercion.
    Coercion,
}

/// For what purpose it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum ExploitationPurpose {
    /// Involuntary servitude.
    InvoluntaryServitude,
    /// Sexual exploitation.
    SexualExploitation,
    /// Forced labour.
    ForcedLabor,
}

/// Declares the package, the only list of its categories here: what goes in, what comes out, and what is sealed. Each
/// category has a shape, a field of it, and one line about it, or one for each way where they differ.
macro_rules! package {
    ($(
        $(#[$doc:meta])*
        $([going in: #[$doc_in:meta]] [coming out: #[$doc_out:meta]])?
        $field:ident: $shape:ty = $category:ident,
    )*) => {
        /// What goes into a package: a shape for each category that the consent names and the service needs.
        #[derive(Clone, Debug, Default, InputObject)]
        #[graphql(name = "PackageInput")]
        pub struct Contents {
            $($(#[$doc])* $(#[$doc_in])? pub $field: Option<$shape>,)*
        }

        /// What a sender tells a recipient under one consent: a nullable field for each data category.
        #[derive(Clone, Debug, SimpleObject)]
        pub struct Package {
            /// What it is read for.
            pub purpose: Purpose,
            $($(#[$doc])* $(#[$doc_out])? pub $field: Option<$shape>,)*
            /// Every category that you may not see, whether or not there is something in it, and why.
            pub withheld: Vec<Withheld>,
            /// The redisclosure notice that must travel with what you read.
            pub notice: Option<String>,
            /// Proof that this disclosure is in the audit log.
            pub receipt: DisclosureReceipt,
        }

        impl Package {
            /// Returns the category that a field of this name shows; none for what is no content.
            pub(super) fn category(field: &str) -> Option<DataCategory> {
                $(if field.eq_ignore_ascii_case(&stringify!($field).replace('_', "")) {
                    return Some(DataCategory::$category);
                })*
                None
            }

            /// The package as it comes out: `contents` holds only what may be shown.
            pub(super) fn new(
                purpose: Purpose,
                contents: Contents,
                withheld: Vec<Withheld>,
                notice: Option<String>,
                receipt: DisclosureReceipt,
            ) -> Self {
                Self {
                    purpose,
                    $($field: contents.$field,)*
                    withheld,
                    notice,
                    receipt,
                }
            }
        }

        impl Contents {
            /// The categories that there is something in.
            #[must_use]
            pub fn categories(&self) -> Categories {
                let mut categories = Categories::EMPTY;
                $(if self.$field.is_some() {
                    categories = categories.with(DataCategory::$category);
                })*
                categories
            }

            /// Writes each category's bytes, to be sealed.
            ///
            /// # Errors
            /// A shape cannot be written as JSON, which none of ours is.
            pub fn parts(&self) -> Result<Vec<(DataCategory, Vec<u8>)>, serde_json::Error> {
                let mut parts = Vec::new();
                $(if let Some(shape) = &self.$field {
                    parts.push((DataCategory::$category, serde_json::to_vec(shape)?));
                })*
                Ok(parts)
            }

            /// Puts the unsealed bytes of one category back.
            ///
            /// # Errors
            /// The bytes are none that we wrote.
            pub fn put(&mut self, category: DataCategory, bytes: &[u8]) -> Result<(), serde_json::Error> {
                match category {
                    $(DataCategory::$category => self.$field = Some(serde_json::from_slice(bytes)?),)*
                }
                Ok(())
            }
        }
    };
}

package! {
    /// Who the person is.
    identity: Identity = Identity,
    [going in: #[doc = " What the person is like."]]
    [coming out: #[doc = " What the person is like, without naming them."]]
    demographics: Demographics = Demographics,
    /// How the person may be reached safely.
    contact: SafeContactPlan = Contact,
    /// Where the person is.
    location: Location = Location,
    /// Family and dependants.
    family: Family = Family,
    /// Languages and interpreting.
    language: Language = Language,
    /// Needs in detail.
    needs: NeedsDetail = Needs,
    /// Safety plan and threats.
    safety: Safety = Safety,
    /// The exploitation.
    exploitation: Exploitation = Exploitation,
    /// Medical information.
    medical: Medical = Medical,
    /// Mental-health information.
    mental_health: Medical = MentalHealth,
    /// Substance-use records.
    substance_use: SubstanceUse = SubstanceUse,
    /// Immigration status and relief.
    immigration: Immigration = Immigration,
    /// Legal matters.
    legal: Legal = Legal,
    /// Money.
    financial: Financial = Financial,
}

/// A category that you may not see, and why.
#[derive(Clone, Debug, SimpleObject)]
pub struct Withheld {
    /// The category.
    pub category: DataCategory,
    /// Why.
    pub reason: WithheldReason,
}

/// Proof that a disclosure is in the audit log: a promise, signed by the ledger, that this leaf is in the tree.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Receipt")]
pub struct DisclosureReceipt {
    /// The audit event.
    pub event: ID,
    /// The hash of its leaf (RFC 6962).
    pub leaf_hash: Sha256,
    /// The ledger's Ed25519 signature over event and hash, base64.
    pub signature: String,
}

impl Contents {
    /// Checks that whoever is told can follow what it says: how to contact the person safely, above all. `path` is where it
    /// stands in the arguments.
    pub fn check(&self, path: &str, faults: &mut Faults) {
        if let Some(contact) = &self.contact {
            contact.check(&format!("{path}.contact"), faults);
        }
    }
}

/// The notice that travels with substance-use records (42 CFR 2.32).
pub const PART_2_NOTICE: &str =
    "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";
