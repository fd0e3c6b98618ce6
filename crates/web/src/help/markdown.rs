//! A guide's Markdown as HTML of ours: its links lead to guides, its pictures are the embedded ones, its headings can be
//! linked to. HTML in it is shown as the text that it is.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html::push_html};

use super::{guide::Guide, pictures};

/// A heading of the second level.
pub(super) struct Heading {
    /// What links to it name.
    pub id: String,
    /// Its words.
    pub words: String,
}

/// A guide as a page shows it: without its title, which the page's header says.
pub(super) struct Rendered {
    pub body: Markup,
    pub headings: Vec<Heading>,
    /// Links and pictures that lead nowhere.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the tests see to it that there are none")
    )]
    pub broken: Vec<String>,
}

/// Where a link of a guide leads: to a guide, by the name of its file, or within the page. Nowhere else.
pub(super) fn target(link: &str) -> Option<String> {
    let (file, place) = link
        .split_once('#')
        .map_or((link, None), |(file, place)| (file, Some(place)));
    if place.is_some_and(|place| slug(place) != place) {
        return None;
    }
    let page = if file.is_empty() {
        String::new()
    } else {
        let name = file.rsplit('/').next()?.strip_suffix(".md")?;
        Guide::named(name)?.href()
    };
    Some(match place {
        Some(place) => format!("{page}#{place}"),
        None if page.is_empty() => return None,
        None => page,
    })
}

/// A heading's words as links name them, in the way of forges: `Members and roles` → `members-and-roles`.
pub(super) fn slug(words: &str) -> String {
    words
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' | '-' => Some('-'),
            c if c.is_alphanumeric() || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// The words of everything until the end that matches, without what they look like.
fn words_until(events: &mut dyn Iterator<Item = Event<'_>>, ends: impl Fn(TagEnd) -> bool) -> String {
    let mut words = String::new();
    for event in events {
        match event {
            Event::End(end) if ends(end) => break,
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
    }
    words
}

fn figure(name: &str, words: &str) -> Option<Markup> {
    let picture = pictures::picture(name)?;
    Some(html! {
        a class="guide-picture" href=(picture.href()) {
            img src=(picture.href()) alt=(words) width=(picture.width) height=(picture.height) loading="lazy" decoding="async";
        }
    })
}

/// Reads and draws a guide.
pub(super) fn render(text: &str) -> Rendered {
    let mut headings = Vec::new();
    let mut broken = Vec::new();
    let mut out = Vec::new();
    // Whether each link around what is read leads somewhere.
    let mut links = Vec::new();
    let mut events = Parser::new_ext(text, Options::ENABLE_TABLES);
    while let Some(event) = events.next() {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => out.push(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => out.push(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Heading { level, .. }) => {
                let words = words_until(&mut events, |end| matches!(end, TagEnd::Heading(_)));
                if level == HeadingLevel::H1 {
                    continue;
                }
                let id = slug(&words);
                let heading = if level == HeadingLevel::H2 {
                    html! { h2 id=(id) { (words) } }
                } else {
                    html! { h3 id=(id) { (words) } }
                };
                out.push(Event::Html(CowStr::from(heading.into_string())));
                if level == HeadingLevel::H2 {
                    headings.push(Heading { id, words });
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let words = words_until(&mut events, |end| end == TagEnd::Image);
                let name = dest_url.rsplit('/').next().unwrap_or_default();
                if let Some(figure) = figure(name, &words) {
                    out.push(Event::InlineHtml(CowStr::from(figure.into_string())));
                } else {
                    broken.push(dest_url.to_string());
                    out.push(Event::Text(CowStr::from(words)));
                }
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let target = target(&dest_url);
                links.push(target.is_some());
                match target {
                    Some(target) => out.push(Event::Start(Tag::Link {
                        link_type,
                        dest_url: CowStr::from(target),
                        title,
                        id,
                    })),
                    None => broken.push(dest_url.to_string()),
                }
            }
            Event::End(TagEnd::Link) => {
                if links.pop() == Some(true) {
                    out.push(Event::End(TagEnd::Link));
                }
            }
            // A table wider than a phone is scrolled in its own frame, by the keyboard as well.
            Event::Start(Tag::Table(columns)) => {
                out.push(Event::Html(CowStr::from("<div class=\"guide-table\">")));
                out.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                out.push(Event::End(TagEnd::Table));
                out.push(Event::Html(CowStr::from("</div>")));
            }
            other => out.push(other),
        }
    }
    let mut body = String::new();
    push_html(&mut body, out.into_iter());
    Rendered {
        body: PreEscaped(body),
        headings,
        broken,
    }
}
