//! What a column can be, of orders as of products.
//!
//! What it never does: read a cell.

/// What the cells of a field hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text as it stands.
    Text,
    /// An id; Shopify writes an apostrophe before some, so that spreadsheets keep their digits.
    Id,
    /// An amount: digits with a point or a comma.
    Amount,
    /// A whole number.
    Count,
    /// Yes or no.
    Flag,
    /// A point in time.
    Time,
    /// A list of words.
    Tags,
    /// A country: code or name.
    Country,
    /// One of a few words, of which some have other names elsewhere.
    Word(&'static [(&'static str, &'static str)]),
    /// A JSON list, as files of JSON have them.
    List,
}

/// A field that a column can fill.
#[derive(Debug)]
pub struct Field {
    /// As the mapping names it.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// Where it stands in what is told; below one line or variant if it is of those. Empty if it stands nowhere by itself.
    pub at: &'static str,
    /// What its cells hold.
    pub holds: Holds,
}

impl Field {
    pub const fn new(name: &'static str, label: &'static str, at: &'static str, holds: Holds) -> Self {
        Self {
            name,
            label,
            at,
            holds,
        }
    }
}

/// What a room of fields is.
pub struct Schema {
    /// All of them, in the order in which a page offers them.
    pub fields: &'static [Field],
    /// What the names of those begin with of which each row has its own: `line.` or `variant.`.
    pub part: &'static str,
    /// Those that tell which record a row is of; one of them must be mapped.
    pub keys: &'static [&'static str],
    /// Where rows of one record may differ: then the first counts.
    pub first_wins: &'static [&'static str],
    /// What columns of other systems are called (folded words, as `mapping::name::words` makes them), surest first.
    pub synonyms: &'static [(&'static str, &'static str)],
    /// What the columns of Shopify's export are (in lower case).
    pub shopify: &'static [(&'static str, &'static str)],
}

impl Schema {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether each row has its own.
    pub fn is_part(&self, field: &Field) -> bool {
        field.name.starts_with(self.part)
    }

    /// For pages: with the one that imports nothing.
    pub fn choices(&self) -> Vec<(String, String)> {
        let none = ("ignore".to_owned(), "Do not import".to_owned());
        let fields = self
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), field.label.to_owned()));
        std::iter::once(none).chain(fields).collect()
    }
}
