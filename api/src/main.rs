//! The command line: what an operator does with Concord.
// The schema's futures lie within each other: optimised, their layout goes deeper than the compiler's usual limit.
#![recursion_limit = "256"]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its operator"
)]

mod command;

use std::process::ExitCode;

use clap::Parser;
use command::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Consented referral records and MOU status, shared among the agencies of an anti-trafficking task force.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Concord {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // clap ends the program itself where the command line is wrong, and says how it should be.
    let concord = Concord::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(fault) => {
            eprintln!("the runtime does not start: {fault}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(concord.command.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("Error: {fault:?}");
            ExitCode::FAILURE
        }
    }
}
