//! What a caller wants a customer to be, and how it becomes one: every fault is noted with its place, and nothing is
//! taken over from a faulty field.

use chrono::{NaiveDate, TimeDelta};
use regulars_kernel::{
    Country, Email, Faults, Locale, MoneyInput, Patch, TimeZone,
    ids::{CustomerId, UserId},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    AddressInput, ConsentInput, ContactInput, Customer, Definitions, SourceInput,
    defaults::{Defaults, MAX_NAME, MAX_NOTE, choice, line, lines, parsed, phone},
    verified::Reached,
};

/// The fields are written once and stand in two types: in what changes a customer, and in what makes one.
macro_rules! fields_of_a_customer {
    ($(#[$about:meta])* $visibility:vis struct $name:ident { $($more:tt)* }) => {
        $(#[$about])*
        $visibility struct $name {
            /// The number that people say on the phone; given by Regulars where it is not said.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "C-000123", max_length = 60)]
            pub code: Patch<String>,
            /// `person` or `company`.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::Kind>)]
            pub kind: Patch<String>,
            /// Unique in the organization, whatever its case.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "ada@example.com", max_length = 254)]
            pub email: Patch<String>,
            /// As people write it; the country of the default address, else the organization's, is the hint.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "030 123456", max_length = 250)]
            pub phone: Patch<String>,
            /// Whether the customer was shown to receive mail there: another system or a member of staff has seen it. Another
            /// address than before is not verified, unless the same request says that it is. A yes that comes alone is said of
            /// the address that is there by then: send the address along, or `If-Match`, if it may have changed since you saw it.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<bool>)]
            pub email_verified: Patch<bool>,
            /// Whether the customer was shown to receive calls or messages there; goes with the phone as the other with the
            /// address.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<bool>)]
            pub phone_verified: Patch<bool>,
            /// Given name.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "Ada", max_length = 200)]
            pub first_name: Patch<String>,
            /// Family name.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "Byron", max_length = 200)]
            pub last_name: Patch<String>,
            /// Date of birth, from 1880 on.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, format = Date, example = "1985-12-10")]
            pub birthday: Patch<String>,
            /// The company's name in daily use.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 200)]
            pub company_name: Patch<String>,
            /// The company's name in the register.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 200)]
            pub legal_name: Patch<String>,
            /// What the company does.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 200)]
            pub industry: Patch<String>,
            /// VAT or other tax number.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 200)]
            pub tax_id: Patch<String>,
            /// Where the relation stands.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::Status>)]
            pub status: Patch<String>,
            /// How the customer buys.
            #[serde(rename = "type", skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::Type>)]
            pub customer_type: Patch<String>,
            /// Where the customer is on the way from first sight to loss.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::LifecycleStage>)]
            pub lifecycle_stage: Patch<String>,
            /// The customer this one belongs to.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, format = Uuid)]
            pub parent_id: Patch<String>,
            /// The member of the organization who looks after it.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, format = Uuid)]
            pub owner_id: Patch<String>,
            /// How urgently requests are handled.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::Priority>)]
            pub priority: Patch<String>,
            /// What level of service was promised.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<super::ServiceLevel>)]
            pub service_level: Patch<String>,
            /// How much may be owed, in the organization's currency.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<MoneyInput>)]
            pub credit_limit: Patch<MoneyInput>,
            /// Language and region to write in.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "de-DE")]
            pub locale: Patch<String>,
            /// Time zone to reckon quiet hours in.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, example = "Europe/Berlin")]
            pub time_zone: Patch<String>,
            /// The tags it has from now on, by name; unknown ones are made.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<Vec<String>>)]
            pub tags: Patch<Vec<String>>,
            /// Values of the organization's own fields: absent ones are kept, null ones are cleared.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<Object>)]
            pub attributes: Patch<Map<String, Value>>,
            /// A note that the customer may see.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 10000)]
            pub note: Patch<String>,
            /// A note for staff only.
            #[serde(skip_serializing_if = "Patch::is_keep")]
            #[schema(value_type = Option<String>, max_length = 10000)]
            pub internal_note: Patch<String>,
            $($more)*
        }
    };
}

fields_of_a_customer! {
    /// Fields of a customer, as a merge patch (RFC 7396): absent keeps, null clears.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
    #[serde(default, deny_unknown_fields)]
    #[schema(example = json!({"first_name": "Ada", "status": "vip", "tags": ["vip"], "attributes": {"shoe_size": 38}}))]
    pub struct CustomerInput {}
}

fields_of_a_customer! {
    /// A customer to be made, with what hangs on it, as it stands in a request.
    #[derive(Default, Deserialize, utoipa::ToSchema)]
    #[serde(default, deny_unknown_fields)]
    #[schema(as = NewCustomer, example = json!({
        "email": "ada@example.com", "phone": "030 123456", "first_name": "Ada", "last_name": "Byron",
        "tags": ["vip"], "addresses": [{"line1": "Unter den Linden 1", "city": "Berlin", "country": "DE"}]
    }))]
    pub struct NewCustomerBody {
        /// Its addresses; the first is the default unless another says it is.
        #[schema(max_items = 100)]
        pub addresses: Vec<AddressInput>,
        /// Its contact persons.
        #[schema(max_items = 100)]
        pub contacts: Vec<ContactInput>,
        /// Under which ids other systems know it.
        #[schema(max_items = 100)]
        pub sources: Vec<SourceInput>,
        /// What it agreed to, by channel.
        pub consents: ConsentInput,
    }
}

/// A customer to be made, with what hangs on it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "NewCustomerBody")]
pub struct NewCustomer {
    /// Its fields.
    pub fields: CustomerInput,
    /// Its addresses; the first is the default unless another says it is.
    pub addresses: Vec<AddressInput>,
    /// Its contact persons.
    pub contacts: Vec<ContactInput>,
    /// Under which ids other systems know it.
    pub sources: Vec<SourceInput>,
    /// What it agreed to, by channel.
    pub consents: ConsentInput,
}

impl From<NewCustomerBody> for NewCustomer {
    fn from(body: NewCustomerBody) -> Self {
        Self {
            fields: CustomerInput {
                code: body.code,
                kind: body.kind,
                email: body.email,
                phone: body.phone,
                email_verified: body.email_verified,
                phone_verified: body.phone_verified,
                first_name: body.first_name,
                last_name: body.last_name,
                birthday: body.birthday,
                company_name: body.company_name,
                legal_name: body.legal_name,
                industry: body.industry,
                tax_id: body.tax_id,
                status: body.status,
                customer_type: body.customer_type,
                lifecycle_stage: body.lifecycle_stage,
                parent_id: body.parent_id,
                owner_id: body.owner_id,
                priority: body.priority,
                service_level: body.service_level,
                credit_limit: body.credit_limit,
                locale: body.locale,
                time_zone: body.time_zone,
                tags: body.tags,
                attributes: body.attributes,
                note: body.note,
                internal_note: body.internal_note,
            },
            addresses: body.addresses,
            contacts: body.contacts,
            sources: body.sources,
            consents: body.consents,
        }
    }
}

/// Nobody alive is older.
const EARLIEST_BIRTHDAY: NaiveDate = NaiveDate::from_ymd_opt(1880, 1, 1).expect("a date of the calendar");
/// Most tags of one customer.
pub const MAX_TAGS: usize = 100;

impl CustomerInput {
    /// Takes the fields over into a customer. Attributes are checked against the definitions, required ones too.
    /// Tags are cleaned and taken over by name.
    pub fn apply(
        &self,
        to: &mut Customer,
        defaults: &Defaults,
        definitions: &Definitions,
        faults: &mut Faults,
    ) {
        let hint: Option<Country> = to.country.or(defaults.country);
        let before = Reached::of(to);
        if let Patch::Set(code) = &self.code {
            let mut field = None;
            line(&mut field, &Patch::Set(code.clone()), 60, "/code", faults);
            if let Some(code) = field {
                to.code = code;
            }
        }
        choice(&mut to.kind, &self.kind, "/kind", faults);
        parsed(
            &mut to.email,
            &self.email,
            "/email",
            "email_invalid",
            faults,
            Email::parse,
        );
        phone(&mut to.phone, &self.phone, hint.as_ref(), "/phone", faults);
        self.apply_verified(to, &before, faults);
        line(
            &mut to.first_name,
            &self.first_name,
            MAX_NAME,
            "/first_name",
            faults,
        );
        line(&mut to.last_name, &self.last_name, MAX_NAME, "/last_name", faults);
        parsed(
            &mut to.birthday,
            &self.birthday,
            "/birthday",
            "birthday_invalid",
            faults,
            |text| birthday(text, defaults.today),
        );
        line(
            &mut to.company_name,
            &self.company_name,
            MAX_NAME,
            "/company_name",
            faults,
        );
        line(
            &mut to.legal_name,
            &self.legal_name,
            MAX_NAME,
            "/legal_name",
            faults,
        );
        line(&mut to.industry, &self.industry, MAX_NAME, "/industry", faults);
        line(&mut to.tax_id, &self.tax_id, MAX_NAME, "/tax_id", faults);
        choice(&mut to.status, &self.status, "/status", faults);
        choice(&mut to.customer_type, &self.customer_type, "/type", faults);
        choice(
            &mut to.lifecycle_stage,
            &self.lifecycle_stage,
            "/lifecycle_stage",
            faults,
        );
        let id = |text: &str| text.trim().parse::<CustomerId>();
        parsed(
            &mut to.parent_id,
            &self.parent_id,
            "/parent_id",
            "id_invalid",
            faults,
            id,
        );
        let id = |text: &str| text.trim().parse::<UserId>();
        parsed(
            &mut to.owner_id,
            &self.owner_id,
            "/owner_id",
            "id_invalid",
            faults,
            id,
        );
        choice(&mut to.priority, &self.priority, "/priority", faults);
        choice(
            &mut to.service_level,
            &self.service_level,
            "/service_level",
            faults,
        );
        match &self.credit_limit {
            Patch::Keep => {}
            Patch::Clear => to.credit_limit = None,
            Patch::Set(given) => apply_credit_limit(to, given, defaults, faults),
        }
        parsed(
            &mut to.locale,
            &self.locale,
            "/locale",
            "locale_invalid",
            faults,
            Locale::parse,
        );
        parsed(
            &mut to.time_zone,
            &self.time_zone,
            "/time_zone",
            "time_zone_invalid",
            faults,
            TimeZone::parse,
        );
        match &self.tags {
            Patch::Keep => {}
            Patch::Clear => to.tags.clear(),
            Patch::Set(names) => {
                to.tags = super::tag::names(names, "/tags", faults);
                to.tags.sort_by_key(|name| name.to_lowercase());
                if to.tags.len() > MAX_TAGS {
                    faults.add(
                        "/tags",
                        "too_many",
                        format!("a customer may have {MAX_TAGS} tags"),
                    );
                }
            }
        }
        match &self.attributes {
            Patch::Keep => {}
            Patch::Clear => to.attributes.clear(),
            Patch::Set(values) => definitions.merge(&mut to.attributes, values, faults),
        }
        lines(&mut to.note, &self.note, MAX_NOTE, "/note", faults);
        lines(
            &mut to.internal_note,
            &self.internal_note,
            MAX_NOTE,
            "/internal_note",
            faults,
        );
        to.full_name = to.full_name();
    }

    /// Whether attributes are said, so that definitions are needed.
    pub fn speaks_of_attributes(&self) -> bool {
        !self.attributes.is_keep()
    }
}

fn apply_credit_limit(to: &mut Customer, given: &MoneyInput, defaults: &Defaults, faults: &mut Faults) {
    let Some(money) = given.check("/credit_limit", faults) else {
        return;
    };
    // One from before the organization changed its currency may stay and change in its own.
    let own = to.credit_limit.map(|money| money.currency());
    if money.currency() != defaults.currency && Some(money.currency()) != own {
        let message = format!("the organization's currency is {}", defaults.currency);
        faults.add("/credit_limit/currency", "currency_wrong", message);
    } else if money.amount().is_sign_negative() && !money.amount().is_zero() {
        faults.add(
            "/credit_limit/amount",
            "amount_negative",
            "a credit limit is not below zero",
        );
    } else if money.amount().normalize().scale() > 2 || money.amount().trunc().mantissa() >= 1_000_000_000_000
    {
        let message = "at most 12 digits before the point and 2 after it are kept";
        faults.add("/credit_limit/amount", "amount_invalid", message);
    } else {
        to.credit_limit = Some(money);
    }
}

fn birthday(text: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    let text = text.trim();
    let shown = || text.chars().take(40).collect::<String>();
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|_| text.len() == 10)
        .ok_or_else(|| format!("“{}” is not a date; write it as 1985-12-10", shown()))?;
    if date < EARLIEST_BIRTHDAY {
        return Err(format!("{date} is before 1880"));
    }
    // It is tomorrow already somewhere on the earth.
    if date > today + TimeDelta::days(1) {
        return Err(format!("{date} is in the future"));
    }
    Ok(date)
}
