//! `concord key`: the keys that sign access tokens.

use clap::Subcommand;
use concord::access::keys::schedule::{KeyLife, KeyState, NOTICE};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::instant::Instant;
use miette::{IntoDiagnostic, Result};

use super::options::Options;

/// What to do with the keys that sign access tokens.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List every key: what it is, since when it is published, when it signs, when its last token is dead.
    List(Options),
    /// Let the next key take over, once it has been published for 24 hours, and make a new next one.
    Rotate(Options),
    /// End a key, and every token that it signed, at once.
    Retire {
        /// Which: its name in `concord key list`.
        // Every thumbprint in base64url may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        #[command(flatten)]
        options: Options,
    },
}

impl KeyCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::List(options) => list(&open(&options).await?).await,
            Self::Rotate(options) => {
                let service = open(&options).await?;
                let kid = service.token_keys.rotate().await.into_diagnostic()?;
                println!("{kid} signs from now on; tokens of the key before it stay good");
                Ok(())
            }
            Self::Retire { kid, options } => {
                let service = open(&options).await?;
                service.token_keys.retire(&kid).await.into_diagnostic()?;
                println!("{kid} is gone, and so is every token that it signed");
                Ok(())
            }
        }
    }
}

async fn open(options: &Options) -> Result<Service> {
    Service::open(options.settings_of(SessionKind::Command("key"))?)
        .await
        .into_diagnostic()
}

async fn list(service: &Service) -> Result<()> {
    let (schedule, now) = service.token_keys.list().await.into_diagnostic()?;
    println!(
        "{:43}  {:8}  {:27}  {:27}  until",
        "kid", "state", "published", "signs from"
    );
    for key in &schedule.0 {
        println!(
            "{:43}  {:8}  {:27}  {:27}  {}",
            key.kid,
            word(key, now),
            key.published_at.to_string(),
            signs_from(key, now),
            key.until()
                .map_or("-".to_owned(), |until| until.to_string())
        );
    }
    Ok(())
}

fn word(key: &KeyLife, now: Instant) -> &'static str {
    match key.state(now) {
        KeyState::Next => "next",
        KeyState::Current => "current",
        KeyState::Previous => "previous",
        KeyState::Gone if key.retired_at.is_some() => "retired",
        KeyState::Gone => "gone",
    }
}

/// Returns since when the key signs, or from when it may.
fn signs_from(key: &KeyLife, now: Instant) -> String {
    match (key.signs_from, key.state(now)) {
        (Some(from), _) => from.to_string(),
        (None, KeyState::Next) => format!("{} at best", key.published_at.plus(NOTICE)),
        (None, KeyState::Current | KeyState::Previous | KeyState::Gone) => "never".to_owned(),
    }
}
