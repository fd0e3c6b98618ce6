//! What is asked of the customer list, read from query parameters. The API, the pages, saved views, exports and bulk
//! work all read it here, so that a filter means the same everywhere.
//!
//! What it never does: touch the database. Names that only the database knows are checked by [`super::Selection`].

use regulars_kernel::{
    Country, Faults, Result, TimeZone,
    paging::{PageRequest, Sort, Start},
    text,
};
use regulars_web::{OrganizationInfo, Params};

use super::filters::Filters;
use crate::model::Included;

/// Longest search, in characters.
pub const MAX_Q: usize = 200;
/// Most rows that a page number may skip; beyond it cursors are the way. 10,000 index entries take about 2 ms.
pub const MAX_OFFSET: i64 = 10_000;
/// The order of a search: best match first.
pub const RELEVANCE: &str = "relevance";
/// What a list can be sorted by; each has its index.
pub const SORTS: &[&str] = &[
    "created_at",
    "updated_at",
    "full_name",
    "last_active_at",
    "code",
    "status",
    "type",
    "country",
];
/// The fields of a customer, for `fields`.
pub const FIELDS: &[&str] = &[
    "id",
    "version",
    "code",
    "kind",
    "email",
    "phone",
    "email_verified",
    "phone_verified",
    "first_name",
    "last_name",
    "full_name",
    "birthday",
    "company_name",
    "legal_name",
    "industry",
    "tax_id",
    "status",
    "type",
    "lifecycle_stage",
    "parent_id",
    "owner_id",
    "priority",
    "service_level",
    "credit_limit",
    "locale",
    "time_zone",
    "tags",
    "attributes",
    "note",
    "internal_note",
    "created_at",
    "updated_at",
    "last_active_at",
    "deleted_at",
];

/// What the reading of parameters needs to know of the organization.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where its days begin: for dates without a time.
    pub time_zone: TimeZone,
    /// Whose phone numbers are typed without a country.
    pub country: Option<Country>,
}

impl Context {
    /// Of an organization's settings.
    pub fn of(organization: &OrganizationInfo) -> Self {
        Self {
            time_zone: organization.time_zone,
            country: organization.locale.country(),
        }
    }
}

/// A question to the customer list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What narrows it.
    pub filters: Filters,
    /// The search, trimmed, as typed.
    pub q: Option<String>,
    /// Whose phone numbers are typed without a country.
    pub phone_country: Option<Country>,
    /// The order; ties go by id.
    pub sort: Vec<Sort>,
    /// Which part of it.
    pub page: PageRequest,
    /// Which fields are wanted; none means all.
    pub fields: Option<Vec<&'static str>>,
    /// Which parts are wanted besides.
    pub include: Included,
    /// Whether the total must be counted, whatever it takes.
    pub exact_count: bool,
}

impl Query {
    /// Reads all parameters of a request; what is unknown is a fault.
    pub fn read(mut params: Params, context: &Context) -> Result<Self> {
        let mut faults = Faults::new();
        let query = Self::take(&mut params, context, &mut faults);
        params.finish(faults)?;
        Ok(query)
    }

    /// Takes the parameters that it knows, so that others may be taken by others. What is faulty counts as not given.
    pub fn take(params: &mut Params, context: &Context, faults: &mut Faults) -> Self {
        let filters = Filters::take(params, context, faults);
        let q = params
            .one("q", faults)
            .and_then(|q| match text::clean(&q, MAX_Q) {
                Ok(q) => Some(q).filter(|q| !q.is_empty()),
                Err(error) => {
                    faults.add("?q", error.code(), error.to_string());
                    None
                }
            });
        let mut sorts = SORTS.to_vec();
        let default = if q.is_some() {
            sorts.insert(0, RELEVANCE);
            Sort::descending(RELEVANCE)
        } else {
            Sort::descending("created_at")
        };
        let sort = params.list("sort").join(",");
        let sort = super::keyset::settled(Sort::parse_list(Some(sort.as_str()), &sorts, &[default], faults));
        if sort.len() > 1 && sort.iter().any(|sort| sort.field == RELEVANCE) {
            faults.add(
                "?sort",
                "sort_alone",
                "relevance cannot be combined with other fields",
            );
        } else if sort == [Sort::ascending(RELEVANCE)] {
            faults.add(
                "?sort",
                "sort_direction",
                "relevance sorts the best match first: write -relevance",
            );
        }
        let (limit, cursor, page) = (
            params.one("limit", faults),
            params.one("cursor", faults),
            params.one("page", faults),
        );
        let page = PageRequest::parse(
            limit.as_deref(),
            cursor.as_deref(),
            page.as_deref(),
            &sort,
            faults,
        );
        if page.offset() > MAX_OFFSET {
            let message = format!(
                "a page number reaches {MAX_OFFSET} rows deep; go on with next_cursor, or narrow the list"
            );
            faults.add("?page", "page_too_deep", message);
        }
        if let Start::After(cursor) = &page.start {
            faults.take("?cursor", "cursor_invalid", super::keyset::check(&sort, cursor));
        }
        let fields = params.list("fields");
        let fields = (!fields.is_empty()).then(|| take_fields(&fields, faults));
        let include = Included::parse(&params.list("include"), faults);
        let exact_count = match params.one("count", faults).as_deref() {
            None | Some("auto") => false,
            Some("exact") => true,
            Some(_) => {
                faults.add("?count", "count_invalid", "use exact or auto");
                false
            }
        };
        Self {
            filters,
            q,
            phone_country: context.country,
            sort,
            page,
            fields,
            include,
            exact_count,
        }
    }

    /// Whether the best match comes first.
    pub fn by_relevance(&self) -> bool {
        self.q.is_some() && self.sort.first().is_some_and(|sort| sort.field == RELEVANCE)
    }
}

fn take_fields(names: &[String], faults: &mut Faults) -> Vec<&'static str> {
    let mut fields = vec!["id"];
    for name in names {
        match FIELDS.iter().find(|field| *field == name) {
            Some(field) if fields.contains(field) => {}
            Some(field) => fields.push(field),
            None => {
                let name: String = name.chars().take(60).collect();
                faults.add(
                    "?fields",
                    "field_unknown",
                    format!(
                        "a customer has no field “{name}”; there are {}",
                        FIELDS.join(", ")
                    ),
                );
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use regulars_kernel::{Error, ids::CustomerId};

    use super::*;
    use crate::model::{Customer, Status};

    fn context() -> Context {
        Context {
            time_zone: TimeZone::parse("Europe/Berlin").unwrap(),
            country: Country::from_code("DE"),
        }
    }

    fn read(query: &str) -> Query {
        Query::read(Params::parse(query).unwrap(), &context()).unwrap()
    }

    fn faults(query: &str) -> Vec<(String, String)> {
        match Query::read(Params::parse(query).unwrap(), &context()) {
            Err(Error::Malformed(faults)) => faults
                .0
                .into_iter()
                .map(|fault| (fault.pointer, fault.code.into_owned()))
                .collect(),
            other => panic!("{query}: {other:?}"),
        }
    }

    #[test]
    fn lists_mean_any_of() {
        let query = read("status=vip,active&status=churned&country=de,Austria&tag=a,b");
        assert_eq!(
            query.filters.status,
            [Status::Vip, Status::Active, Status::Churned]
        );
        assert_eq!(
            query
                .filters
                .country
                .iter()
                .map(Country::as_str)
                .collect::<Vec<_>>(),
            ["DE", "AT"]
        );
        assert_eq!(query.filters.tag, ["a", "b", "a,b"]);
        assert_eq!(query.sort, [Sort::descending("created_at")]);
    }

    #[test]
    fn every_fault_is_named() {
        let found = faults(
            "status=vipp&country=Atlantis&owner=7&created_from=soon&has_email=maybe&deleted=yes&sort=shoe&limit=0\
             &fields=id,shoe&include=shoes&count=about&nonsense=1&cursor=x",
        );
        let names: Vec<&str> = found.iter().map(|fault| fault.0.as_str()).collect();
        for name in [
            "?status",
            "?country",
            "?owner",
            "?created_from",
            "?has_email",
            "?deleted",
            "?sort",
            "?limit",
            "?fields",
            "?include",
            "?count",
            "?nonsense",
            "?cursor",
        ] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
    }

    #[test]
    fn a_date_is_its_whole_day_where_the_organization_is() {
        let query = read("created_from=2026-03-29&created_to=2026-03-29");
        assert_eq!(
            query.filters.created.from.unwrap().to_rfc3339(),
            "2026-03-28T23:00:00+00:00"
        );
        assert_eq!(
            query.filters.created.until.unwrap().to_rfc3339(),
            "2026-03-29T22:00:00+00:00"
        );
        assert_eq!(
            faults("created_from=2026-03-02&created_to=2026-03-01"),
            [("?created_to".into(), "range_empty".into())]
        );
    }

    #[test]
    fn a_deep_page_says_that_a_cursor_is_the_way() {
        assert_eq!(
            faults("page=202&limit=50"),
            [("?page".into(), "page_too_deep".into())]
        );
        assert_eq!(read("page=201&limit=50").page.offset(), 10_000);
    }

    #[test]
    fn a_search_sorts_by_relevance_and_nothing_else_does() {
        assert!(read("q=ada").by_relevance());
        assert!(!read("q=ada&sort=full_name").by_relevance());
        assert_eq!(faults("sort=-relevance")[0].1, "sort_unknown");
        assert_eq!(
            faults(&format!("q={}", "a".repeat(201))),
            [("?q".into(), "too_long".into())]
        );
    }

    #[test]
    fn the_fields_are_those_of_the_customer() {
        let json =
            serde_json::to_value(Customer::blank(CustomerId::new(), regulars_kernel::clock::now())).unwrap();
        let mut known: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut listed = FIELDS.to_vec();
        known.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, known);
    }
}
