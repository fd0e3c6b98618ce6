//! The messages of Firestore's `google.firestore.v1` that are spoken here, with the numbers of Google's
//! [definition](https://github.com/googleapis/googleapis/tree/master/google/firestore/v1). Fields that nobody here reads are
//! left out; what is received of them is passed over.

use std::collections::BTreeMap;

/// A document.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Document {
    /// `projects/…/databases/…/documents/…`.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its fields.
    #[prost(btree_map = "string, message", tag = "2")]
    pub fields: BTreeMap<String, Value>,
}

/// A value of a field.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Value {
    /// What it is.
    #[prost(oneof = "Kind", tags = "1, 2, 3, 5, 6, 8, 9, 10, 11, 17, 18")]
    pub kind: Option<Kind>,
}

/// What a value is.
#[derive(Clone, PartialEq, prost::Oneof)]
#[expect(missing_docs, reason = "as Firestore names them")]
pub enum Kind {
    #[prost(int32, tag = "11")]
    Null(i32),
    #[prost(bool, tag = "1")]
    Boolean(bool),
    #[prost(int64, tag = "2")]
    Integer(i64),
    #[prost(double, tag = "3")]
    Double(f64),
    #[prost(message, tag = "10")]
    Timestamp(Timestamp),
    #[prost(string, tag = "17")]
    String(String),
    #[prost(bytes = "vec", tag = "18")]
    Bytes(Vec<u8>),
    #[prost(string, tag = "5")]
    Reference(String),
    #[prost(message, tag = "8")]
    GeoPoint(GeoPoint),
    #[prost(message, tag = "9")]
    Array(Array),
    #[prost(message, tag = "6")]
    Map(Map),
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Timestamp {
    /// Since 1970.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Of a second.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// `google.type.LatLng`.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct GeoPoint {
    /// Degrees north.
    #[prost(double, tag = "1")]
    pub latitude: f64,
    /// Degrees east.
    #[prost(double, tag = "2")]
    pub longitude: f64,
}

/// A list of values.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Array {
    /// The values.
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

/// Values by name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Map {
    /// The values.
    #[prost(btree_map = "string, message", tag = "1")]
    pub fields: BTreeMap<String, Value>,
}

/// What is to be done with a document.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Write {
    /// Which of both.
    #[prost(oneof = "Operation", tags = "1, 2")]
    pub operation: Option<Operation>,
}

/// A document to be written whole, or the name of one to be deleted.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Operation {
    /// Written whole.
    #[prost(message, tag = "1")]
    Update(Document),
    /// Deleted, if it is there.
    #[prost(string, tag = "2")]
    Delete(String),
}

/// All or none of some writes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CommitRequest {
    /// `projects/…/databases/…`.
    #[prost(string, tag = "1")]
    pub database: String,
    /// At most 500.
    #[prost(message, repeated, tag = "2")]
    pub writes: Vec<Write>,
}

/// They were done.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CommitResponse {
    /// When.
    #[prost(message, optional, tag = "2")]
    pub commit_time: Option<Timestamp>,
}

/// Documents by name.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchGetRequest {
    /// `projects/…/databases/…`.
    #[prost(string, tag = "1")]
    pub database: String,
    /// Their names.
    #[prost(string, repeated, tag = "2")]
    pub documents: Vec<String>,
}

/// One of them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct BatchGetResponse {
    /// The document, if there is one.
    #[prost(message, optional, tag = "1")]
    pub found: Option<Document>,
}

/// A query below a document or the root.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunQueryRequest {
    /// Below which.
    #[prost(string, tag = "1")]
    pub parent: String,
    /// The query.
    #[prost(message, optional, tag = "2")]
    pub query: Option<Query>,
}

/// One document that it found.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunQueryResponse {
    /// The document; none in an answer that only tells of progress.
    #[prost(message, optional, tag = "1")]
    pub document: Option<Document>,
}

/// `StructuredQuery`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Query {
    /// Of which collection.
    #[prost(message, repeated, tag = "2")]
    pub from: Vec<Collection>,
    /// Which of its documents.
    #[prost(message, optional, tag = "3")]
    pub condition: Option<Filter>,
    /// In which order.
    #[prost(message, repeated, tag = "4")]
    pub order_by: Vec<Order>,
    /// How many.
    #[prost(message, optional, tag = "5")]
    pub limit: Option<Limit>,
}

/// `CollectionSelector`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Collection {
    /// Its last name.
    #[prost(string, tag = "2")]
    pub id: String,
}

/// A condition; of those there are only one of a field is used.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Filter {
    /// The condition.
    #[prost(message, optional, tag = "2")]
    pub field: Option<FieldFilter>,
}

/// A field compared with a value.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FieldFilter {
    /// The field.
    #[prost(message, optional, tag = "1")]
    pub field: Option<Field>,
    /// The operator; see [`GREATER_THAN`].
    #[prost(int32, tag = "2")]
    pub operator: i32,
    /// The value.
    #[prost(message, optional, tag = "3")]
    pub value: Option<Value>,
}

/// A field by its path.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Field {
    /// The path.
    #[prost(string, tag = "2")]
    pub path: String,
}

/// An order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Order {
    /// By which field.
    #[prost(message, optional, tag = "1")]
    pub field: Option<Field>,
    /// Which way; see [`ASCENDING`].
    #[prost(int32, tag = "2")]
    pub direction: i32,
}

/// `google.protobuf.Int32Value`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Limit {
    /// How many.
    #[prost(int32, tag = "1")]
    pub value: i32,
}

/// Of [`FieldFilter`].
pub const GREATER_THAN: i32 = 3;
/// Of [`Order`].
pub const ASCENDING: i32 = 1;

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self { kind: Some(kind) }
    }
}
