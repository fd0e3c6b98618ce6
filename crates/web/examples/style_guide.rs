//! Serves the style guide on the loopback address, to look at while working on it.

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use regulars_web::pages::{
    Flash, FlashKind, assets, avatar, bare_page, button, email_field, palette_group, palette_item,
    password_field, style_guide, toast_header,
};

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
        .route("/search", get(async || palette_group("Customers", palette_item(avatar("Ada Byron", "sm"), "Ada Byron", "ada@example.com", "/list"))))
        .route("/toast", post(async || ([("HX-Trigger", toast_header(&Flash { kind: FlashKind::Success, text: "Saved “Żółć”".into(), undo: Some("/toast".into()) }, &["closeSheet"]))], StatusCode::NO_CONTENT)))
        .route("/upload", post(async |body: axum::body::Bytes| { println!("{}", body.len()); (StatusCode::UNPROCESSABLE_ENTITY, maud::html! { p class="form-error" { "Not a table." } }) }))
        .route("/signed-out", post(async || (StatusCode::UNAUTHORIZED, "no")))
        .merge(assets::routes())
        .layer(axum::middleware::map_response(strict));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the loopback address is always there");
    println!(
        "http://{}/settings/style-guide",
        listener.local_addr().expect("a bound listener has an address")
    );
    axum::serve(listener, app).await.expect("the server ran");
}

/// The policy that the server sends: whatever breaks under it must break here as well.
async fn strict(mut response: Response) -> Response {
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    response
}
