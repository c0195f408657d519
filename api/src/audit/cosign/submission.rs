//! What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`): how far the witness had come, the proof that the
//! checkpoint goes on from there, and the checkpoint.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::audit::tree::{Digest, HASH_BYTES};

/// The most hashes of a proof.
const MAX_PROOF: usize = 63;

/// A checkpoint that is to be cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The size of the checkpoint that the witness cosigned last; 0 where it has none.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Digest>,
    /// The checkpoint, a signed note.
    pub note: String,
}

/// The text is not what a log sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a submission: a line `old <size>`, at most {MAX_PROOF} lines of a base64 hash each, an empty line, and a signed checkpoint"
)]
pub struct MalformedSubmissionError;

impl Submission {
    /// Returns the submission as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        let proof = self
            .proof
            .iter()
            .map(|hash| BASE64_STANDARD.encode(hash.0) + "\n");
        format!(
            "old {}\n{}\n{}",
            self.old,
            proof.collect::<String>(),
            self.note
        )
    }

    /// Reads what was sent.
    ///
    /// # Errors
    /// [`MalformedSubmissionError`].
    pub fn parse(text: &str) -> Result<Self, MalformedSubmissionError> {
        let malformed = MalformedSubmissionError;
        let (head, note) = text.split_once("\n\n").ok_or(malformed)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(size).ok_or(malformed)?;
        let proof = lines.map(hash).collect::<Option<Vec<_>>>();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF);
        Ok(Self {
            old,
            proof: proof.ok_or(malformed)?,
            note: note.to_owned(),
        })
    }

    /// Returns the name of the log, as the checkpoint says it: nobody has checked yet that it is that one's.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.note.split('\n').next().unwrap_or_default()
    }
}

/// Returns the size that a text writes in the one way that there is.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let size: u64 = text.parse().ok()?;
    (size.to_string() == text).then_some(size)
}

fn hash(line: &str) -> Option<Digest> {
    let bytes = BASE64_STANDARD.decode(line).ok()?;
    Some(Digest(<[u8; HASH_BYTES]>::try_from(bytes).ok()?))
}
