//! Copies of the stores: made beside a running server, looked at, and put back. What ended since a copy was made stays
//! ended.

mod damaged;
mod made;
mod rehearsal;
mod restored;
mod shelf;
