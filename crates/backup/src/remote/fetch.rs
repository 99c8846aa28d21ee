//! Downloads a remote copy as a regular backup, verified against its manifest.

use aether_foundation::author;
use std::{io, sync::Arc};

use aether_contract::{Backup, BackupFetchRequest, BackupId, ErrorCode, PanelError};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use object_store::ObjectStoreExt as _;
use serde_json::json;
use tokio::runtime::Handle as Runtime;

use super::{AT_ONCE, Place, read};
use crate::{Backups, archive::import, build::Builder, manifest::Manifest, store::Store, verify};
use aether_context::jobs::Handle;

/// The journal's word for it.
const FETCH: &str = "backup-fetch";

/// Fetches a copy.
///
/// # Errors
/// `not-found`; `invalid-request` for one that is here already; `unverified` for one that is not as its
/// manifest says; the place's, `storage`, `cancelled`.
pub async fn fetch(backups: Arc<Backups>, request: BackupFetchRequest) -> Result<Backup, PanelError> {
    let live = backups.ctx.live();
    let place = Place::open(&backups, &live, &request.place).await?;
    let job = backups.ctx.jobs.begin(format!("Downloading {} from {}", request.id.0, place.name))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let (manifest, bytes) = read::known(&place, &request.id).await?;
    let by = author::author(&request.created_by);
    let entry =
        backups.ctx.journal_begin(FETCH, &request.id.0, json!({"place": place.name, "by": by})).await?;
    let (into, handle, runtime) = (store.clone(), job.clone(), Runtime::current());
    let from = request.id.0.clone();
    let work = move || take(&runtime, &into, &place, &from, (&manifest, &bytes), &handle);
    let taken = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(PanelError::new(ErrorCode::Internal, "backups", "The download was interrupted.")
            .with_detail(error.to_string()))
    });
    let (outcome, words) = match &taken {
        Ok(id) => ("fetched", json!({"id": id})),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, words).await?;
    let verified = match &taken {
        Ok(id) => match verify::all(&backups, &store, id, 0, &job).await {
            Err(error) if error.code != ErrorCode::Cancelled => Err(error),
            _ => Ok(()),
        },
        Err(_) => Ok(()),
    };
    drop((lock, job));
    let list = backups.read_backups(&live).await?;
    let id = taken?;
    verified?;
    list.backups.into_iter().find(|backup| backup.id == id).ok_or_else(|| {
        let words = format!("{} was downloaded but does not appear in the list.", id.0);
        PanelError::new(ErrorCode::Unverified, "backups", words).with_hint("Check the backup folder.")
    })
}

fn take(
    runtime: &Runtime,
    store: &Store,
    place: &Place,
    from: &str,
    (manifest, bytes): (&Manifest, &[u8]),
    job: &Handle,
) -> Result<BackupId, PanelError> {
    let id = import::room(store, manifest, bytes)?;
    let mut builder = Builder::new(store.root(), id.clone())?;
    job.stage("fetching", manifest.files.len());
    let asked = manifest.files.iter().map(|file| async move {
        let got = async { place.heard(place.store.get(&place.at(from, &file.path)?)).await };
        (file, got.await)
    });
    let mut asked = Box::pin(stream::iter(asked).buffered(AT_ONCE));
    let lies = |path: &str| {
        let words = format!("{path} in {} does not match its manifest.", place.name);
        PanelError::new(ErrorCode::Unverified, "backups", words)
            .with_hint("The download was discarded. Verify the remote copy to see all corrupted files.")
    };
    while let Some((file, got)) = runtime.block_on(asked.next()) {
        let got =
            got.map_err(|error| if error.code == ErrorCode::NotFound { lies(&file.path) } else { error })?;
        if got.meta.size != file.bytes {
            return Err(lies(&file.path));
        }
        let mut body =
            Body { runtime, place, stream: got.into_stream(), chunk: bytes::Bytes::new(), failed: None };
        let added = builder.add_stream(&file.path, file.bytes, &mut body, |_| lies(&file.path), job);
        if let Some(error) = body.failed.take() {
            return Err(error);
        }
        if added?.sha256 != file.sha256 {
            return Err(lies(&file.path));
        }
        job.step();
    }
    builder.adopt(manifest, bytes)?;
    Ok(id)
}

/// A stream, read where waiting is allowed.
struct Body<'a> {
    runtime: &'a Runtime,
    place: &'a Place,
    stream: BoxStream<'static, object_store::Result<bytes::Bytes>>,
    chunk: bytes::Bytes,
    failed: Option<PanelError>,
}

impl io::Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let next = async { self.stream.next().await.transpose() };
            match self.runtime.block_on(self.place.heard(next)) {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => return Ok(0),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(io::Error::other("the storage failed"));
                }
            }
        }
        let chunk = self.chunk.split_to(self.chunk.len().min(buffer.len()));
        if let Some(room) = buffer.get_mut(..chunk.len()) {
            room.copy_from_slice(&chunk);
        }
        Ok(chunk.len())
    }
}
