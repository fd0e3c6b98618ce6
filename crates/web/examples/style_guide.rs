//! Serves the style guide on the loopback address, to look at while working on it.

use axum::{Router, routing::get};
use regulars_web::pages::{assets, bare_page, button, email_field, password_field, style_guide};

#[tokio::main]
async fn main() {
    let app = Router::new()
        .route("/settings/style-guide", get(async || style_guide()))
        .route("/settings/style-guide/sheet", get(async || style_guide::sample_sheet()))
        .route("/list", get(async || style_guide::sample_list()))
        .route(
            "/sign-in",
            get(async || {
                bare_page("Sign in", maud::html! {
                    h1 { "Sign in" }
                    form class="form" method="post" { (email_field("email", "E-mail")) (password_field("password", "Password")) (button("Sign in").primary().submit()) }
                })
            }),
        )
        .merge(assets::routes());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the loopback address is always there");
    println!(
        "http://{}/settings/style-guide",
        listener.local_addr().expect("a bound listener has an address")
    );
    axum::serve(listener, app).await.expect("the server ran");
}
