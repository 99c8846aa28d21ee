//! A server that says back whatever it was asked with, in every kind of answer: for tests of what may not come out.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A status with the headers as plain text.
    Text(u16),
    /// A status with the headers inside a JSON error as Prometheus, Alertmanager and Grafana write them.
    Json(u16),
    /// 200 with the headers inside a page.
    Page,
    /// A redirect to another origin.
    Redirect,
    /// The connection is cut in the middle of the answer.
    Cut,
}

struct Shared {
    answer: Mutex<Answer>,
    heard: Mutex<Vec<String>>,
    credentials: AtomicUsize,
    elsewhere: Option<String>,
}

/// A running one; it ends with its value.
pub struct Echo {
    url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Echo {
    /// Every way to answer.
    pub const ANSWERS: &'static [Answer] = &[
        Answer::Text(500),
        Answer::Json(500),
        Answer::Json(400),
        Answer::Json(401),
        Answer::Json(403),
        Answer::Json(404),
        Answer::Json(422),
        Answer::Json(200),
        Answer::Page,
        Answer::Redirect,
        Answer::Cut,
    ];

    /// Starts one on a free port. `elsewhere` is where its redirects lead.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(elsewhere: Option<&str>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            answer: Mutex::new(Answer::Json(500)),
            heard: Mutex::default(),
            credentials: AtomicUsize::new(0),
            elsewhere: elsewhere.map(str::to_owned),
        });
        let served = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&served)));
            }
        });
        Ok(Self { url, shared, task })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How it answers from now on.
    pub fn answer_with(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// Whether a request carried this value of `Authorization`.
    pub fn heard(&self, authorization: &str) -> bool {
        let heard = self.shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().any(|value| value == authorization)
    }

    /// Requests that carried any `Authorization`.
    pub fn requests_with_credentials(&self) -> usize {
        self.shared.credentials.load(Ordering::SeqCst)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request a connection.
async fn serve(mut socket: TcpStream, shared: Arc<Shared>) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match socket.read(&mut chunk).await {
            Ok(read @ 1..) => request.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let authorization = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization").then(|| value.trim().to_owned())
    });
    if let Some(value) = &authorization {
        shared.credentials.fetch_add(1, Ordering::SeqCst);
        shared.heard.lock().unwrap_or_else(PoisonError::into_inner).push(value.clone());
    }
    let said = authorization.unwrap_or_default();
    let secret = said.split_once(' ').map_or("", |(_, secret)| secret);
    let answer = *shared.answer.lock().unwrap_or_else(PoisonError::into_inner);
    let json = serde_json::json!({
        "status": "error", "errorType": "bad_data", "error": format!("who is {said}? {secret}"),
        "message": format!("denied: {said}"), "version": secret, "code": 601,
    })
    .to_string();
    let (status, kind, body) = match answer {
        Answer::Text(status) => (status, "text/plain", format!("you sent {said} and {secret}\n{head}")),
        Answer::Json(status) => (status, "application/json", json),
        Answer::Page => (200, "text/html", format!("<!doctype html><title>{said}</title>{secret}")),
        Answer::Redirect => (302, "text/plain", String::new()),
        Answer::Cut => (200, "application/json", json),
    };
    let location = match (&shared.elsewhere, answer) {
        (Some(url), Answer::Redirect) => format!("Location: {url}/elsewhere\r\n"),
        _ => String::new(),
    };
    let length = body.len() + if answer == Answer::Cut { 1000 } else { 0 };
    let reply = format!(
        "HTTP/1.1 {status} Echo\r\nContent-Type: {kind}\r\nX-Said: {said}\r\n{location}Content-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    // A client that has gone away misses the answer.
    let _ = socket.write_all(reply.as_bytes()).await;
    let _ = socket.shutdown().await;
}
