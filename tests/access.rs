//! What a bearer may ask for, and every way to pretend.

pub mod forge;
pub mod forgery;
mod key;
pub mod scope;
mod token;
