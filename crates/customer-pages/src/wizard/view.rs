//! The pages of the steps: the line of progress, the form of each, and what stands around them.

use maud::{Markup, html};
use regulars_kernel::Fault;
use regulars_web::pages::{Icon, button, confirm_attributes, empty_state, form_errors, page_header};

use super::{PATH, Step, draft::CompanyDraft, handlers::SAVED};
use crate::{
    customer_fields::{Fields, Offered, already},
    form::Typed,
    record::{self, Linked},
};
use regulars_customers::model::{Status, Type};

/// A step that has a form.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepView<'a> {
    pub step: Step,
    /// Whether there is a draft.
    pub begun: bool,
    pub draft: &'a CompanyDraft,
    pub faults: &'a [Fault],
    pub offered: &'a Offered,
    /// The contact or address whose first field has the focus.
    pub focus: Option<usize>,
}

/// The way to give the draft up, at the end of the top bar; shown once there is one.
pub(super) fn start_over(begun: bool) -> Markup {
    let ask = confirm_attributes(
        "Discard the draft?",
        "Everything typed in the four steps is lost. No customer was created from it.",
        "Discard draft",
        None,
    );
    html! {
        form method="post" action={ (PATH) "/discard" } data-draft-begun hidden[!begun] {
            (button("Start over").icon(Icon::Restore).submit().attrs(ask))
        }
    }
}

/// Heading and progress, then the step itself. Steps are ticked that hold something; `wrong` are those in which something
/// is to be put right.
pub(super) fn frame(step: Step, lead: &str, draft: &CompanyDraft, wrong: &[Step], inside: Markup) -> Markup {
    html! {
        div class="steps-page" {
            (page_header("New company", html! {}, lead))
            nav aria-label="Steps" {
                ol class="steps" {
                    @for (number, one) in Step::ALL.into_iter().enumerate() {
                        li {
                            a href=(one.href()) aria-current=[(one == step).then_some("step")] data-filled[draft.holds(one)] data-wrong[wrong.contains(&one)] {
                                span class="step-mark" aria-hidden="true" {
                                    @if wrong.contains(&one) { "!" } @else if one != step && draft.holds(one) { (Icon::Check) } @else { (number + 1) }
                                }
                                span class="step-name" { (one.name()) }
                                @if wrong.contains(&one) { span class="sr-only" { " (something to put right)" } }
                            }
                        }
                    }
                }
            }
            (inside)
        }
    }
}

/// The form of a step with its buttons. Enter goes on, whatever buttons stand in it.
fn form(view: &StepView<'_>, lead: &str, fields: Markup) -> Markup {
    let step = view.step;
    let doing = |what: &str| {
        format!(
            "{what} to {}",
            if what == "Back" { step.back() } else { step.next() }
                .name()
                .to_lowercase()
        )
    };
    frame(
        step,
        lead,
        view.draft,
        &[],
        html! {
            form class="steps-form" method="post" action=(step.href()) novalidate data-draft {
                button class="sr-only" type="submit" name="do" value="next" tabindex="-1" aria-hidden="true" { "Continue" }
                (form_errors(view.faults))
                (fields)
                footer class="steps-foot" {
                    p class="muted" role="status" data-draft-said { @if view.begun { (SAVED) } }
                    @if step != Step::Basics { (button("Back").submit().attr("name", "do").attr("value", "back").attr("aria-label", doing("Back"))) }
                    (button("Continue").primary().submit().attr("name", "do").attr("value", "next").attr("aria-label", doing("Continue")))
                }
            }
        },
    )
}

/// The company itself.
pub(super) fn basics(view: &StepView<'_>, existing: Option<&Linked>, parent: Option<&Linked>) -> Markup {
    let fields = Fields {
        typed: &view.draft.basics,
        faults: view.faults,
        offered: view.offered,
    };
    let name = fields.text("company_name", "Company name");
    // With faults the script goes to the first of them.
    let name = if view.faults.is_empty() {
        name.autofocus()
    } else {
        name
    };
    // Whose the address is may be told already.
    let looked_up = if view.begun && existing.is_none() {
        "load, input delay:300ms"
    } else {
        "input delay:300ms"
    };
    let parent_fault = view.faults.iter().find(|fault| fault.pointer == "/parent_id");
    form(
        view,
        "What the company is and how it is reached. Only its name is needed; everything else can wait.",
        html! {
            @if let Some(existing) = existing { (already(existing)) }
            section class="panel" {
                div class="panel-body" {
                    // Who it may already be is looked up while one types.
                    div class="form-grid" hx-get="/customers/similar" hx-trigger=(looked_up) hx-include="this" hx-target="#similar" hx-sync="this:replace" {
                        (name)
                        (fields.text("legal_name", "Legal name"))
                        (fields.email()) (fields.phone())
                    }
                    div id="similar" role="status" {}
                    div class="form-grid" {
                        (fields.text("industry", "Industry")) (fields.text("tax_id", "Tax number"))
                        (fields.select::<Status>("status")) (fields.select::<Type>("type"))
                        (fields.owner()) (fields.tags())
                        (fields.internal_note())
                    }
                    (fields.attributes())
                }
            }
            section class="panel" {
                header { h2 id="field-parent_id" tabindex="-1" { "Belongs to" } }
                div class="panel-body parents" {
                    @if let Some(fault) = parent_fault { p class="form-error" { (Icon::Error) span { (fault.message) } } }
                    div class="search" {
                        (Icon::Search)
                        input class="input" type="search" name="q" placeholder="Find the company that this one is part of" aria-label="Find the company that this one is part of"
                            autocomplete="off" spellcheck="false" data-no-submit hx-get={ (PATH) "/parents" } hx-target="#parents" hx-swap="outerHTML"
                            hx-trigger="input changed delay:200ms, search" hx-include="closest .parents" hx-sync="this:replace";
                    }
                    (parents(parent, &[], ""))
                }
            }
        },
    )
}

/// Whom it may belong to: nothing, what is chosen, and what was found.
pub(super) fn parents(chosen: Option<&Linked>, found: &[Linked], q: &str) -> Markup {
    let others = found
        .iter()
        .filter(|one| chosen.is_none_or(|chosen| chosen.id != one.id));
    let line = |value: &str, name: &str, note: &str, checked: bool| {
        html! {
            label { input type="radio" name="parent_id" value=(value) checked[checked]; b class="truncate-line" { (name) } @if !note.is_empty() { span class="muted truncate-line" { (note) } } }
        }
    };
    html! {
        fieldset id="parents" class="choose" {
            legend class="sr-only" { "Belongs to" }
            (line("", "Nothing", "", chosen.is_none()))
            @if let Some(one) = chosen { (line(&one.id.to_string(), &one.name, &one.note, true)) }
            @for one in others { (line(&one.id.to_string(), &one.name, &one.note, false)) }
            @if found.is_empty() && !q.is_empty() { p class="muted" role="status" { "Nobody of that name." } }
        }
    }
}

/// The people to speak to.
pub(super) fn contacts(view: &StepView<'_>) -> Markup {
    let several = Several {
        view,
        parts: &view.draft.contacts,
        place: "contacts",
        one: "Contact",
        icon: Icon::Members,
        none: (
            "No contacts yet",
            "The people to speak to, with what they decide. A company may have none.",
        ),
        fields: record::contacts::fields,
    };
    form(
        view,
        "The people to speak to there. None, one or several.",
        several.render(),
    )
}

/// Where parcels and bills go.
pub(super) fn addresses(view: &StepView<'_>) -> Markup {
    let several = Several {
        view,
        parts: &view.draft.addresses,
        place: "addresses",
        one: "Address",
        icon: Icon::Address,
        none: (
            "No addresses yet",
            "Where parcels and bills go. A company may have none.",
        ),
        fields: record::addresses::fields,
    };
    form(
        view,
        "Where parcels and bills go. The first is the default unless another is.",
        several.render(),
    )
}

/// Contacts or addresses below each other, each with the way to take it out.
struct Several<'a> {
    view: &'a StepView<'a>,
    parts: &'a [Typed],
    place: &'static str,
    one: &'static str,
    icon: Icon,
    none: (&'static str, &'static str),
    fields: fn(&str, &Typed, &[Fault], bool) -> Markup,
}

impl Several<'_> {
    fn render(&self) -> Markup {
        let add = button(format!(
            "Add {} {}",
            if self.one == "Address" { "an" } else { "a" },
            self.one.to_lowercase()
        ))
        .icon(Icon::Plus)
        .submit()
        .attr("name", "do")
        .attr("value", "add");
        html! {
            @if self.parts.is_empty() { section class="panel" { (empty_state(self.icon, self.none.0, self.none.1, html! { (add) })) } }
            @else {
                @for (at, typed) in self.parts.iter().enumerate() { (self.part(at, typed)) }
                div class="form-actions" { (add) }
            }
        }
    }

    fn part(&self, at: usize, typed: &Typed) -> Markup {
        let name = format!("{} {}", self.one, at + 1);
        let id = format!("field-{}-{at}", self.place);
        let pointer = format!("/{}/{at}", self.place);
        let whole = self.view.faults.iter().find(|fault| fault.pointer == pointer);
        html! {
            section class="panel" aria-labelledby=(id) {
                header {
                    h2 id=(id) tabindex="-1" { (name) }
                    div class="panel-aside" {
                        (button("Remove").ghost().small().icon(Icon::Trash).submit().attr("name", "do").attr("value", format!("remove/{at}")).attr("aria-label", format!("Remove {}", name.to_lowercase())))
                    }
                }
                div class="panel-body" {
                    @if let Some(fault) = whole { p class="form-error" { (Icon::Error) span { (fault.message) } } }
                    ((self.fields)(&format!("{}/{at}/", self.place), typed, self.view.faults, self.view.focus == Some(at)))
                }
            }
        }
    }
}
