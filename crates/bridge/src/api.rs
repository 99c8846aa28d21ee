//! Commands and events.

use std::{convert::Infallible, sync::Arc};

use aether_contract::{ErrorCode, PanelError};
use aether_panel::dispatch;
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio_stream::wrappers::BroadcastStream;

use crate::Bridge;

/// Runs one command. An empty body counts as an empty request.
pub async fn command(State(bridge): State<Arc<Bridge>>, Path(name): Path<String>, body: Bytes) -> Response {
    let request =
        if body.is_empty() { Ok(Value::Object(Default::default())) } else { serde_json::from_slice(&body) };
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            let error =
                PanelError::new(ErrorCode::InvalidRequest, "bridge", "The request is not valid JSON.")
                    .with_detail(error.to_string());
            return refusal(StatusCode::BAD_REQUEST, &error).into_response();
        }
    };
    match Box::pin(dispatch(&bridge.panel, &name, request)).await {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => refusal(status(error.code), &error).into_response(),
    }
}

/// The panel's events until the browser goes away. A reader that fell behind misses some: the next delta does not
/// apply on what it has, and it asks for the whole snapshot.
pub async fn events(State(bridge): State<Arc<Bridge>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = BroadcastStream::new(bridge.panel.events()).filter_map(|event| async move {
        let event = Event::default().event("panel-event").json_data(event.ok()?).ok()?;
        Some(Ok(event))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// An error as every client of the panel knows it.
pub fn refusal(status: StatusCode, error: &PanelError) -> impl IntoResponse + use<> {
    (status, Json(serde_json::to_value(error).unwrap_or_default()))
}

/// Our own fault, the caller's, or a server's behind us.
fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::InvalidConfig | ErrorCode::SecretTooLong => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::UntrustedOrigin => StatusCode::FORBIDDEN,
        ErrorCode::NotFound | ErrorCode::SecretMissing => StatusCode::NOT_FOUND,
        ErrorCode::Timeout | ErrorCode::KeyringTimeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::Storage | ErrorCode::Cancelled | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_GATEWAY,
    }
}
