//! Consents: what a survivor allows one agency to tell one other, what for, and until when.
//!
//! [`rules`] computes a consent's status, [`lint`] says what it lacks by the [`checks`], [`signers`] who must sign, [`minors`] what a minor decides alone,
//! [`signatures`] which signatures go together, [`language`] which languages match; all are pure. An [`objection`] is one of two guardians'. [`grounds`] gathers what the linter judges beside the
//! consent itself. [`draft`], [`edit`], [`sign`] and [`life`] change consents; [`ending`] ends them before their time, also by an
//! [`operator`]'s hand, which has those reviewed that could not be signed today ([`review`]); [`document`] keeps the signed paper, and [`form`] is the page to sign. [`graphql`], its
//! [`parts`], [`revocation`], [`change`] and [`input`] are the wire; [`selection`] says what a query selects.

pub mod below;
pub mod change;
pub mod checks;
pub mod document;
pub mod draft;
pub mod edit;
pub mod effects;
pub mod ending;
mod fields;
pub mod form;
pub mod graphql;
pub mod grounds;
pub mod input;
pub mod language;
pub mod life;
pub mod lint;
pub mod minors;
pub mod objection;
pub mod operator;
pub mod parts;
pub mod review;
pub mod revocation;
pub mod rules;
pub mod rules_effects;
pub mod selection;
pub mod sign;
pub mod signatures;
pub mod signers;
