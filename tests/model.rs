//! The protocol of reads, endings and the log as a model, of which every run is checked. `docs/ARCHITECTURE.md` says
//! where each of its steps is in the code.

mod casts;
mod changing;
mod examples;
mod integrating;
mod mistakes;
mod mutation;
mod named;
mod promises;
mod protocol;
mod reading;
mod runs;
mod server;
mod step;
