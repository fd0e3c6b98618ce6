//! Puts the rooms together: one API, one set of pages, one list of jobs.

use axum::{
    Extension, Router,
    middleware::{from_fn, from_fn_with_state},
};
use regulars_connect::{Provider, Providers};
use regulars_connect_firestore::{Emulator, Firestore, MirrorLine};
use regulars_connect_klaviyo::Patience;
use regulars_kernel::{Error, Result};
use regulars_web::{AppState, WebConfig, pages::CustomerLines};
use utoipa_axum::router::OpenApiRouter;

use crate::{config::Config, housekeeping, live, operations};

/// Settings of the edge.
pub fn web_config(config: &Config) -> Result<WebConfig> {
    Ok(WebConfig {
        public_url: config.public_url.clone(),
        secure_cookies: config.public_url.starts_with("https://"),
        storage_dir: config.storage_dir(),
        kept_files: config.kept_files_gb.saturating_mul(1_000_000_000),
        rate_limit_per_minute: config.rate_limit,
        trusted_proxies: config
            .trusted_proxies
            .iter()
            .map(|text| text.parse())
            .collect::<Result<_, String>>()
            .map_err(|why| Error::internal(format!("trusted_proxies: {why}")))?,
        uploads: regulars_exchange::UPLOADS,
        batches: BATCHES,
        ..WebConfig::default()
    })
}

/// The routes that take up to a thousand things at once: an order with all that belongs to it has some kilobytes.
const BATCHES: &[&str] = &[
    "/api/v1/activities",
    "/api/v1/carts",
    "/api/v1/orders",
    "/api/v1/products",
    "/api/v1/stock-levels",
    "/api/v1/wishlists",
];

/// Every room's API.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(regulars_customers::api_routes())
        .merge(regulars_commerce::api_routes())
        .merge(regulars_activities::api_routes())
        .merge(regulars_exchange::api_routes(&regulars_commerce_exchange::kinds()))
        .merge(regulars_connect::api_routes())
        .merge(regulars_connect_firestore::api_routes())
        .merge(regulars_privacy::api_routes())
        .merge(regulars_accounts::api_routes())
        .merge(operations::api_routes())
        .merge(live::routes())
}

/// Every room's pages.
fn pages() -> Router<AppState> {
    Router::new()
        .merge(regulars_customer_pages::page_routes())
        .merge(regulars_commerce_pages::page_routes())
        .merge(regulars_exchange::page_routes(
            &regulars_commerce_exchange::kinds(),
        ))
        .merge(regulars_connect::page_routes())
        .merge(regulars_connect_firestore::page_routes())
        .merge(regulars_privacy::page_routes())
        .merge(regulars_accounts::page_routes())
        .merge(operations::page_routes())
}

/// The other systems whose webhooks are understood.
fn providers() -> Providers {
    Providers::new()
        .with(Provider::Shopify, regulars_connect_shopify::Shopify)
        .with(Provider::Stripe, regulars_connect_payments::Stripe)
        .with(Provider::Adyen, regulars_connect_payments::Adyen)
        .with(Provider::Klaviyo, regulars_connect_klaviyo::Klaviyo)
}

/// The whole server.
pub fn app(state: &AppState, config: &Config, watch: operations::Watch) -> Router {
    let authenticate = from_fn_with_state(state.clone(), regulars_accounts::authenticate);
    let emulator = Extension(Emulator(config.firestore_emulator.is_some()));
    let pages = pages()
        .layer(Extension(watch))
        .layer(Extension(CustomerLines::default().with(MirrorLine)))
        .layer(emulator);
    let webhooks = regulars_connect::webhook_routes(providers());
    // A provider sends as fast as its shop sells, all of it from few addresses; who is refused for that ends the subscription.
    let unlimited = WebConfig {
        rate_limit_per_minute: 0,
        ..(*state.config).clone()
    };
    let unlimited = AppState::new(state.database.clone(), unlimited);
    let browsers = regulars_activities::browser_routes(state);
    regulars_web::app(api().layer(emulator), pages, state.clone(), authenticate)
        .merge(regulars_web::around(webhooks, &unlimited))
        .merge(regulars_web::around(
            regulars_activities::script_routes(),
            &unlimited,
        ))
        .merge(operations::health(state))
        .layer(from_fn(move |request, next| {
            regulars_activities::hand_over(browsers.clone(), request, next)
        }))
}

/// What a worker without the web half answers.
pub fn operations_only(state: &AppState) -> Router {
    operations::health(state)
}

/// Every room's jobs and schedules.
pub fn jobs(state: &AppState, config: &Config) -> Result<regulars_jobs::Registry> {
    let registry = regulars_customers::job_handlers(regulars_jobs::Registry::new());
    let registry = regulars_commerce::job_handlers(registry);
    let registry = regulars_activities::job_handlers(registry);
    let registry = regulars_connect::job_handlers(registry, providers());
    let registry = regulars_connect_payments::job_handlers(registry);
    let klaviyo = regulars_connect_klaviyo::Client::new(&config.klaviyo_url, Patience::default())?;
    let registry = regulars_connect_klaviyo::job_handlers(registry, klaviyo);
    let firestore = Firestore::new(config.firestore_emulator.as_deref())?;
    let registry = regulars_connect_firestore::job_handlers(registry, firestore);
    Ok(housekeeping::add(regulars_exchange::job_handlers(
        registry,
        &state.config,
        &regulars_commerce_exchange::kinds(),
    )))
}

/// The OpenAPI document as JSON.
pub fn openapi_json() -> Result<String> {
    Ok(serde_json::to_string_pretty(&regulars_web::openapi::document(
        api(),
    ))?)
}
