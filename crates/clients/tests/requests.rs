//! What the servers are sent: credentials, headers, paths; and to whom nothing is sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod common;

use std::collections::BTreeMap;

use aether_clients::{
    Alertmanager, Auth, ClientError, Endpoint, Failure, Grafana, Prometheus,
    alertmanager::{PostSilence, UnknownFields},
    prometheus::QueryValue,
};
use aether_contract::{Matcher, ServiceKind, Timestamp};
use common::endpoint;
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, body_string_contains, header, method, path, query_param},
};

const SECRET: &str = "glsa_Z9\"&<s3cret>";

fn one() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"status": "success",
        "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]}}))
}

fn basic() -> Auth {
    Auth::Basic { username: "ann".into(), password: SecretString::from(SECRET) }
}

fn silence() -> PostSilence {
    PostSilence {
        id: None,
        matchers: vec![Matcher { name: "a".into(), value: "b".into(), is_regex: false, is_equal: true }],
        starts_at: Timestamp(1_795_507_200_000),
        ends_at: Timestamp(1_795_510_800_000),
        created_by: "ann".into(),
        comment: "deploy".into(),
        unknown: UnknownFields::default(),
    }
}

/// Every way in which an error can come to light.
fn faces(error: &ClientError) -> String {
    let told = error.to_panel(ServiceKind::Grafana);
    format!("{error} {error:?} {told} {told:?} {}", serde_json::to_string(&told).unwrap())
}

#[tokio::test]
async fn a_base_path_is_kept_with_and_without_its_slash() {
    for base in ["/prom", "/prom/", "/prom//"] {
        let server = MockServer::start().await;
        Mock::given(path("/prom/api/v1/query")).respond_with(one()).expect(1).mount(&server).await;
        let client = Prometheus::new(endpoint(&format!("{}{base}", server.uri()))).unwrap();
        client.instant("up", None).await.unwrap();
    }
}

#[tokio::test]
async fn credentials_and_headers_are_sent() {
    let cases = [
        (Auth::Bearer(SecretString::from("t0ken\n")), "Bearer t0ken"),
        (Auth::Basic { username: "ann".into(), password: SecretString::from("p:w") }, "Basic YW5uOnA6dw=="),
    ];
    for (auth, expected) in cases {
        let server = MockServer::start().await;
        Mock::given(header("Authorization", expected))
            .and(header("X-Scope-OrgID", "team-a"))
            .respond_with(one())
            .expect(1)
            .mount(&server)
            .await;
        let headers = BTreeMap::from([("X-Scope-OrgID".to_owned(), "team-a".to_owned())]);
        let client = Prometheus::new(Endpoint { auth, headers, ..endpoint(&server.uri()) }).unwrap();
        client.instant("up", None).await.unwrap();
    }
}

#[tokio::test]
async fn another_host_never_sees_a_request() {
    let other = MockServer::start().await;
    Mock::given(any()).respond_with(one()).expect(0).mount(&other).await;
    for status in [301, 302, 303, 307, 308] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(
                ResponseTemplate::new(status).insert_header("Location", format!("{}/x", other.uri())),
            )
            .mount(&server)
            .await;
        let client = Prometheus::new(Endpoint { auth: basic(), ..endpoint(&server.uri()) }).unwrap();
        let error = client.instant("up", None).await.unwrap_err();
        assert!(
            matches!(&error.failure, Failure::WrongServer(what) if what.contains(&other.uri())),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_login_page_is_named() {
    let server = MockServer::start().await;
    let to_login = ResponseTemplate::new(302).insert_header("Location", "/login?redirect=api");
    Mock::given(path("/api/v1/query")).respond_with(to_login).mount(&server).await;
    let client = Prometheus::new(endpoint(&server.uri())).unwrap();
    let error = client.instant("up", None).await.unwrap_err();
    let told = error.to_panel(ServiceKind::Prometheus).message;
    assert!(matches!(error.failure, Failure::WrongServer(_)) && told.contains("login page"), "{told}");
}

#[tokio::test]
async fn reading_follows_within_the_origin_and_stops_in_a_circle() {
    let server = MockServer::start().await;
    let moved = ResponseTemplate::new(301).insert_header("Location", "/new/api?query=up");
    Mock::given(path("/api/v1/query")).respond_with(moved).mount(&server).await;
    Mock::given(path("/new/api"))
        .and(header("Authorization", "Bearer t"))
        .respond_with(one())
        .expect(1)
        .mount(&server)
        .await;
    let auth = Auth::Bearer(SecretString::from("t"));
    let client = Prometheus::new(Endpoint { auth, ..endpoint(&server.uri()) }).unwrap();
    client.instant("up", None).await.unwrap();

    let server = MockServer::start().await;
    let circle = ResponseTemplate::new(302).insert_header("Location", "/api/v1/query");
    Mock::given(any()).respond_with(circle).expect(4).mount(&server).await;
    let error = Prometheus::new(endpoint(&server.uri())).unwrap().instant("up", None).await.unwrap_err();
    assert!(
        matches!(&error.failure, Failure::WrongServer(what) if what.contains("redirect loop")),
        "{error}"
    );
}

#[tokio::test]
async fn a_change_is_sent_once_whatever_comes_back() {
    for status in [302, 307, 308, 500, 503] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).insert_header("Location", "/again"))
            .expect(1)
            .mount(&server)
            .await;
        let client = Alertmanager::new(Endpoint { retries: 2, ..endpoint(&server.uri()) }).unwrap();
        client.post_silence(&silence()).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_secret_that_a_server_echoes_stays_hidden() {
    let echo = |request: &Request| {
        let sent =
            request.headers.get("authorization").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        let secret = sent.strip_prefix("Bearer ").unwrap_or(SECRET);
        let body = json!({"error": format!("{} bad header: {sent} password {secret}", "x".repeat(560))});
        match request.url.path() {
            "/api/v1/query" => ResponseTemplate::new(500).set_body_json(body),
            "/api/v1/rules" => ResponseTemplate::new(400).set_body_json(body),
            "/api/v1/alerts" => ResponseTemplate::new(200).set_body_string(format!("{{\"{sent}\": {secret}")),
            "/api/v1/status/flags" => ResponseTemplate::new(302)
                .insert_header("Location", format!("https://evil.example/{}", sent.replace(' ', "/"))),
            _ => ResponseTemplate::new(401).set_body_string(format!("<title>{sent} {secret}</title>")),
        }
    };
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(echo).mount(&server).await;
    for auth in [basic(), Auth::Bearer(SecretString::from("glsa_Z9s3cretToken"))] {
        let endpoint = Endpoint { auth, ..endpoint(&server.uri()) };
        assert!(!format!("{endpoint:?}").contains("s3cret"));
        let client = Prometheus::new(endpoint).unwrap();
        assert!(!format!("{client:?}").contains("s3cret"));
        let errors = [
            client.instant("up", None).await.unwrap_err(),
            client.rules().await.unwrap_err(),
            client.alerts().await.unwrap_err(),
            client.flags().await.unwrap_err(),
            client.runtime_info().await.unwrap_err(),
        ];
        for error in &errors {
            let shown = faces(error);
            // The Base64 of "ann:glsa_" begins so.
            for part in ["s3cret", "glsa_", "YW5uOmds"] {
                assert!(!shown.contains(part), "{part} in {shown}");
            }
        }
    }
}

#[tokio::test]
async fn credentials_in_an_address_are_refused_without_being_shown() {
    let endpoint = endpoint("http://ann:s3cret@localhost:9090/prom");
    assert!(!format!("{endpoint:?}").contains("s3cret"), "{endpoint:?}");
    let error = Prometheus::new(endpoint).unwrap_err();
    assert!(matches!(&error.failure, Failure::Config(what) if what.contains("credentials")), "{error}");
    assert!(!faces(&error).contains("s3cret"));
}

#[tokio::test]
async fn an_endpoint_that_cannot_work_is_refused_at_once() {
    let header = |name: &str, value: &str| Endpoint {
        headers: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        ..endpoint("http://localhost")
    };
    let auth = |auth| Endpoint { auth, ..endpoint("http://localhost") };
    let mut no_file = endpoint("https://localhost");
    no_file.tls.ca_file = Some("/nonexistent/ca.pem".into());
    let mut folder = endpoint("https://localhost");
    folder.tls.ca_file = Some(std::env::temp_dir());
    let mut half = endpoint("https://localhost");
    half.tls.client_cert_file = Some("/nonexistent/c.pem".into());
    for endpoint in [
        endpoint("ftp://host"),
        endpoint("http://host/#part"),
        endpoint("http://host/?a=b"),
        header("Authorization", "Bearer x"),
        header("two words", "x"),
        header("X-A", "line\nbreak"),
        auth(Auth::Bearer(SecretString::from(" \n"))),
        auth(Auth::Bearer(SecretString::from("a b"))),
        auth(Auth::Basic { username: "a:b".into(), password: SecretString::from("c") }),
        no_file,
        folder,
        half,
    ] {
        let shown = format!("{endpoint:?}");
        let error = Grafana::new(endpoint).expect_err(&shown);
        assert!(matches!(error.failure, Failure::Config(_)), "{shown}: {error}");
        assert!(error.never_sent());
    }
}

#[tokio::test]
async fn a_long_expression_goes_as_a_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v1/query"))
        .and(body_string_contains("query=up"))
        .respond_with(one())
        .expect(1)
        .mount(&server)
        .await;
    let client = Prometheus::new(endpoint(&server.uri())).unwrap();
    client.instant(&format!("up{}", " or up".repeat(2000)), None).await.unwrap();
}

#[tokio::test]
async fn a_long_range_is_asked_in_slices_that_neither_overlap_nor_miss_a_point() {
    let slice = |request: &Request| {
        let at = |name: &str| -> i64 {
            let (_, value) = request.url.query_pairs().find(|(key, _)| key == name).unwrap();
            value.parse::<f64>().unwrap() as i64
        };
        let (from, to) = (at("start"), at("end"));
        assert!(to - from < 11_000, "a server would refuse this");
        let values: Vec<_> = (from..=to).map(|t| json!([t, t.to_string()])).collect();
        ResponseTemplate::new(200).set_body_json(json!({"status": "success",
            "data": {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": values}]}}))
    };
    let server = MockServer::start().await;
    Mock::given(path("/api/v1/query_range"))
        .and(query_param("step", "1.000"))
        .respond_with(slice)
        .mount(&server)
        .await;
    let client = Prometheus::new(endpoint(&server.uri())).unwrap();
    let (start, end) = (Timestamp(0), Timestamp(25_000_000));
    let series = client.range("up", start, end, std::time::Duration::from_secs(1)).await.unwrap().value;
    let times: Vec<i64> = series[0].values.iter().map(|(at, _)| at.0).collect();
    assert_eq!(times, (0..=25_000).map(|second| second * 1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn strange_labels_come_through() {
    let long = "ü".repeat(500_000);
    let mut body = format!(
        r#"{{"status":"success","future":[{{}}],"data":{{"resultType":"vector","result":[
        {{"metric":{{"long":"{long}","line":"a\nb","bad":""#
    )
    .into_bytes();
    body.extend_from_slice(b"\xff\xfe");
    body.extend_from_slice(br#""},"value":[1.5,"-Inf"],"future":1}]},"warnings":["partial"]}"#);
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_bytes(body)).mount(&server).await;
    let client = Prometheus::new(endpoint(&server.uri())).unwrap();
    let result = client.instant("x", None).await.unwrap().value;
    assert_eq!(result.warnings, ["partial"]);
    let QueryValue::Vector(samples) = result.value else { panic!("no vector") };
    assert_eq!(samples[0].labels["long"], long);
    assert_eq!(
        (samples[0].labels["line"].as_str(), samples[0].labels["bad"].as_str()),
        ("a\nb", "\u{fffd}\u{fffd}")
    );
    assert_eq!(samples[0].value, f64::NEG_INFINITY);
}

#[tokio::test]
async fn alerts_and_silences_of_every_version_are_read() {
    let server = MockServer::start().await;
    let alerts = json!([
        {"labels": {"alertname": "A"}, "annotations": null, "startsAt": "2026-11-24T10:00:00.123456789+02:00",
         "endsAt": "0001-01-01T00:00:00Z", "updatedAt": "2026-11-24T08:00:00Z", "generatorURL": "javascript:x",
         "fingerprint": "f", "receivers": [{"name": "team", "future": 1}],
         "status": {"state": "suppressed", "silencedBy": ["s"], "inhibitedBy": null, "mutedBy": ["night"]}},
        {"labels": {}, "status": null, "receivers": null, "future": {}}]);
    let silences = json!([
        {"id": "s", "matchers": [{"name": "a", "value": "b", "isRegex": false}], "startsAt": "2026-11-24T08:00:00Z"},
        {"id": "t", "matchers": null, "status": {"state": "dreaming"}, "comment": "x"}]);
    Mock::given(path("/api/v2/alerts"))
        .respond_with(ResponseTemplate::new(200).set_body_json(alerts))
        .mount(&server)
        .await;
    Mock::given(path("/api/v2/silences"))
        .respond_with(ResponseTemplate::new(200).set_body_json(silences))
        .mount(&server)
        .await;
    let client = Alertmanager::new(endpoint(&server.uri())).unwrap();
    let alerts = client.alerts().await.unwrap().value;
    assert_eq!((alerts[0].starts_at, alerts[0].ends_at), (Timestamp(1_795_507_200_123), Timestamp(0)));
    assert_eq!((&alerts[0].status.muted_by[0][..], alerts[0].status.inhibited_by.len()), ("night", 0));
    assert_eq!(alerts[1].fingerprint, "");
    let silences = client.silences().await.unwrap().value;
    assert!(silences[0].matchers[0].is_equal && silences[0].status.is_none());
    assert!(silences[1].status.is_none() && silences[1].matchers.is_empty());
}

#[tokio::test]
async fn a_server_without_build_information_is_known_by_its_queries() {
    let claims = json!({"status": "success", "data": {"version": "2.24.0"}});
    for build in [
        ResponseTemplate::new(200).set_body_json(claims),
        ResponseTemplate::new(404),
        ResponseTemplate::new(400)
            .set_body_string("unsupported path requested: \"/api/v1/status/buildinfo\""),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        let server = MockServer::start().await;
        let metrics = "vm_app_version{version=\"victoria-metrics-x\", short_version=\"v1.79.5\"} 1\n";
        Mock::given(path("/api/v1/status/buildinfo")).respond_with(build).mount(&server).await;
        Mock::given(path("/api/v1/query")).respond_with(one()).mount(&server).await;
        Mock::given(path("/metrics"))
            .respond_with(ResponseTemplate::new(200).set_body_string(metrics))
            .mount(&server)
            .await;
        let info = Prometheus::new(endpoint(&server.uri())).unwrap().build_info().await.unwrap().value;
        assert_eq!(
            (info.version.as_deref(), info.flavour.as_deref()),
            (Some("v1.79.5"), Some("VictoriaMetrics"))
        );
    }
}

#[tokio::test]
async fn a_made_up_version_is_not_told_when_the_true_one_cannot_be_read() {
    let server = MockServer::start().await;
    let claims = json!({"status": "success", "data": {"version": "2.24.0"}});
    Mock::given(path("/api/v1/status/buildinfo"))
        .respond_with(ResponseTemplate::new(200).set_body_json(claims))
        .mount(&server)
        .await;
    let info = Prometheus::new(endpoint(&server.uri())).unwrap().build_info().await.unwrap().value;
    assert_eq!((info.version, info.flavour.as_deref()), (None, Some("VictoriaMetrics")));
}

#[tokio::test]
async fn grafana_that_hides_its_version_is_read_from_its_metrics() {
    let server = MockServer::start().await;
    let metrics = "grafana_build_info{branch=\"HEAD\",edition=\"oss\",version=\"11.2.0\"} 1\n";
    Mock::given(path("/api/health"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"database": "ok"})))
        .mount(&server)
        .await;
    Mock::given(path("/metrics"))
        .respond_with(ResponseTemplate::new(200).set_body_string(metrics))
        .mount(&server)
        .await;
    let health = Grafana::new(endpoint(&server.uri())).unwrap().health().await.unwrap().value;
    assert_eq!((health.version.as_deref(), health.database.as_str()), (Some("11.2.0"), "ok"));
}

/// The part of the next test that has a proxy in its environment.
#[tokio::test]
#[ignore = "run by the_systems_proxy_is_used_but_not_for_this_machine"]
async fn behind_a_proxy() {
    let far = Prometheus::new(endpoint("http://far.invalid")).unwrap();
    far.instant("up", None).await.expect("answered by the proxy");
    let near = Prometheus::new(endpoint(&std::env::var("NEAR").unwrap())).unwrap();
    near.instant("up", None).await.expect("answered directly");
}

#[tokio::test]
async fn the_systems_proxy_is_used_but_not_for_this_machine() {
    let near = MockServer::start().await;
    Mock::given(any()).respond_with(one()).expect(1).mount(&near).await;
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let count = stream.read(&mut head).await.unwrap();
        let body = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&head[..count]).into_owned()
    });
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "behind_a_proxy"])
        .env("NEAR", near.uri())
        .env("HTTP_PROXY", &address)
        .env("http_proxy", &address)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(served.await.unwrap().starts_with("GET http://far.invalid/api/v1/query"));
}

#[tokio::test]
async fn a_server_is_open_to_pages_only_without_credentials_and_for_every_origin() {
    let ok = || ResponseTemplate::new(200);
    let cases = [
        (ok().insert_header("access-control-allow-origin", "*"), true),
        (ok().insert_header("access-control-allow-origin", "https://panel.example"), false),
        (ok(), false),
        (ResponseTemplate::new(401).insert_header("access-control-allow-origin", "*"), false),
    ];
    for (answer, open) in cases {
        let server = MockServer::start().await;
        Mock::given(path("/api/v2/status")).respond_with(answer).mount(&server).await;
        let client = Alertmanager::new(Endpoint { auth: basic(), ..endpoint(&server.uri()) }).unwrap();
        assert_eq!(client.open_to_pages().await.unwrap(), open);
        let requests = server.received_requests().await.unwrap();
        assert!(requests.iter().all(|request| !request.headers.contains_key("authorization")));
        assert!(requests.iter().all(|request| request.headers.contains_key("origin")));
    }
}
