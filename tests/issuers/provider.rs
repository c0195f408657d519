//! An identity provider on this machine: a real HTTPS server with a certificate authority of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use concord::access::issuer::address::Reach;
use concord::access::issuer::fetch::Fetcher;
use concord::access::issuer::rules::IssuerRegistration;
use concord::jose::key::SigningKey;
use concord_entities::instant::Instant;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

pub const ISSUER: &str = "https://login.north.example/realms/north";
pub const AUDIENCE: &str = "https://concord.example/graphql";

/// How the provider answers whoever asks for its keys.
#[derive(Clone, Debug)]
pub enum Answers {
    /// With a body, after a while.
    Body(u16, String, Duration),
    /// With a redirect to another path of its own.
    Redirect,
    /// With one byte every tenth of a second, for ever.
    Drips,
    /// Not at all: it hangs up.
    HangsUp,
}

/// A running provider. It ends when dropped.
pub struct Provider {
    pub port: u16,
    pub key: SigningKey,
    answers: Arc<Mutex<Answers>>,
    requests: Arc<AtomicUsize>,
    folder: TempDir,
    _until: tokio::sync::oneshot::Sender<()>,
}

impl Provider {
    /// A provider that publishes one key for ES256.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = certified(&folder.path().join("ca.pem"));
        let key = SigningKey::generate().unwrap();
        let answers = Arc::new(Mutex::new(keys(&[key.public_jwk()])));
        let requests = Arc::new(AtomicUsize::new(0));
        let (told, port) = mpsc::channel();
        let (until, ended) = tokio::sync::oneshot::channel::<()>();
        let (served, counted) = (Arc::clone(&answers), Arc::clone(&requests));
        // On a thread of its own: a test may wait for a command while the command waits for this.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap().port()).unwrap();
                tokio::select! {
                    () = serve(listener, config, served, counted) => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            port: port.recv().unwrap(),
            key,
            answers,
            requests,
            folder,
            _until: until,
        }
    }

    /// From now on it answers like this.
    pub fn answers(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// From now on it publishes these keys.
    pub fn publishes(&self, jwks: &[Value]) {
        self.answers(keys(jwks));
    }

    /// How often it was asked.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Where its keys are, by this name of its host.
    pub fn jwks_uri(&self, host: &str) -> String {
        format!("https://{host}:{}/jwks", self.port)
    }

    /// The certificate of its authority, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Somebody who trusts its authority.
    pub fn fetcher(&self, reach: Reach) -> Fetcher {
        Fetcher::new(reach, Some(&self.ca_file())).unwrap()
    }

    /// A registration of it that allows much.
    pub fn registration(&self) -> IssuerRegistration {
        IssuerRegistration {
            issuer: ISSUER.to_owned(),
            jwks_uri: self.jwks_uri("localhost"),
            token_type: "at+jwt".to_owned(),
            algorithms: vec!["ES256".to_owned()],
            scope: "consent.r referral.rs".to_owned(),
            mapping: None,
            audience: None,
            max_life: None,
        }
    }

    /// An access token that it issues.
    pub fn token(&self, now: Instant) -> String {
        signed(&self.key, &header(&self.key), &claims(now))
    }
}

/// The answer that publishes these keys.
pub fn keys(jwks: &[Value]) -> Answers {
    let body = json!({ "keys": jwks }).to_string();
    Answers::Body(200, body, Duration::ZERO)
}

/// The header of a good token.
pub fn header(key: &SigningKey) -> Value {
    json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.kid() })
}

/// The claims of a good token.
pub fn claims(now: Instant) -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "case worker 7",
        "iat": now.unix_seconds() - 10,
        "exp": now.unix_seconds() + 600,
        "jti": "a-token-of-theirs",
    })
}

/// A token with these parts, signed by this key.
pub fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let text = text.join(".");
    let signer = jsonwebtoken::EncodingKey::from_ec_der(&key.to_pkcs8_der());
    let signature =
        jsonwebtoken::crypto::sign(text.as_bytes(), &signer, jsonwebtoken::Algorithm::ES256);
    format!("{text}.{}", signature.unwrap())
}

/// A server's certificate for every name of this machine, by an authority whose own goes to this file.
fn certified(ca_file: &std::path::Path) -> ServerConfig {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(ca_file, authority.self_signed(&key).unwrap().pem()).unwrap();
    let authority = Issuer::new(authority, key);
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    answers: Arc<Mutex<Answers>>,
    requests: Arc<AtomicUsize>,
) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, answers) = (acceptor.clone(), Arc::clone(&answers));
        let requests = Arc::clone(&requests);
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else {
                    return;
                };
                asked.push(byte);
            }
            requests.fetch_add(1, Ordering::SeqCst);
            let answer = answers.lock().unwrap().clone();
            // Whoever asked may have hung up meanwhile.
            let _ = answer_with(&mut stream, answer).await;
        });
    }
}

async fn answer_with(
    stream: &mut (impl AsyncWriteExt + Unpin),
    answer: Answers,
) -> std::io::Result<()> {
    match answer {
        Answers::Body(status, body, after) => {
            tokio::time::sleep(after).await;
            let length = body.len();
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
        }
        Answers::Redirect => {
            let head = b"HTTP/1.1 302 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(head).await?;
        }
        Answers::Drips => {
            let head = b"HTTP/1.1 200 x\r\ncontent-length: 10000\r\n\r\n";
            stream.write_all(head).await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Answers::HangsUp => {}
    }
    stream.shutdown().await
}
