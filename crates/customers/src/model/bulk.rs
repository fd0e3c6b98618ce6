//! One change to many customers at once.

use regulars_kernel::{
    Patch, Total,
    ids::{CustomerId, JobId},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CustomerInput, choices::choices};

choices! {
    /// What is done to each.
    BulkAction {
        Update = "update", Tag = "tag", Untag = "untag", Delete = "delete", Restore = "restore", Owner = "owner",
        Undo = "undo",
    }
}

impl BulkAction {
    /// The action of its entry in the audit log.
    pub(crate) fn audited(self) -> &'static str {
        match self {
            Self::Update => "customers.updated",
            Self::Tag => "customers.tagged",
            Self::Untag => "customers.untagged",
            Self::Delete => "customers.deleted",
            Self::Restore => "customers.restored",
            Self::Owner => "customers.assigned",
            Self::Undo => "customers.undone",
        }
    }
}

/// One change to many customers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"action": "tag", "ids": ["0198c0de-0000-7000-8000-000000000001"], "tags": ["vip"]}))]
pub struct Bulk {
    /// What is done to each.
    #[schema(value_type = BulkAction)]
    pub action: String,
    /// To whom. Up to 100 are changed at once, all or none; more by a job.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<CustomerId>, max_items = 20_000)]
    pub ids: Vec<String>,
    /// Instead of ids: parameters of `GET /customers`, each a text or a list of texts; whoever they select when it is
    /// asked for is changed by a job. `{}` means everybody; for `restore` the deleted are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"status": "vip"}))]
    pub query: Option<Map<String, Value>>,
    /// For `tag` and `untag`: names of tags; unknown ones are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// For `owner`: the member who looks after them; null for nobody.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub owner_id: Patch<String>,
    /// For `update`: any fields but `email`, `code`, `parent_id` and `owner_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<CustomerInput>,
    /// For `undo`: the bulk change that is taken back, by its `bulk_id` or the id of its job. Who was changed again since
    /// stays so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub bulk_id: Option<String>,
}

/// What a bulk change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkResult {
    /// What was done.
    pub action: BulkAction,
    /// Names it, to undo it.
    pub bulk_id: Uuid,
    /// To how many customers it made a difference.
    #[schema(example = 2)]
    pub changed: usize,
    /// How many were as wanted already; of an undo, who stays as they are.
    #[schema(example = 0)]
    pub unchanged: usize,
}

/// A bulk change that a job makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BulkQueued {
    /// The job, as in `Location`; its `result` says how many were `changed`, `unchanged` and `refused`. It is the change's
    /// `bulk_id` as well.
    pub job_id: JobId,
    /// What it does.
    pub action: BulkAction,
    /// To how many, at first sight.
    pub customers: Total,
}
