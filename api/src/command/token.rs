//! `concord token`: issue an access token for an agency.

use std::time::Duration;

use clap::Args;
use concord::access::grant::Resource;
use concord::access::scope::{Scope, Scopes};
use concord::access::token::Claims;
use concord::clock;
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::TokenId;
use concord_entities::vocabulary::{Code, Purpose, Purposes};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// Issue an access token for an agency, and print it.
#[derive(Clone, Debug, Args)]
pub(crate) struct Issue {
    /// The agency: its id, or its name as the directory has it.
    #[arg(long)]
    agency: String,
    /// What the token may do, such as `referral.rs consent.r`.
    #[arg(long)]
    scope: String,
    /// The purpose that the token's referral scopes are narrowed to, such as `HOUSING_PLACEMENT`; may be repeated.
    #[arg(long)]
    purpose: Vec<String>,
    /// How long the token is good, such as `15m`; at most 24h.
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,
    /// Who acts, as the agency calls them.
    #[arg(long, default_value = "operator")]
    subject: String,
    #[command(flatten)]
    options: Options,
}

impl Issue {
    pub(crate) async fn run(self) -> Result<()> {
        if self.ttl.is_zero() || self.ttl > Duration::from_hours(24) {
            return Err(miette!("--ttl: at most 24h, and more than nothing"));
        }
        let scopes = narrowed(&self.scope, &self.purpose)?;
        let settings = self.options.settings_of(SessionKind::Command("token"))?;
        let service = Service::open(settings).await.into_diagnostic()?;
        let agency = super::agency::named(&service.store, &self.agency).await?;
        let now =
            concord_entities::instant::Instant::from_unix_seconds(clock::now().unix_seconds());
        let claims = Claims {
            issuer: service.settings.issuer.clone(),
            audience: service.settings.audience.clone(),
            subject: self.subject,
            client: "command-line".to_owned(),
            agency: agency.id,
            scope: scopes.to_string(),
            issued_at: now,
            not_before: now,
            expires_at: now.plus(self.ttl),
            id: TokenId::new().to_string(),
            epoch: u32::try_from(agency.token_epoch).into_diagnostic()?,
            holder: None,
            actor: None,
        };
        let text = service.key_cache.sign(&claims).into_diagnostic()?;
        concord::access::issued::record(&service.store, &claims)
            .await
            .map_err(|refusal| miette!("{}", refusal.error))?;
        println!("{text}");
        Ok(())
    }
}

/// Returns the scopes, those for referrals narrowed to the purposes.
fn narrowed(scope: &str, purposes: &[String]) -> Result<Scopes> {
    let scopes = Scopes::parse(scope).into_diagnostic()?;
    if purposes.is_empty() {
        return Ok(scopes);
    }
    let mut wanted = Purposes::EMPTY;
    for purpose in purposes {
        let known =
            Purpose::from_code(purpose).ok_or_else(|| miette!("--purpose: `{purpose}` is none"))?;
        wanted = wanted.with(known);
    }
    Ok(scopes
        .iter()
        .map(|scope| match (scope.resource, scope.purposes) {
            (Resource::Referral, None) => Scope {
                purposes: Some(wanted),
                ..scope.clone()
            },
            (_, _) => scope.clone(),
        })
        .collect())
}
