//! The three topics that every app must answer: what is asked for is recorded as a duty with the day by which it is due.

use regulars_connect::{Applied, Failure, Received};
use regulars_customers::store::sources;
use regulars_database::Tx;
use regulars_privacy::{
    model::{DutyKind, NewDuty, Subject},
    ops,
};
use serde_json::{Value, json};

use crate::{SOURCE, body};

/// `customers/data_request`, `customers/redact` and `shop/redact`.
pub async fn record(tx: &mut Tx, message: &Received, kind: DutyKind) -> Result<Applied, Failure> {
    let asked = body::parse(message)?;
    let external_id = body::id(&asked["customer"]["id"]);
    if external_id.is_none() && kind != DutyKind::ShopErasure {
        return Err(Failure::Fatal("there is no id in customer/id".into()));
    }
    let customer_id = match &external_id {
        Some(id) => sources::owner(tx, SOURCE, id).await?,
        None => None,
    };
    let orders = [&asked["orders_requested"], &asked["orders_to_redact"]];
    let text = |value: &Value| value.as_str().map(|text| text.chars().take(320).collect());
    let duty = NewDuty {
        kind,
        source: SOURCE,
        // A request for data has an id; the others are told apart by their message.
        reference: body::id(&asked["data_request"]["id"]).unwrap_or_else(|| message.delivery_id.clone()),
        customer_id,
        subject: Subject {
            external_id,
            email: text(&asked["customer"]["email"]),
            phone: text(&asked["customer"]["phone"]),
            orders: orders
                .into_iter()
                .filter_map(Value::as_array)
                .flatten()
                .filter_map(body::id)
                .collect(),
            shop: text(&asked["shop_domain"]),
        },
        received_at: message.received_at,
    };
    Ok(Applied::Done(match ops::record(tx, &duty).await? {
        Some(id) => json!({"privacy_duty_id": id}),
        None => json!({"known": true}),
    }))
}
