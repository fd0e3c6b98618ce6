//! Duties: their kinds and states, and what is known of each.

use chrono::{DateTime, TimeDelta, Utc};
use regulars_customers::choices;
use regulars_kernel::{
    clock,
    ids::{CustomerId, PrivacyDutyId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

choices! {
    /// What is owed.
    DutyKind { Access = "access", Erasure = "erasure", ShopErasure = "shop_erasure" }
    /// Whether it still is.
    DutyState { Open = "open", Done = "done" }
}

/// How long there is: the month of the regulation (Art. 12 (3)), which is also what Shopify gives.
pub const TIME: TimeDelta = TimeDelta::days(30);

/// Whom a duty is about, in the words of who asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PrivacySubject)]
pub struct Subject {
    /// The customer's id in the other system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "191167")]
    pub external_id: Option<String>,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// Their phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "+4930123456")]
    pub phone: Option<String>,
    /// The ids there of the orders that they asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["299938"]))]
    pub orders: Vec<String>,
    /// The shop whose data it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "acme.myshopify.com")]
    pub shop: Option<String>,
}

/// A duty that is told of.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the duty")]
pub struct NewDuty {
    pub kind: DutyKind,
    pub source: &'static str,
    pub reference: String,
    pub customer_id: Option<CustomerId>,
    pub subject: Subject,
    pub received_at: DateTime<Utc>,
}

/// Something that is owed.
#[derive(Clone, Debug, Serialize, sqlx::FromRow, utoipa::ToSchema)]
#[schema(as = PrivacyDuty)]
pub struct Duty {
    /// Its id.
    pub id: PrivacyDutyId,
    /// `access`: their data are to be given to who asked; `erasure`: to be erased; `shop_erasure`: all that came from a shop
    /// is to be erased.
    pub kind: DutyKind,
    /// Whether it is still to be done.
    pub state: DutyState,
    /// The system that asked.
    #[schema(example = "shopify")]
    pub source: String,
    /// Its id of the request.
    #[schema(example = "9999")]
    pub reference: String,
    /// Whom it is about; null if they are not known here, or not any more.
    pub customer_id: Option<CustomerId>,
    /// Whom it is about, in the words of who asked.
    #[sqlx(json)]
    pub subject: Subject,
    /// When it was asked for.
    #[serde(serialize_with = "clock::serialize")]
    pub received_at: DateTime<Utc>,
    /// By when it is to be done.
    #[serde(serialize_with = "clock::serialize")]
    pub due_at: DateTime<Utc>,
    /// When somebody said that it is done.
    pub done_at: Option<DateTime<Utc>>,
    /// Who said so: a member's or key's id.
    pub done_by: Option<Uuid>,
    /// What they said of it.
    #[schema(example = "Sent by e-mail to the shop's owner")]
    pub note: Option<String>,
}

/// Which duties.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of the duty")]
pub struct DutyFilter {
    pub states: Vec<String>,
    pub kinds: Vec<String>,
    pub customer_id: Option<CustomerId>,
}

/// What is said of a duty that is done.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PrivacyDutyDone, example = json!({"note": "Sent by e-mail to the shop's owner"}))]
pub struct Done {
    /// How, up to 1,000 characters.
    #[schema(max_length = 1000)]
    pub note: Option<String>,
}
