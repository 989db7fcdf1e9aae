//! What the shop in the browser needs beside its page: `cargo xtask shop` runs the three commands of it one after the other.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command talks to its terminal")]

mod catalog;
mod crowd;
mod data;
mod glue;
mod picture;
mod serve;
mod words;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The shop in the browser: its data, its glue, its server.
#[derive(Debug, Parser)]
#[command(name = "shop", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Makes catalogue, packs, topics and personas
    Data {
        /// Where to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Products, variants counted one by one
        #[arg(long, default_value_t = 3_000)]
        products: usize,
    },
    /// Makes the module of the engine's WebAssembly
    Glue {
        /// The WebAssembly
        #[arg(long, value_name = "FILE")]
        wasm: PathBuf,
        /// Where to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Serves page, collector and crowd
    Serve {
        /// The page
        #[arg(long, value_name = "DIR")]
        web: PathBuf,
        /// What was made: `data` and `pkg`
        #[arg(long, value_name = "DIR")]
        built: PathBuf,
        /// Address to listen at; port 0 for any free one
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// Products that the shop was made with
        #[arg(long, default_value_t = 3_000)]
        products: usize,
    },
}

fn run(what: What) -> Result<(), data::Failure> {
    match what {
        What::Data { out, products } => {
            data::make(&data::config(products), &out, &mut |line| println!("{line}"))
        }
        What::Glue { wasm, out } => glue::write(&wasm, &out),
        What::Serve { web, built, listen, products } => {
            let crowd = crowd::Crowd::open(&data::config(products), &built.join("data"))?;
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            // Tests read this line.
            let said = |address| println!("the shop is open at http://{address}/");
            runtime.block_on(serve::serve(listen, web, built, crowd, said))
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
