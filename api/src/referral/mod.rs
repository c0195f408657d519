//! Referrals: one survivor's package on its way from one agency to another.
//!
//! - [`rules`]: what may follow what, and what a referral's status is now; [`rules_draft`]: what a draft may say;
//!   [`rules_outcome`]: what an outcome means; [`rules_answer`]: within what time one answers, and [`expiry`] tells who did not.
//! - [`draft`], [`change`], [`continuation`]: the verbs; `resealed` compares packages.
//! - [`query`]: reading; [`listing`] says which lists are answered, [`find`] selects their rows, [`settling`] keeps what finds them, [`read`] decides on them for a [`reader`], `view` releases and opens them.
//! - [`package`]: what a package holds; `package_view` opens it.
//! - [`graphql`], [`input`], `selection`: the wire; [`fast`] writes its hot page by hand.

pub mod change;
pub mod connection;
pub mod continuation;
pub mod draft;
pub mod expiry;
pub mod fast;
pub mod find;
pub mod graphql;
pub mod input;
mod kept;
pub mod listing;
pub mod package;
mod package_view;
pub mod query;
pub mod read;
pub mod reader;
mod resealed;
pub mod rules;
pub mod rules_answer;
pub mod rules_draft;
pub mod rules_outcome;
pub(crate) mod selection;
pub mod settling;
pub(crate) mod view;
pub mod withheld;
