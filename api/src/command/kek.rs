//! `concord kek`: the key-encryption key, exchanged or lost.

use clap::Subcommand;
use concord::recovery::{kek_loss, kek_rotation};
use concord::seal::{kek, wrappings};
use concord::service::Service;
use concord::settings::SessionKind;
use concord::store::Store;
use concord::store::serving::Alone;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// What to do with the key-encryption key.
#[derive(Debug, Subcommand)]
pub(crate) enum KekCommand {
    /// Say how many keys are wrapped under which key-encryption key, and which of them the settings name.
    Status(Options),
    /// Wrap anew under the key-encryption key whatever is under another, beside running servers. Interrupted, run it again.
    Rotate(Options),
    /// Go on without a key-encryption key that is lost: whatever it wrapped is destroyed, consents whose packages cannot be
    /// opened any more are taken back, and every token is over. With no server running.
    GiveUp {
        /// How many keys are given up, as `concord kek give-up` says without this.
        #[arg(long)]
        confirm: Option<u64>,
        #[command(flatten)]
        options: Options,
    },
}

impl KekCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Status(options) => status(&options).await,
            Self::Rotate(options) => rotate(&options).await,
            Self::GiveUp { confirm, options } => give_up(&options, confirm).await,
        }
    }
}

async fn status(options: &Options) -> Result<()> {
    let settings = options.settings_of(SessionKind::LongCommand("kek status"))?;
    let store = Store::open(&settings).await.into_diagnostic()?;
    let keks = kek::read_existing(&settings).await.into_diagnostic()?;
    let counts = wrappings::count(&store.keyring).await.into_diagnostic()?;
    println!("{:16}  {:>9}  from", "key", "wrapped");
    for kek in keks.all() {
        let count = counts.get(&Some(kek.id.to_bytes())).unwrap_or(&0);
        println!("{:16}  {count:>9}  {}", kek.id.to_string(), kek.source);
    }
    for (id, count) in &counts {
        match id {
            Some(id) if keks.holds(id).is_ok() => {}
            Some(id) => println!(
                "{:16}  {count:>9}  nowhere: nothing starts without it",
                hex::encode(id)
            ),
            None => println!("{:16}  {count:>9}  before keys had ids", "(none)"),
        }
    }
    Ok(())
}

async fn rotate(options: &Options) -> Result<()> {
    let settings = options.settings_of(SessionKind::LongCommand("kek rotate"))?;
    let service = Service::open(settings).await.into_diagnostic()?;
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} keys, {per_sec}, {eta} left")
            .into_diagnostic()?,
    );
    let rotated = kek_rotation::rotate(&service.store, &service.keks, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    let rotated = rotated.map_err(|refusal| miette!("{}: run it again", refusal.error))?;
    let id = service.keks.current().id;
    println!("wrapped anew under {id}: {} keys", rotated.wrapped);
    if rotated.left > 0 {
        return Err(miette!(
            "{} keys are still under another key: every server must have {id} as its key, not as the other one; then run it \
             again. What does not unwrap is told in the log",
            rotated.left
        ));
    }
    println!(
        "the keyring needs no other key any more; its backups do, for as long as they are kept"
    );
    Ok(())
}

async fn give_up(options: &Options, confirm: Option<u64>) -> Result<()> {
    let settings = options.settings_of(SessionKind::LongCommand("kek give-up"))?;
    let store = Store::open(&settings).await.into_diagnostic()?;
    let keks = kek::read_existing(&settings).await.into_diagnostic()?;
    let alone = Alone::over(&settings).await.into_diagnostic()?;
    let count = wrappings::count_unopenable(&store.keyring, &keks)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))?;
    if confirm != Some(count) {
        return Err(miette!(
            "{count} keys do not unwrap with what is at hand ({keks}). Given up, what they seal can never be read again, not \
             even where the lost key is found. To do so: `concord kek give-up --confirm {count}`"
        ));
    }
    let reopened = kek_loss::give_up(&store, &keks)
        .await
        .map_err(|refusal| miette!("{}: run it again, with --confirm 0", refusal.error))?;
    println!(
        "{count} keys are given up; consents taken back: {}; every token is over",
        reopened.consents()
    );
    drop(alone);
    Ok(())
}
