//! Who may ask: the `Host` check against DNS rebinding, and the token.

use std::sync::Arc;

use aether_contract::{ErrorCode, PanelError};
use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{Bridge, api::refusal};

/// Header that carries the token.
pub const TOKEN_HEADER: &str = "x-aether-token";

/// Lets only requests through whose `Host` names loopback, and whose `Origin`, if any, does too.
pub async fn loopback_host(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .to_str()
            .ok()
            .and_then(|origin| origin.parse::<Uri>().ok())
            .and_then(|origin| origin.authority().map(|authority| is_loopback(authority.as_str())))
            .unwrap_or(false),
    };
    if host.is_some_and(is_loopback) && origin {
        next.run(request).await
    } else {
        let error =
            PanelError::new(ErrorCode::Forbidden, "bridge", "The bridge only accepts loopback host names.");
        refusal(StatusCode::FORBIDDEN, &error).into_response()
    }
}

/// Lets only requests with the token through: in a header, or for the event stream (a browser sets no header there)
/// in the query.
pub async fn token(State(bridge): State<Arc<Bridge>>, request: Request, next: Next) -> Response {
    let in_header = request.headers().get(TOKEN_HEADER).map(|value| value.as_bytes());
    let in_query = request
        .uri()
        .query()
        .and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("token=")))
        .map(str::as_bytes);
    if in_header.or(in_query).is_some_and(|given| same(given, bridge.token.as_bytes())) {
        next.run(request).await
    } else {
        let error =
            PanelError::new(ErrorCode::Unauthorized, "bridge", "The bridge token is missing or invalid.");
        refusal(StatusCode::UNAUTHORIZED, &error).into_response()
    }
}

/// Compares without telling by its duration how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

fn is_loopback(authority: &str) -> bool {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => authority,
    };
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_pass() {
        for host in ["127.0.0.1", "127.0.0.1:80", "localhost:1234", "[::1]", "[::1]:5"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "evil.test", "127.0.0.1.evil.test", "localhost.evil.test:80", "127.0.0.1:", "[::1", "::1"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"ab", b"abc"));
        assert!(!same(b"abd", b"abc"));
    }
}
