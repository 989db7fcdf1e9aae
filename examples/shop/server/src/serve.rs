//! The server: the page's files, the collector on the same origin, and the crowd.
//!
//! In: requests from this machine. Out: files, the collector's own answers, how far the crowd is. Must never look for anything elsewhere,
//! or leave the folders it serves.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use collector::service::{Service, router};
use collector::store::Store;
use collector::{queue, vocabularies};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use tastekeeper_models::host::SystemClock;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::crowd::Crowd;
use crate::data::{Failure, KEY, VOCABULARY};

/// Reports that may wait for the disk.
const QUEUE: usize = 10_000;
/// Most phones of one crowd.
const MOST_PHONES: u32 = 20_000;

/// A collector with counts of its own, in a folder that goes with it.
struct Collector {
    router: Router,
    _folder: tempfile::TempDir,
}

struct Served {
    /// The page's folder and the folder of what was built, which is looked at first for `data/` and `pkg/`.
    web: PathBuf,
    built: PathBuf,
    /// Files that were sent before, compressed, with the time they were written.
    compressed: Mutex<BTreeMap<PathBuf, (SystemTime, Vec<u8>)>>,
    collector: RwLock<Collector>,
    crowd: Crowd,
    address: SocketAddr,
}

fn collector(built: &Path) -> Result<Collector, Failure> {
    let data = built.join("data");
    let folder = tempfile::tempdir()?;
    let vocabularies = vocabularies::open(&[data.join(VOCABULARY)], &[data.join(KEY)])?;
    let store = Store::open(&folder.path().join("counts.redb"))?;
    let (queue, writer) = queue::open(store, &vocabularies, QUEUE)?;
    tokio::task::spawn_blocking(move || writer.run(&mut |_| ()));
    let router = router(Service {
        vocabularies,
        queue,
        minimum_cohort: None,
        epochs_back: 1,
        allow_localhost: true,
        clock: Arc::new(SystemClock),
    });
    Ok(Collector { router, _folder: folder })
}

/// Serves until the process is ended. `said` hears the address.
pub(crate) async fn serve(
    listen: SocketAddr,
    web: PathBuf,
    built: PathBuf,
    crowd: Crowd,
    said: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    let collector = RwLock::new(collector(&built)?);
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let served = Arc::new(Served { web, built, compressed: Mutex::default(), collector, crowd, address });
    let routes = Router::new()
        .route("/v1/{*path}", any(collect))
        .route("/demo/crowd", post(begin).get(told))
        .route("/demo/reset", post(reset))
        .fallback(get(file))
        .with_state(served);
    said(address);
    Ok(axum::serve(listener, routes).await?)
}

/// Hands a request to the collector as it came.
async fn collect(State(served): State<Arc<Served>>, request: Request) -> Response {
    let router = served.collector.read().unwrap_or_else(PoisonError::into_inner).router.clone();
    match router.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}

async fn reset(State(served): State<Arc<Served>>) -> Response {
    match collector(&served.built) {
        Ok(fresh) => {
            *served.collector.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            served.crowd.forget();
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    phones: u32,
}

async fn begin(State(served): State<Arc<Served>>, request: Request) -> Response {
    let body = to_bytes(request.into_body(), 1024).await.unwrap_or_default();
    let wanted = serde_json::from_slice::<Wanted>(&body).ok();
    let Some(wanted) = wanted.filter(|wanted| (1..=MOST_PHONES).contains(&wanted.phones)) else {
        return (StatusCode::BAD_REQUEST, "{\"phones\": 1 to 20000} was expected").into_response();
    };
    if !served.crowd.begin(wanted.phones) {
        return (StatusCode::CONFLICT, "a crowd is under way").into_response();
    }
    tokio::task::spawn_blocking(move || served.crowd.run(wanted.phones, served.address));
    StatusCode::ACCEPTED.into_response()
}

async fn told(State(served): State<Arc<Served>>) -> Response {
    match serde_json::to_string(&served.crowd.told()) {
        Ok(told) => ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], told).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "ts" | "md" | "pub" | "minisig" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The path of a request as one below a folder; nothing for one that leads out of it.
fn relative(uri: &Uri) -> Option<PathBuf> {
    let path = uri.path().trim_start_matches('/');
    let path =
        if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    // Names in these folders need no escapes.
    let path = PathBuf::from(path);
    let is_plain = !path.to_string_lossy().contains(['%', '\\', '\0']);
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && stays).then_some(path)
}

/// Whether a file of this type gets smaller.
fn is_loose(path: &Path) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    !["png", "ico", "woff2"].contains(&end)
}

impl Served {
    /// `bytes` of a file compressed, from the last time if it is as it was.
    fn compress(&self, file: &Path, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let written = std::fs::metadata(file)?.modified()?;
        let known = || self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, small)) = known().get(file).filter(|(time, _)| *time == written) {
            return Ok(small.clone());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        let small = encoder.finish()?;
        known().insert(file.to_owned(), (written, small.clone()));
        Ok(small)
    }
}

async fn file(State(served): State<Arc<Served>>, uri: Uri, asked: HeaderMap) -> Response {
    let takes = asked.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes_gzip = takes.split(',').any(|coding| coding.trim() == "gzip");
    let Some(path) = relative(&uri) else { return StatusCode::NOT_FOUND.into_response() };
    for folder in [&served.built, &served.web] {
        let file = folder.join(&path);
        if let Ok(bytes) = tokio::fs::read(&file).await {
            let small =
                if takes_gzip && is_loose(&path) { served.compress(&file, &bytes).ok() } else { None };
            let is_small = small.is_some();
            let mut answer = Response::new(Body::from(small.unwrap_or(bytes)));
            let headers = answer.headers_mut();
            let mut set = |name: HeaderName, value| {
                headers.insert(name, HeaderValue::from_static(value));
            };
            set(CONTENT_TYPE, media_type(&path));
            set(X_CONTENT_TYPE_OPTIONS, "nosniff");
            set(CACHE_CONTROL, "no-cache");
            set(VARY, "accept-encoding");
            if is_small {
                set(CONTENT_ENCODING, "gzip");
            }
            // An isolated page may measure in steps of five microseconds.
            set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
            set(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp");
            set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
            return answer;
        }
    }
    StatusCode::NOT_FOUND.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folders() {
        let path = |text: &str| relative(&text.parse().unwrap());
        assert_eq!(path("/"), Some("index.html".into()));
        assert_eq!(path("/collector/"), Some("collector/index.html".into()));
        assert_eq!(path("/data/catalog.json?x=1"), Some("data/catalog.json".into()));
        for out in ["/../Cargo.toml", "/data/../../x", "/%2e%2e/x", "/a%00", "/./x\\..\\y"] {
            assert_eq!(path(out), None, "{out}");
        }
    }
}
