//! Whose export a file is, and what that vendor's columns mean.
//!
//! Shopify: help.shopify.com, "Importing and exporting customer lists". Klaviyo: help.klaviyo.com, "How to export a list
//! or segment". Mailchimp: mailchimp.com/help, "About your audience export". HubSpot: knowledge.hubspot.com, "Export your
//! records". Columns that a vendor derives from what it counted (orders, opens, predictions) are ignored: we count ourselves.
//!
//! What it never does: look at values.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{AddressField, Target};

/// Whose export a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Our own export.
    Regulars,
    /// Shopify's customer export or import template.
    Shopify,
    /// Shopify's order export: its orders, or read for its buyers.
    ShopifyOrders,
    /// Shopify's product export.
    ShopifyProducts,
    /// Klaviyo's profiles.
    Klaviyo,
    /// A Mailchimp audience.
    Mailchimp,
    /// HubSpot's contacts.
    Hubspot,
    /// Anything else.
    #[default]
    Generic,
}

impl Vendor {
    /// Tells by columns that only this vendor writes.
    pub fn detect<'a>(headers: impl IntoIterator<Item = &'a str>) -> Self {
        let names: HashSet<String> = headers.into_iter().map(key).collect();
        let has = |name: &str| names.contains(name);
        let has_any = |list: &[&str]| list.iter().any(|name| has(name));
        if has("lifecycle_stage") && has("service_level") && has("internal_note") {
            Self::Regulars
        } else if has("financial status") && has("lineitem name") {
            Self::ShopifyOrders
        } else if has("handle") && has_any(&["variant price", "variant sku", "option1 value", "image src"]) {
            Self::ShopifyProducts
        } else if has("default address address1")
            || (has("accepts email marketing") && has("first name"))
            || (has("accepts marketing") && has("province code") && has("address1"))
        {
            Self::Shopify
        } else if has_any(&[
            "klaviyo id",
            "email marketing consent",
            "$consent_method",
            "initial source referrer",
        ]) {
            Self::Klaviyo
        } else if has_any(&["member_rating", "optin_time", "leid", "euid"]) && has("email address") {
            Self::Mailchimp
        } else if has_any(&["record id", "record id - contact", "contact id"])
            && has_any(&[
                "contact owner",
                "create date",
                "last modified date",
                "lead status",
                "lifecycle stage",
            ])
        {
            Self::Hubspot
        } else {
            Self::Generic
        }
    }

    /// The name of the source that its ids come from.
    pub fn source(self) -> &'static str {
        match self {
            Self::Shopify | Self::ShopifyOrders | Self::ShopifyProducts => "shopify",
            Self::Klaviyo => "klaviyo",
            Self::Mailchimp => "mailchimp",
            Self::Hubspot => "hubspot",
            Self::Regulars | Self::Generic => "csv",
        }
    }

    /// What one of the vendor's own columns means; `None` for a column the vendor does not define.
    pub fn target(self, header: &str) -> Option<Target> {
        let key = key(header);
        match self {
            Self::Regulars => regulars(&key),
            Self::Shopify => shopify(&key),
            Self::ShopifyOrders => Some(shopify_orders(&key)),
            // Nothing in it is a customer's.
            Self::ShopifyProducts => Some(Target::Ignore),
            Self::Klaviyo => klaviyo(&key),
            Self::Mailchimp => mailchimp(&key),
            Self::Hubspot => hubspot(&key),
            Self::Generic => None,
        }
    }
}

fn key(header: &str) -> String {
    header.trim().to_lowercase()
}

fn attribute(name: &str) -> Target {
    Target::Attribute(name.to_owned())
}

fn regulars(key: &str) -> Option<Target> {
    if key == "credit_limit.amount" {
        return Some(Target::CreditLimit);
    }
    let is_derived = [
        "metrics",
        "health",
        "predictions",
        "addresses",
        "contacts",
        "sources",
    ]
    .iter()
    .any(|part| key == *part || key.strip_prefix(part).is_some_and(|rest| rest.starts_with('.')));
    let is_ours = [
        "id",
        "version",
        "full_name",
        "updated_at",
        "deleted_at",
        "parent_id",
        "owner_id",
    ]
    .contains(&key);
    (is_derived || is_ours).then_some(Target::Ignore)
}

fn shopify(key: &str) -> Option<Target> {
    let address = key.strip_prefix("default address ").unwrap_or(key);
    Some(match key {
        "customer id" | "id" => Target::ExternalId,
        "first name" => Target::FirstName,
        "last name" => Target::LastName,
        "email" => Target::Email,
        "phone" => Target::Phone,
        "accepts email marketing" | "accepts marketing" => Target::ConsentEmail,
        "accepts sms marketing" => Target::ConsentSms,
        "accepts whatsapp marketing" => attribute("accepts_whatsapp_marketing"),
        // The note is for staff: Shopify never shows it to the customer.
        "note" => Target::InternalNote,
        "tags" => Target::Tags,
        "tax exempt" => attribute("tax_exempt"),
        "total spent" | "total orders" => Target::Ignore,
        _ => Target::Address(match address {
            "company" => AddressField::Company,
            "address1" => AddressField::Line1,
            "address2" => AddressField::Line2,
            "city" => AddressField::City,
            "province code" => AddressField::Province,
            "country code" => AddressField::Country,
            "zip" => AddressField::PostalCode,
            "phone" => AddressField::Phone,
            // Old exports have names beside the codes.
            "province" | "country" => return Some(Target::Ignore),
            _ => return None,
        }),
    })
}

/// A row is an order's line; rows after an order's first repeat its name and little else, so nothing but the buyer is taken.
fn shopify_orders(key: &str) -> Target {
    match key {
        "email" => Target::Email,
        "phone" => Target::Phone,
        "accepts marketing" => Target::ConsentEmail,
        "billing name" => Target::FullName,
        _ => Target::Address(match key.strip_prefix("billing ").unwrap_or_default() {
            "company" => AddressField::Company,
            "address1" => AddressField::Line1,
            "address2" => AddressField::Line2,
            "city" => AddressField::City,
            "zip" => AddressField::PostalCode,
            "province" => AddressField::Province,
            "country" => AddressField::Country,
            "phone" => AddressField::Phone,
            // "Billing Street" repeats both address lines; the rest is about the order.
            _ => return Target::Ignore,
        }),
    }
}

fn klaviyo(key: &str) -> Option<Target> {
    Some(match key {
        "klaviyo id" => Target::ExternalId,
        "email" => Target::Email,
        "first name" => Target::FirstName,
        "last name" => Target::LastName,
        "organization" => Target::CompanyName,
        "phone number" => Target::Phone,
        "address" => Target::Address(AddressField::Line1),
        "address 2" => Target::Address(AddressField::Line2),
        "city" => Target::Address(AddressField::City),
        "state / region" => Target::Address(AddressField::Province),
        "country" => Target::Address(AddressField::Country),
        "zip code" => Target::Address(AddressField::PostalCode),
        "latitude" => Target::Address(AddressField::Latitude),
        "longitude" => Target::Address(AddressField::Longitude),
        "$timezone" | "timezone" => Target::TimeZone,
        "consent" | "email marketing consent" | "email suppressions" | "accepts marketing" => {
            Target::ConsentEmail
        }
        "sms marketing consent" | "sms consent" | "sms suppressions" => Target::ConsentSms,
        "profile created on" => Target::CreatedAt,
        "last active" => Target::LastActiveAt,
        "title" => attribute("title"),
        "first active"
        | "date added"
        | "last open"
        | "last click"
        | "historic customer lifetime value"
        | "predicted customer lifetime value"
        | "total customer lifetime value"
        | "historic number of orders"
        | "predicted number of orders"
        | "churn risk prediction"
        | "average days between orders"
        | "average order value"
        | "expected date of next order"
        | "$phone_number_region" => Target::Ignore,
        _ => return None,
    })
}

fn mailchimp(key: &str) -> Option<Target> {
    Some(match key {
        "email address" => Target::Email,
        "first name" => Target::FirstName,
        "last name" => Target::LastName,
        "address" => Target::Address(AddressField::Combined),
        "phone number" | "phone" => Target::Phone,
        "birthday" => attribute("birthday"),
        "optin_time" => Target::CreatedAt,
        "latitude" => Target::Address(AddressField::Latitude),
        "longitude" => Target::Address(AddressField::Longitude),
        "timezone" => Target::TimeZone,
        "cc" => Target::Address(AddressField::Country),
        "region" => Target::Address(AddressField::Province),
        "euid" => Target::ExternalId,
        "notes" => Target::InternalNote,
        "tags" => Target::Tags,
        // Set for contacts that were added by an import too, so it is no consent; the file's name says that.
        "confirm_time" => attribute("confirm_time"),
        // Who bounced until Mailchimp gave up must not be written to either.
        "unsub_time" | "clean_time" => Target::EmailUnsubscribedAt,
        "member_rating"
        | "gmtoff"
        | "dstoff"
        | "last_changed"
        | "leid"
        | "clean_campaign_title"
        | "clean_campaign_id" => Target::Ignore,
        _ => return None,
    })
}

fn hubspot(key: &str) -> Option<Target> {
    Some(match key {
        "record id" | "record id - contact" | "contact id" => Target::ExternalId,
        "first name" => Target::FirstName,
        "last name" => Target::LastName,
        "email" => Target::Email,
        "phone number" => Target::Phone,
        "create date" => Target::CreatedAt,
        "lifecycle stage" => Target::LifecycleStage,
        "associated company" | "company name" => Target::CompanyName,
        "street address" => Target::Address(AddressField::Line1),
        "state/region" => Target::Address(AddressField::Province),
        "country/region" => Target::Address(AddressField::Country),
        "last modified date"
        | "associated deal"
        | "associated deal ids"
        | "associated company ids"
        | "associated contact ids" => Target::Ignore,
        _ => return None,
    })
}
