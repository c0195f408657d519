//! A real server: the built program, on a free port, as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::limits;

/// A running server. Ended when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts a server with these flags, and waits until it listens.
    pub fn start(flags: &[String]) -> Self {
        Self::start_under(flags, &[])
    }

    /// The same, with these variables in its environment.
    pub fn start_under(flags: &[String], environment: &[(&str, &str)]) -> Self {
        Self::start_at("127.0.0.1:0", flags, environment)
    }

    /// The same, at this address.
    pub fn start_at(address: &str, flags: &[String], environment: &[(&str, &str)]) -> Self {
        // A measurement is of a release build (tests/authority/charged.rs).
        let built = std::env::var("MEASURED_PROGRAM");
        let built = built.as_deref().unwrap_or(env!("CARGO_BIN_EXE_concord"));
        let mut command = limits::command_surviving_full_disk(built);
        Self::spawn(
            command
                .args(["serve", "--listen", address])
                .args(flags)
                // No partner asks, nor does any forger fail, as often as a test does. tests/rate.rs and tests/endings/counted.rs set their own.
                .env("CONCORD_COST_PER_SECOND", u32::MAX.to_string())
                .env("CONCORD_COST_BURST", u32::MAX.to_string())
                .env("CONCORD_ENDINGS_BURST", "1000000")
                .env("CONCORD_FAILED_PER_MINUTE", "1000000")
                // Its port is the system's choice, and the world's tokens are made before it is known.
                .env("CONCORD_ISSUER", "http://127.0.0.1:4000")
                .envs(environment.iter().copied()),
        )
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (kept, mut errors) = (Arc::clone(&log), child.stderr.take().unwrap());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut buffer) {
                kept.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            let rest = line.split_once("http://")?.1;
            Some(rest.split('/').next().unwrap().to_owned())
        });
        let Some(address) = address else {
            thread::sleep(Duration::from_millis(200));
            panic!("the server did not start: {}", log.lock().unwrap());
        };
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            log,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn logged(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Kills it as a power cut would: no chance to finish anything.
    pub fn is_killed(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to end, and does not wait.
    pub fn is_told_to_end(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
    }

    /// How it ended, where it did within this time.
    pub fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Asks it to end, and waits; kills it where it does not end in time.
    pub fn ends(&mut self) -> bool {
        if self.child.try_wait().unwrap().is_some() {
            return true;
        }
        self.is_told_to_end();
        if self.ended_within(Duration::from_secs(20)).is_some() {
            return true;
        }
        self.is_killed();
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends();
    }
}
