//! The pictures of the guides, embedded in the binary and served under names that hold their content's hash.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "../../docs/pictures/guides"]
struct Files;

/// Where they are.
const PATH: &str = "/help/pictures";

/// A picture.
pub(super) struct Picture {
    /// Its name with the hash: `customers.0123456789ab.png`.
    file: String,
    bytes: Bytes,
    /// Its size, so that a page keeps its place before it is there.
    pub width: u32,
    pub height: u32,
}

impl Picture {
    fn new(name: &str, bytes: Bytes) -> Option<Self> {
        let (width, height) = size(&bytes)?;
        let stem = name.strip_suffix(".png")?;
        let mut file = format!("{stem}.");
        for byte in &Sha256::digest(&bytes)[..6] {
            let _ = write!(file, "{byte:02x}");
        }
        file.push_str(".png");
        Some(Self {
            file,
            bytes,
            width,
            height,
        })
    }

    /// Where it is served.
    pub(super) fn href(&self) -> String {
        format!("{PATH}/{}", self.file)
    }

    /// How many bytes it has.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Width and height of a PNG, which its first chunk says (PNG specification, 11.2.1).
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let header = png.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    Some((number(0)?, number(4)?))
}

/// Plain name to picture.
static PICTURES: LazyLock<BTreeMap<String, Picture>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let bytes = match Files::get(&name)?.data {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            Some((name.to_string(), Picture::new(&name, bytes)?))
        })
        .collect()
});

/// The picture of a plain name: `customers.png`.
pub(super) fn picture(name: &str) -> Option<&'static Picture> {
    PICTURES.get(name)
}

/// The plain names of all.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PICTURES.keys().map(String::as_str)
}

/// The route that serves them. They show a made-up shop, so it needs no session.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/help/pictures/{file}", get(serve))
}

pub(super) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(picture) = PICTURES.values().find(|picture| picture.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The name holds the content's hash, so the name is the tag.
    let Ok(tag) = HeaderValue::from_str(&format!("\"{file}\"")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut answer = if crate::etag::is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(picture.bytes.clone()).into_response()
    };
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    out.insert(header::ETAG, tag);
    answer
}
