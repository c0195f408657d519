//! `concord audit witness`: a partner watches over somebody's audit log, and cosigns its checkpoints.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use concord::audit::checkpoint::LedgerPublicKey;
use concord::audit::cosign::cosigner::Cosigner;
use concord::http::cosigner;
use miette::{IntoDiagnostic, Result};

use super::serve;

/// How a witness is run.
#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// The address to listen on. Put a proxy with TLS in front, unless the log is on this machine.
    #[arg(long, default_value = "127.0.0.1:4001")]
    listen: SocketAddr,
    /// The folder in which it remembers what it cosigned, on a disk of its own. Without it the witness is over.
    #[arg(long, value_name = "FOLDER")]
    state: PathBuf,
    /// The file of its secret key, which is made at the first start.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The name of a new witness, such as `witness.example.org/concord`.
    #[arg(long)]
    name: Option<String>,
    /// The verifier key of a log that it follows, learned from a source that you trust. A log that was reopened has another
    /// one: give it beside the old one once you know why.
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<LedgerPublicKey>,
}

impl Witness {
    pub(crate) async fn run(self) -> Result<()> {
        serve::log();
        let name = self.name.as_deref();
        let cosigner = Cosigner::open(&self.key, &self.state, name, self.log).into_diagnostic()?;
        println!("vkey     {}", cosigner.public());
        for origin in cosigner.origins() {
            println!("follows  {origin}");
        }
        let listening = |address| println!("listens  http://{address}/");
        cosigner::serve(self.listen, cosigner, listening)
            .await
            .into_diagnostic()
    }
}
