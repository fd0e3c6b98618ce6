//! `regulars metrics verify`: says whether figures are what orders say, fails if not, and mends them.

use serde_json::json;

use crate::{api::Api, process::Home};

#[tokio::test]
async fn bent_figures_are_an_error_until_they_are_repaired() {
    let home = Home::shared().await;
    let key = home.organization("acme", "owner");
    let server = home.serve();
    let api = Api::new(&server.url, &key);
    let order = json!({"source": "till", "external_id": "1", "email": "ada@example.com", "total": "59.90"});
    api.post("/api/v1/orders", &order).await.expect(201);
    let verify = ["metrics", "verify", "--organization", "acme"];
    assert_eq!(home.ok(&verify), "1 customers checked, 0 differed");
    sqlx::query("UPDATE customer_metrics SET total_spent = 1")
        .execute(home.database().owner())
        .await
        .unwrap();
    let bent = home.run(&verify);
    assert_eq!(bent.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bent.stdout).contains("1 customers checked, 1 differed"));
    home.ok(&["metrics", "verify", "--organization", "acme", "--repair"]);
    assert_eq!(home.ok(&verify), "1 customers checked, 0 differed");
}
