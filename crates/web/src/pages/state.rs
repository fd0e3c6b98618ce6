//! The state of a list as its address holds it: what is searched, filtered, sorted, and which page.
//!
//! It only moves names and values about; what they mean, and whether they are right, the list's room says.

use std::borrow::Cow;

/// The name and value pairs of a list's address, in order. Empty values are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListState(Vec<(String, String)>);

/// Pairs that say where in the list one is; they fall away whenever something else changes.
const PLACE: [&str; 3] = ["cursor", "page", "at"];
/// Pairs that are no filter.
const NO_FILTER: [&str; 10] = [
    "q", "sort", "cursor", "page", "at", "view", "limit", "count", "columns", "layout",
];

impl ListState {
    /// Reads the part of an address behind the `?`.
    pub fn parse(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, value)| !name.is_empty() && !value.trim().is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self(pairs.collect())
    }

    /// All pairs.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a name, empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.pairs()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a name; `a,b` counts as two.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs()
            .filter(move |(known, _)| *known == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    /// The filters in force.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs().filter(|(name, _)| !NO_FILTER.contains(name))
    }

    /// Whether anything narrows the list.
    pub fn narrows(&self) -> bool {
        self.filters().next().is_some() || !self.get("q").is_empty()
    }

    /// Without a name, from the first row.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut rest = self.clone();
        rest.0
            .retain(|(known, _)| known != name && !PLACE.contains(&known.as_str()));
        rest
    }

    /// Without a name, everything else as it is, the place in the list included.
    #[must_use]
    pub fn taking_out(&self, name: &str) -> Self {
        self.pairs().filter(|(known, _)| *known != name).collect()
    }

    /// With one value for a name, from the first row.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.without(name);
        if !value.is_empty() {
            changed.0.push((name.to_owned(), value.to_owned()));
        }
        changed
    }

    /// Search and filters alone: what a saved view keeps together with its order.
    #[must_use]
    pub fn kept_by_view(&self) -> Self {
        self.without("view")
    }

    /// Search and filters alone, without order: what exports and bulk work go by.
    #[must_use]
    pub fn question(&self) -> Self {
        self.pairs()
            .filter(|(name, _)| *name == "q" || !NO_FILTER.contains(name))
            .collect()
    }

    /// The address of something shown in this list, with the list it is shown in.
    #[must_use]
    pub fn leading_to(&self, path: &str) -> String {
        let list: Self = self
            .pairs()
            .filter(|(name, _)| matches!(*name, "sort" | "q" | "layout") || !NO_FILTER.contains(name))
            .collect();
        if list.0.is_empty() {
            return path.to_owned();
        }
        [("in", list.query())].into_iter().collect::<Self>().href(path)
    }

    /// What is searched, how it is sorted and arranged, without any filter.
    #[must_use]
    pub fn only_search(&self) -> Self {
        self.pairs()
            .filter(|(name, _)| matches!(*name, "q" | "sort" | "columns" | "layout"))
            .collect()
    }

    /// The address below a path.
    pub fn href(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", self.query())
    }

    /// What stands behind the `?`.
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ListState {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(
            pairs
                .filter(|(_, value): &(_, String)| !value.is_empty())
                .collect(),
        )
    }
}

/// A value made fit for a segment of a path.
pub fn segment(text: &str) -> Cow<'_, str> {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_a_filter_begins_at_the_first_row() {
        let state = ListState::parse("q=ada&status=vip&status=active&page=3&empty=");
        assert_eq!(state.all("status").collect::<Vec<_>>(), ["vip", "active"]);
        assert_eq!(state.without("status").href("/customers"), "/customers?q=ada");
        assert_eq!(state.with("sort", "-created_at").get("page"), "");
        assert!(state.narrows());
        assert!(!ListState::parse("sort=full_name&page=2").narrows());
    }

    #[test]
    fn hostile_values_stay_values() {
        let state = ListState::parse("q=%22%3E%3Cscript%3E%26status%3Dvip");
        assert_eq!(state.get("q"), "\"><script>&status=vip");
        assert_eq!(ListState::parse(&state.query()), state);
        assert_eq!(segment("a b/ü"), "a%20b%2F%C3%BC");
    }
}
