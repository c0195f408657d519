//! The personas of the demo, and their tokens.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use concord_entities::ids::{self, AgencyId, TokenId};
use concord_entities::instant::Instant;
use concord_entities::{agency, application};
use sea_orm::{ColumnTrait, QueryFilter};
use serde::Serialize;

use super::who::Who;
use crate::access::issued;
use crate::access::token::{self, Claims, TokenSigningError};
use crate::error::Refusal;
use crate::jose::key::SigningKey;
use crate::private_files;
use crate::settings::Settings;
use crate::store::{Connections, Store};

/// How long a persona's token is good for.
const LIFE: Duration = Duration::from_hours(12);

/// Somebody whom the explorer can ask as.
#[derive(Debug)]
pub struct Persona {
    /// What the explorer calls them.
    pub name: &'static str,
    /// Whose they are.
    who: Who,
    /// What their token reaches.
    pub scope: &'static str,
}

/// Every persona. Those of a recipient have one purpose each, so that they need not name it.
pub const PERSONAS: &[Persona] = &[
    Persona {
        name: "advocate",
        who: Who::Lantern,
        scope: "referral.crus survivor.cruds consent.crus evidence.cr mou.crus directory.rs audit.rs",
    },
    Persona {
        name: "housing",
        who: Who::Harbor,
        scope: "referral.rus?category=IDENTITY,DEMOGRAPHICS,CONTACT,FAMILY,LANGUAGE,NEEDS,SAFETY\
                &purpose=HOUSING_PLACEMENT consent.rs mou.rs directory.rs audit.rs",
    },
    Persona {
        name: "police_liaison",
        who: Who::Liaison,
        scope: "referral.rus?category=CONTACT,EXPLOITATION&purpose=INVESTIGATION \
                consent.rs mou.rs directory.rs audit.rs",
    },
    Persona {
        name: "legal_aid",
        who: Who::LegalAid,
        scope: "referral.rus?category=IDENTITY,DEMOGRAPHICS,CONTACT,FAMILY,LANGUAGE,NEEDS,EXPLOITATION,IMMIGRATION,\
                LEGAL,FINANCIAL&purpose=LEGAL_REPRESENTATION consent.rs mou.rs directory.rs audit.rs",
    },
    Persona {
        name: "health",
        who: Who::Clinic,
        scope: "referral.rus?category=DEMOGRAPHICS,CONTACT,LANGUAGE,NEEDS,SAFETY,MEDICAL,MENTAL_HEALTH,SUBSTANCE_USE\
                &purpose=HEALTH_CARE consent.rs mou.rs directory.rs audit.rs",
    },
    Persona {
        name: "coordinator",
        who: Who::Office,
        scope: "agency.cu consent.u mou.crus directory.rs audit.rs",
    },
    Persona {
        name: "auditor",
        who: Who::Office,
        scope: "audit.crus directory.rs",
    },
];

/// Why the personas have no tokens.
#[derive(Debug, thiserror::Error)]
pub enum PersonaError {
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] sea_orm::DbErr),
    /// The store was not filled by the demo.
    #[error(
        "the store has no agency `{0}` with a program: the demo fills empty stores alone, so start it on a new data folder"
    )]
    NotTheDemo(&'static str),
    /// A token could not be signed.
    #[error(transparent)]
    NotSigned(#[from] TokenSigningError),
    /// The tokens could not be written as JSON.
    #[error("the tokens could not be written: {0}")]
    Unwritten(#[from] serde_json::Error),
    /// A token could not be recorded.
    #[error("a token could not be recorded")]
    Refused(Refusal),
    /// The file cannot be written.
    #[error("the tokens cannot be written to {file}: {fault}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
}

impl From<Refusal> for PersonaError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Returns the widest scope of an agency's program.
pub(super) fn widest(agency: Who) -> &'static str {
    // An agency's first persona reaches all that its others do.
    PERSONAS
        .iter()
        .find(|persona| persona.who == agency)
        .map_or(
            "referral.crus survivor.crus consent.crus mou.crus directory.rs audit.rs",
            |persona| persona.scope,
        )
}

/// A persona as the explorer reads it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    token: String,
    agency: &'static str,
    agency_id: AgencyId,
    scopes: Vec<&'static str>,
}

/// Issues the tokens, records them, and only then writes them down.
pub(super) async fn write(
    store: &Store,
    signing: &SigningKey,
    settings: &Settings,
    file: &Path,
    now: Instant,
) -> Result<(), PersonaError> {
    let mut cards = BTreeMap::new();
    for persona in PERSONAS {
        let claims = persona.claims(&store.write, settings, now).await?;
        let card = persona.card(token::issue(signing, &claims)?, claims.agency);
        issued::record(store, &claims).await?;
        cards.insert(persona.name, card);
    }
    let text = serde_json::to_vec_pretty(&cards)?;
    private_files::write_whole(file, &text).map_err(|fault| PersonaError::File {
        file: file.to_owned(),
        fault,
    })
}

impl Persona {
    /// Returns what their token says.
    async fn claims(
        &self,
        of: &Connections,
        settings: &Settings,
        now: Instant,
    ) -> Result<Claims, PersonaError> {
        let name = self.who.profile().name;
        let missing = PersonaError::NotTheDemo(name);
        let named = agency::Entity::everywhere().filter(agency::Column::Name.eq(name));
        let Some(agency) = named.one(of).await? else {
            return Err(missing);
        };
        let Some(program) = application::Entity::of(agency.id).one(of).await? else {
            return Err(missing);
        };
        let issued_at = Instant::from_unix_seconds(now.unix_seconds());
        Ok(Claims {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            subject: format!("demo:{}", self.name),
            client: program.id.to_string(),
            agency: agency.id,
            scope: self.scope.to_owned(),
            issued_at,
            not_before: issued_at,
            expires_at: issued_at.plus(LIFE),
            id: TokenId(ids::uuid_at(now)).to_string(),
            epoch: u32::try_from(agency.token_epoch).unwrap_or_default(),
            holder: None,
            actor: None,
        })
    }

    fn card(&self, token: String, agency_id: AgencyId) -> Card {
        Card {
            token,
            agency: self.who.profile().name,
            agency_id,
            scopes: self.scope.split(' ').collect(),
        }
    }
}
