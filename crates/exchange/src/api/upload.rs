//! Receiving a file: streamed to the disk, hashed on the way, looked at when it is there.
//!
//! What it never does: hold the file, or leave one behind that no import knows.

use std::{path::PathBuf, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    extract::{FromRequest, Multipart, Request},
};
use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};
use http::header;
use regulars_kernel::{Error, Result, ids::ImportId};
use sha2::{Digest, Sha256};
use tokio::{io::AsyncWriteExt as _, time::error::Elapsed};

use crate::{
    import::{self, inline},
    kind::Kinds,
    model::ImportKind,
    ops::imports::Received,
    space::{Growth, Held, Storage, disk_full},
};

/// How long the next piece of a file may take: the request as a whole has no time limit.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of the largest file.
pub const MAX_FILE: u64 = 1 << 30;
/// Bytes that a form may have around its file.
const FORM: u64 = 4_096;

/// A received file, removed again unless it is kept.
pub struct Upload {
    received: Option<Received>,
    path: PathBuf,
    is_kept: bool,
}

impl Upload {
    /// What was received.
    pub fn received(&self) -> Result<&Received> {
        self.received
            .as_ref()
            .ok_or_else(|| Error::internal("an upload without a file"))
    }

    /// Keeps the file, because an import is about to know it. To be called before the transaction is committed: whether it
    /// was committed is not known to a request that is dropped meanwhile, and a row without its file is worse than a file
    /// without its row, which the sweep removes.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Receives a file: the part `file` of a multipart form, or the whole body under the given name. Fails early if there is no
/// room for it beside the files that are held.
pub async fn receive(
    request: Request,
    file_name: Option<&str>,
    kind: Option<ImportKind>,
    kinds: &Kinds,
    storage: &Storage,
    held: Held,
) -> Result<Upload> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(Error::WrongMediaType(
            "send multipart/form-data with a part “file”, or the file itself as the body".into(),
        ));
    }
    if !content_type.starts_with("multipart/form-data") {
        let growth = Growth::begin(storage, held, announced(&request, 0)?)?;
        let body: BodyDataStream = Body::into_data_stream(request.into_body());
        let name = clean_name(file_name.unwrap_or_default());
        return store(body.map_err(broken), name, (kind, kinds), storage, growth).await;
    }
    let growth = Growth::begin(storage, held, announced(&request, FORM)?)?;
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| Error::malformed("", "multipart_invalid", error.body_text()))?;
    loop {
        // What comes before the file is passed over in this, so it has to come soon.
        let part = tokio::time::timeout(PATIENCE, form.next_field())
            .await
            .map_err(late)?
            .map_err(|error| Error::malformed("", "multipart_invalid", error.body_text()))?;
        let Some(part) = part else {
            return Err(Error::malformed(
                "/file",
                "file_missing",
                "the form has no part “file” with a file",
            ));
        };
        if part.name() == Some("file") {
            let name = clean_name(file_name.or(part.file_name()).unwrap_or_default());
            let stream =
                part.map_err(|error| Error::malformed("/file", "multipart_invalid", error.body_text()));
            return store(stream, name, (kind, kinds), storage, growth).await;
        }
    }
}

/// Bytes of the file, at least, that the body says it has around so many others; 0 if it does not. A file that is too large
/// anyway is told so, rather than that there is no room for it.
fn announced(request: &Request, around: u64) -> Result<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length: u64 = length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    let file = length.saturating_sub(around);
    if file > MAX_FILE {
        Err(too_large())
    } else {
        Ok(file)
    }
}

fn too_large() -> Error {
    Error::TooLarge("a file may have 1 GB; split it".into())
}

fn broken(error: axum::Error) -> Error {
    Error::malformed("", "body_broken", format!("the upload broke off: {error}"))
}

fn late(_: Elapsed) -> Error {
    Error::malformed("", "body_broken", "the upload stood still for a minute")
}

/// The last part of a path without control characters.
fn clean_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect();
    if name.trim().is_empty() {
        "upload".to_owned()
    } else {
        name
    }
}

async fn store(
    bytes: impl Stream<Item = Result<Bytes>>,
    file_name: String,
    (kind, kinds): (Option<ImportKind>, &Kinds),
    storage: &Storage,
    mut growth: Growth,
) -> Result<Upload> {
    let id = ImportId::new();
    let folder = storage.folder.join("imports");
    tokio::fs::create_dir_all(&folder).await?;
    let mut upload = Upload {
        received: None,
        path: folder.join(format!("{id}.part")),
        is_kept: false,
    };
    let file = tokio::fs::File::create(&upload.path).await?;
    let mut file = tokio::io::BufWriter::with_capacity(1 << 18, file);
    let mut hasher = Sha256::new();
    let mut size: u64 = 0;
    futures::pin_mut!(bytes);
    while let Some(chunk) = tokio::time::timeout(PATIENCE, bytes.try_next())
        .await
        .map_err(late)??
    {
        size += chunk.len() as u64;
        if size > MAX_FILE {
            return Err(too_large());
        }
        growth.add(chunk.len())?;
        hasher.update(&chunk);
        file.write_all(&chunk)
            .await
            .map_err(|error| disk_full(error.into()))?;
    }
    let written = async {
        file.flush().await?;
        file.into_inner().sync_all().await
    };
    written.await.map_err(|error| disk_full(error.into()))?;

    let (path, name, kinds) = (upload.path.clone(), file_name.clone(), kinds.clone());
    let inspected =
        tokio::task::spawn_blocking(move || inline::inspect(&path, &name, &kinds, kind)).await??;
    let path = import::file_path(&storage.folder, id, &inspected.format);
    tokio::fs::rename(&upload.path, &path).await?;
    upload.path.clone_from(&path);
    upload.received = Some(Received {
        id,
        path,
        file_name,
        bytes: i64::try_from(size).unwrap_or(i64::MAX),
        sha256: hasher.finalize().to_vec(),
        inspected,
    });
    Ok(upload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Floor;

    #[test]
    fn a_name_is_a_name_and_no_path() {
        assert_eq!(clean_name("C:\\Users\\x\\list.csv"), "list.csv");
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("a\0b\n.csv"), "ab.csv");
        assert_eq!(clean_name(" "), "upload");
    }

    /// Stores a file of 8 MiB and answers the files that are left, and how it went.
    async fn stored(storage: &Storage, held: Held) -> (usize, Result<Upload>) {
        let growth = Growth::begin(storage, held, 0).unwrap();
        let columns = Bytes::from_static(b"email,note\n");
        let line = Bytes::from(vec![b'x'; 1 << 20]);
        let chunks = std::iter::once(columns)
            .chain(std::iter::repeat_n(line, 8))
            .map(Ok);
        let kinds = Kinds::default();
        let chunks = futures::stream::iter(chunks);
        let storing = store(chunks, "list.csv".into(), (None, &kinds), storage, growth);
        let stored = storing.await;
        let files = std::fs::read_dir(storage.folder.join("imports")).unwrap().count();
        (files, stored)
    }

    #[tokio::test]
    async fn a_file_that_says_it_is_too_large_is_told_so_before_there_is_asked_for_room() {
        let storage = Storage {
            folder: std::env::temp_dir(),
            quota: 0,
            floor: Floor {
                bytes: u64::MAX,
                percent: 100,
            },
        };
        for (kind, most) in [
            ("text/csv", MAX_FILE),
            ("multipart/form-data; boundary=x", MAX_FILE + FORM),
        ] {
            for (length, is_too_large) in [(most, false), (most + 1, true), (u64::MAX, true)] {
                let request = http::Request::post("/")
                    .header(header::CONTENT_TYPE, kind)
                    .header(header::CONTENT_LENGTH, length)
                    .body(Body::empty())
                    .unwrap();
                let refused = receive(request, None, None, &Kinds::default(), &storage, Held::default())
                    .await
                    .err();
                assert_eq!(
                    matches!(refused, Some(Error::TooLarge(_))),
                    is_too_large,
                    "{kind}, {length}: {refused:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn an_upload_for_which_there_is_no_room_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut storage = Storage {
            folder: folder.path().to_owned(),
            quota: 10 << 20,
            floor: Floor {
                bytes: 0,
                percent: 100,
            },
        };
        let held = Held {
            imports: 1,
            import_bytes: 4 << 20,
            ..Held::default()
        };
        let (files, over) = stored(&storage, held).await;
        assert!(matches!(over, Err(Error::Conflict(fault)) if fault.code == "files_full"));
        assert_eq!(files, 0);
        let (files, taken) = stored(&storage, Held::default()).await;
        assert_eq!(
            (files, taken.unwrap().received().unwrap().bytes),
            (1, (8 << 20) + 11)
        );

        storage.floor.bytes = u64::MAX;
        let refused = Growth::begin(&storage, Held::default(), 0);
        assert!(matches!(refused, Err(Error::Unavailable(_))));
    }
}
