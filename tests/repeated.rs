//! What is sent twice: a key makes one thing, and a verb that is repeated changes nothing.

mod keys;
