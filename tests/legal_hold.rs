//! Legal holds: recorded by the agency that they oblige, and never gone over unasked.

mod confirmed;
mod over;
mod rules;
pub mod story;
