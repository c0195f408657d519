//! The name under which a thing that counts once is remembered.

use aws_lc_rs::digest::{Context, SHA256};

/// Returns the SHA-256 over these parts, each after its length in bytes (64 bits, big-endian), so that no two lists of
/// parts run together into one text.
#[must_use]
pub fn digest_of(parts: &[&str]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // A length beyond 64 bits is no length of anything in memory.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut name = [0; 32];
    for (place, byte) in name.iter_mut().zip(context.finish().as_ref()) {
        *place = *byte;
    }
    name
}
