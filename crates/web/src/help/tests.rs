//! That every guide can be read, shows only pictures that there are, and leads only where something is.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
};
use maud::html;
use regulars_kernel::Role;

use super::{guide::Guide, markdown, pictures, view};
use crate::pages::{NAV, Shell, page, samples};

/// What takes the pictures.
const SCREENSHOTS: &str = include_str!("../../../../tools/screenshots.sh");
/// Bytes of a picture, which is in every binary.
const LARGEST: usize = 150_000;

/// What stands between two marks, each time.
fn between<'a>(html: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    html.split(before)
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(after)?.0))
        .collect()
}

fn shown(guide: Guide) -> String {
    let shell = Shell::new("Acme", "Ada", "ada@example.com", Role::Viewer).titled(guide.title());
    page(&shell, html! {}, view::guide(guide)).into_string()
}

#[test]
fn every_guide_is_shown_under_its_title_and_harmless() {
    for (at, guide) in Guide::ALL.into_iter().enumerate() {
        assert_eq!(guide as usize, at);
        assert_eq!(Guide::named(guide.name()), Some(guide));
        let first = guide.text().lines().next();
        assert_eq!(first, Some(format!("# {}", guide.title()).as_str()));
        let page = shown(guide);
        samples::assert_harmless(&page);
        assert!(page.contains(&html! { h1 { (guide.title()) } }.into_string()));
    }
    samples::assert_harmless(&view::list().into_string());
}

#[test]
fn guides_lead_only_to_guides_and_headings_that_there_are() {
    for guide in Guide::ALL {
        let shown = view::rendered(guide);
        assert_eq!(shown.broken, Vec::<String>::new(), "in {}", guide.name());
        for link in between(&shown.body.0, "<a href=\"", "\"") {
            let (path, place) = link
                .split_once('#')
                .map_or((link, None), |(path, place)| (path, Some(place)));
            let name = path.strip_prefix("/help/").unwrap_or(guide.name());
            let other = Guide::named(name).unwrap_or_else(|| panic!("{} links {link}", guide.name()));
            if let Some(place) = place {
                let id = format!("id=\"{place}\"");
                assert!(
                    view::rendered(other).body.0.contains(&id),
                    "{} links {link}",
                    guide.name()
                );
            }
        }
    }
}

#[test]
fn links_are_those_of_the_files_as_well() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for guide in Guide::ALL {
        let folder = if guide == Guide::Importing {
            docs.clone()
        } else {
            docs.join("guides")
        };
        for link in between(guide.text(), "](", ")") {
            let file = link.split('#').next().unwrap_or_default();
            assert!(folder.join(file).exists(), "{} links {link}", guide.name());
        }
    }
}

#[test]
fn every_place_of_the_sidebar_has_a_guide_and_its_heading() {
    for item in NAV {
        let (guide, place) = item.nav.guide();
        if let Some(place) = place {
            let id = format!("id=\"{place}\"");
            assert!(
                view::rendered(guide).body.0.contains(&id),
                "{}: {place}",
                item.label
            );
        }
        let page = page(
            &Shell::new("Acme", "Ada", "", Role::Owner)
                .at(item.nav)
                .titled(item.label),
            html! {},
            html! {},
        )
        .into_string();
        let name = format!("aria-label=\"Guide: {}\"", guide.title().to_lowercase());
        assert!(page.contains(&name), "{}", item.label);
    }
}

#[test]
fn every_picture_is_shown_small_enough_and_taken_anew_by_the_script() {
    let copied = between(SCREENSHOTS, "for name in ", ";").concat();
    let copied: Vec<&str> = copied.split_whitespace().collect();
    let all: String = Guide::ALL.iter().map(|guide| guide.text()).collect();
    for name in pictures::names() {
        assert!(
            all.contains(&format!("/pictures/guides/{name})")),
            "{name} is shown by no guide"
        );
    }
    for picture in between(&all, "/pictures/guides/", ".png)") {
        assert!(
            copied.contains(&picture),
            "tools/screenshots.sh does not copy {picture}"
        );
        let bytes = pictures::picture(&format!("{picture}.png")).map(pictures::Picture::bytes);
        assert!(
            bytes.is_some_and(|bytes| bytes <= LARGEST),
            "{picture}: {bytes:?} bytes"
        );
    }
    for name in copied {
        assert!(
            all.contains(&format!("/pictures/guides/{name}.png)")),
            "{name} is copied and shown by no guide"
        );
    }
}

#[test]
fn what_a_guide_must_not_hold_does_nothing() {
    let bad = "# Title\n\n<script>alert(1)</script>\n\nA <b title=\"x\">word</b>, [here](javascript:alert(1)), \
        [there](https://elsewhere.example/x.md), [nowhere](missing.md), [within](#no%20such), ![no picture](../x.png)\n";
    let shown = markdown::render(bad);
    let html = shown.body.0;
    samples::assert_harmless(&html);
    for forbidden in ["<script", "<b ", "<a ", "<img", "<h1"] {
        assert!(!html.contains(forbidden), "{forbidden} in {html}");
    }
    assert!(
        html.contains("&lt;script&gt;") && html.contains("no picture"),
        "{html}"
    );
    assert_eq!(shown.broken.len(), 5, "{:?}", shown.broken);
    for text in samples::ALL {
        samples::assert_harmless(&markdown::render(text).body.0);
    }
}

#[test]
fn headings_are_named_as_forges_name_them() {
    for (words, id) in [
        ("Members and roles", "members-and-roles"),
        ("On a customer's page", "on-a-customers-page"),
        ("1. Say where", "1-say-where"),
    ] {
        assert_eq!(markdown::slug(words), id);
    }
}

#[tokio::test]
async fn pictures_are_kept_by_the_browser_and_only_their_own_names_are_served() {
    let Some(picture) = pictures::names().next().and_then(pictures::picture) else {
        panic!("no picture is embedded");
    };
    let href = picture.href();
    let file = href.rsplit('/').next().unwrap().to_owned();
    let mut headers = HeaderMap::new();
    let first = pictures::serve(Path(file.clone()), headers.clone()).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(first.headers()[header::CONTENT_TYPE], "image/png");
    headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    let again = pictures::serve(Path(file), headers).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    for wrong in ["customers.png", "../../README.md", ""] {
        let answer = pictures::serve(Path(wrong.to_owned()), HeaderMap::new()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
}
