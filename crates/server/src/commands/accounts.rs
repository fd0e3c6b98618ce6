//! Organizations, users and keys from the command line.

use regulars_accounts::{model::NewOrganization, ops};
use regulars_kernel::{Error, Result};

use super::{open, organization_id};
use crate::{
    cli::{Common, KeyCommand, OrganizationCommand, UserCommand},
    config::Config,
};

/// `regulars organization …`
pub async fn organization(common: &Common, command: OrganizationCommand) -> Result<()> {
    let OrganizationCommand::Create {
        name,
        slug,
        currency,
        time_zone,
        locale,
    } = command;
    let opened = open(common).await?;
    let new = NewOrganization {
        name,
        slug: Some(slug.clone()),
        currency: Some(currency),
        time_zone: Some(time_zone),
        locale: Some(locale),
    };
    let made = ops::create_organization(&opened.database, &new)
        .await
        .map_err(|error| match error {
            Error::Conflict(fault) if fault.pointer == "/slug" => {
                Error::internal(format!("there is an organization “{slug}” already"))
            }
            other => other,
        });
    opened.close().await?;
    let made = made?;
    eprintln!("Organization “{}” is made.", made.name);
    println!("{}", made.id);
    Ok(())
}

/// `regulars user …`
pub async fn user(common: &Common, command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Create {
            email,
            organization,
            role,
            address,
        } => {
            let base = Config::with_address(common, &address)?.public_url;
            let opened = open(common).await?;
            let id = organization_id(&opened, &organization).await?;
            let made = ops::create_user(&opened.database, id, &email, role).await;
            opened.close().await?;
            match made?.link {
                Some(link) => {
                    eprintln!("Give this link to the person; it works once:");
                    println!("{base}{}", link.path());
                }
                None => eprintln!("The person has a password already and signs in with it."),
            }
            Ok(())
        }
        UserCommand::Link { email, address } => {
            let base = Config::with_address(common, &address)?.public_url;
            let opened = open(common).await?;
            let made = ops::operator_link(&opened.database, &email).await;
            opened.close().await?;
            let link = made.map_err(|error| match error {
                Error::NotFound(_) => Error::internal(format!(
                    "there is no user “{email}”; `regulars user create` makes one"
                )),
                other => other,
            })?;
            eprintln!("Give this link to the person; it works once:");
            println!("{base}{}", link.path());
            Ok(())
        }
    }
}

/// `regulars key …`
pub async fn key(common: &Common, command: KeyCommand) -> Result<()> {
    let KeyCommand::Create {
        organization,
        name,
        role,
    } = command;
    let opened = open(common).await?;
    let id = organization_id(&opened, &organization).await?;
    let key = ops::create_key_text(&opened.database, id, &name, role).await;
    opened.close().await?;
    println!("{}", key?.expose());
    Ok(())
}
