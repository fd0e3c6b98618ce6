//! How what is told of an activity is read: cleaned, with every fault noted at its place.

use std::net::IpAddr;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use regulars_kernel::{
    Email, Fault, Faults, Money,
    ids::{CustomerId, new_uuid},
    text,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{ActivityInput, GeoInput, Kind, Settings, UtmInput};

/// How far ahead a clock may be.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// Most of what is told freely.
const MOST_FIELDS: usize = 50;
const MOST_DATA: usize = 8_000;

/// By what a customer is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    /// The id here.
    Id(CustomerId),
    /// A system and the id there.
    Key(String, String),
    /// The address in lower case.
    Email(String),
}

impl Named {
    /// What a shop's server signs to say that this is who somebody is.
    pub fn signed_text(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Key(source, id) => format!("{source}:{id}"),
            Self::Email(email) => email.clone(),
        }
    }
}

/// Whose an activity is said to be: the first that is known counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose(pub Vec<Named>);

impl Whose {
    /// What was said, to be kept where it is not believed.
    pub fn claim(&self) -> Option<Value> {
        let mut claim = Map::new();
        for named in &self.0 {
            match named {
                Named::Id(id) => claim.insert("customer_id".into(), json!(id)),
                Named::Key(source, id) => {
                    claim.insert("customer".into(), json!({"source": source, "external_id": id}))
                }
                Named::Email(email) => claim.insert("email".into(), json!(email)),
            };
        }
        (!claim.is_empty()).then_some(Value::Object(claim))
    }
}

/// An activity, cleaned.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the input says what they are")]
pub struct Activity {
    pub id: Uuid,
    /// Whether whoever tells gave the id, so that it may be told again.
    pub is_named: bool,
    pub kind: Kind,
    /// As it was told; `None` is when it arrived.
    pub said_at: Option<DateTime<Utc>>,
    pub name: Option<String>,
    pub whose: Whose,
    pub user_hash: Option<String>,
    pub visitor_id: Option<String>,
    pub session_id: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
    pub utm: Option<UtmInput>,
    pub product_id: Option<String>,
    pub order_id: Option<String>,
    pub query: Option<String>,
    pub amount: Option<Money>,
    pub user_agent: Option<String>,
    pub ip: Option<IpAddr>,
    pub geo: Option<GeoInput>,
    pub data: Option<Map<String, Value>>,
}

/// When an activity is taken to have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The time.
    pub at: DateTime<Utc>,
    /// Whether it was said to be later than now, so that telling it again gives another time.
    pub is_moved: bool,
}

impl Activity {
    /// When it happened; fails with what is wrong about it.
    pub fn when(&self, settings: &Settings, now: DateTime<Utc>) -> Result<When, Fault> {
        let said = self.said_at.unwrap_or(now);
        let is_moved = said > now + AHEAD;
        let at = if is_moved { now } else { said };
        if at < settings.kept_since(self.kind, now) {
            return Err(Fault {
                pointer: "/occurred_at".into(),
                code: "too_old".into(),
                message: format!("what is as old as that is not kept of {}", self.kind.name()),
            });
        }
        Ok(When {
            at: at.trunc_subsecs(6),
            is_moved,
        })
    }
}

impl ActivityInput {
    /// Cleans it. Every fault is noted with its place.
    pub fn check(&self, faults: &mut Faults) -> Activity {
        let mut check = Check(faults);
        let said_at = self.occurred_at.or_else(|| self.id.and_then(time_of));
        if self.id.is_some() && said_at.is_none() {
            let message = "say when, since the id does not: only one of version 7 holds a time";
            check.0.add("/occurred_at", "missing", message);
        }
        Activity {
            id: self.id.unwrap_or_else(new_uuid),
            is_named: self.id.is_some(),
            kind: self.kind,
            said_at,
            name: self.name(&mut check),
            whose: self.whose(&mut check),
            user_hash: self.user_hash.clone(),
            visitor_id: check.line("/visitor_id", self.visitor_id.as_deref(), 100),
            session_id: check.line("/session_id", self.session_id.as_deref(), 100),
            url: cut(self.url.as_deref(), 2_000),
            title: cut(self.title.as_deref(), 300),
            referrer: cut(self.referrer.as_deref(), 2_000),
            utm: self.utm.as_ref().and_then(|utm| check.utm(utm)),
            product_id: check.line("/product_id", self.product_id.as_deref(), 200),
            order_id: check.line("/order_id", self.order_id.as_deref(), 200),
            query: check.line("/query", self.query.as_deref(), 500),
            amount: self
                .amount
                .as_ref()
                .and_then(|money| money.check("/amount", check.0)),
            user_agent: cut(self.user_agent.as_deref(), 500),
            ip: self.ip.as_deref().and_then(|ip| {
                check
                    .0
                    .take("/ip", "address_invalid", ip.trim().parse::<IpAddr>())
            }),
            geo: self.geo.as_ref().and_then(|geo| check.geo(geo)),
            data: self.data(&mut check),
        }
    }

    fn name(&self, check: &mut Check<'_>) -> Option<String> {
        let name = check.line("/name", self.name.as_deref(), 100);
        let fits = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.'))
        };
        if name.as_ref().is_some_and(|name| !fits(name)) {
            let message = "a name has lower case letters, digits, _ and ., such as wishlist.shared";
            check.0.add("/name", "name_invalid", message);
        }
        match (self.kind, &name) {
            (Kind::Custom, None) if self.name.as_deref().is_none_or(|name| name.trim().is_empty()) => {
                check.0.add("/name", "missing", "a custom activity has a name");
            }
            (Kind::Custom, _) | (_, None) => {}
            (_, Some(_)) => check
                .0
                .add("/name", "name_invalid", "only a custom activity has a name"),
        }
        name
    }

    fn whose(&self, check: &mut Check<'_>) -> Whose {
        let mut whose: Vec<Named> = self.customer_id.map(Named::Id).into_iter().collect();
        if let Some(key) = &self.customer {
            let source = check.source("/customer/source", &key.source);
            match check.line("/customer/external_id", Some(&key.external_id), 200) {
                Some(id) => whose.push(Named::Key(source, id)),
                None => check.0.add(
                    "/customer/external_id",
                    "missing",
                    "the id in the other system is missing",
                ),
            }
        }
        if let Some(email) = self.email.as_deref().filter(|email| !email.trim().is_empty()) {
            let email = check.0.take("/email", "email_invalid", Email::parse(email));
            whose.extend(email.map(|email| Named::Email(email.lowercase())));
        }
        Whose(whose)
    }

    fn data(&self, check: &mut Check<'_>) -> Option<Map<String, Value>> {
        let data = self.data.as_ref().filter(|data| !data.is_empty())?;
        if data.len() > MOST_FIELDS || serde_json::to_string(data).map_or(true, |text| text.len() > MOST_DATA)
        {
            let message = format!("at most {MOST_FIELDS} fields and {MOST_DATA} bytes are kept");
            check.0.add("/data", "too_long", message);
        }
        Some(data.clone())
    }
}

/// The time that an id of version 7 holds.
fn time_of(id: Uuid) -> Option<DateTime<Utc>> {
    if id.get_version_num() != 7 {
        return None;
    }
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds.try_into().ok()?, nanoseconds)
}

/// What a browser says in length is worth its beginning.
fn cut(given: Option<&str>, most: usize) -> Option<String> {
    let text = given?.trim().replace('\0', "");
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    Some(text[..end].to_owned()).filter(|text| !text.is_empty())
}

struct Check<'a>(&'a mut Faults);

impl Check<'_> {
    fn line(&mut self, pointer: &str, given: Option<&str>, most: usize) -> Option<String> {
        match text::clean_line(given?, most) {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(error) => {
                self.0.add(pointer, error.code(), error.to_string());
                None
            }
        }
    }

    fn source(&mut self, pointer: &str, given: &str) -> String {
        let source = given.trim();
        let fits = source.len() <= 40
            && source.starts_with(|c: char| c.is_ascii_lowercase())
            && source
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits {
            let message =
                "a source is named by lower case letters, digits and _, at most 40, such as shopify";
            self.0.add(pointer, "source_invalid", message);
        }
        source.to_owned()
    }

    fn utm(&mut self, utm: &UtmInput) -> Option<UtmInput> {
        let clean = UtmInput {
            source: self.line("/utm/source", utm.source.as_deref(), 200),
            medium: self.line("/utm/medium", utm.medium.as_deref(), 200),
            campaign: self.line("/utm/campaign", utm.campaign.as_deref(), 200),
            term: self.line("/utm/term", utm.term.as_deref(), 200),
            content: self.line("/utm/content", utm.content.as_deref(), 200),
        };
        (clean != UtmInput::default()).then_some(clean)
    }

    fn geo(&mut self, geo: &GeoInput) -> Option<GeoInput> {
        let country = self.line("/geo/country", geo.country.as_deref(), 2);
        if country
            .as_ref()
            .is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()))
        {
            self.0.add(
                "/geo/country",
                "country_invalid",
                "a country is two capital letters, such as DE",
            );
        }
        let clean = GeoInput {
            country,
            region: self.line("/geo/region", geo.region.as_deref(), 100),
            city: self.line("/geo/city", geo.city.as_deref(), 100),
        };
        (clean != GeoInput::default()).then_some(clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> (Activity, Vec<String>) {
        let input: ActivityInput = serde_json::from_value(body).unwrap();
        let mut faults = Faults::new();
        let activity = input.check(&mut faults);
        let places = faults.0.into_iter().map(|fault| fault.pointer).collect();
        (activity, places)
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let (_, places) = read(json!({
            "kind": "custom", "id": "00000000-0000-4000-8000-000000000000", "email": "nobody", "ip": "1.2.3",
            "customer": {"source": "Shop!", "external_id": " "}, "visitor_id": "a\nb", "geo": {"country": "Germany"},
            "amount": {"amount": "x", "currency": "EUR"}, "data": {"long": "x".repeat(9_000)}, "utm": {"source": "x".repeat(201)}
        }));
        assert_eq!(
            places,
            [
                "/occurred_at",
                "/name",
                "/customer/source",
                "/customer/external_id",
                "/email",
                "/visitor_id",
                "/utm/source",
                "/amount/amount",
                "/ip",
                "/geo/country",
                "/data"
            ]
        );
    }

    #[test]
    fn an_id_of_version_7_says_when() {
        let (activity, places) =
            read(json!({"kind": "search", "id": "01945a3e-7c00-7000-8000-000000000001"}));
        assert!(places.is_empty());
        assert_eq!(activity.said_at.unwrap().timestamp_millis(), 0x0194_5a3e_7c00);
    }

    #[test]
    fn times_are_now_at_the_latest_and_not_older_than_is_kept() {
        let now: DateTime<Utc> = "2026-06-01T12:00:00Z".parse().unwrap();
        let when = |at: &str| {
            let (activity, _) = read(json!({"kind": "page_view", "occurred_at": at}));
            activity.when(&Settings::default(), now)
        };
        assert_eq!(
            when("2026-06-01T12:04:59Z").unwrap().at.to_rfc3339(),
            "2026-06-01T12:04:59+00:00"
        );
        let ahead = when("2026-06-01T12:06:00Z").unwrap();
        assert_eq!((ahead.at, ahead.is_moved), (now, true));
        assert!(when("2026-01-01T00:00:00Z").is_ok());
        assert_eq!(when("2025-11-01T00:00:00Z").unwrap_err().code, "too_old");
        assert_eq!(when("-0001-01-01T00:00:00Z").unwrap_err().code, "too_old");
    }

    #[test]
    fn what_browsers_say_in_length_is_cut_off_at_a_whole_letter() {
        let (activity, places) =
            read(json!({"kind": "page_view", "url": "é".repeat(3_000), "title": " \u{0} "}));
        assert!(places.is_empty());
        assert_eq!(activity.url.unwrap().chars().count(), 2_000);
        assert_eq!(activity.title, None);
    }
}
