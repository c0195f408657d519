//! Partners' witnesses, as processes of their own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running witness. Ended when dropped.
pub struct Witness {
    child: Child,
    pub url: String,
    pub vkey: String,
    log: Arc<Mutex<String>>,
}

impl Witness {
    /// Starts the witness of this name in a folder, which follows these logs.
    pub fn starts(folder: &Path, name: &str, logs: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_concord"));
        command.args([
            "audit",
            "witness",
            "--listen",
            "127.0.0.1:0",
            "--name",
            name,
        ]);
        command.arg("--state").arg(folder.join(name));
        command.arg("--key").arg(folder.join(format!("{name}.key")));
        for log in logs {
            command.args(["--log", log]);
        }
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (kept, mut errors) = (Arc::clone(&log), child.stderr.take().unwrap());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut buffer) {
                let said = String::from_utf8_lossy(&buffer[..count]);
                kept.lock().unwrap().push_str(&said);
            }
        });
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut vkey, mut url) = (None, None);
        while url.is_none() {
            let Some(Ok(line)) = said.next() else {
                thread::sleep(std::time::Duration::from_millis(200));
                panic!("the witness did not start: {}", log.lock().unwrap());
            };
            let (what, value) = line.split_once("  ").unwrap();
            match what {
                "vkey" => vkey = Some(value.trim().to_owned()),
                "listens" => url = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        Self {
            child,
            url: url.unwrap(),
            vkey: vkey.unwrap(),
            log,
        }
    }

    /// As the service's settings name it.
    pub fn setting(&self) -> String {
        format!("{} {}", self.url, self.vkey)
    }

    /// What it has logged so far.
    pub fn logged(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn ends(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = kill(pid, Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.ends();
    }
}
