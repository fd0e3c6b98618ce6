//! What the tests share: importing a text, and looking at what came of it.

use std::path::{Path, PathBuf};

use regulars_customers::find::Query;
use regulars_database::Tx;
use regulars_exchange::{
    export::export_to_writer,
    import::{
        Ended, Watch, Work,
        inline::{GoingOn, InlineOptions, Watches, run_import_inline},
    },
    kind::Kinds,
    model::{Counts, ExportFormat, Import, Mode, Plan},
};
use regulars_kernel::{Error, Scope, ids::ImportId};
use regulars_testkit::TestDatabase;
use serde_json::Value;
use sqlx::PgPool;

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

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub async fn run(&self, name: &str, text: &str, options: &InlineOptions) -> Import {
        let path = self.file(name, text);
        let import = self
            .try_run(&path, options, &Unwatched)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(path.is_file(), "a file that was given stays");
        import
    }

    /// What the command line does.
    pub async fn try_run(
        &self,
        path: &Path,
        options: &InlineOptions,
        watch: &dyn Watch,
    ) -> Result<Import, Error> {
        let storage = self.path("storage");
        run_import_inline(
            self.database.database(),
            self.scope,
            &storage,
            path,
            options,
            Watches {
                checking: &Unwatched,
                applying: watch,
                going_on: &Unwatched,
            },
        )
        .await
    }

    /// Applies a CSV with a suggested mapping.
    pub async fn import(&self, text: &str) -> Import {
        self.run("file.csv", text, &InlineOptions::default()).await
    }

    pub async fn import_as(&self, text: &str, mode: Mode) -> Import {
        let options = InlineOptions {
            mode,
            ..InlineOptions::default()
        };
        self.run("file.csv", text, &options).await
    }

    /// Only checks.
    pub async fn check(&self, text: &str) -> Plan {
        let options = InlineOptions {
            dry_run: true,
            ..InlineOptions::default()
        };
        self.run("file.csv", text, &options).await.plan.unwrap()
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

    /// [`dump`] of this shop.
    pub async fn dump(&self) -> Value {
        dump(self.database.owner(), self.scope).await
    }

    pub fn work(&self, id: ImportId, file: PathBuf) -> Work {
        Work {
            database: self.database.database().clone(),
            scope: self.scope,
            id,
            plan: file.with_extension("plan"),
            file,
            kinds: Kinds::default(),
            batch_rows: 40,
        }
    }
}

/// Everything that imports wrote for an organization, without ids, codes and times, in an order that does not depend on
/// them.
pub async fn dump(owner: &PgPool, scope: Scope) -> Value {
    sqlx::query_scalar(
        "SELECT coalesce(jsonb_agg(row ORDER BY row::text), '[]') FROM (
           SELECT to_jsonb(c) - '{id,code,created_at,updated_at,organization_id,search_text}'::text[]
             || jsonb_build_object(
               'tags', (SELECT jsonb_agg(t.name ORDER BY t.name) FROM customer_tags ct JOIN tags t ON t.id = ct.tag_id WHERE ct.customer_id = c.id),
               'sources', (SELECT jsonb_agg(jsonb_build_array(source, external_id) ORDER BY source, external_id) FROM customer_sources s WHERE s.customer_id = c.id),
               'consents', (SELECT jsonb_agg(jsonb_build_array(channel, state) ORDER BY channel) FROM customer_consents k WHERE k.customer_id = c.id),
               'address', (SELECT jsonb_agg(to_jsonb(a) - '{id,customer_id,organization_id,created_at,updated_at}'::text[]) FROM addresses a WHERE a.customer_id = c.id),
               'events', (SELECT jsonb_agg(jsonb_build_array(kind, data - '{import_id,id,code,address_id}'::text[]) ORDER BY e.id) FROM events e WHERE e.customer_id = c.id)
             ) AS row
           FROM customers c WHERE c.organization_id = $1) all_rows",
    )
    .bind(scope.organization_id.0)
    .fetch_one(owner)
    .await
    .unwrap()
}

/// A file with those who are asked for, and how many they are.
pub async fn export(shop: &Shop, format: ExportFormat, query: &Query) -> (String, u64) {
    let mut out: Vec<u8> = Vec::new();
    let ended = export_to_writer(
        shop.database.database(),
        shop.scope,
        format,
        query,
        &mut out,
        &Unwatched,
    )
    .await;
    let Ok(Ended::Done(Counts { create: rows, .. })) = ended else {
        panic!("the export ends")
    };
    (String::from_utf8(out).unwrap(), rows)
}

/// A file with everybody.
pub async fn export_all(shop: &Shop, format: ExportFormat) -> String {
    export(shop, format, &Query::default()).await.0
}
