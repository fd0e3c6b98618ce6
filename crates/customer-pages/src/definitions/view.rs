//! Tags and attributes of an organization as HTML: what there is, how often it is used, and the sheets to change it.

use maud::{Markup, html};
use regulars_kernel::{
    Fault, Total,
    ids::{AttributeId, TagId},
};
use regulars_web::pages::{
    Align, Attributes, Choice, Icon, Locale, Tone, badge, checkbox_field, column, confirm_attributes,
    data_table, format, icon_button, link_button, menu, menu_column, menu_divider, menu_item, page_header,
    select_field, table_empty, tag, text_field, textarea_field,
};

use super::super::{
    form::{Typed, sheet_form},
    list::sheet_of,
    words,
};

/// Where the page is.
pub(crate) const PATH: &str = "/settings/definitions";
/// What it is called.
pub(crate) const NAME: &str = "Tags & attributes";

/// A tag with how many customers carry it.
#[derive(Clone, Debug)]
pub(crate) struct TagLine {
    pub id: TagId,
    pub version: i32,
    pub name: String,
    pub color: String,
    pub description: String,
    pub customers: Total,
}

/// A custom attribute.
#[derive(Clone, Debug)]
pub(crate) struct AttributeLine {
    pub id: AttributeId,
    pub version: i32,
    pub name: String,
    pub label: String,
    pub kind: String,
    pub options: Vec<String>,
    pub required: bool,
    pub archived: bool,
}

/// Everything of the page.
#[derive(Clone, Debug)]
pub(crate) struct DefinitionsView {
    pub tags: Vec<TagLine>,
    pub attributes: Vec<AttributeLine>,
    pub may_write: bool,
    pub locale: Locale,
}

/// The page's content, replaced as a whole after each change.
pub(crate) fn content(view: &DefinitionsView) -> Markup {
    html! {
        div id="definitions" class="column" hx-get=(PATH) hx-trigger="definitionsChanged from:document" hx-swap="outerHTML" {
            (page_header(NAME, html! {}, "Tags sort customers; attributes are the fields that only you have."))
            section class="column" aria-labelledby="tags-title" {
                div class="section-head" {
                    h2 id="tags-title" { "Tags" }
                    @if view.may_write { (link_button("New tag", format!("{PATH}/tags/new")).small().icon(Icon::Plus).opens_sheet(format!("{PATH}/tags/new"))) }
                }
                (tags(view))
            }
            section class="column" aria-labelledby="attributes-title" {
                div class="section-head" {
                    h2 id="attributes-title" { "Attributes" }
                    @if view.may_write { (link_button("New attribute", format!("{PATH}/attributes/new")).small().icon(Icon::Plus).opens_sheet(format!("{PATH}/attributes/new"))) }
                }
                (attributes(view))
            }
        }
    }
}

fn tags(view: &DefinitionsView) -> Markup {
    let href = |line: &TagLine| format!("{PATH}/tags/{}", line.id);
    let list = |line: &TagLine| {
        format!(
            "/customers?{}",
            form_urlencoded::Serializer::new(String::new())
                .append_pair("tag", &line.name)
                .finish()
        )
    };
    data_table(
        "Tags",
        html! {
            (column("Tag", Align::Start, false)) (column("Description", Align::Start, true)) (column("Customers", Align::End, false)) (menu_column(false))
        },
        html! {
            @if view.tags.is_empty() { (table_empty(4, Icon::Tag, "No tags yet", "They appear as customers are tagged, or are made here with a colour.", html! {})) }
            @for line in &view.tags {
                tr {
                    td { (tag(&line.name, Tone::from_name(&line.color))) }
                    td class="cell-wide muted" { (line.description) }
                    td class="cell-number" { a class="quiet-link" href=(list(line)) { (count(line.customers, view.locale)) } }
                    td class="cell-menu" { @if view.may_write {
                        (menu(&format!("tag-{}", line.id), icon_button(Icon::More, format!("Actions for {}", line.name)).small(), true, html! {
                            (menu_item(Icon::Edit, "Name and colour", false, sheet_of(&format!("{}/edit", href(line)))))
                            (menu_item(Icon::Merge, "Merge into another", false, sheet_of(&format!("{}/merge", href(line)))))
                            (menu_divider())
                            (menu_item(Icon::Trash, "Delete", true, Attributes::new().set("hx-post", format!("{}/delete", href(line))).set("hx-swap", "none").and(confirm_attributes(
                                &format!("Delete the tag {}?", line.name),
                                &format!("{} customers lose it. This cannot be undone.", count(line.customers, view.locale)),
                                "Delete tag",
                                (line.customers.value > 0).then_some(line.name.as_str()),
                            ))))
                        }))
                    } }
                }
            }
        },
    )
}

/// A number of customers; an estimate says that it is one.
fn count(customers: Total, locale: Locale) -> String {
    let number = format::integer(customers.value, locale);
    if customers.exact {
        number
    } else {
        format!("about {number}")
    }
}

fn attributes(view: &DefinitionsView) -> Markup {
    let href = |line: &AttributeLine| format!("{PATH}/attributes/{}", line.id);
    let post = |url: String| Attributes::new().set("hx-post", url).set("hx-swap", "none");
    data_table(
        "Attributes",
        html! {
            (column("Attribute", Align::Start, false)) (column("Name in the API", Align::Start, true)) (column("Type", Align::Start, false)) (column("Options", Align::Start, true)) (menu_column(false))
        },
        html! {
            @if view.attributes.is_empty() { (table_empty(5, Icon::Attribute, "No attributes yet", "Shoe size, account manager, contract number: whatever you need to know besides.", html! {})) }
            @for line in &view.attributes {
                tr data-archived[line.archived] {
                    td { (line.label) " " @if line.required { (badge("required", Tone::Blue)) } @if line.archived { (badge("archived", Tone::Neutral)) } }
                    td class="cell-wide" { code { (line.name) } }
                    td { (kind_label(&line.kind)) }
                    td class="cell-wide muted" { (super::super::form::short(&line.options.join(", "), 80)) }
                    td class="cell-menu" { @if view.may_write {
                        (menu(&format!("attribute-{}", line.id), icon_button(Icon::More, format!("Actions for {}", line.label)).small(), true, html! {
                            (menu_item(Icon::Edit, "Edit", false, sheet_of(&format!("{}/edit", href(line)))))
                            (menu_item(Icon::ArrowUp, "Move up", false, post(format!("{}/move?by=-1", href(line)))))
                            (menu_item(Icon::ArrowDown, "Move down", false, post(format!("{}/move?by=1", href(line)))))
                            (menu_divider())
                            @if line.archived { (menu_item(Icon::Restore, "Bring back", false, post(format!("{}/archive?archived=false", href(line))))) }
                            (menu_item(Icon::Trash, "Delete", true, post(format!("{}/delete", href(line))).and(confirm_attributes(
                                &format!("Delete {}?", line.label), "Only an attribute that no customer has a value for can be deleted; others can be archived. This cannot be undone.", "Delete attribute", None))))
                            @if !line.archived { (menu_item(Icon::Lock, "Archive", true, post(format!("{}/archive?archived=true", href(line))).and(confirm_attributes(
                                &format!("Archive {}?", line.label), "It leaves the forms. Its values are kept, and it can be brought back.", "Archive", None)))) }
                        }))
                    } }
                }
            }
        },
    )
}

/// The type of an attribute, as a person calls it.
pub(crate) fn kind_label(kind: &str) -> String {
    match kind {
        "boolean" => "Yes or no".to_owned(),
        "select" => "One of several".to_owned(),
        "url" => "Web address".to_owned(),
        "list" => "List of texts".to_owned(),
        _ => words::sentence(kind),
    }
}

/// The sheet of a tag.
pub(crate) fn tag_form(id: Option<TagId>, typed: &Typed, faults: &[Fault]) -> Markup {
    let (title, url) = match id {
        None => ("New tag", format!("{PATH}/tags")),
        Some(id) => ("Edit tag", format!("{PATH}/tags/{id}")),
    };
    let color = if typed.get("color").is_empty() {
        "gray"
    } else {
        typed.get("color")
    };
    sheet_form(
        title,
        &url,
        "Save tag",
        typed,
        faults,
        html! {
            (text_field("name", "Name").value(typed.get("name")).faults(faults).required().autofocus().autocomplete("off").attr("maxlength", "60"))
            fieldset class="picks" {
                legend { "Colour" }
                @for name in COLORS {
                    label class="pick" { input type="radio" name="color" value=(name) checked[*name == color]; span class={ "pick-color " (super::super::record::tone_class(Tone::from_name(name))) } { (words::sentence(name)) } }
                }
            }
            (text_field("description", "Description").value(typed.get("description")).faults(faults).autocomplete("off"))
        },
    )
}

/// The colours a tag may have, as the table keeps them.
pub(crate) const COLORS: &[&str] = &[
    "gray", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink",
];

/// The sheet that merges a tag into another.
pub(crate) fn merge_form(from: &TagLine, others: &[TagLine], typed: &Typed, faults: &[Fault]) -> Markup {
    let choices = [Choice::new("", "Choose a tag")]
        .into_iter()
        .chain(
            others
                .iter()
                .filter(|tag| tag.id != from.id)
                .map(|tag| Choice::new(tag.id.to_string(), &tag.name)),
        )
        .collect();
    sheet_form(
        &format!("Merge {}", from.name),
        &format!("{PATH}/tags/{}/merge", from.id),
        "Merge tags",
        typed,
        faults,
        html! {
            p { "Everybody tagged " b { (from.name) } " gets the other tag; " b { (from.name) } " is then gone. This cannot be undone." }
            (select_field("into", "Into", choices).value(typed.get("into")).faults(faults).required())
        },
    )
}

/// The sheet of an attribute. Name and type are settled once it is made.
pub(crate) fn attribute_form(id: Option<AttributeId>, typed: &Typed, faults: &[Fault]) -> Markup {
    let (title, url) = match id {
        None => ("New attribute", format!("{PATH}/attributes")),
        Some(id) => ("Edit attribute", format!("{PATH}/attributes/{id}")),
    };
    let kinds = ["text", "number", "boolean", "date", "select", "url", "list"]
        .map(|kind| Choice::new(kind, kind_label(kind)))
        .into();
    sheet_form(
        title,
        &url,
        "Save attribute",
        typed,
        faults,
        html! {
            (text_field("label", "Label").value(typed.get("label")).faults(faults).required().autofocus().autocomplete("off").hint("What people read."))
            @if id.is_none() {
                (text_field("name", "Name in the API").value(typed.get("name")).faults(faults).required().autocomplete("off").attr("placeholder", "shoe_size").hint("Small letters, digits and underscores; it stays as it is."))
                (select_field("kind", "Type", kinds).value(typed.get("kind")).faults(faults))
            } @else {
                p class="muted" { code { (typed.get("name")) } " · " (kind_label(typed.get("kind"))) }
                input type="hidden" name="name" value=(typed.get("name"));
                input type="hidden" name="kind" value=(typed.get("kind"));
            }
            @if id.is_none() || typed.get("kind") == "select" {
                (textarea_field("options", "Options").value(typed.get("options")).faults(faults).hint("For “one of several”: one on each line."))
            }
            (checkbox_field("required", "Must be filled in", typed.ticked("required")))
        },
    )
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn definitions_are_harmless_full_empty_and_hostile() {
        for text in samples::ALL {
            let tag = TagLine {
                id: TagId::new(),
                version: 1,
                name: text.into(),
                color: text.into(),
                description: text.into(),
                customers: Total::about(12_345),
            };
            let attribute = AttributeLine {
                id: AttributeId::new(),
                version: 1,
                name: text.into(),
                label: text.into(),
                kind: text.into(),
                options: vec![text.into()],
                required: true,
                archived: true,
            };
            let typed = [
                "name",
                "label",
                "color",
                "kind",
                "options",
                "version",
                "description",
                "into",
            ]
            .into_iter()
            .fold(Typed::new(), |typed, name| typed.with(name, text));
            let faults = [Fault {
                pointer: "/name".into(),
                code: "x".into(),
                message: text.into(),
            }];
            let view = DefinitionsView {
                tags: vec![tag.clone()],
                attributes: vec![attribute],
                may_write: true,
                locale: Locale::default(),
            };
            for page in [
                content(&view),
                tag_form(Some(tag.id), &typed, &faults),
                merge_form(&tag, &view.tags, &typed, &faults),
                attribute_form(None, &typed, &faults),
                attribute_form(Some(AttributeId::new()), &typed, &faults),
            ] {
                samples::assert_harmless(&page.into_string());
            }
        }
        let empty = DefinitionsView {
            tags: vec![],
            attributes: vec![],
            may_write: false,
            locale: Locale::default(),
        };
        let page = content(&empty).into_string();
        assert!(page.contains("No tags yet") && !page.contains("hx-post"));
    }
}
