//! HTTP: one way in, for 24 bytes, and two ways out, for estimates.
//!
//! In: requests. Out: answers, each problem with a status and a word. Must never look at an address, a cookie or any header but
//! the two that say how the body is written and, for browsers on this machine, where a page came from.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, REFERRER_POLICY, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tastekeeper::platform::Clock;
use tastekeeper::report::{REPORT_BYTES, ReceivedReport, epoch_at};
use tastekeeper_models::aggregate::{Demand, Refused, minimum_cohort};

use crate::page;
use crate::queue::{NotCounted, Queue};
use crate::vocabularies::Vocabularies;

/// How long a body of 24 bytes may take.
const BODY_WAIT: Duration = Duration::from_secs(10);
/// Seconds after which a refused phone may try again.
const RETRY_SECONDS: &str = "5";
/// A phone's clock may be ahead by so much.
const AHEAD_MS: i64 = 24 * 60 * 60 * 1000;
const REPORT_TYPE: &str = "application/octet-stream";

/// What the service is made of.
pub struct Service {
    /// What reports may speak of.
    pub vocabularies: Vocabularies,
    /// Where they are counted.
    pub queue: Queue,
    /// Reports that an epoch needs to be shown; `None` for 50 for each mask.
    pub minimum_cohort: Option<u64>,
    /// Epochs before the current one whose reports are still taken.
    pub epochs_back: u16,
    /// Whether pages from this machine may send reports from a browser.
    pub allow_localhost: bool,
    /// Tells the epoch.
    pub clock: Arc<dyn Clock + Send + Sync>,
}

/// The routes.
pub fn router(service: Service) -> Router {
    let service = Arc::new(service);
    Router::new()
        .route("/", get(show))
        .route("/v1/estimates", get(estimates))
        .route("/v1/health", get(|| async { "ok\n" }))
        .route("/v1/reports", post(take))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "path", "there is nothing here") })
        .layer(from_fn_with_state(Arc::clone(&service), browsers))
        .with_state(service)
}

/// An answer that says what was wrong, in a word for programs and a sentence for people.
fn problem(status: StatusCode, word: &str, message: &str) -> Response {
    json_answer(status, &json!({"error": word, "message": message}))
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}

async fn take(State(service): State<Arc<Service>>, request: Request) -> Response {
    match read(&service, request).await {
        Ok(report) => {
            let key = (report.taxonomy_id(), report.epoch(), report.mask());
            match service.queue.count(key).await {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(NotCounted::Full) => busy(),
                Err(NotCounted::Failed) => {
                    let message = "the report was not counted; send it again later";
                    problem(StatusCode::INTERNAL_SERVER_ERROR, "store", message)
                }
            }
        }
        Err(refusal) => refusal,
    }
}

fn busy() -> Response {
    let message = "too many reports at once; send it again after `Retry-After` seconds";
    let mut answer = problem(StatusCode::SERVICE_UNAVAILABLE, "busy", message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    answer
}

/// The report in a request's body, and nothing else of it.
async fn read(service: &Service, request: Request) -> Result<ReceivedReport, Response> {
    let headers = request.headers();
    let is = |name, value: &str| headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes());
    if !is(CONTENT_TYPE, REPORT_TYPE) || headers.contains_key(CONTENT_ENCODING) {
        let message = "a report is sent as application/octet-stream, without an encoding";
        return Err(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message));
    }
    if request.uri().query().is_some() {
        return Err(problem(StatusCode::BAD_REQUEST, "query", "a report has no parameters"));
    }
    let body = tokio::time::timeout(BODY_WAIT, to_bytes(request.into_body(), REPORT_BYTES)).await;
    let Ok(body) = body else {
        return Err(problem(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time"));
    };
    let Ok(bytes) = body else {
        return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, "length", "a report has 24 bytes"));
    };
    let report = ReceivedReport::decode(&bytes).map_err(|found| {
        problem(StatusCode::BAD_REQUEST, Refused::Bytes(found).word(), &found.to_string())
    })?;
    let unprocessable = |word, message| problem(StatusCode::UNPROCESSABLE_ENTITY, word, message);
    let Some(vocabulary) = service.vocabularies.get(&report.taxonomy_id()) else {
        return Err(unprocessable(
            "vocabulary",
            "the report is about a vocabulary that is not collected here",
        ));
    };
    if report.parameters() != vocabulary.parameters() {
        return Err(unprocessable(
            "vocabulary_parameters",
            "the vocabulary has other parameters than the report",
        ));
    }
    let now_ms = service.clock.now_ms();
    let (current, ahead) = (epoch_at(now_ms), epoch_at(now_ms.saturating_add(AHEAD_MS)));
    let oldest = current.unwrap_or_default().saturating_sub(service.epochs_back);
    if !(oldest..=ahead.unwrap_or_default()).contains(&report.epoch()) {
        return Err(unprocessable("epoch", "the report is of an epoch that is not collected now"));
    }
    Ok(report)
}

/// The demand for each vocabulary.
fn demands(service: &Service) -> Vec<Demand> {
    service.queue.look(|tallies| {
        let of = |(id, vocabulary): (_, &tastekeeper::report::Vocabulary)| {
            let minimum = service.minimum_cohort.unwrap_or_else(|| minimum_cohort(vocabulary.parameters()));
            tallies.get(id).map(|tally| Demand::new(tally, vocabulary.contents(), minimum))
        };
        service.vocabularies.iter().filter_map(of).collect()
    })
}

async fn estimates(State(service): State<Arc<Service>>) -> Response {
    json_answer(StatusCode::OK, &json!({"version": 1, "vocabularies": demands(&service)}))
}

async fn show(State(service): State<Arc<Service>>) -> Html<String> {
    Html(page::page(&demands(&service)))
}

/// What browsers are told: to guess nothing, to load nothing, and which other pages may send reports.
async fn browsers(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).filter(|_| service.allow_localhost).cloned();
    let origin = origin.filter(|origin| origin.to_str().is_ok_and(is_localhost));
    let mut answer = if request.method() == Method::OPTIONS && origin.is_some() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers: &mut HeaderMap = answer.headers_mut();
    let mut set = |name, value| {
        headers.insert(name, value);
    };
    set(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    );
    if let Some(origin) = origin {
        set(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        set(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
        set(VARY, HeaderValue::from_static("origin"));
    }
    answer
}

/// Whether a page was served by this machine.
fn is_localhost(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["http", "https"].contains(&scheme) && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::is_localhost;

    #[test]
    fn only_pages_of_this_machine_are_local() {
        for origin in ["http://localhost", "http://localhost:8000", "https://127.0.0.1:1", "http://[::1]:80"]
        {
            assert!(is_localhost(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://localhost.example",
            "http://example:80",
            "file://localhost",
            "http://localhost:8x",
        ] {
            assert!(!is_localhost(origin), "{origin}");
        }
    }
}
