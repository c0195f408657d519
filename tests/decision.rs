//! The sharing decision, proved three ways: against the law written a second time ([`oracle`]), by the properties
//! it promises ([`properties`], [`extremes`]), and as a rule book that people read ([`rule_book`]).

mod cases;
mod extremes;
mod oracle;
mod properties;
mod rule_book;
