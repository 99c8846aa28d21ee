//! Every kind of failure is told apart, and none is worse than a failure: no hang, no flood, no leak.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod common;

use std::{io::Write as _, time::Duration};

use aether_clients::{Alertmanager, ClientError, Endpoint, Failure, Grafana, Prometheus};
use aether_contract::{ErrorCode, ServiceKind};
use common::{endpoint, raw};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, method, path},
};

async fn ask(endpoint: Endpoint) -> ClientError {
    Prometheus::new(endpoint).unwrap().instant("up", None).await.expect_err("this must fail")
}

async fn answered(answer: ResponseTemplate) -> ClientError {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    ask(endpoint(&server.uri())).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_port_without_a_server_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(endpoint(&url)).await;
    assert_eq!(error.failure, Failure::Refused, "{error}");
    assert!(error.never_sent());
    let told = error.to_panel(ServiceKind::Prometheus);
    assert_eq!((told.code, told.retryable, told.source.as_str()), (ErrorCode::Refused, true, "prometheus"));
}

#[tokio::test]
async fn an_unknown_host_name_is_told() {
    let long = Duration::from_secs(30);
    let error =
        ask(Endpoint { connect_timeout: long, timeout: long, ..endpoint("http://no-such-host.invalid") })
            .await;
    assert_eq!(error.failure, Failure::Dns, "{error}");
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let error = ask(Endpoint { timeout: Duration::from_millis(200), ..endpoint(&url) }).await;
    assert_eq!(error.failure, Failure::Timeout, "{error}");
    assert!(!error.never_sent(), "it may have arrived");
}

#[tokio::test]
async fn a_server_that_dribbles_runs_into_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // What comes before the request is no answer to it.
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{").await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let error = ask(Endpoint { timeout: Duration::from_millis(300), ..endpoint(&url) }).await;
    assert_eq!(error.failure, Failure::Timeout, "{error}");
}

#[tokio::test]
async fn a_large_object_has_more_time_than_other_answers() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200)
        .set_body_json(serde_json::json!({"dashboard": {"title": "Large"}, "meta": {}}))
        .set_delay(Duration::from_millis(900));
    Mock::given(path("/api/dashboards/uid/large")).respond_with(late.clone()).mount(&server).await;
    Mock::given(path("/api/org")).respond_with(late).mount(&server).await;
    let endpoint = Endpoint { timeout: Duration::from_millis(300), ..endpoint(&server.uri()) };
    let grafana = Grafana::new(endpoint).unwrap();
    assert_eq!(grafana.org().await.unwrap_err().failure, Failure::Timeout);
    assert!(grafana.legacy_dashboard("large").await.unwrap().is_some());
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let refusal = |status: u16| {
        ResponseTemplate::new(status)
            .set_body_json(serde_json::json!({"status": "error", "error": "parse error: unexpected"}))
    };
    let words = || "parse error: unexpected".to_owned();
    for (status, failure, code) in [
        (401, Failure::Unauthorized, ErrorCode::Unauthorized),
        (403, Failure::Forbidden, ErrorCode::Forbidden),
        (404, Failure::WrongPath, ErrorCode::WrongPath),
        (400, Failure::Rejected(400, words()), ErrorCode::Rejected),
        (422, Failure::Rejected(422, words()), ErrorCode::Rejected),
        (500, Failure::Server(500, words()), ErrorCode::ServerError),
        (503, Failure::Server(503, words()), ErrorCode::ServerError),
    ] {
        let error = answered(refusal(status)).await;
        assert_eq!((&error.failure, error.code()), (&failure, code));
        assert!(error.detail.contains("parse error"), "{status}: the server's words are kept: {error}");
    }
}

#[tokio::test]
async fn a_server_error_shows_its_words_and_cuts_them() {
    let long = "w".repeat(100_000);
    let error = answered(ResponseTemplate::new(502).set_body_string(long)).await;
    let told = error.to_panel(ServiceKind::Prometheus);
    assert!(told.message.contains("(502): www") && told.message.len() < 1000, "{}", told.message.len());
    assert!(told.detail.len() < 1000);
}

#[tokio::test]
async fn a_proxys_error_page_is_told_by_its_title() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>";
    let error = answered(ResponseTemplate::new(502).set_body_raw(page, "text/html")).await;
    assert_eq!(error.failure, Failure::Server(502, "a web page, \"502 Bad Gateway\"".into()));
}

#[tokio::test]
async fn something_else_that_answers_is_told() {
    let page = ResponseTemplate::new(200).set_body_raw("<!doctype html><title>Welcome</title>", "text/html");
    let error = answered(page).await;
    assert!(matches!(&error.failure, Failure::WrongServer(what) if what.contains("Welcome")), "{error}");
    for body in [r#"{"name":"elasticsearch"}"#, "[]", "\"hi\"", "OK", ""] {
        let error = answered(ResponseTemplate::new(200).set_body_string(body)).await;
        assert!(matches!(error.failure, Failure::WrongServer(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn the_right_server_with_an_unreadable_answer_is_not_called_another() {
    for body in [
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":7}]}}"#,
        r#"{"status":"success","data":{"resultType":"dream","result":[]}}"#,
        r#"{"status":"success","data":{"resultType":"vector","result":[1,2]}}"#,
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":{,}}"#,
    ] {
        let error = answered(ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(error.failure, Failure::Broken, "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told() {
    let begin = r#"{"status":"success","data":{"resultType":"vec"#;
    let promised = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{begin}");
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2d\r\n{begin}\r\n");
    let unframed = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{begin}");
    let packed = gzip(format!("{begin}{}", "x1y2".repeat(500)).as_bytes());
    let mut half = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n".to_vec();
    half.extend_from_slice(&packed[..packed.len() / 2]);
    for answer in [promised.into_bytes(), chunked.into_bytes(), unframed.into_bytes(), half] {
        let error = ask(endpoint(&raw(answer.clone()).await)).await;
        assert_eq!(error.failure, Failure::CutOff, "{}: {error}", String::from_utf8_lossy(&answer));
        assert_eq!(error.code(), ErrorCode::Network);
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_speaks_another_protocol_is_told() {
    let error = ask(endpoint(&raw("").await)).await;
    assert_eq!(error.failure, Failure::Network, "{error}");
    let error = ask(endpoint(&raw("SSH-2.0-OpenSSH_9.2\r\n").await)).await;
    assert!(matches!(error.failure, Failure::WrongServer(_)), "{error}");
}

#[tokio::test]
async fn a_reply_over_the_limit_is_refused_however_it_comes() {
    let blanks = " ".repeat(3_000_000);
    let announced = ResponseTemplate::new(200).set_body_string(blanks.clone());
    let bomb = gzip(blanks.as_bytes());
    assert!(bomb.len() < 100_000, "it is small on the wire");
    let packed = ResponseTemplate::new(200).insert_header("Content-Encoding", "gzip").set_body_bytes(bomb);
    for answer in [announced, packed] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let error = ask(Endpoint { max_reply: 1_000_000, ..endpoint(&server.uri()) }).await;
        assert_eq!(error.failure, Failure::TooLarge(1_000_000), "{error}");
    }
}

#[tokio::test]
async fn an_endless_reply_is_left_at_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // What comes before the request is no answer to it.
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b' '; 65536]).await.is_ok() {}
    });
    let error = ask(Endpoint { max_reply: 1_000_000, ..endpoint(&url) }).await;
    assert_eq!(error.failure, Failure::TooLarge(1_000_000), "{error}");
}

#[tokio::test]
async fn what_claims_to_be_gzip_and_is_not_is_broken() {
    let answer =
        ResponseTemplate::new(200).insert_header("Content-Encoding", "gzip").set_body_string("plain text");
    let error = answered(answer).await;
    assert_eq!(error.failure, Failure::Broken, "{error}");
}

#[tokio::test]
async fn a_long_or_broken_body_does_not_hide_the_status() {
    let cut = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5000\r\n\r\nno";
    assert_eq!(ask(endpoint(&raw(cut).await)).await.failure, Failure::Unauthorized);
    let long = ResponseTemplate::new(403).set_body_string("x".repeat(2_000_000));
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(long).mount(&server).await;
    let error = ask(Endpoint { max_reply: 1000, ..endpoint(&server.uri()) }).await;
    assert_eq!(error.failure, Failure::Forbidden);
}

#[tokio::test]
async fn a_wrong_expression_carries_the_parsers_words() {
    let body = serde_json::json!({"status": "error", "errorType": "bad_data", "error": "1:3: parse error"});
    let error = answered(ResponseTemplate::new(200).set_body_json(body)).await;
    assert_eq!(error.failure, Failure::Rejected(200, "1:3: parse error".into()));
}

#[tokio::test]
async fn a_missing_silence_and_a_missing_api_are_two_things() {
    let id = "8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11";
    for (status, body, known) in [
        (404, "", Some(())),
        (404, "\"silence not found\"", Some(())),
        (500, "\"silence not found\"", Some(())),
        (404, "404 page not found", None),
        (404, "<html><title>404 Not Found</title></html>", None),
        (500, "\"disk full\"", None),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .mount(&server)
            .await;
        let client = Alertmanager::new(endpoint(&server.uri())).unwrap();
        assert_eq!(client.silence(id).await.ok(), known.map(|()| None), "GET {status} {body}");
        assert_eq!(client.expire_silence(id).await.ok(), known.map(|()| false), "DELETE {status} {body}");
    }
}

#[tokio::test]
async fn an_id_never_leads_out_of_its_path() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let client = Alertmanager::new(endpoint(&server.uri())).unwrap();
    for id in ["", "..", "../silences", "a/b", "a?b", "%2e%2e"] {
        assert!(!client.expire_silence(id).await.unwrap(), "{id}");
        assert!(client.silence(id).await.unwrap().is_none(), "{id}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/search"))
        .respond_with(
            ResponseTemplate::new(401).set_body_string(r#"{"message":"Invalid username or password"}"#),
        )
        .expect(1)
        .mount(&server)
        .await;
    let client = Grafana::new(Endpoint { retries: 2, ..endpoint(&server.uri()) }).unwrap();
    let error = client.check_credentials().await.unwrap_err();
    assert_eq!(error.failure, Failure::Unauthorized);
    assert!(error.detail.contains("Invalid username"));
}

#[tokio::test]
async fn reading_is_repeated_at_most_twice_and_only_when_asked() {
    for (retries, requests) in [(0, 1), (1, 2), (2, 3), (9, 3)] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(503)).expect(requests).mount(&server).await;
        ask(Endpoint { retries, ..endpoint(&server.uri()) }).await;
    }
}
