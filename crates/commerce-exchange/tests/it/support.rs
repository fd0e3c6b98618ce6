//! What the tests share: importing a text, and looking at what came of it.

use std::path::{Path, PathBuf};

use regulars_commerce_exchange::kinds;
use regulars_database::Tx;
use regulars_exchange::{
    import::{
        Ended, Watch, Work, apply,
        inline::{self, GoingOn, InlineOptions, Watches, run_import_inline},
    },
    model::{Import, ImportKind, ImportState, Mode},
    store::imports::{self, NewImport},
};
use regulars_kernel::{Error, Scope, ids::ImportId};
use regulars_testkit::TestDatabase;
use serde_json::Value;

pub const ORDERS: &str = include_str!("files/shopify_orders.csv");
pub const PRODUCTS: &str = include_str!("files/shopify_products.csv");

/// Watches nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn progress(&self, _: u64, _: Option<u64>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl GoingOn for Unwatched {
    fn going_on(&self, _: u64) {}
}

pub struct Shop {
    pub database: TestDatabase,
    pub scope: Scope,
    folder: tempfile::TempDir,
}

pub fn options(kind: Option<ImportKind>) -> InlineOptions {
    InlineOptions {
        kind,
        kinds: kinds(),
        ..InlineOptions::default()
    }
}

impl Shop {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let scope = database.organization("acme").await;
        Self {
            database,
            scope,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub async fn tx(&self) -> Tx {
        self.database.begin(self.scope).await
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub async fn try_run(&self, path: &Path, options: &InlineOptions) -> Result<Import, Error> {
        run_import_inline(
            self.database.database(),
            self.scope,
            &self.folder.path().join("storage"),
            path,
            options,
            Watches {
                checking: &Unwatched,
                applying: &Unwatched,
                going_on: &Unwatched,
            },
        )
        .await
    }

    pub async fn run(&self, text: &str, options: &InlineOptions) -> Import {
        let path = self.file("file.csv", text);
        let done = self.try_run(&path, options).await;
        done.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// Imports, what it is being told by its columns.
    pub async fn import(&self, text: &str) -> Import {
        self.run(text, &options(None)).await
    }

    /// Created, updated, unchanged, in conflict, invalid.
    pub async fn counts(&self, text: &str) -> [u64; 5] {
        numbers(&self.import(text).await)
    }

    /// The same of a dry run.
    pub async fn tried(&self, text: &str) -> [u64; 5] {
        let tried = InlineOptions {
            dry_run: true,
            ..options(None)
        };
        numbers(&self.run(text, &tried).await)
    }

    /// The file of what was refused.
    pub async fn refused(&self, text: &str) -> String {
        let errors = self.folder.path().join("errors.csv");
        let wanted = InlineOptions {
            errors: Some(errors.clone()),
            ..options(None)
        };
        self.run(text, &wanted).await;
        std::fs::read_to_string(errors).unwrap()
    }

    /// The first column of the first row.
    pub async fn one<T>(&self, sql: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(self.database.owner())
            .await
            .unwrap()
    }

    pub async fn json(&self, sql: &str) -> Value {
        self.one(sql).await
    }

    /// Everything that imports of orders write, without ids and times of now.
    pub async fn dump(&self) -> Value {
        self.json(
            "SELECT jsonb_build_object(
               'orders', (SELECT jsonb_agg(to_jsonb(o) - '{id,customer_id,organization_id,created_at,updated_at}'::text[] ORDER BY external_id) FROM orders o),
               'lines', (SELECT jsonb_agg(to_jsonb(l) - '{order_id,organization_id}'::text[] ORDER BY o.external_id, l.position) FROM order_lines l JOIN orders o ON o.id = l.order_id),
               'payments', (SELECT jsonb_agg(to_jsonb(p) - '{order_id,organization_id}'::text[] ORDER BY o.external_id, p.external_id) FROM order_payments p JOIN orders o ON o.id = p.order_id),
               'customers', (SELECT jsonb_agg(jsonb_build_array(email, first_name, last_name) ORDER BY email) FROM customers),
               'figures', (SELECT jsonb_agg(to_jsonb(m) - '{customer_id,organization_id,updated_at,reckoned_at}'::text[] ORDER BY c.email) FROM customer_metrics m JOIN customers c ON c.id = m.customer_id),
               'events', (SELECT jsonb_agg(jsonb_build_array(kind, data - '{order_id,import_id,id,code}'::text[]) ORDER BY kind, data->>'external_id', (data - '{order_id,import_id,id,code}'::text[])::text) FROM events WHERE kind LIKE 'order.%'))",
        )
        .await
    }

    /// An upload that is being applied without a job.
    pub async fn upload(&self, text: &str) -> Work {
        let name = "upload.csv";
        let path = self.file(name, text);
        let inspected =
            inline::inspect(&path, name, &kinds(), None).unwrap_or_else(|error| panic!("{error}"));
        let id = ImportId::new();
        let mut tx = self.tx().await;
        let new = NewImport {
            id,
            kind: inspected.kind,
            file_name: name,
            file_bytes: text.len() as i64,
            sha256: &[1; 32],
            format: &inspected.format,
            headers: &inspected.headers,
            mapping: &inspected.suggestion.mapping,
            mode: Mode::Upsert,
            match_by: &inline::DEFAULT_KEYS,
        };
        imports::insert(&mut tx, &new).await.unwrap();
        imports::start_inline(&mut tx, id, ImportState::Applying)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Work {
            database: self.database.database().clone(),
            scope: self.scope,
            id,
            plan: path.with_extension("plan"),
            file: path,
            kinds: kinds(),
            batch_rows: 40,
        }
    }

    /// Applies it to the end.
    pub async fn finish(&self, work: &Work) -> Ended {
        apply::apply(work, &Unwatched).await.unwrap()
    }
}

pub fn numbers(import: &Import) -> [u64; 5] {
    let plan = import.plan.as_ref().map(|plan| plan.counts);
    let counts = import.result.or(plan).unwrap();
    [
        counts.create,
        counts.update,
        counts.skip,
        counts.conflict,
        counts.invalid,
    ]
}
