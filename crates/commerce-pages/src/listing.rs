//! What lists with filters have in common, whatever their rows are: from the address to what stands above and below the table.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_customers::{find::start_of_day, store::captions};
use regulars_database::Tx;
use regulars_kernel::{
    Error, Fault, Faults, PageRequest, Result, TimeZone, ids::CustomerId, paging::PageInfo,
};
use regulars_web::{
    PageCall, Params,
    pages::{Icon, ListState, Locale, Nav, Page, Tone, filter_chip, link_button, notice, page, pagination},
    redirect,
};

use crate::{
    filters::Chip,
    place::{is_too_deep, place},
    words,
};

/// What a list is of.
pub(crate) struct Kind {
    /// Where it is.
    pub path: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// One and many of what it is of.
    pub words: [&'static str; 2],
    pub nav: Nav,
}

impl Kind {
    fn filters(&self, state: &ListState) -> String {
        state.href(&format!("{}/filters", self.path))
    }
}

/// Why the table has no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// There are some.
    Rows,
    /// Nothing matches what is asked for.
    NoMatch,
    /// The organization has none at all.
    Nothing,
    /// What is asked for is wrong; the faults say how.
    Faulty,
}

/// Everything a list shows.
#[derive(Clone, Debug)]
pub(crate) struct Listing<R> {
    pub state: ListState,
    pub rows: Vec<R>,
    pub face: Face,
    pub page: Page,
    pub chips: Vec<Chip>,
    /// The order in force, as in the address.
    pub sorted: String,
    pub faults: Vec<Fault>,
    pub locale: Locale,
    pub zone: Tz,
}

impl<R> Listing<R> {
    /// One of which nothing was looked up yet.
    pub(crate) fn new(call: &PageCall, state: ListState, chips: Vec<Chip>) -> Self {
        let shell = call.bare_shell();
        Self {
            rows: Vec::new(),
            face: Face::Faulty,
            page: Page::default(),
            chips,
            sorted: String::new(),
            faults: Vec::new(),
            locale: shell.locale,
            zone: shell.time_zone,
            state,
        }
    }

    /// Nothing can be looked up: what a person can put right in the address is said, anything else is passed on.
    pub(crate) fn refused(mut self, error: Error) -> Result<Self> {
        self.faults = faults_of(error)?;
        Ok(self)
    }

    /// With what was found.
    pub(crate) fn found(mut self, kind: &Kind, asked: &PageRequest, info: &PageInfo, rows: Vec<R>) -> Self {
        self.page = place(kind.path, &self.state, asked, info, rows.len());
        let narrows = self.state.narrows() || self.page.previous.is_some();
        self.face = match (rows.is_empty(), narrows) {
            (false, _) => Face::Rows,
            (true, true) => Face::NoMatch,
            (true, false) => Face::Nothing,
        };
        self.rows = rows;
        self
    }

    /// The page, or the parts of it that are drawn anew.
    pub(crate) fn answer(
        &self,
        call: &PageCall,
        kind: &Kind,
        content: fn(&Self) -> Markup,
        list: fn(&Self) -> Markup,
    ) -> Response {
        if call.is_fragment() {
            // The table, and beside it what else follows the address.
            return html! { (list(self)) (self.chips(kind, true)) (self.total(kind, true)) }.into_response();
        }
        let status = if self.faults.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        let shell = call.shell(kind.nav, kind.title);
        (status, page(&shell, html! {}, content(self))).into_response()
    }

    /// The filters in force, and the way to others.
    pub(crate) fn chips(&self, kind: &Kind, beside: bool) -> Markup {
        let sheet = kind.filters(&self.state);
        html! {
            div class="chip-row" id="list-chips" hx-swap-oob=[beside.then_some("true")] {
                @for chip in &self.chips { (filter_chip(&chip.name, chip.relation, &chip.value, &sheet, &chip.without)) }
                (link_button("Filter", sheet.clone()).ghost().icon(Icon::Filter).key("f").opens_sheet(sheet))
                @if self.chips.len() > 1 { (link_button("Clear", self.state.only_search().href(kind.path)).ghost()) }
            }
        }
    }

    /// How many there are.
    pub(crate) fn total(&self, kind: &Kind, beside: bool) -> Markup {
        let [one, many] = kind.words;
        html! {
            div class="toolbar-end" id="list-total" hx-swap-oob=[beside.then_some("true")] {
                @if let (Face::Rows, Some(total)) = (self.face, self.page.total) {
                    span class="tabular" role="status" {
                        @if self.page.about { "more than " }
                        (words::counted(i64::try_from(total).unwrap_or(i64::MAX), one, many, self.locale))
                    }
                }
            }
        }
    }

    /// The table with what is wrong with the address above and the pager below.
    pub(crate) fn around(&self, kind: &Kind, table: &Markup, in_words: fn(&Fault) -> String) -> Markup {
        html! {
            div id="list" class="list" {
                @if !self.faults.is_empty() { (notice(Tone::Red, "This address asks for something that cannot be", html! {
                    ul { @for fault in &self.faults { li { (in_words(fault)) } } }
                    @let sheet = kind.filters(&self.state);
                    div class="form-actions" { (link_button("Change the filter", sheet.clone()).small().opens_sheet(sheet)) (link_button(format!("Show all {}", kind.words[1]), kind.path).small()) }
                })) }
                (table)
                @if self.face == Face::Rows { (pagination(&self.page, kind.words, self.locale)) }
            }
        }
    }
}

/// What a person can put right in the address; anything else is passed on.
pub(crate) fn faults_of(error: Error) -> Result<Vec<Fault>> {
    match error {
        Error::Invalid(faults) | Error::Malformed(faults) => Ok(faults.0),
        other => Err(other),
    }
}

/// What the customer is called whose rows alone are asked for.
pub(crate) async fn customer_of(tx: &mut Tx, state: &ListState) -> Result<Option<String>> {
    let Ok(id) = state.get("customer").parse::<CustomerId>() else {
        return Ok(None);
    };
    Ok(captions::customers(tx, &[id.0]).await?.remove(&id.0))
}

/// The address without what a form sends empty, where people would see and share it.
pub(crate) fn shorter(call: &PageCall, kind: &Kind, query: &str, state: &ListState) -> Option<Response> {
    let has_empty = !call.is_fragment() && query.split('&').any(|pair| pair.ends_with('='));
    has_empty.then(|| redirect(call, &state.href(kind.path)))
}

/// What the address asks for, as the API understands it: days of these two parameters are those of the organization's time
/// zone, and the last is meant as well.
pub(crate) fn with_days(state: &ListState, zone: TimeZone, from: &str, to: &str) -> Result<Params> {
    let moment = |value: &str, days: u64| {
        let day: Option<NaiveDate> = value.parse().ok();
        day.and_then(|day| start_of_day(day.checked_add_days(Days::new(days))?, zone))
            .map_or_else(|| value.to_owned(), |at| at.to_rfc3339())
    };
    let plain = state.taking_out("at");
    let pairs: ListState = plain
        .pairs()
        .map(|(name, value)| match name {
            _ if name == from => (name, moment(value, 0)),
            _ if name == to => (name, moment(value, 1)),
            _ => (name, value.to_owned()),
        })
        .collect();
    Params::parse(&pairs.query())
}

/// Ends the reading of an address; a list has no page of a number beyond those that have numbers.
pub(crate) fn finish(params: Params, mut faults: Faults, asked: &PageRequest) -> Result<()> {
    if is_too_deep(asked) {
        let message = "the list has no page of this number; narrow it";
        faults.add("?page", "page_too_deep", message);
    }
    params.finish(faults)
}

/// What belongs into the sheet: there where htmx asks, as a page of its own otherwise, which the sheet takes from there.
pub(crate) fn sheet_or_page(
    call: &PageCall,
    kind: &Kind,
    back: &str,
    title: &str,
    inside: Markup,
) -> Response {
    if call.is_fragment() {
        return inside.into_response();
    }
    let shell = call
        .bare_shell()
        .at(kind.nav)
        .crumb(kind.title, back)
        .titled(title);
    let content = html! { div class="panel narrow" data-own-page=(back) { (inside) } };
    page(&shell, html! {}, content).into_response()
}
