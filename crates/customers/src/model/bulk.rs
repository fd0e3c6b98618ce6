//! One change to many customers at once.

use regulars_kernel::{Patch, ids::CustomerId};
use serde::{Deserialize, Serialize};

use super::{CustomerInput, choices::choices};

choices! {
    /// What is done to each.
    BulkAction {
        Update = "update", Tag = "tag", Untag = "untag", Delete = "delete", Restore = "restore", Owner = "owner",
    }
}

/// One change to many customers: all of them or none.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "tag", "ids": ["0198c0de-0000-7000-8000-000000000001"], "tags": ["vip"]}))]
pub struct Bulk {
    /// What is done to each.
    #[schema(value_type = BulkAction)]
    pub action: String,
    /// To whom: at most 100.
    #[schema(value_type = Vec<CustomerId>, min_items = 1, max_items = 100)]
    pub ids: Vec<String>,
    /// For `tag` and `untag`: names of tags; unknown ones are made.
    #[serde(default)]
    pub tags: Vec<String>,
    /// For `owner`: the member who looks after them; null for nobody.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub owner_id: Patch<String>,
    /// For `update`: any fields but `email`, `code` and `parent_id`.
    #[serde(default)]
    pub changes: Option<CustomerInput>,
}

/// What a bulk change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkResult {
    /// What was done.
    pub action: BulkAction,
    /// To how many customers it made a difference.
    #[schema(example = 2)]
    pub changed: usize,
    /// How many were as wanted already.
    #[schema(example = 0)]
    pub unchanged: usize,
}
