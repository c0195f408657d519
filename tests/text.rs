//! Texts from people: any script, nothing that cannot be seen, and no two names that look the same. Lists are sets.

mod lists;
mod rules;
mod story;
