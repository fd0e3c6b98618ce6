//! Connections from the command line.

use regulars_connect::{model::NewConnection, ops};
use regulars_kernel::{Actor, Result, Scope, Secret};
use serde_json::Map;

use super::{open, option, organization_id, placed};
use crate::cli::{Common, ConnectionCommand};

/// `regulars connection …`
pub async fn connection(common: &Common, command: ConnectionCommand) -> Result<()> {
    let ConnectionCommand::Create {
        organization,
        provider,
        secret,
        name,
    } = command;
    let new = NewConnection {
        provider,
        name,
        secret: Secret::new(secret),
        api_key: None,
        settings: Map::new(),
    };
    let opened = open(common).await?;
    let made = async {
        let scope = Scope {
            organization_id: organization_id(&opened, &organization).await?,
            actor: Actor::System,
        };
        let mut tx = opened.database.begin(scope).await?;
        let made = ops::create_connection(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(made)
    }
    .await;
    opened.close().await?;
    let made = made.map_err(|error| placed(error, option))?;
    eprintln!(
        "{} is to send its webhooks to this path of the server's address.",
        made.provider.title()
    );
    println!("{}", made.webhook_path);
    Ok(())
}
