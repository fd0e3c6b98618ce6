//! What the list and every export can be filtered by, for the document. [`super::Query`] reads it.

use utoipa::IntoParams;

/// The search and the filters of customers. It only describes: names such as `attribute.NAME` are open.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes")]
pub struct FilterParameters {
    /// Search, at most 200 characters
    #[param(example = "alen")]
    q: Option<String>,
    /// `active`, `inactive`, `prospect`, `vip`, `blocked`, `pending`, `churned`
    #[param(example = json!(["vip", "active"]))]
    status: Option<Vec<String>>,
    /// `registered`, `guest`, `wholesale`, `affiliate`
    #[param(rename = "type", example = json!(["wholesale"]))]
    customer_type: Option<Vec<String>>,
    /// `person`, `company`
    #[param(example = json!(["company"]))]
    kind: Option<Vec<String>>,
    /// `prospect`, `new`, `active`, `loyal`, `at_risk`, `dormant`, `lost`
    #[param(example = json!(["at_risk"]))]
    lifecycle_stage: Option<Vec<String>>,
    /// `low`, `normal`, `high`, `urgent`
    #[param(example = json!(["urgent"]))]
    priority: Option<Vec<String>>,
    /// Of the default address: ISO 3166 code or name
    #[param(example = json!(["DE", "AT"]))]
    country: Option<Vec<String>>,
    /// Linked to this system
    #[param(example = json!(["shopify"]))]
    source: Option<Vec<String>>,
    /// Names, whatever their case, or ids
    #[param(example = json!(["vip"]))]
    tag: Option<Vec<String>>,
    /// Who looks after the customer: ids of members, `me`, `none`
    #[param(example = json!(["me"]))]
    owner: Option<Vec<String>>,
    /// Ids of customers directly above
    parent: Option<Vec<String>>,
    /// A date (its whole day in the organization's time zone) or an RFC 3339 time; included
    #[param(example = "2026-01-01")]
    created_from: Option<String>,
    /// As `created_from`; included
    #[param(example = "2026-01-31")]
    created_to: Option<String>,
    /// Last changed then or later
    #[param(example = "2026-01-01T00:00:00Z")]
    updated_from: Option<String>,
    /// Last changed then or before
    updated_to: Option<String>,
    /// Last active then or later
    last_active_from: Option<String>,
    /// Last active then or before; who was never active is left out
    last_active_to: Option<String>,
    /// Birthday on this day of the year or later, as month and day; a range may go over the turn of the year
    #[param(example = "12-24")]
    birthday_from: Option<String>,
    /// Birthday on this day of the year or before
    #[param(example = "01-06")]
    birthday_to: Option<String>,
    /// Whether there is an e-mail address
    has_email: Option<bool>,
    /// Whether there is a phone number
    has_phone: Option<bool>,
    /// Whether it stands below another customer
    has_parent: Option<bool>,
    /// Value of the custom attribute NAME; of a list: one of its items. An attribute that is not defined is refused
    #[param(rename = "attribute.NAME", example = json!(["38"]))]
    attribute: Option<Vec<String>>,
    /// An expression: fields compared with =, !=, <, <=, >, >=, in, not in, contains, not contains, starts with, is empty,
    /// is not empty, joined by and, or, not; texts in quotes, days as 2026-01-31 or days_ago(90)
    #[param(example = "(status = \"vip\" or tag in (\"berlin\", \"press\")) and created_at >= days_ago(90)")]
    filter: Option<String>,
    /// `with`: deleted ones too; `only`: nobody else
    deleted: Option<String>,
}
