//! Links asked over the network, and what a redirect must not reach.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use aether_clients::link::{Link, look, server};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};

const LIMIT: Duration = Duration::from_secs(10);

async fn answer(wiki: &MockServer, verb: &str, at: &str, reply: ResponseTemplate) {
    Mock::given(method(verb)).and(path(at)).respond_with(reply).mount(wiki).await;
}

fn origin(of: &MockServer) -> String {
    server(&of.uri().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_link_is_asked_once_and_its_redirects_are_held_to_the_same_rules() {
    let (wiki, inside) = (MockServer::start().await, MockServer::start().await);
    let trusted = [origin(&wiki)];
    answer(&wiki, "HEAD", "/page", ResponseTemplate::new(200)).await;
    answer(&wiki, "HEAD", "/gone", ResponseTemplate::new(404)).await;
    answer(&wiki, "GET", "/gone", ResponseTemplate::new(404)).await;
    answer(&wiki, "HEAD", "/only-get", ResponseTemplate::new(405)).await;
    answer(&wiki, "GET", "/only-get", ResponseTemplate::new(200)).await;
    let to = |to: &str| ResponseTemplate::new(302).insert_header("location", to);
    answer(&wiki, "HEAD", "/moved", to("/page")).await;
    answer(&wiki, "HEAD", "/round", to("/round")).await;
    answer(&wiki, "HEAD", "/inside", to(&format!("{}/secret", inside.uri()))).await;
    answer(&wiki, "HEAD", "/slow", ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let ask = async |at: &str| look(&format!("{}{at}", wiki.uri()), &trusted, LIMIT).await;

    assert_eq!(ask("/page").await, Link::Alive(200));
    assert_eq!(ask("/page#step-2").await, Link::Alive(200));
    assert_eq!(ask("/gone").await, Link::Dead(404));
    assert_eq!(ask("/only-get").await, Link::Alive(200));
    assert_eq!(ask("/moved").await, Link::Alive(200));
    assert!(matches!(ask("/round").await, Link::Unreachable(why) if why.contains("redirects")));
    let before = wiki.received_requests().await.unwrap().len();
    assert!(matches!(ask("/inside").await, Link::NotAsked(why) if why.contains("private network")));
    assert_eq!(inside.received_requests().await.unwrap().len(), 0, "the redirect was not followed");
    assert_eq!(wiki.received_requests().await.unwrap().len(), before + 1);
    let slow = look(&format!("{}/slow", wiki.uri()), &trusted, Duration::from_millis(300)).await;
    assert!(matches!(slow, Link::Unreachable(why) if why.contains("no response")));
    let asked = wiki.received_requests().await.unwrap();
    assert!(asked.iter().all(|request| !request.headers.contains_key("authorization")), "no credentials");

    // Not a trusted server: not asked, although it answers.
    assert!(matches!(look(&format!("{}/page", inside.uri()), &trusted, LIMIT).await, Link::NotAsked(_)));
    drop(wiki);
    let gone = look("http://127.0.0.1:9/", &["http://127.0.0.1:9".into()], LIMIT).await;
    assert!(matches!(gone, Link::Unreachable(_)), "{gone:?}");
}
