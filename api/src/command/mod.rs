//! The commands, one file each where they are more than a few lines.

mod agency;
mod application;
mod application_documents;
mod audit;
mod audit_export;
mod backup;
mod check_data;
mod consent;
mod found;
mod issuer;
mod kek;
mod key;
mod keyring;
mod mou;
mod options;
mod refused;
mod restore;
mod serve;
mod time_zone;
mod token;
mod witness;

use clap::Subcommand;
use concord::audit::witnesses::Witnesses;
use concord::settings::{RawSettings, SessionKind};
use concord::store::Store;
use miette::{IntoDiagnostic, Result};

use self::options::Options;

/// What an operator does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer requests until a SIGTERM.
    Serve(serve::Serve),
    /// Bring the stores up to this program, or say how far they are behind.
    Migrate {
        /// What to do.
        #[command(subcommand)]
        what: Migrate,
    },
    /// Register a task force with the agency that coordinates it, and print their ids.
    Found(found::Found),
    /// Say in which time zone an agency or a task force works.
    TimeZone(time_zone::SetTimeZone),
    /// Issue an access token for an agency, and print it.
    Token(token::Issue),
    /// Look after agencies' applications.
    Application {
        /// What to do.
        #[command(subcommand)]
        what: application::ApplicationCommand,
    },
    /// Write down a survivor's word about a consent, and review those in force.
    Consent {
        /// What to do.
        #[command(subcommand)]
        what: consent::ConsentCommand,
    },
    /// Take in the register of MOUs that a coordinator keeps in a spreadsheet.
    Mou {
        /// What to do.
        #[command(subcommand)]
        what: mou::MouCommand,
    },
    /// Look after the keys that sign access tokens.
    Key {
        /// What to do.
        #[command(subcommand)]
        what: key::KeyCommand,
    },
    /// Look after the key-encryption key, which wraps all the others.
    Kek {
        /// What to do.
        #[command(subcommand)]
        what: kek::KekCommand,
    },
    /// Look after the keyring as a whole.
    Keyring {
        /// What to do.
        #[command(subcommand)]
        what: keyring::KeyringCommand,
    },
    /// Look after the identity providers that agencies bring.
    Issuer {
        /// What to do.
        #[command(subcommand)]
        what: issuer::IssuerCommand,
    },
    /// Look after the audit log.
    Audit {
        /// What to do.
        #[command(subcommand)]
        what: audit::AuditCommand,
    },
    /// Copy the stores into a new folder, beside a running server.
    Backup(Box<backup::Backup>),
    /// Put a backup back, take back again what ended since, and leave stores that a server starts from. With no server
    /// running.
    Restore(Box<restore::Restore>),
    /// Print the schema, as schema.graphql has it.
    Schema,
    /// List what the data store holds from before a rule that it breaks, and what to do about it.
    CheckData(Options),
    /// Read the settings, and print every fault or how they were understood.
    CheckConfig(Options),
}

/// What to do about migrations.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Apply what is missing.
    Up(Options),
    /// Say what is missing.
    Status(Options),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Serve(serve) => Box::pin(serve.run()).await,
            Self::Migrate { what } => migrate(what).await,
            Self::Found(found) => found.run().await,
            Self::TimeZone(set) => set.run().await,
            Self::Token(issue) => issue.run().await,
            Self::Application { what } => Box::pin(what.run()).await,
            Self::Consent { what } => what.run().await,
            Self::Mou { what } => what.run().await,
            Self::Key { what } => what.run().await,
            Self::Kek { what } => what.run().await,
            Self::Keyring { what } => what.run().await,
            Self::Issuer { what } => Box::pin(what.run()).await,
            Self::Audit { what } => Box::pin(what.run()).await,
            Self::Backup(backup) => Box::pin(backup.run()).await,
            Self::Restore(restore) => restore.run().await,
            Self::Schema => {
                print!("{}", concord::graphql::schema::sdl());
                Ok(())
            }
            Self::CheckData(options) => check_data::run(options).await,
            Self::CheckConfig(options) => {
                let settings = options.settings(RawSettings::default())?;
                println!("the settings are usable");
                println!("  listen    {}", settings.listen);
                println!("  proxies   {}", settings.proxies);
                println!("  data      {}", settings.data.display());
                println!("  database  {}", settings.database);
                println!("  keyring   {}", settings.keyring);
                println!("  state     {}", settings.state.display());
                println!("  issuer    {}", settings.issuer);
                println!("  audience  {}", settings.audience);
                println!("  limits    {}", settings.allowances);
                for source in settings.keys.all() {
                    println!("  key       from {source}");
                }
                for advice in settings.advice() {
                    println!("note: {advice}");
                }
                if settings.keys.missing_file().is_some() && settings.database.file().is_some() {
                    println!("note: the key file is not there yet: it is made at the first start");
                    return Ok(());
                }
                let keks = concord::seal::kek::read_existing(&settings)
                    .await
                    .into_diagnostic()?;
                for kek in keks.all() {
                    println!("  key id    {}, from {}", kek.id, kek.source);
                }
                Ok(())
            }
        }
    }
}

async fn migrate(what: Migrate) -> Result<()> {
    let settings = match what {
        Migrate::Up(options) => {
            let settings = options.settings_of(SessionKind::LongCommand("migrate up"))?;
            let store = Store::migrate_up(&settings).await.into_diagnostic()?;
            let witnesses = Witnesses::of(&store);
            witnesses.begin(&store).await.into_diagnostic()?;
            settings
        }
        Migrate::Status(options) => options.settings_of(SessionKind::Command("migrate status"))?,
    };
    let (data, keyring) = Store::behind(&settings).await.into_diagnostic()?;
    println!("data store: {data} migration(s) behind");
    println!("keyring:    {keyring} migration(s) behind");
    Ok(())
}
