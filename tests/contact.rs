//! Safe contact: nobody is contacted outside their plan, and nobody but their own agency reads it.

mod overlapping;
mod packages;
mod rules;
pub mod story;
