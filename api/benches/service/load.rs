//! Load over HTTP/1.1 with keep-alive, light enough not to be what is measured.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long answers are read before they count.
const WARM_UP: Duration = Duration::from_secs(1);
/// What is missing when each request may be sent only once.
const WORK_LEFT: &str = "work left: seed more referrals";

/// How often something was done in a while, and how long each time took.
pub struct Measured {
    /// How many times a second.
    pub rate: f64,
    /// How long each time took, in microseconds.
    pub micros: Histogram<u64>,
}

/// Counts what is done between the end of the warm-up and the end of the measurement.
pub struct Stopwatch {
    from: Instant,
    until: Instant,
    micros: Histogram<u64>,
}

impl Stopwatch {
    /// A stopwatch for one of the connections that start together.
    pub fn start(started: Instant, lasting: Duration) -> Self {
        Self {
            from: started + WARM_UP,
            until: started + WARM_UP + lasting,
            micros: Histogram::new(3).unwrap(),
        }
    }

    /// Whether there is time for another.
    pub fn runs(&self) -> bool {
        Instant::now() < self.until
    }

    /// Counts one that began at `began`.
    pub fn lap(&mut self, began: Instant) {
        let ended = Instant::now();
        if began >= self.from && ended <= self.until {
            let micros = u64::try_from((ended - began).as_micros()).unwrap();
            self.micros.record(micros).unwrap();
        }
    }

    /// What all connections did together. One that ran out of work early ends the measurement for all.
    pub fn sum(parts: impl IntoIterator<Item = Self>, lasting: Duration) -> Measured {
        let mut micros = Histogram::new(3).unwrap();
        for part in parts {
            micros.add(part.micros).unwrap();
        }
        Measured {
            rate: micros.len() as f64 / lasting.as_secs_f64(),
            micros,
        }
    }
}

/// A request that is sent again and again, or each of many sent once.
#[derive(Clone)]
pub enum Work {
    /// This one, again and again.
    Again(Vec<u8>),
    /// These, each once; one who comes to their end stops.
    Once(Vec<Vec<u8>>),
}

/// The bytes of a GraphQL request.
pub fn request(address: SocketAddr, token: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\naccept: application/graphql-response+json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends each connection's work over a connection of its own, and measures the answers.
pub async fn measure(address: SocketAddr, work: Vec<Work>, lasting: Duration) -> Measured {
    let started = Instant::now();
    let tasks: Vec<_> = work
        .into_iter()
        .map(|work| {
            tokio::spawn(connection(
                address,
                work,
                Stopwatch::start(started, lasting),
            ))
        })
        .collect();
    let mut parts = Vec::new();
    for task in tasks {
        parts.push(task.await.unwrap());
    }
    Stopwatch::sum(parts, lasting)
}

async fn connection(address: SocketAddr, work: Work, mut watch: Stopwatch) -> Stopwatch {
    let mut client = Client::connect(address).await;
    match work {
        Work::Again(request) => {
            while watch.runs() {
                let began = Instant::now();
                client.ask(&request).await;
                watch.lap(began);
            }
        }
        Work::Once(requests) => {
            let mut requests = requests.iter();
            while watch.runs() {
                let request = requests.next().expect(WORK_LEFT);
                let began = Instant::now();
                client.ask(request).await;
                watch.lap(began);
            }
        }
    }
    watch
}

/// Those who ask at once, each over a connection of its own that stays open.
pub struct Crowd {
    askers: Vec<Asker>,
}

struct Asker {
    client: Client,
    work: Work,
    /// How many of its requests have been answered.
    answered: usize,
}

impl Crowd {
    /// Connects them all.
    pub async fn connect(address: SocketAddr, work: Vec<Work>) -> Self {
        let mut askers = Vec::with_capacity(work.len());
        for work in work {
            askers.push(Asker {
                client: Client::connect(address).await,
                work,
                answered: 0,
            });
        }
        Self { askers }
    }

    /// Sends so many requests, as many over each connection, and returns how many they were in all.
    pub async fn send(&mut self, requests: usize) -> usize {
        let each = requests / self.askers.len();
        let started = std::mem::take(&mut self.askers);
        let tasks: Vec<_> = started
            .into_iter()
            .map(|asker| tokio::spawn(asker.send(each)))
            .collect();
        for task in tasks {
            self.askers.push(task.await.unwrap());
        }
        each * self.askers.len()
    }
}

impl Asker {
    async fn send(mut self, requests: usize) -> Self {
        for _ in 0..requests {
            let request = match &self.work {
                Work::Again(request) => request,
                Work::Once(requests) => requests.get(self.answered).expect(WORK_LEFT),
            };
            self.client.ask(request).await;
            self.answered += 1;
        }
        self
    }
}

/// One connection, kept alive.
pub struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            answer: Vec::with_capacity(1 << 17),
        }
    }

    /// The body of the answer to a request, which must not be a refusal.
    pub async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.unwrap();
        self.answer.clear();
        let (body, end) = loop {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            if let Some((body, length)) = head(&self.answer) {
                break (body, body + length);
            }
        };
        while self.answer.len() < end {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
        }
        let text = &self.answer[body..end];
        assert!(
            self.answer.starts_with(b"HTTP/1.1 200")
                && text.starts_with(b"{\"data\":{")
                && !text.ends_with(b"]}"),
            "refused: {}",
            String::from_utf8_lossy(&self.answer)
        );
        text
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length.trim().parse().unwrap());
    Some((end + 4, length.expect("an answer of known length")))
}
