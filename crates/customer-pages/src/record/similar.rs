//! Who a new customer may already be, told while the form is filled in.

use axum::{extract::RawQuery, response::IntoResponse};
use maud::{Markup, html};
use regulars_customers::{find, model::Included, ops, store::parts::Key};
use regulars_database::Tx;
use regulars_kernel::{Error, Permission, Phone, Result};
use regulars_web::{PageCall, PageResult, pages::avatar};

use super::{linked_whole, view::Linked};
use crate::{face::defaults, state::ListState};

/// Shown at most.
const SHOWN: usize = 4;
/// Fewer letters of a name say nothing.
const LETTERS: usize = 4;

/// `GET /customers/similar?email=&phone=&first_name=&last_name=&company_name=`
pub(crate) async fn similar(call: PageCall, RawQuery(query): RawQuery) -> PageResult {
    call.require(Permission::CustomersWrite)?;
    let typed = ListState::parse(query.as_deref().unwrap_or_default());
    let mut tx = call.read().await?;
    let country = defaults(&call, &tx).country;
    let phone = Phone::parse(typed.get("phone"), country.as_ref()).ok();
    let found = look(&mut tx, &typed, phone).await?;
    tx.commit().await?;
    Ok(list(&found).into_response())
}

/// Those with the same address or number, then those with a name like it.
async fn look(tx: &mut Tx, typed: &ListState, phone: Option<Phone>) -> Result<Vec<(Linked, &'static str)>> {
    let mut found: Vec<(Linked, &'static str)> = Vec::new();
    let mut add = |linked: Linked, why| {
        if found.iter().all(|(known, _)| known.id != linked.id) {
            found.push((linked, why));
        }
    };
    if let Ok(email) = ops::customers::email_key(typed.get("email")) {
        match ops::customers::get(tx, Key::Email(&email), &Included::default(), false).await {
            Ok(customer) => add(linked_whole(&customer.customer), "Same e-mail address"),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(phone) = phone {
        for customer in find::quick(tx, phone.as_str(), SHOWN as u32).await? {
            if customer.phone.as_ref() == Some(&phone) {
                add(linked_whole(&customer), "Same phone number");
            }
        }
    }
    for name in names(typed) {
        for customer in find::quick(tx, &name, SHOWN as u32).await? {
            add(linked_whole(&customer), "A name like it");
        }
    }
    found.truncate(SHOWN);
    Ok(found)
}

/// The names that say enough to look for: first and last together, and the company's.
fn names(typed: &ListState) -> Vec<String> {
    let [first, last, company] =
        ["first_name", "last_name", "company_name"].map(|name| typed.get(name).trim());
    let person = (!first.is_empty() && !last.is_empty()).then(|| format!("{first} {last}"));
    let company = (!company.is_empty()).then(|| company.to_owned());
    let says_enough =
        |name: &String| name.chars().filter(|letter| letter.is_alphanumeric()).count() >= LETTERS;
    person.into_iter().chain(company).filter(says_enough).collect()
}

fn list(found: &[(Linked, &'static str)]) -> Markup {
    html! {
        @if !found.is_empty() {
            div class="similar" {
                p { "Perhaps a customer already" }
                ul { @for (one, why) in found {
                    li {
                        (avatar(&one.name, "sm"))
                        span class="truncate-line" { b { (one.name) } " " span class="muted" { (one.note) } }
                        span class="muted" { (why) }
                        a href={ "/customers/" (one.id) } { "Use this one" }
                    }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regulars_kernel::ids::CustomerId;
    use regulars_web::pages::samples;

    use super::*;

    #[test]
    fn only_names_that_say_enough_are_looked_for() {
        let names = |query: &str| names(&ListState::parse(query));
        assert_eq!(
            names("first_name=Ada&last_name=Lovelace&company_name=Engines"),
            ["Ada Lovelace", "Engines"]
        );
        assert!(names("first_name=Ada").is_empty());
        assert!(names("first_name=A&last_name=B&company_name=XY").is_empty());
    }

    #[test]
    fn hints_are_harmless() {
        for text in samples::ALL {
            let one = Linked {
                id: CustomerId::new(),
                name: text.into(),
                note: text.into(),
            };
            samples::assert_harmless(&list(&[(one, "A name like it")]).into_string());
        }
    }
}
