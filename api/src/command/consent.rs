//! `concord consent`: a survivor's word, written down by the operator.

use clap::Subcommand;
use concord::consent::operator;
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::{Code, RevocationChannel};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

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
}

impl ConsentCommand {
    pub(crate) async fn run(self) -> Result<()> {
        let Self::Revoke {
            id,
            channel,
            options,
        } = self;
        let channel = RevocationChannel::from_code(&channel).ok_or_else(|| {
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
}
