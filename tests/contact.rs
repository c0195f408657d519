//! Safe contact: nobody is contacted outside their plan, and nobody but their own agency reads it.

mod rules;
pub mod story;
