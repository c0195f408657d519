//! Referrals: one survivor's package on its way from one agency to another.
//!
//! - [`rules`]: what may follow what, and what a referral's status is now; [`expiry`] tells who did not answer.
//! - [`draft`], [`steps`], [`change`], [`continuation`]: the verbs; `resealed` compares packages, `blocks` reads what
//!   keeps one from being sent or continued.
//! - [`query`]: reading, [`below`] what hangs below survivors and consents; [`listing`] says which lists are answered,
//!   [`find`] selects their rows, [`settling`] keeps what
//!   finds them, `left_behind` lists what an agency's end leaves, [`read`] decides on them for a [`reader`], `view` releases and opens them.
//! - [`explained`], [`explanation`]: why somebody may see a package or may not; [`disclosure`]: what is decided of it.
//! - [`timeline`]: what happened to one, and [`notes`] on it.
//! - [`package`]: what a package holds; `package_view` opens it.
//! - [`graphql`], [`input`], `selection`: the wire; [`fast`] writes its hot page by hand.

pub mod below;
mod blocks;
pub mod change;
pub mod connection;
pub mod continuation;
pub mod disclosure;
pub mod draft;
pub mod expiry;
pub mod explained;
pub mod explanation;
pub mod fast;
pub mod find;
pub mod graphql;
pub mod input;
mod kept;
pub(crate) mod left_behind;
pub mod listing;
pub mod notes;
pub mod package;
mod package_view;
pub mod query;
pub mod read;
pub mod reader;
mod resealed;
pub mod rules;
pub(crate) mod selection;
pub mod settling;
pub mod steps;
pub mod timeline;
pub(crate) mod view;
pub mod withheld;
