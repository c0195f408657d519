//! The keys that sign access tokens: when each is next, current, previous and gone, and who notices.

mod life;
mod rotation;
