//! The collector as a program: flags, a socket, an orderly end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use collector::service::{Service, router};
use collector::store::Store;
use collector::{queue, vocabularies};
use tastekeeper_models::host::SystemClock;
use tokio::net::TcpListener;

/// How long requests in flight may take after the signal to end.
const GRACE: Duration = Duration::from_secs(10);

/// Counts preference reports and shows the estimated demand per topic.
///
/// POST /v1/reports takes exactly the 24 bytes of a report, as application/octet-stream, and answers 204 once they would survive
/// a power cut. GET / is a page for people, GET /v1/estimates the same as JSON. Nothing else is kept of a request, and nothing
/// is logged. It speaks plain HTTP: put it behind a proxy that ends TLS and does not log addresses either.
#[derive(Debug, Parser)]
#[command(name = "collector", version)]
struct Arguments {
    /// Vocabulary that reports may be about, with its signature beside it; may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    vocabulary: Vec<PathBuf>,
    /// Public key that the vocabularies are signed with
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// File of the counts; made if it is not there
    #[arg(long, value_name = "FILE", default_value = "counts.redb")]
    data: PathBuf,
    /// Address to listen at; port 0 for any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Reports that may wait for the disk before others are told to come back later
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    queue: u32,
    /// Reports that an epoch needs to be shown; by default 50 for each mask there can be
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    minimum_cohort: Option<u64>,
    /// Epochs before the current one whose reports are still taken
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    epochs_back: u16,
    /// Let pages from this machine send reports from a browser, for demos
    #[arg(long)]
    allow_localhost: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(serve(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    say(&format!("error: {error}"));
    ExitCode::FAILURE
}

/// A line on standard error. Never about a request.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let vocabularies = vocabularies::open(&arguments.vocabulary, &arguments.key)?;
    let store = Store::open(&arguments.data)?;
    let (queue, writer) = queue::open(store, &vocabularies, usize::try_from(arguments.queue)?)?;
    let writing = tokio::task::spawn_blocking(move || {
        writer.run(&mut |error| say(&format!("error: {error}; those who wait are told to come back")));
    });
    let listener = TcpListener::bind(arguments.listen).await?;
    let address = listener.local_addr()?;
    let service = router(Service {
        vocabularies,
        queue,
        minimum_cohort: arguments.minimum_cohort,
        epochs_back: arguments.epochs_back,
        allow_localhost: arguments.allow_localhost,
        clock: Arc::new(SystemClock),
    });
    let (ending, mut ended) = tokio::sync::watch::channel(());
    let signal = async move {
        wait_for_signal().await;
        let _ = ending.send(());
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(signal).into_future();
    say(&format!("listening at http://{address}"));
    let overdue = async {
        let _ = ended.changed().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served?,
        () = overdue => say("warning: requests were still open after 10 seconds"),
    }
    // With the service its queue is gone; what waits is still written.
    let _ = tokio::time::timeout(GRACE, writing).await;
    Ok(())
}

/// Waits for Ctrl-C or, on Unix, a request to terminate.
async fn wait_for_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
