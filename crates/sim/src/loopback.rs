//! The `Host` check of everything here that changes something: a page in a browser reaches a loopback port by a
//! name of its own that resolves to 127.0.0.1 (DNS rebinding), and then its requests count as those of the same
//! origin.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Lets only requests through that name this machine and the port, and that come from this machine.
pub async fn only(State(port): State<u16>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if is_local(&parts, port) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let words = "Only requests to 127.0.0.1, [::1] or localhost, including the port, are accepted.\n";
    (StatusCode::FORBIDDEN, words).into_response()
}

fn is_local(parts: &Parts, port: u16) -> bool {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let origin = match parts.headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|authority| is_loopback(authority, port)),
    };
    // Behind a loopback listener the peer is always this machine; behind another one it need not be.
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let near = peer.is_none_or(|ConnectInfo(address)| address.ip().to_canonical().is_loopback());
    host.is_some_and(|host| is_loopback(host, port)) && hosts.next().is_none() && origin && near
}

/// Whether an authority is a name of loopback with this port.
fn is_loopback(authority: &str, port: u16) -> bool {
    let Some((name, given)) = authority.rsplit_once(':') else { return false };
    let name = ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known));
    name && given.bytes().all(|byte| byte.is_ascii_digit()) && given.parse() == Ok(port)
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware, routing::post};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn only_loopback_names_with_the_port_pass() {
        for host in ["127.0.0.1:80", "localhost:80", "LOCALHOST:80", "[::1]:80"] {
            assert!(is_loopback(host, 80), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:81",
            "127.0.0.1:",
            "127.0.0.1:+80",
            "evil.test:80",
            "127.0.0.1.evil.test:80",
            "localhost.evil.test:80",
            "::1:80",
            "10.0.0.1:80",
            "evil@127.0.0.1:80",
        ] {
            assert!(!is_loopback(host, 80), "{host}");
        }
    }

    async fn status(port: u16, headers: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request =
            format!("POST /drill/start HTTP/1.1\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn request_with_a_foreign_host_or_origin_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new()
            .route("/drill/start", post(|| async { "started" }))
            .layer(middleware::from_fn_with_state(port, only));
        tokio::spawn(async move { axum::serve(listener, app).await });
        assert_eq!(status(port, &format!("Host: 127.0.0.1:{port}\r\n")).await, "200");
        assert_eq!(
            status(port, &format!("Host: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n")).await,
            "200"
        );
        for headers in [
            format!("Host: evil.test:{port}\r\n"),
            "Host: evil.test\r\n".to_owned(),
            "Host: 127.0.0.1\r\n".to_owned(),
            String::new(),
            format!("Host: 127.0.0.1:{port}\r\nOrigin: http://evil.test\r\n"),
            format!("Host: 127.0.0.1:{port}\r\nOrigin: null\r\n"),
            format!("Host: 127.0.0.1:{port}\r\nHost: evil.test\r\n"),
        ] {
            let status = status(port, &headers).await;
            assert!(status == "403" || status == "400", "{headers}: {status}");
        }
    }
}
