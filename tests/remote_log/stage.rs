//! A log for others to read: made of many events, or told by somebody who may lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use concord::audit::event::{Agent, Event, RequestMeta};
use concord::audit::ledger::{Decided, Ledger};
use concord::clock;
use reqwest::Response;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{Agency, World};

/// Records so many events at once.
pub async fn records(world: &World, events: usize) {
    let ledger = Ledger::start(world.service.store.clone());
    let epoch = world.tampers("SELECT epoch FROM sharing_epoch");
    let decided = Decided {
        epoch: epoch.trim().parse().unwrap(),
        now: clock::now(),
        content: (),
        events: (0..events)
            .map(|n| Event::RecordsListed(vec![n.to_string()]))
            .collect(),
    };
    let agent = Agent {
        agency: Some(world.coordinator),
        subject: "ada".to_owned(),
        client: "test".to_owned(),
        token: None,
        program: None,
        operator: None,
    };
    let request = RequestMeta::default();
    ledger.release(decided, &agent, &request).await.unwrap();
}

/// Waits for a signed checkpoint of at least so many events; gives it back.
pub async fn signed(reader: &Agency, least: i64) -> Value {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let newest = "{ auditCheckpoint { size note vkey origin rootHash } }";
        let answer = reader.asks(newest, Value::Null).await;
        let newest = answer.data()["auditCheckpoint"].clone();
        if newest["size"].as_i64().unwrap() >= least {
            return newest;
        }
        assert!(Instant::now() < deadline, "not signed in time: {newest}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the newest checkpoint covers all that is recorded, so that nothing more is signed.
pub async fn settled(world: &World, reader: &Agency) -> Value {
    let recorded = world.tampers("SELECT count(*) FROM audit_event");
    signed(reader, recorded.trim().parse().unwrap()).await
}

/// Reads what is at a path below a log.
pub async fn reads(reader: &Agency, path: &str, headers: &[(&str, &str)]) -> Response {
    let url = format!("http://{}/audit/log/{path}", reader.address);
    let mut request = reqwest::Client::new().get(url).bearer_auth(&reader.token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// A file in the world's folder.
pub fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let file = world.folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// What `concord audit verify` says of the log at an address, and whether it is content. It is told of no database.
pub async fn verifies(url: &str, vkeys: &[&str], more: &[(&str, &Path)]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_concord"));
    command.args(["audit", "verify", "--url", url]);
    for vkey in vkeys {
        command.args(["--vkey", vkey]);
    }
    for (flag, file) in more {
        command.arg(flag).arg(file);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    // Whatever the terminal's width, the message is one line.
    let said = text.replace('│', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.success(), said)
}

/// The bytes at each path below a log.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A log that says whatever it was told to.
pub struct ToldLog {
    pub url: String,
    files: Arc<Mutex<Files>>,
    busy: Arc<AtomicI64>,
}

impl ToldLog {
    pub async fn serving(files: Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/audit/log", listener.local_addr().unwrap());
        let files = Arc::new(Mutex::new(files));
        let busy = Arc::new(AtomicI64::new(0));
        let (served, is_busy) = (Arc::clone(&files), Arc::clone(&busy));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let busy = is_busy.fetch_sub(1, Ordering::SeqCst) > 0;
                tokio::spawn(answers(stream, Arc::clone(&served), busy));
            }
        });
        Self { url, files, busy }
    }

    /// It has no time for the next so many who ask.
    pub fn is_busy_for(&self, times: i64) {
        self.busy.store(times, Ordering::SeqCst);
    }

    pub fn now_serves(&self, files: Files) {
        *self.files.lock().unwrap() = files;
    }
}

async fn answers(mut stream: TcpStream, files: Arc<Mutex<Files>>, busy: bool) -> Option<()> {
    let mut asked = Vec::new();
    let mut buffer = [0; 2048];
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream
            .read(&mut buffer)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        asked.extend_from_slice(&buffer[..count]);
    }
    let asked = String::from_utf8_lossy(&asked).into_owned();
    let path = asked.split(' ').nth(1)?.strip_prefix("/audit/log/")?;
    let found = files.lock().unwrap().get(path).cloned();
    let (status, body) = match found {
        _ if busy => ("429 Too Many Requests\r\nretry-after: 1", Vec::new()),
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream
        .write_all(&[head.as_bytes(), &body].concat())
        .await
        .ok()?;
    stream.shutdown().await.ok()
}
