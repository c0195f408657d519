//! What an operator should know of settings that can be used all the same.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::proxies::TrustedProxies;
use super::stores::StoreLocation;
use crate::private_files;

/// Where things are that the advice is about.
pub(super) struct Places<'s> {
    pub(super) data: &'s Path,
    pub(super) state: &'s Path,
    pub(super) database: &'s StoreLocation,
    pub(super) keyring: &'s StoreLocation,
    pub(super) keyring_beside_data: bool,
    pub(super) listen: SocketAddr,
    pub(super) metrics_listen: Option<SocketAddr>,
    pub(super) issuer: &'s str,
    pub(super) proxies: &'s TrustedProxies,
}

/// A keyring that copies of the data take along.
const BESIDE_DATA: &str = "the keyring is in the data's own cluster (keyring_beside_data): every base backup, standby and pg_dump \
     of it takes the keys along, and a copy that is put back can be read as it was, whatever was revoked or erased since, unless \
     a server's state folder was kept. Better: a cluster of its own, by `concord keyring move`";

/// A proxy that nobody named.
const BEHIND_ONE_PROXY: &str = "the issuer is an https:// URL, so that a proxy ends TLS, and `trusted_proxies` names none: in \
     limits and in the audit log, everybody has the proxy's address";

impl Places<'_> {
    /// Returns what is to be told, a sentence or two each.
    pub(super) fn advice(&self) -> Vec<String> {
        let mut advice = self.on_network();
        if self.keyring_beside_data {
            advice.push(BESIDE_DATA.to_owned());
        }
        if self.state.starts_with(self.data) {
            let (state, data) = (self.state.display(), self.data.display());
            advice.push(format!(
                "the state folder {state} is in the data folder {data}: a copy of the data folder that is put back takes with \
                 it what the server remembers, and is not known for older. Set `state` to a folder elsewhere"
            ));
        }
        let folders = [self.data, self.state];
        let files = [self.database.file(), self.keyring.file()];
        let files: Vec<_> = files.into_iter().flatten().flat_map(of_sqlite).collect();
        let files = files.iter().map(PathBuf::as_path);
        let wide = private_files::with_wide_rights(folders.into_iter().chain(files));
        advice.extend(wide.iter().map(ToString::to_string));
        advice
    }

    /// Returns what is to be told of how the service is reached.
    fn on_network(&self) -> Vec<String> {
        let encrypted = self.issuer.starts_with("https://");
        let mut advice = Vec::new();
        if !self.listen.ip().is_loopback() && !encrypted {
            let listen = self.listen;
            advice.push(format!(
                "the service listens on {listen}, beyond this machine, and speaks no TLS: tokens and what is shared cross the \
                 network for everybody to read. Put a proxy that ends TLS in front, set `issuer` to its https:// URL, and name \
                 it in `trusted_proxies`"
            ));
        }
        if let Some(metrics) = self.metrics_listen.filter(|one| !one.ip().is_loopback()) {
            advice.push(format!(
                "metrics are shown at {metrics}, beyond this machine, to whoever asks and without TLS: they tell of no agency and \
                 no person, but of when and how much is shared. Let nobody but your Prometheus reach it"
            ));
        }
        if encrypted && self.proxies.is_empty() {
            advice.push(BEHIND_ONE_PROXY.to_owned());
        }
        advice
    }
}

/// Returns a store's file with those that SQLite keeps beside it.
fn of_sqlite(file: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}
