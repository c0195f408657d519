//! Why a store cannot be used, and what to do.

use sea_orm::DbErr;
use uuid::Uuid;

use super::session::SessionError;
use crate::settings::StoreLocation;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or asked.
    #[error("the store cannot be opened: {0}")]
    Closed(#[from] DbErr),
    /// PostgreSQL cannot be relied on as it is.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The keyring is not the data store's own.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A store's file or folder cannot be made.
    #[error("the store's file or its folder cannot be made: {0}")]
    Folder(#[from] std::io::Error),
    /// A PostgreSQL store is behind this program.
    #[error("the {store} is {steps} migration(s) behind this program: run `concord migrate up`")]
    Behind {
        /// Which store.
        store: &'static str,
        /// By how many steps.
        steps: usize,
    },
    /// A store has been through a migration that this program does not know.
    #[error(
        "the {store} is newer than this program: it has been through `{migration}`, which concord {version} does not \
         know. Use the program that migrated it, or a later one",
        version = env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// Which store.
        store: &'static str,
        /// The first migration that is not known.
        migration: String,
    },
    /// Servers of another version are connected.
    #[error(
        "{} of another version use this database: {}. Stop them, then migrate; one that is gone and still listed ends by \
         `SELECT pg_terminate_backend(PID)`",
        if servers.len() == 1 { "a server" } else { "servers" },
        servers.join("; ")
    )]
    InUse {
        /// Each of their connections.
        servers: Vec<String>,
    },
    /// A server serves from these stores.
    #[error("a server is connected to this database: {}. Stop every server first", servers.join("; "))]
    Served {
        /// Each of their connections.
        servers: Vec<String>,
    },
    /// Another process has the keyring's file to itself.
    #[error(
        "another server, or a `concord keyring move`, uses the keyring {file}: stop it first. A keyring in a file is for \
         one server; for several, have it in a PostgreSQL cluster of its own (`concord keyring move`)",
        file = file.display()
    )]
    FileInUse {
        /// The keyring's file.
        file: std::path::PathBuf,
    },
    /// The keys are being moved to another keyring.
    #[error(
        "the keys are being moved to another keyring: wait until `concord keyring move` has ended"
    )]
    BeingMoved,
    /// There is no store, and none is to be made.
    #[error("there is no store {file}", file = file.display())]
    NoFile {
        /// The file that was looked for.
        file: std::path::PathBuf,
    },
    /// The keyring that keys are to be moved from is not there.
    #[error("there is no keyring {file}: name the one that the data store has now", file = file.display())]
    NoKeyring {
        /// The file that was named.
        file: std::path::PathBuf,
    },
    /// The keyring that keys are to be moved to is no empty one.
    #[error(
        "the keyring that the settings name ({place}) is not empty, and no unfinished move to it: name a place where no \
         keyring is"
    )]
    NotEmpty {
        /// The keyring.
        place: StoreLocation,
    },
    /// Keys are to be moved to where they are.
    #[error(
        "the settings name the keyring that the keys are in already ({place}): the settings are to name the new one, and \
         `--from-url`, `--from-file` or `--from-beside-data` the old one"
    )]
    SameKeyring {
        /// The keyring.
        place: StoreLocation,
    },
    /// The keys were moved to the old keyring before, and the one before that may still hold them.
    #[error(
        "the keys were moved to {place} before, and that was not finished: run that `concord keyring move` again first, so \
         that they are destroyed where they came from"
    )]
    UnfinishedMove {
        /// The old keyring.
        place: StoreLocation,
    },
    /// What arrived is not what was sent.
    #[error(
        "the keys that arrived in the new keyring are not those of the old one ({table}): nothing was changed"
    )]
    NotTheSame {
        /// The table.
        table: &'static str,
    },
    /// The SQLite library is too old to be trusted with data.
    #[error("SQLite {found} is too old: 3.51.3 is needed")]
    OldSqlite {
        /// The version found.
        found: String,
    },
}

/// Why a keyring is not the data store's own.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A store cannot be asked.
    #[error("the stores could not be asked who they are: {0}")]
    Unread(#[from] DbErr),
    /// There is nothing in it.
    #[error(
        "the keyring is missing: there is nothing in the one that the settings name ({place}), and the data store has a \
         history. Name the keyring that it had (concord 0.1: `keyring_beside_data = true`; then `concord keyring move` \
         brings it over), or put its newest backup back"
    )]
    Missing {
        /// Where it was looked for.
        place: StoreLocation,
    },
    /// It has keys, and no identity.
    #[error(
        "the keyring ({place}) is an older copy, from before its data store had an identity: put its newest backup back"
    )]
    Nameless {
        /// Where it is.
        place: StoreLocation,
    },
    /// It is another data store's.
    #[error(
        "the keyring ({place}) is that of another data store: it belongs to {theirs}, and this is {ours}. Name the right \
         one in the settings"
    )]
    Foreign {
        /// Where it is.
        place: StoreLocation,
        /// The data store that it belongs to.
        theirs: Uuid,
        /// The data store that was opened.
        ours: Uuid,
    },
    /// The keys are being moved to it.
    #[error(
        "the keyring ({place}) does not hold all keys yet: a `concord keyring move` to it was not finished. Run it again, \
         or name the earlier keyring in the settings"
    )]
    Filling {
        /// Where it is.
        place: StoreLocation,
    },
    /// Its keys have been moved to another one.
    #[error(
        "the keyring ({place}) is not the data store's any more: its keys were moved to another one by `concord keyring \
         move`. Name that one in the settings"
    )]
    Moved {
        /// Where it is.
        place: StoreLocation,
    },
    /// It is in the data store's own cluster, and that was not asked for.
    #[error(
        "`keyring_url` names the data store's own PostgreSQL cluster, of which every base backup and every standby takes \
         the keys along: name another cluster, made by its own `initdb`. If it must be this one, set \
         `keyring_beside_data = true`, and know what no longer holds: see docs/OPERATING.md"
    )]
    SameCluster,
    /// It is in the same place as the data store.
    #[error(
        "`keyring_url` names the data store's own database: name one in another cluster, or leave it out and set \
         `keyring_beside_data = true`"
    )]
    SameDatabase,
}
