//! A proxy in front of PostgreSQL that understands just enough of its protocol to be in the way at a COMMIT.
//!
//! It runs on a thread of its own, so that a test may block. What it does to a COMMIT is asked for beforehand, once for
//! each time that it shall happen, and meets the next transaction that ran a certain statement:
//!
//! ```ignore
//! let proxy = Proxy::before(world.url());
//! proxy.next_commit_after("UPDATE \"referral\"", Trouble::ReplyLost);
//! ```

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{oneshot, watch};
use url::Url;

/// What happens to a COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The database commits, and the client's connection breaks before it is told.
    ReplyLost,
    /// The client's connection breaks at once, and the database gets the COMMIT only so much later.
    HeldBack(Duration),
    /// Both connections break, and the database never gets it.
    NeverSent,
}

/// A running proxy. Ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    rules: Arc<Rules>,
    /// Its closing ends the proxy.
    _lifeline: oneshot::Sender<()>,
}

#[derive(Default)]
struct Rules {
    /// Which COMMITs meet which trouble: the text of a statement of theirs, and how it goes.
    troubles: Mutex<Vec<(String, Trouble)>>,
    refusing: AtomicBool,
    /// Where new connections lead to.
    database: Mutex<String>,
    /// Counts up each time that the connections which are there then go silent.
    silences: watch::Sender<u64>,
    met: AtomicU64,
}

impl Proxy {
    /// Starts a proxy before the database at `url`.
    pub fn before(url: &str) -> Self {
        let rules = Arc::new(Rules::default());
        *rules.database.lock().unwrap() = place_in(url);
        let (told, address) = std::sync::mpsc::channel();
        let (lifeline, ended) = oneshot::channel();
        let given = Arc::clone(&rules);
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(listener, given) => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            address: address.recv().unwrap(),
            rules,
            _lifeline: lifeline,
        }
    }

    /// The same database's URL, by way of this proxy.
    pub fn url(&self, of: &str) -> String {
        let mut url = Url::parse(of).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.set_host(Some(&self.address.ip().to_string())).unwrap();
        url.into()
    }

    /// The next COMMIT of a transaction that ran a statement with this text in it meets this trouble.
    pub fn next_commit_after(&self, statement: &str, trouble: Trouble) {
        let mut troubles = self.rules.troubles.lock().unwrap();
        troubles.push((statement.to_owned(), trouble));
    }

    /// How many COMMITs have met their trouble.
    pub fn troubles_met(&self) -> u64 {
        self.rules.met.load(Ordering::SeqCst)
    }

    /// Has new connections lead to the database at `url`, and those that are there go silent.
    pub fn leads_to(&self, url: &str) {
        *self.rules.database.lock().unwrap() = place_in(url);
        self.goes_silent();
    }

    /// Has every new connection broken off at once, or no longer.
    pub fn refuses_connections(&self, refuses: bool) {
        self.rules.refusing.store(refuses, Ordering::SeqCst);
    }

    /// Has all connections that are open now go silent: they stay open, and nothing comes through any more in either
    /// direction, as when a firewall forgets them.
    pub fn goes_silent(&self) {
        self.rules.silences.send_modify(|count| *count += 1);
    }
}

impl Rules {
    /// The trouble of a COMMIT after these statements, which is used up by it.
    fn trouble_after(&self, statements: &[Arc<str>]) -> Option<Trouble> {
        let mut troubles = self.troubles.lock().unwrap();
        let met = troubles
            .iter()
            .position(|(text, _)| statements.iter().any(|sql| sql.contains(text.as_str())))?;
        self.met.fetch_add(1, Ordering::SeqCst);
        Some(troubles.remove(met).1)
    }
}

/// The address and port in a URL.
fn place_in(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        if rules.refusing.load(Ordering::SeqCst) {
            continue;
        }
        let rules = Arc::clone(&rules);
        let database = rules.database.lock().unwrap().clone();
        tokio::spawn(async move {
            if let Ok(server) = TcpStream::connect(database).await {
                let _ = client.set_nodelay(true);
                let _ = server.set_nodelay(true);
                // Either side may break off at any time.
                let _ = Box::pin(carry(client, server, &rules)).await;
            }
        });
    }
}

/// Carries everything between the two, until one breaks off or a COMMIT meets its trouble.
async fn carry(client: TcpStream, server: TcpStream, rules: &Rules) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut silences = rules.silences.subscribe();
    let mut spoken = Spoken::default();
    let (mut asked, mut answered) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            _ = silences.changed() => {
                // Both ends are kept open for as long as the proxy lives.
                return std::future::pending().await;
            }
            count = from_client.read(&mut asked) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                spoken.hears(&asked[..count]);
                while let Some((message, commits)) = spoken.next_message() {
                    let trouble = if commits { rules.trouble_after(&spoken.take_statements()) } else { None };
                    match trouble {
                        None => to_server.write_all(&message).await?,
                        Some(Trouble::NeverSent) => return Ok(()),
                        Some(Trouble::ReplyLost) => {
                            to_server.write_all(&message).await?;
                            // Whatever had been asked before was answered: this is the reply, to be lost.
                            let _ = from_server.read(&mut answered).await?;
                            return Ok(());
                        }
                        Some(Trouble::HeldBack(delay)) => {
                            drop((from_client, to_client));
                            tokio::time::sleep(delay).await;
                            to_server.write_all(&message).await?;
                            let _ = from_server.read(&mut answered).await?;
                            return Ok(());
                        }
                    }
                }
            }
            count = from_server.read(&mut answered) => {
                let count = count?;
                if count == 0 {
                    return Ok(());
                }
                to_client.write_all(&answered[..count]).await?;
            }
        }
    }
}

/// What a client has said on one connection.
#[derive(Default)]
struct Spoken {
    buffer: Vec<u8>,
    started: bool,
    prepared: HashMap<Vec<u8>, Arc<str>>,
    portals: HashMap<Vec<u8>, Arc<str>>,
    /// The statements of the transaction so far.
    statements: Vec<Arc<str>>,
}

impl Spoken {
    fn hears(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next whole message; says whether it is a COMMIT.
    fn next_message(&mut self) -> Option<(Vec<u8>, bool)> {
        // Before the start-up message is through, messages have no letter.
        let letter = usize::from(self.started);
        let length = self.buffer.get(letter..letter + 4)?.try_into().unwrap();
        let end = letter + usize::try_from(u32::from_be_bytes(length)).unwrap();
        if self.buffer.len() < end {
            return None;
        }
        let message: Vec<u8> = self.buffer.drain(..end).collect();
        if !self.started {
            // 80877102 to 80877104 ask to cancel, for TLS or for GSSAPI; a version begins the session.
            self.started = message.get(4..6) == Some(&[0, 3]);
            return Some((message, false));
        }
        let commits = self.understands(message[0], &message[5..]);
        Some((message, commits))
    }

    /// Notes what is run; says whether that is a COMMIT.
    fn understands(&mut self, letter: u8, body: &[u8]) -> bool {
        let mut texts = body.split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default().to_vec();
        let run: Arc<str> = match letter {
            b'Q' => String::from_utf8_lossy(&text()).into(),
            b'P' => {
                let name = text();
                let sql = String::from_utf8_lossy(&text()).into();
                self.prepared.insert(name, sql);
                return false;
            }
            b'B' => {
                let (portal, name) = (text(), text());
                if let Some(sql) = self.prepared.get(&name) {
                    self.portals.insert(portal, Arc::clone(sql));
                }
                return false;
            }
            b'E' => match self.portals.get(&text()) {
                Some(sql) => Arc::clone(sql),
                None => return false,
            },
            _ => return false,
        };
        let word = run.trim().to_ascii_uppercase();
        if word.starts_with("BEGIN") || word.starts_with("ROLLBACK") {
            self.statements.clear();
        }
        let commits = word.starts_with("COMMIT");
        if !commits {
            self.statements.push(run);
        }
        commits
    }

    /// The statements of the transaction that ends.
    fn take_statements(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.statements)
    }
}
