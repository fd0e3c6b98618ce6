//! Store credit: the card that says what there is, and the sheet to give and take, above what was given and taken.

use chrono_tz::Tz;
use maud::{Markup, html};
use regulars_commerce::{
    model::{AmountInput, CreditBalance, CreditEntryJson, CreditInput, CreditKind},
    ops::{self, Outcome},
};
use regulars_database::Tx;
use regulars_kernel::{
    Currency, Fault, Money, MoneyInput, PageRequest, Permission, Result, ids::CustomerId, paging::Start,
};
use regulars_web::{
    PageCall, PageResult, Path,
    pages::{Choice, Locale, format, number_field, select_field, text_field, time_tag},
};

use super::{change::href, view::RecordView};
use crate::{
    face::{done, faults_of, refused, sheet},
    form::{Typed, sheet_form},
};

/// Lines of the ledger shown in the sheet.
const LINES: u32 = 20;

const TITLE: &str = "Store credit";

/// What the sheet shows beside its form.
struct Ledger {
    balances: Vec<Money>,
    entries: Vec<CreditEntryJson>,
    is_more: bool,
    base: Currency,
}

/// What there is, in a word for each currency.
pub(super) fn card(view: &RecordView) -> Markup {
    html! { @for money in &view.credit { p class="tabular" { (amount(money, view.locale)) } } }
}

fn amount(money: &Money, locale: Locale) -> String {
    format::money(money.amount(), money.currency().as_str(), locale)
}

async fn ledger(tx: &mut Tx, id: CustomerId) -> Result<Ledger> {
    let request = PageRequest {
        limit: LINES,
        start: Start::First,
    };
    let found = ops::credit::list(tx, id, &request).await?;
    Ok(Ledger {
        balances: ops::credit::balances(tx, id)
            .await?
            .iter()
            .map(CreditBalance::show)
            .collect(),
        is_more: found.page.next_cursor.is_some(),
        entries: found.data,
        base: regulars_accounts::ops::get_organization(tx).await?.currency,
    })
}

/// `GET /customers/{id}/store-credit`
pub(super) async fn show(call: PageCall, Path(id): Path<CustomerId>) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.read().await?;
    regulars_customers::ops::require_living(&mut tx, id).await?;
    let ledger = ledger(&mut tx, id).await?;
    let shell = call.bare_shell();
    let form = form(id, &ledger, &Typed::new(), &[], shell.time_zone, shell.locale);
    Ok(sheet(&call, TITLE, form))
}

/// `POST /customers/{id}/store-credit`
pub(super) async fn tell(call: PageCall, Path(id): Path<CustomerId>, typed: Typed) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let mut tx = call.write().await?;
    let base = regulars_accounts::ops::get_organization(&mut tx).await?.currency;
    let input = CreditInput {
        kind: typed.get("kind").to_owned(),
        amount: Some(AmountInput::Money(MoneyInput {
            amount: typed.get("amount").to_owned(),
            currency: Some(typed.get("currency").to_owned())
                .filter(|code| !code.is_empty())
                .unwrap_or_else(|| base.as_str().to_owned()),
        })),
        note: Some(typed.get("note").to_owned()),
        ..CreditInput::default()
    };
    let shell = call.bare_shell();
    match ops::credit::tell(&mut tx, id, &input, base).await {
        Ok(Outcome::Created(entry) | Outcome::Updated(entry) | Outcome::Unchanged(entry)) => {
            tx.commit().await?;
            let entry = entry.show();
            let left = amount(&entry.balance, shell.locale);
            let text = format!("{}. {left} of store credit now.", said(entry.kind));
            Ok(done(&call, text, None, &href(id)))
        }
        Ok(Outcome::Refused(error)) | Err(error) => {
            drop(tx);
            let faults = faults_of(error)?;
            let mut tx = call.read().await?;
            let ledger = ledger(&mut tx, id).await?;
            let form = form(id, &ledger, &typed, &faults, shell.time_zone, shell.locale);
            Ok(refused(&call, TITLE, form))
        }
    }
}

/// How a line is headed.
fn said(kind: CreditKind) -> &'static str {
    match kind {
        CreditKind::Issued => "Given",
        CreditKind::Refunded => "Refunded as credit",
        CreditKind::Spent => "Spent",
        CreditKind::Expired => "Expired",
        CreditKind::Withdrawn => "Taken back",
    }
}

fn form(
    id: CustomerId,
    ledger: &Ledger,
    typed: &Typed,
    faults: &[Fault],
    zone: Tz,
    locale: Locale,
) -> Markup {
    let kinds = [
        ("issued", "Give"),
        ("refunded", "Refund as credit"),
        ("spent", "Spend"),
        ("withdrawn", "Take back"),
        ("expired", "Let expire"),
    ];
    let mut currencies = vec![ledger.base.as_str().to_owned()];
    for money in &ledger.balances {
        let code = money.currency().as_str().to_owned();
        if !currencies.contains(&code) {
            currencies.push(code);
        }
    }
    let url = format!("/customers/{id}/store-credit");
    sheet_form(
        TITLE,
        &url,
        "Write it down",
        typed,
        faults,
        html! {
            p class="muted" {
                @if ledger.balances.is_empty() { "There is none." }
                @else {
                    "There is "
                    @for (index, money) in ledger.balances.iter().enumerate() { @if index > 0 { " and " } b { (amount(money, locale)) } }
                    "."
                }
            }
            div class="form-grid" {
                (select_field("kind", "What happens", kinds.into_iter().map(|(value, label)| Choice::new(value, label)).collect())
                    .value(typed.get("kind")).faults(faults).wide())
                (number_field("amount", "Amount").value(typed.get("amount")).faults(faults).autocomplete("off").required().autofocus())
                (select_field("currency", "Currency", currencies.iter().map(|code| Choice::new(code, code)).collect())
                    .value(typed.get("currency")).faults(faults))
                (text_field("note", "Why").value(typed.get("note")).faults(faults).autocomplete("off").wide())
            }
            @if !ledger.entries.is_empty() { (lines(ledger, zone, locale)) }
        },
    )
}

fn lines(ledger: &Ledger, zone: Tz, locale: Locale) -> Markup {
    html! {
        section class="linked-part" {
            h3 { "What was given and taken" }
            ul class="ledger" { @for entry in &ledger.entries {
                li {
                    span class="ledger-kind" { (said(entry.kind)) @if let Some(note) = &entry.note { span class="muted" { (note) } } }
                    span class="muted" { (time_tag(entry.occurred_at, zone)) }
                    span class="tabular" { @if entry.kind.is_more() { "+" } @else { "−" } (amount(&entry.amount, locale)) }
                }
            } }
            @if ledger.is_more { p class="muted" { "The latest " (LINES) " are shown; the API gives all of them." } }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_web::pages::samples;

    use super::*;

    fn money(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    #[test]
    fn the_ledger_is_shown_empty_full_and_with_hostile_notes() {
        let now = regulars_kernel::clock::now();
        let empty = Ledger {
            balances: Vec::new(),
            entries: Vec::new(),
            is_more: false,
            base: Currency::parse("EUR").unwrap(),
        };
        let drawn = |ledger: &Ledger| {
            form(
                CustomerId::new(),
                ledger,
                &Typed::new(),
                &[],
                chrono_tz::UTC,
                Locale::default(),
            )
            .into_string()
        };
        assert!(drawn(&empty).contains("There is none."));
        for text in samples::ALL {
            let full = Ledger {
                balances: vec![money("20.00")],
                entries: vec![CreditEntryJson {
                    id: regulars_kernel::ids::StoreCreditEntryId::new(),
                    kind: CreditKind::Spent,
                    amount: money("5.50"),
                    balance: money("20.00"),
                    note: Some((*text).to_owned()),
                    source: None,
                    external_id: None,
                    order_external_id: None,
                    occurred_at: now,
                    created_at: now,
                }],
                is_more: true,
                base: Currency::parse("USD").unwrap(),
            };
            let html = drawn(&full);
            samples::assert_harmless(&html);
            assert!(html.contains("−€5.50") && html.contains("€20.00") && html.contains("USD"));
        }
    }
}
