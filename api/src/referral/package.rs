//! What a referral package holds: one shape for each data category, the same going in and coming out.
//!
//! Everything in a category is optional: a package carries the minimum that the service needs. A shape is written as
//! JSON, sealed, and never stored, logged or recorded in the open.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use concord_entities::instant::Day;
use concord_entities::vocabulary::{Categories, DataCategory, Need, Purpose};
use serde::{Deserialize, Serialize};

use super::kept::{self, FieldPlace, Tidied};
use super::withheld::WithheldReason;
use crate::error::Faults;
use crate::survivor::contact::plan::SafeContactPlan;
use crate::wire::scalars::{Date, LanguageTag, Sha256};

/// Declares one category's shape: its fields, and as what each is kept (the functions of `kept.rs`).
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident as $input:literal { $($(#[$fdoc:meta])* $field:ident: $type:ty as $kept:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
        #[graphql(input_name = $input)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$fdoc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl Tidied for $name {
            fn tidied(&mut self, at: &mut FieldPlace<'_>) {
                $(kept::$kept(&mut self.$field, &mut at.of(stringify!($field)));)*
            }
        }
    )*};
}

shapes! {
    /// Who the person is.
    Identity as "IdentityInput" {
        /// Given name: 1 to 200 characters.
        given_name: String as line,
        /// Family name: 1 to 200 characters.
        family_name: String as line,
        /// Other names that the person goes by: each 1 to 200 characters.
        other_names: Vec<String> as lines,
        /// Date of birth: not to come, and less than 130 years ago.
        date_of_birth: Date as birth,
    }

    /// What the person is like, without naming them.
    Demographics as "DemographicsInput" {
        /// Age in years, or a band such as `25-34`: 1 to 200 characters.
        age: String as line,
        /// Gender, in the person's own word: 1 to 200 characters.
        gender: String as line,
        /// Nationalities, ISO 3166-1 alpha-2.
        nationalities: Vec<String> as countries,
    }

    /// Where the person is. Location is identity.
    Location as "LocationInput" {
        /// The country, ISO 3166-1 alpha-2.
        country: String as country,
        /// The state or region: 1 to 200 characters.
        region: String as line,
        /// The city or county: 1 to 200 characters.
        locality: String as line,
        /// The street address: 1 to 200 characters.
        address: String as line,
    }

    /// Family and dependants.
    Family as "FamilyInput" {
        /// How many children come along.
        children: i32 as count,
        /// What else matters of the family: 1 to 10,000 characters.
        notes: String as prose,
    }

    /// Languages and interpreting.
    Language as "LanguageInput" {
        /// The language that the person understands best.
        primary: LanguageTag as any,
        /// Its dialect: 1 to 200 characters.
        dialect: String as line,
        /// Other languages.
        others: Vec<LanguageTag> as set,
        /// Whether an interpreter is needed.
        interpreter_needed: bool as any,
    }

    /// Needs in detail.
    NeedsDetail as "NeedsDetailInput" {
        /// What is needed first.
        first: Need as any,
        /// What the person asks for, in their words: 1 to 10,000 characters.
        request: String as prose,
        /// Whether childcare is needed.
        childcare: bool as any,
        /// Whether transport is needed.
        transport: bool as any,
    }

    /// Safety plan and threats.
    Safety as "SafetyInput" {
        /// The plan, as far as the recipient needs it: 1 to 10,000 characters.
        plan: String as prose,
        /// Threats that the recipient must know of: each 1 to 200 characters.
        threats: Vec<String> as lines,
    }

    /// The exploitation, after the action-means-purpose model.
    Exploitation as "ExploitationInput" {
        /// What was done.
        actions: Vec<ExploitationAction> as set,
        /// By what means.
        means: Vec<ExploitationMeans> as set,
        /// For what purpose.
        purposes: Vec<ExploitationPurpose> as set,
        /// What the person told: 1 to 10,000 characters.
        narrative: String as prose,
    }

    /// Medical or mental-health information.
    Medical as "MedicalInput" {
        /// Conditions to treat: each 1 to 200 characters.
        conditions: Vec<String> as lines,
        /// Medicines taken: each 1 to 200 characters.
        medications: Vec<String> as lines,
        /// Allergies: each 1 to 200 characters.
        allergies: Vec<String> as lines,
        /// Whether only a confidential service will do.
        confidential_service_only: bool as any,
        /// What else matters: 1 to 10,000 characters.
        notes: String as prose,
    }

    /// Substance-use records; 42 CFR part 2 forbids telling them on.
    SubstanceUse as "SubstanceUseInput" {
        /// Substances: each 1 to 200 characters.
        substances: Vec<String> as lines,
        /// Treatment: 1 to 10,000 characters.
        treatment: String as prose,
    }

    /// Immigration status and relief.
    Immigration as "ImmigrationInput" {
        /// The present status: 1 to 200 characters.
        status: String as line,
        /// The reliefs sought: each 1 to 200 characters.
        relief_sought: Vec<String> as lines,
        /// What else matters: 1 to 10,000 characters.
        notes: String as prose,
    }

    /// Legal matters.
    Legal as "LegalInput" {
        /// The matters at hand: each 1 to 200 characters.
        matters: Vec<String> as lines,
        /// Whether the person has decided to cooperate with law enforcement; theirs alone to decide.
        cooperation_decided: bool as any,
        /// What else matters: 1 to 10,000 characters.
        notes: String as prose,
    }

    /// Money.
    Financial as "FinancialInput" {
        /// Money needed now, in minor units of the currency.
        needed_minor: i32 as count,
        /// The currency, ISO 4217.
        currency: String as currency,
        /// Debts that bind the person: each 1 to 200 characters.
        debts: Vec<String> as lines,
    }
}

/// What was done to the person: the action of the action-means-purpose model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
pub enum ExploitationMeans {
    /// Force.
    Force,
    /// Fraud.
    Fraud,
    /// Coercion.
    Coercion,
}

/// For what purpose it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
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

            /// Has everything as it is kept, and checks that whoever is told can follow it: how to contact the person
            /// safely, above all. `path` is where it stands in the arguments; what is wrong goes to `faults`.
            pub fn tidy(&mut self, path: &str, today: Day, faults: &mut Faults) {
                let mut at = FieldPlace { path: path.to_owned(), today, faults };
                $(if let Some(shape) = &mut self.$field {
                    shape.tidied(&mut at.of(stringify!($field)));
                })*
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

/// The notice that travels with substance-use records (42 CFR 2.32).
pub const PART_2_NOTICE: &str =
    "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";
