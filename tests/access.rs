//! What a bearer may ask for, and every way to pretend.

mod forge;
mod forgery;
mod key;
mod scope;
mod token;
