//! The built style, script and font files, embedded in the binary and served under names that hold their content's hash.
//!
//! The build in assets/ also writes brotli and gzip copies, so nothing is compressed while serving. A file is found
//! by its plain name (`app.css`); the hash is read from the file's name, so there is no table to keep in step.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../assets/dist"]
struct Files;

/// Plain name to hashed name.
static NAMES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|file| Some((plain_name(&file)?, file.into_owned())))
        .collect()
});

/// `app.0123456789ab.css` → `app.css`; compressed copies and anything without a hash have no plain name.
fn plain_name(file: &str) -> Option<String> {
    let mut parts = file.rsplitn(3, '.');
    let (extension, hash, stem) = (parts.next()?, parts.next()?, parts.next()?);
    let hashed = hash.len() == 12 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    hashed.then(|| format!("{stem}.{extension}"))
}

/// Where a file is served, for example `url("app.css")` → `/assets/app.0123456789ab.css`.
///
/// A file that was not built keeps its plain name and answers 404, so that tests run without the assets.
pub fn url(name: &str) -> String {
    format!("/assets/{}", NAMES.get(name).map_or(name, String::as_str))
}

/// Whether the style and script were there when this binary was built.
pub fn are_built() -> bool {
    ["app.css", "app.js", "theme.js"]
        .iter()
        .all(|name| NAMES.contains_key(*name))
}

/// The route that serves the files. It needs no session and no state.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(serve))
}

async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    if plain_name(&file).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some((found, encoding)) = best(&file, &headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The name holds the content's hash, so the name is the tag; each encoding is a representation of its own.
    let tag = format!(
        "\"{file}{}\"",
        encoding.map(|name| format!("-{name}")).unwrap_or_default()
    );
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| matches!(candidate.trim(), "*") || candidate.trim().trim_start_matches("W/") == tag);
    let mut answer = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(found).into_response()
    };
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&file)));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    answer
}

/// A file under a plain name that other sites have written down: kept for a day, then asked for again by its tag.
pub fn named(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = NAMES.get(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some((found, encoding)) = best(file, headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!(
        "\"{file}{}\"",
        encoding.map(|name| format!("-{name}")).unwrap_or_default()
    );
    let mut answer = body(found).into_response();
    let out = answer.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(file)));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=86400, stale-while-revalidate=604800"),
    );
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    answer
}

fn body(file: EmbeddedFile) -> Body {
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// The smallest copy that the browser takes.
fn best(file: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    for (encoding, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, encoding)
            && let Some(found) = Files::get(&format!("{file}.{suffix}"))
        {
            return Some((found, Some(encoding)));
        }
    }
    Some((Files::get(file)?, None))
}

/// Whether an Accept-Encoding value names the encoding with a weight above zero.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        let named = pieces
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = pieces
            .filter_map(|piece| piece.strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        named && !refused
    })
}

fn media_type(file: &str) -> &'static str {
    match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_read_from_a_hashed_one() {
        assert_eq!(plain_name("app.0123456789ab.css").as_deref(), Some("app.css"));
        assert_eq!(
            plain_name("inter-latin.0123456789ab.woff2").as_deref(),
            Some("inter-latin.woff2")
        );
        assert_eq!(plain_name("app.0123456789ab.css.br"), None);
        assert_eq!(plain_name("manifest.json"), None);
        assert_eq!(plain_name(".gitkeep"), None);
    }

    #[test]
    fn an_encoding_refused_with_weight_zero_is_not_used() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("", "br"));
    }

    #[tokio::test]
    async fn files_are_cacheable_for_ever_and_revalidate_by_their_name() {
        if !are_built() {
            println!("skipped: files_are_cacheable_for_ever needs the built assets");
            return;
        }
        let file = url("app.css").trim_start_matches("/assets/").to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        let first = serve(Path(file.clone()), headers.clone()).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CONTENT_ENCODING], "br");
        assert!(
            first.headers()[header::CACHE_CONTROL]
                .to_str()
                .unwrap()
                .contains("immutable")
        );
        headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(
            serve(Path(file), headers).await.status(),
            StatusCode::NOT_MODIFIED
        );
    }

    #[tokio::test]
    async fn a_name_without_hash_is_not_served() {
        assert_eq!(
            serve(Path("manifest.json".into()), HeaderMap::new())
                .await
                .status(),
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            serve(Path("../../Cargo.toml".into()), HeaderMap::new())
                .await
                .status(),
            StatusCode::NOT_FOUND
        );
    }
}
