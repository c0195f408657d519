//! `concord consent`: a survivor's word, written down by the operator, and what the law asks of consents in force.

use clap::Subcommand;
use concord::consent::operator;
use concord::consent::review::{self, ReviewedConsent};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::ConsentId;
use concord_entities::instant::Day;
use concord_entities::vocabulary::{Code, RevocationChannel};
use miette::{IntoDiagnostic, Result, miette};

use super::options::{Options, given};

/// What to do about consents.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Take a consent back for its survivor, whether or not the agency that holds it takes part.
    Revoke {
        /// The consent's id.
        id: ConsentId,
        /// How the survivor took it back: `IN_PERSON`, `TELEPHONE`, `WRITTEN` or `ELECTRONIC`.
        #[arg(long)]
        channel: String,
        #[command(flatten)]
        options: Options,
    },
    /// List the consents in force that could not be signed today, with what they lack. With a day, suspend them from then
    /// on, and tell both sides of each.
    Review {
        /// The day from which they are suspended, in the time zone of each one's agency, such as `2026-03-01`. Consents
        /// that lack nothing any more are suspended no longer.
        #[arg(long, value_name = "DAY")]
        suspend_on: Option<Day>,
        #[command(flatten)]
        options: Options,
    },
}

impl ConsentCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Revoke {
                id,
                channel,
                options,
            } => revoke(id, &channel, options).await,
            Self::Review {
                suspend_on,
                options,
            } => review_all(suspend_on, options).await,
        }
    }
}

async fn revoke(id: ConsentId, channel: &str, options: Options) -> Result<()> {
    let channel = RevocationChannel::from_code(channel).ok_or_else(|| {
        let all: Vec<&str> = RevocationChannel::ALL
            .iter()
            .map(|one| one.code())
            .collect();
        miette!("--channel: one of {}", all.join(", "))
    })?;
    let settings = options.settings_of(SessionKind::Command("consent revoke"))?;
    let service = Service::open(settings).await.into_diagnostic()?;
    let (ended, keys_destroyed) = operator::revoke(&service.store, id, channel)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))?;
    if ended.events.is_empty() {
        println!("{id} was revoked before");
    } else {
        println!("{id} is revoked");
    }
    if keys_destroyed {
        println!("the key of every package that stood on it is destroyed");
    } else {
        println!(
            "the keyring did not answer in time: a running server destroys the keys by itself; no package is released"
        );
    }
    Ok(())
}

async fn review_all(suspend_on: Option<Day>, options: Options) -> Result<()> {
    let settings = options.settings_of(SessionKind::Command("consent review"))?;
    let service = Service::open(settings).await.into_diagnostic()?;
    let Some(day) = suspend_on else {
        given(&service.store).await?;
        let found = review::review(&service.store)
            .await
            .map_err(|refusal| miette!("{}", refusal.error))?;
        for one in &found {
            print(one);
        }
        println!(
            "{} consents in force could not be signed today",
            found.len()
        );
        return Ok(());
    };
    let done = review::suspend(&service.store, day)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))?;
    for one in &done.suspended {
        print(one);
    }
    for one in &done.lifted {
        println!("{} lacks nothing any more: not suspended", one.consent.id);
    }
    println!(
        "{} consents are suspended from {day} on, and both sides of each are told",
        done.suspended.len()
    );
    Ok(())
}

/// Prints a consent that could not be signed today: nothing of the person, and nothing that it says.
fn print(one: &ReviewedConsent) {
    let until = one.consent.expires_at;
    println!(
        "{} of {} \"{}\", until {until}",
        one.consent.id, one.agency.id, one.agency.name
    );
    if let Some(from) = one.consent.suspends_at {
        println!("  suspended from {from} on");
    }
    for finding in &one.lacks {
        println!(
            "  {}: {} ({})",
            finding.code, finding.rule, finding.citation
        );
        println!("    {}", finding.remedy);
    }
}
