//! Files that are kept for a minute, so that the ranges of one reader all come from one state.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::rt::task::spawn_blocking;
use actix_web::web;
use bytes::Bytes;
use tokio::sync::OnceCell;

use super::export::{Export, disk};
use crate::entity_tag::EntityTag;
use crate::problem::Problem;

/// How long a file is kept after its last use.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// How much of a file is read at once.
const PIECE: usize = 256 * 1024;

/// The files that are kept, by the tag of their state.
pub(crate) struct Spool {
    files: Mutex<HashMap<EntityTag, Kept>>,
    most_bytes: u64,
}

struct Kept {
    /// `None` inside: it was too large to keep.
    file: Arc<OnceCell<Option<Arc<SpooledFile>>>>,
    used: Instant,
}

/// A file without a name, gone with its last user.
pub(super) struct SpooledFile {
    file: Mutex<File>,
    pub(super) length: u64,
}

impl Spool {
    pub(crate) fn new(most_bytes: u64) -> Self {
        Self {
            files: Mutex::default(),
            most_bytes,
        }
    }

    /// The file of that state, written once however many ask at the same time; `None` when it is too large to keep.
    pub(super) async fn file(
        this: &web::Data<Self>,
        tag: &EntityTag,
        open: impl AsyncFnOnce() -> Result<Export, Problem>,
    ) -> Result<Option<Arc<SpooledFile>>, Problem> {
        let cell = {
            let mut files = this.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.retain(|_, kept| kept.used.elapsed() < KEPT_FOR);
            let fresh = || Kept {
                file: Arc::default(),
                used: Instant::now(),
            };
            let kept = files.entry(tag.clone()).or_insert_with(fresh);
            kept.used = Instant::now();
            Arc::clone(&kept.file)
        };
        let spool = this.clone();
        let written = cell.get_or_try_init(|| async move {
            let file = spool.write(open().await?).await?;
            actix_web::rt::spawn(async move {
                tokio::time::sleep(KEPT_FOR + Duration::from_secs(1)).await;
                spool.tidy();
            });
            Ok(file)
        });
        written.await.cloned()
    }

    /// Writes a file to its end.
    async fn write(&self, mut export: Export) -> Result<Option<Arc<SpooledFile>>, Problem> {
        let mut file = tempfile::tempfile().map_err(|error| disk(&error))?;
        let mut length = 0_u64;
        let room = self.most_bytes.saturating_sub(self.kept_bytes());
        while let Some(piece) = export.next().await? {
            length = length.saturating_add(u64::try_from(piece.len()).map_err(Problem::internal)?);
            if length > room {
                return Ok(None);
            }
            let written = spawn_blocking(move || file.write_all(&piece).map(|()| file)).await;
            file = written.map_err(Problem::internal)?.map_err(|error| disk(&error))?;
        }
        Ok(Some(Arc::new(SpooledFile {
            file: Mutex::new(file),
            length,
        })))
    }

    fn tidy(&self) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, kept| kept.used.elapsed() < KEPT_FOR);
    }

    fn kept_bytes(&self) -> u64 {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .values()
            .filter_map(|kept| kept.file.get()?.as_ref())
            .map(|file| file.length)
            .sum()
    }
}

impl SpooledFile {
    /// At most [`PIECE`] bytes from `offset` on, and not beyond `end`.
    pub(super) async fn piece(self: Arc<Self>, offset: u64, end: u64) -> Result<Bytes, Problem> {
        let read = spawn_blocking(move || -> std::io::Result<Bytes> {
            let wanted = usize::try_from(end.saturating_sub(offset)).unwrap_or(PIECE).min(PIECE);
            let mut piece = vec![0; wanted];
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut piece)?;
            Ok(piece.into())
        });
        read.await.map_err(Problem::internal)?.map_err(|error| disk(&error))
    }
}
