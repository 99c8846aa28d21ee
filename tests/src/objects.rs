//! As much of an S3-compatible storage as copies of backups use, in this process, with faults on request.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};

/// What the storage does wrong.
#[derive(Debug, Default, Clone)]
pub struct Faults {
    /// Refuses everything with this status.
    pub refuse: Option<u16>,
    /// Takes so many more objects, and then is full.
    pub room: Option<usize>,
    /// Gives one bit of this object back otherwise.
    pub flips: Option<String>,
    /// Says that it has taken this object, and has not.
    pub loses: Option<String>,
    /// Waits so long before each answer, in milliseconds.
    pub slow_ms: u64,
}

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Bytes>,
    parts: HashMap<String, BTreeMap<u32, Bytes>>,
    faults: Faults,
    puts: usize,
}

/// The storage: one bucket, `backups`.
#[derive(Clone)]
pub struct Objects {
    kept: Arc<Mutex<Kept>>,
    url: String,
}

impl Objects {
    /// Begins one on a free port.
    ///
    /// # Errors
    /// Those of the network.
    pub async fn start() -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let made = Self { kept: Arc::default(), url };
        let app = Router::new()
            .route("/backups", axum::routing::any(bucket))
            .route("/backups/{*key}", axum::routing::any(object))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(made.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(made)
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it does wrong from now on.
    pub fn faults(&self, faults: Faults) {
        self.kept().faults = faults;
    }

    /// Names of all objects.
    pub fn keys(&self) -> Vec<String> {
        self.kept().objects.keys().cloned().collect()
    }

    /// An object's content.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.kept().objects.get(key).map(|bytes| bytes.to_vec())
    }

    /// Puts or, with none, takes away an object.
    pub fn set(&self, key: &str, bytes: Option<Vec<u8>>) {
        match bytes {
            Some(bytes) => self.kept().objects.insert(key.to_owned(), bytes.into()),
            None => self.kept().objects.remove(key),
        };
    }

    /// Objects that were sent so far, parts of large ones each.
    pub fn puts(&self) -> usize {
        self.kept().puts
    }

    /// What stands in the way of a request.
    async fn fault(&self, headers: &HeaderMap) -> Option<Response> {
        let faults = self.kept().faults.clone();
        if faults.slow_ms > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(faults.slow_ms)).await;
        }
        if let Some(status) = faults.refuse {
            return Some(refused(status, "Refused"));
        }
        let signed = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = signed.starts_with("AWS4-HMAC-SHA256") && signed.contains("Credential=operator/");
        (!known).then(|| refused(403, "InvalidAccessKeyId"))
    }
}

fn refused(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    (status, body).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

async fn bucket(
    State(objects): State<Objects>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if let Some(fault) = objects.fault(&headers).await {
        return fault;
    }
    let prefix = query.get("prefix").cloned().unwrap_or_default();
    let mut found = String::new();
    let mut folders = std::collections::BTreeSet::new();
    // Small pages, so that the reader has to ask for the next.
    let from = query.get("continuation-token").cloned().unwrap_or_default();
    let mut next = None;
    let mut count = 0;
    for (key, bytes) in &objects.kept().objects {
        let Some(rest) = key.strip_prefix(&prefix).filter(|_| *key >= from) else { continue };
        if count == 20 {
            next = Some(key.clone());
            break;
        }
        match rest.split_once('/').filter(|_| query.contains_key("delimiter")) {
            Some((folder, _)) => drop(folders.insert(format!("{prefix}{folder}/"))),
            None => {
                count += 1;
                found.push_str(&format!(
                    "<Contents><Key>{}</Key><LastModified>2026-11-27T14:05:00.000Z</LastModified>\
                     <ETag>\"1\"</ETag><Size>{}</Size></Contents>",
                    escaped(key),
                    bytes.len()
                ));
            }
        }
    }
    let folders: String = folders
        .iter()
        .map(|folder| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", escaped(folder)))
        .collect();
    let more =
        next.as_ref().map(|key| format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(key)));
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><Name>backups</Name><IsTruncated>{}</IsTruncated>\
         {found}{folders}{}</ListBucketResult>",
        next.is_some(),
        more.unwrap_or_default()
    )
    .into_response()
}

async fn object(
    State(objects): State<Objects>,
    method: Method,
    headers: HeaderMap,
    Path(key): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    if let Some(fault) = objects.fault(&headers).await {
        return fault;
    }
    let mut kept = objects.kept();
    let tag = [("etag", "\"1\"")];
    match method {
        Method::PUT => {
            kept.puts += 1;
            if let Some(room) = &mut kept.faults.room {
                if *room == 0 {
                    return refused(507, "InsufficientStorage");
                }
                *room -= 1;
            }
            if let (Some(id), Some(number)) = (query.get("uploadId"), query.get("partNumber")) {
                let number = number.parse().unwrap_or(0);
                kept.parts.entry(id.clone()).or_default().insert(number, body);
            } else if kept.faults.loses.as_ref().is_none_or(|lost| !key.ends_with(lost)) {
                kept.objects.insert(key, body);
            }
            (tag, "").into_response()
        }
        Method::POST if query.contains_key("uploads") => {
            kept.parts.insert(key.clone(), BTreeMap::new());
            format!(
                "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><UploadId>{}</UploadId>\
                 </InitiateMultipartUploadResult>",
                escaped(&key)
            )
            .into_response()
        }
        Method::POST => {
            let Some(parts) = query.get("uploadId").and_then(|id| kept.parts.remove(id)) else {
                return refused(404, "NoSuchUpload");
            };
            let whole: Vec<u8> = parts.into_values().flat_map(|part| part.to_vec()).collect();
            kept.objects.insert(key, whole.into());
            "<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        Method::DELETE => {
            kept.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => {
            let Some(bytes) = kept.objects.get(&key) else { return refused(404, "NoSuchKey") };
            let mut bytes = bytes.to_vec();
            if kept.faults.flips.as_ref().is_some_and(|flip| key.ends_with(flip))
                && let Some(byte) = bytes.last_mut()
            {
                *byte ^= 1;
            }
            (tag, [("last-modified", "Fri, 27 Nov 2026 14:05:00 GMT")], bytes).into_response()
        }
    }
}
