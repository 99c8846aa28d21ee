//! What the tests of the clients share.
#![allow(dead_code, reason = "each test crate uses a part")]

use std::time::Duration;

use aether_clients::Endpoint;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

/// An endpoint with short waits.
pub fn endpoint(url: &str) -> Endpoint {
    Endpoint { timeout: Duration::from_secs(10), ..Endpoint::plain(Url::parse(url).unwrap()) }
}

/// A server that reads the head of each request and then writes these very bytes and closes. Its address.
pub async fn raw(answer: impl Into<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                let mut buffer = [0; 4096];
                // A TLS handshake (0x16) has no such end; a plain server answers it at once.
                while head.first() != Some(&0x16) && !head.windows(4).any(|four| four == b"\r\n\r\n") {
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => return,
                        Ok(count) => head.extend_from_slice(&buffer[..count]),
                    }
                }
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}
