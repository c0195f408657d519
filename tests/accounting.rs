//! The accounting of disclosures that a person may ask for (45 CFR 164.528): each disclosure on exactly one line, and a page to
//! take along.

mod lines;
mod page;
mod story;
