//! The engine's answers as recorded, and engines that are not there, slow, or forbid access.
#![allow(clippy::unwrap_used)]

use aether_clients::{Docker, DockerFailure};
use aether_contract::ErrorCode;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path_regex},
};

async fn engine() -> (MockServer, Docker) {
    let server = MockServer::start().await;
    let docker = Docker::connect(&server.uri().replace("http://", "tcp://")).unwrap();
    (server, docker)
}

async fn answer(server: &MockServer, path: &str, reply: ResponseTemplate) {
    Mock::given(method("GET")).and(path_regex(path)).respond_with(reply).mount(server).await;
}

#[tokio::test]
async fn containers_and_images_are_read_as_the_engine_tells_them() {
    let (server, docker) = engine().await;
    answer(
        &server,
        "/containers/json$",
        ResponseTemplate::new(200).set_body_json(json!([{
            "Id": "abc", "Names": ["/aether-prom"], "Image": "prom/prometheus:v2.54.1", "ImageID": "sha256:1",
                "State": "running",
            "Labels": {"com.docker.compose.service": "prometheus"}, "Unheard": {"of": 1}
        }])),
    )
    .await;
    answer(
        &server,
        "/containers/aether-prom/json$",
        ResponseTemplate::new(200).set_body_json(json!({
            "Id": "abc", "Name": "/aether-prom", "Image": "sha256:1", "Created": "2026-11-01T10:00:00Z",
            "State": {"Running": true, "Status": "running"},
            "Config": {"Image": "prom/prometheus:v2.54.1", "WorkingDir": "/prometheus", "Labels": {}},
            "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data",
                        "Destination": "/prometheus", "RW": true}]
        })),
    )
    .await;
    answer(
        &server,
        "/containers/other/json$",
        ResponseTemplate::new(404).set_body_json(json!({"message": "No such container"})),
    )
    .await;
    answer(
        &server,
        "/images/.*/json$",
        ResponseTemplate::new(200).set_body_json(json!({
            "Id": "sha256:1", "RepoTags": ["prom/prometheus:v2.54.1"], "RepoDigests": null
        })),
    )
    .await;

    let all = docker.containers().await.unwrap();
    assert_eq!((all[0].name.as_str(), all[0].state.as_str()), ("aether-prom", "running"));
    assert_eq!(all[0].labels["com.docker.compose.service"], "prometheus");
    let one = docker.container("aether-prom").await.unwrap().unwrap();
    assert!(
        one.running && one.working_dir == "/prometheus" && one.mounts[0].destination == "/prometheus",
        "{one:?}"
    );
    assert_eq!(docker.container("other").await.unwrap(), None);
    let image = docker.image("prom/prometheus:v2.54.1").await.unwrap().unwrap();
    assert!(image.digests.is_empty() && image.id == "sha256:1");
}

#[tokio::test]
async fn an_engine_that_is_not_there_forbids_or_refuses_is_told_apart() {
    let gone = Docker::connect("unix:///nowhere/docker.sock");
    let failure = match gone {
        Ok(docker) => docker.containers().await.unwrap_err().failure,
        Err(error) => error.failure,
    };
    assert_eq!(failure, DockerFailure::NotThere);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused =
        Docker::connect(&format!("tcp://127.0.0.1:{port}")).unwrap().containers().await.unwrap_err();
    assert_eq!(refused.failure, DockerFailure::NotThere, "{refused:?}");
    assert_eq!(Docker::connect("ssh://somewhere").unwrap_err().failure, DockerFailure::Address);
    assert_eq!(Docker::connect("nonsense").unwrap_err().to_panel().code, ErrorCode::InvalidConfig);

    let (server, docker) = engine().await;
    answer(
        &server,
        "/containers/json$",
        ResponseTemplate::new(403).set_body_json(json!({"message": "not allowed by the proxy"})),
    )
    .await;
    let forbidden = docker.containers().await.unwrap_err();
    assert_eq!(forbidden.failure, DockerFailure::Refused(403));
    assert!(forbidden.to_panel().to_string().contains("Docker denied") && forbidden.words.contains("proxy"));
    answer(&server, "/version$", ResponseTemplate::new(200).set_body_string("<html>")).await;
    assert_eq!(docker.version().await.unwrap_err().failure, DockerFailure::Broken);
}
