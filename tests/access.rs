//! What a bearer may ask for, and every way to pretend.

pub mod forge;
pub mod forgery;
mod key;
mod scope;
mod token;
