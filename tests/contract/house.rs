//! The shape of the house: nothing points up or in a circle, what is pure stays pure, concepts know little of each
//! other, a name says one thing.

mod circles;
mod doors;
mod floors;
mod imports;
mod names;
mod pure;
mod shown;
mod source;
mod unit_of_work;
