//! Notes on referrals: to the other side, or for one's own agency.
//!
//! - [`change`]: adding one, and attaching a file.
//! - [`read`]: deciding on one, as on its category of the package, and opening it; [`facts`](found) brings what is judged.
//! - [`graphql`]: the wire.

pub mod change;
pub mod found;
pub mod graphql;
pub mod read;
