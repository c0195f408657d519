//! The service under measurement: the real program, in a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Who issued the tokens: a server of the usual settings, as the one that wrote the stores has them.
const ISSUER: &str = "http://127.0.0.1:4000";

/// A running `concord serve`; it is killed when it is dropped.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it; `flags` say where its stores are.
    pub fn start(folder: &Path, flags: &[String]) -> Self {
        let log = File::create(folder.join("log")).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            // The tokens were issued before its port was known.
            .env("CONCORD_ISSUER", ISSUER)
            // No partner asks as a measurement does.
            .env("CONCORD_COST_PER_SECOND", u32::MAX.to_string())
            .env("CONCORD_COST_BURST", u32::MAX.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split('/').next())
            .and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| {
            let log = std::fs::read_to_string(folder.join("log")).unwrap();
            panic!("the server does not start: {line}{log}")
        });
        Self { process, address }
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The most memory that it has had at any time, in MiB.
    pub fn peak_memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let kib: Option<f64> = status.ok().and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        });
        kib.unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have died already, which a measurement says by failing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
