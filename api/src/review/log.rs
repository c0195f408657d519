//! The log as a tree: its newest signed checkpoint, and the tiles that hold its hashes.
//!
//! Neither names an event, so reading them is no event: recording it would only let a witness grow what it watches.

use async_graphql::{ComplexObject, Context, SimpleObject};
use concord_entities::{audit_tile, audit_tree};
use sea_orm::{ConnectionTrait, EntityTrait, QueryTrait, Select, TryGetable};

use crate::audit::checkpoint::{Checkpoint, LedgerKey};
use crate::audit::cosign::cosignature::Cosignature;
use crate::audit::ledger::Decided;
use crate::audit::proof::{prove_consistency, tiles_for_consistency};
use crate::audit::tile_path::TilePath;
use crate::audit::tree::{self, Digest, HASH_BYTES, Head, TreeError};
use crate::audit::{cosign, stored};
use crate::error::{Error, Refusal, Result};
use crate::request::{InRequest, Request};
use crate::sharing::facts;
use crate::wire::scalars::{DateTime, Sha256};

/// What the service has signed: the ledger has this size and this root. Keep it, and hold every later one against it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, name = "Checkpoint")]
pub struct SignedCheckpoint {
    #[graphql(skip)]
    head: Head,
    /// The ledger's name.
    pub origin: String,
    /// The number of events that it covers.
    pub size: i64,
    /// The RFC 6962 root hash over them.
    pub root_hash: Sha256,
    /// The checkpoint as a signed note (C2SP tlog-checkpoint), for any tool that knows the format.
    pub note: String,
    /// The verifier key (C2SP signed-note) that checks the note. Learn it once, from a source you trust.
    pub vkey: String,
    /// The witnesses that have cosigned it so far: none of them saw another log of this name.
    pub witnesses: Vec<CheckpointWitness>,
}

/// A witness that cosigned a checkpoint (C2SP tlog-cosignature): it is the largest that it saw of this log, and goes on from
/// all that it saw before.
#[derive(Clone, Debug, SimpleObject)]
pub struct CheckpointWitness {
    /// The witness's name.
    pub name: String,
    /// The verifier key that checks its cosignature. Learn it from the witness itself.
    pub vkey: String,
    /// When it cosigned, by its own clock.
    pub cosigned_at: DateTime,
    /// The cosignature, base64, as the note's line has it.
    pub signature: String,
}

impl From<Cosignature> for CheckpointWitness {
    fn from(cosignature: Cosignature) -> Self {
        Self {
            name: cosignature.by.name().to_owned(),
            vkey: cosignature.by.to_string(),
            cosigned_at: cosignature.at.into(),
            signature: cosignature.signature,
        }
    }
}

#[ComplexObject]
impl SignedCheckpoint {
    /// The proof that this ledger begins with the smaller one that you have kept a checkpoint of.
    async fn consistency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size in the checkpoint that you have kept.")] from: i64,
    ) -> Result<ConsistencyProof> {
        let store = &ctx.request()?.worker.store;
        let beyond = || Error::input("from", format!("a size from 0 to {}", self.size));
        let earlier = u64::try_from(from).map_err(|_| beyond())?;
        let size = self.head.size;
        if earlier > size {
            return Err(beyond().into());
        }
        let wanted = tiles_for_consistency(earlier, size).map_err(Refusal::internal)?;
        let tiles = stored::tiles(&store.read, wanted).await?;
        let root = tree::root(size, &tiles).map_err(Refusal::internal)?;
        if root != self.head.root {
            return Err(Refusal::internal(TreeError::Inconsistent));
        }
        let hashes = prove_consistency(earlier, size, &tiles).map_err(Refusal::internal)?;
        Ok(ConsistencyProof {
            from,
            size: self.size,
            hashes: hashes.into_iter().map(sha256).collect(),
        })
    }
}

/// The proof that a ledger begins with a smaller one (RFC 6962 section 2.1.2): nothing was changed or removed between.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConsistencyProof {
    /// The size of the smaller ledger.
    pub from: i64,
    /// The size of the larger one.
    pub size: i64,
    /// The hashes that lead from the one root to the other.
    pub hashes: Vec<Sha256>,
}

/// The newest checkpoint, with what witnesses say of it.
struct NewestCheckpoint {
    note: String,
    signed: Checkpoint,
    cosigned: Vec<Cosignature>,
}

/// Returns the newest checkpoint, for a caller that may read it.
pub(super) async fn signed_checkpoint(request: &Request) -> Result<SignedCheckpoint> {
    let newest = NewestCheckpoint::read(request).await?;
    let ledger_key = &request.worker.ledger_key;
    // Until the first one under a new name, it is the last one under the name before.
    let key = ledger_key.origins().key_of(&newest.signed);
    Ok(SignedCheckpoint {
        note: newest.cosigned_note(),
        head: newest.signed.head,
        origin: newest.signed.origin,
        size: stored::in_column(newest.signed.head.size)?,
        root_hash: sha256(newest.signed.head.root),
        vkey: key.unwrap_or(ledger_key.public()).to_string(),
        witnesses: newest.cosigned.into_iter().map(Into::into).collect(),
    })
}

/// Returns the newest checkpoint as a signed note, under which its witnesses have signed, for a caller that may read it.
///
/// # Errors
/// Whatever refuses the caller; the database.
pub async fn newest_note(request: &Request) -> Result<String> {
    Ok(NewestCheckpoint::read(request).await?.cosigned_note())
}

impl NewestCheckpoint {
    async fn read(request: &Request) -> Result<Self> {
        let found = || async { row_of_tree(request, audit_tree::Entity::head(), "note").await };
        let note: Option<String> = request.disclose(found).await?.content();
        let (note, signed) = opened(&request.worker.ledger_key, note)?;
        let read = &request.worker.store.read;
        let cosigned = cosign::kept::of(read, signed.head.size, &note).await?;
        Ok(Self {
            note,
            signed,
            cosigned,
        })
    }

    fn cosigned_note(&self) -> String {
        let lines = self.cosigned.iter().map(Cosignature::line);
        std::iter::once(self.note.clone()).chain(lines).collect()
    }
}

/// Returns the hashes of a tile, for a caller that may read it; none where the tree does not have as many there.
///
/// # Errors
/// Whatever refuses the caller; the database.
pub async fn tile(request: &Request, path: TilePath) -> Result<Option<Vec<u8>>> {
    let (level, place) = (path.tile().level, stored::in_column(path.tile().index)?);
    let row = || async {
        let at = audit_tile::Entity::at(i32::from(level), place);
        row_of_tree(request, at, "hashes").await
    };
    let hashes: Option<Vec<u8>> = request.disclose(row).await?.content();
    // What is there has grown since a smaller tile was signed for, and begins with it.
    Ok(hashes.and_then(|hashes| hashes.get(..path.width() * HASH_BYTES).map(<[u8]>::to_vec)))
}

/// Reads a column of a row beside the epoch.
async fn row_of_tree<E: EntityTrait, T: TryGetable>(
    request: &Request,
    row: Select<E>,
    column: &str,
) -> Result<Decided<Option<T>>> {
    let store = &request.worker.store;
    let statement = facts::beside_epoch(store.backend, row.into_query(), false);
    let found = store.read.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let content = found
        .first()
        .map(|row| row.try_get::<Option<T>>("", column))
        .transpose()?
        .flatten();
    Ok(Decided {
        epoch,
        now,
        content,
        events: Vec::new(),
    })
}

/// Returns the checkpoint in a note; before the first one there is the empty ledger's.
pub(super) fn opened(key: &LedgerKey, note: Option<String>) -> Result<(String, Checkpoint)> {
    let note = match note.filter(|note| !note.is_empty()) {
        Some(note) => note,
        None => key.sign(Head::EMPTY).map_err(Refusal::internal)?,
    };
    let signed = key.origins().open(&note).map_err(Refusal::internal)?;
    Ok((note, signed))
}

pub(super) fn sha256(digest: Digest) -> Sha256 {
    digest.0.as_slice().into()
}
