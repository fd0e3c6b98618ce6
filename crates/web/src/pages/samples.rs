//! Texts that every view is rendered with in tests: an ordinary one, none at all, and hostile ones.
//!
//! Rooms use them for their own view structs, so that no page forgets to escape or breaks without content.

/// What could have been meant as HTML, attribute, script, address or formatting. All of it must come out as text.
pub const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> & javascript:alert(1) \u{202e}\u{0}Zalgo\u{336} 😀 \r\n{{7*7}}";

/// A long word without a place to break.
pub const LONG: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

/// An ordinary name with letters beyond ASCII.
pub const FULL: &str = "Søren Møller-Żółć";

/// Nothing.
pub const EMPTY: &str = "";

/// All of them.
pub const ALL: [&str; 4] = [FULL, EMPTY, HOSTILE, LONG];

/// Panics if rendered HTML carries the hostile text as markup, an inline style or script, or a handler attribute.
/// For tests.
pub fn assert_harmless(html: &str) {
    for forbidden in [
        "<script>alert",
        "<img src=x",
        "style=\"",
        " onerror=",
        " onclick=",
        " hx-on",
        "href=\"javascript:",
    ] {
        // Inside escaped text the words may appear; as markup they would follow an unescaped quote or bracket.
        if let Some(at) = html.find(forbidden) {
            let before = &html[..at];
            let in_text = forbidden == " onerror=" && before.ends_with("&lt;img src=x");
            assert!(
                in_text,
                "found {forbidden:?} after {:?}",
                before.chars().rev().take(80).collect::<String>()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use maud::{Markup, html};
    use regulars_kernel::{Fault, Role};

    use super::*;
    use crate::pages::*;

    fn fault(text: &str) -> Fault {
        Fault {
            pointer: format!("/{text}"),
            code: "invalid".into(),
            message: text.to_owned(),
        }
    }

    fn every_part(text: &str) -> Markup {
        let zone = chrono_tz::Europe::Berlin;
        let tab = Tab {
            label: text.into(),
            href: format!("/?q={text}"),
            count: Some(text.into()),
            current: true,
        };
        let item = TimelineItem {
            icon: Icon::Event,
            tone: Tone::Green,
            about: Some((text.into(), text.into())),
            title: text.into(),
            text: text.into(),
            at: regulars_kernel::clock::now(),
            detail: html! { (text) },
        };
        let asking = confirm_attributes(text, text, text, Some(text));
        let choices = vec![Choice::new(text, text)];
        html! {
            (button(text).primary().icon(Icon::Plus).key("n").submit().attrs(asking.clone()))
            (link_button(text, text)) (icon_button(Icon::Edit, text)) (copy_button(text, text))
            (badge(text, Tone::Red)) (status_badge(text)) (tag(text, Tone::from_name(text))) (tag_list([(text, Tone::Blue), (text, Tone::Red)], 1))
            (avatar(text, "md")) (person(text, text, "/customers/1")) (card(text, html! { (text) }, html! { (text) }))
            (facts(&[(text, html! { (text) }), (text, html! {})])) (stats(&[stat(text, text, text)]))
            (trend(text, -1, text)) (metric_bar(255, text)) (meter(text, 40)) (kbd(text)) (external_link(text)) (timeline(&[item], zone))
            (empty_state(Icon::Empty, text, text, html! {})) (error_state(text, Some(text))) (notice(Tone::Amber, text, html! { (text) }))
            (Flash { kind: FlashKind::Error, text: text.into(), undo: Some(text.into()) })
            (progress_bar(text, 5, Some(3), text)) (progress_bar(text, 5, None, text)) (skeleton_lines(3))
            (text_field("a", text).value(text).hint(text).error(Some(text)).required()) (textarea_field("b", text).value(text))
            (select_field("c", text, choices).value(text)) (checkbox_field("d", text, true).hint(text)) (date_field("e", text).value(text))
            (form_errors(&[fault(text), fault("")])) (file_drop("file", text, text, text))
            (page_header(text, html! {}, text)) (search_box(text, text, text, "#list")) (filter_chip(text, text, text, text, text))
            (tabs(text, std::slice::from_ref(&tab))) (view_tabs(&[tab])) (bulk_bar(html! {}, Some(text)))
            (pagination(&Page { first: 1, last: 25, total: Some(12_345), about: true, previous: None, next: Some(text.into()) }, [text, text], Locale::new("de")))
            (data_table(text, html! { (select_all()) (sort_column(text, text, Some(Direction::Ascending), Align::End, true)) (column(text, Align::Start, false)) },
                html! { tr data-row { (row_checkbox("id", text, text)) } (table_empty(2, Icon::Empty, text, text, html! {})) (table_error(2, text, None)) (skeleton_rows(2, 2)) }))
            (menu("m", button(text), true, html! { (menu_link(Icon::Edit, text, text, Attributes::new())) (menu_item(Icon::Trash, text, true, asking)) (menu_divider()) }))
            (sheet(text, Some(Attributes::new().set("hx-post", text)), html! { (text) }, sheet_footer(text)))
            (palette_group(text, palette_item(avatar(text, "sm"), text, text, "/x")))
        }
    }

    fn shell(text: &str) -> Shell {
        let mut shell = Shell::new(text, text, text, Role::Owner)
            .at(Nav::Customers)
            .crumb(text, "/customers")
            .titled(text);
        shell.views = vec![SidebarLink {
            name: text.into(),
            href: "/customers?view=1".into(),
            current: false,
        }];
        shell.favourites.clone_from(&shell.views);
        shell.flash = Some(Flash {
            kind: FlashKind::Success,
            text: text.into(),
            undo: None,
        });
        shell
    }

    #[test]
    fn every_part_is_harmless_with_every_sample() {
        for text in ALL {
            assert_harmless(
                &every_part(text)
                    .into_string()
                    .replace(&format!("href=\"{}", html! { (text) }.into_string()), ""),
            );
        }
    }

    #[test]
    fn the_frame_is_harmless_with_every_sample() {
        for text in ALL {
            let html = page(&shell(text), html! { (text) }, every_part(text)).into_string();
            assert!(html.starts_with("<!DOCTYPE html>"));
            assert!(!html.contains("<script>"), "no inline script");
            assert_harmless(&html);
            assert_harmless(&bare_page(text, html! { (text) }).into_string());
        }
    }

    #[test]
    fn a_viewer_does_not_see_what_only_others_may_open() {
        let mut shell = shell(FULL);
        shell.role = Role::Viewer;
        let html = page(&shell, html! {}, html! {}).into_string();
        assert!(html.contains("/customers"));
        assert!(html.contains("/settings/sessions"));
        assert!(!html.contains("/settings/members"));
        assert!(!html.contains("/settings/keys"));
        assert!(!html.contains("href=\"/imports\""));
    }

    #[test]
    fn a_field_ties_its_words_to_its_control() {
        let html = text_field("email", "E-mail")
            .hint("Where to write")
            .faults(&[fault("email")])
            .render_html();
        assert!(html.contains("aria-invalid=\"true\""));
        assert!(html.contains("aria-describedby=\"field-email-error field-email-hint\""));
        assert!(html.contains("id=\"field-email-error\""));
        assert!(html.contains("<label for=\"field-email\">"));
    }

    trait RenderHtml {
        fn render_html(&self) -> String;
    }
    impl<T: maud::Render> RenderHtml for T {
        fn render_html(&self) -> String {
            self.render().into_string()
        }
    }
}
