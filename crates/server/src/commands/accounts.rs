//! Organizations, users and keys from the command line.

use std::fmt::Write as _;

use regulars_accounts::{
    model::{NewOrganization, Organization},
    ops,
};
use regulars_kernel::{Error, Result};

use super::{open, open_or_make, option, organization_id, placed};
use crate::{
    cli::{Common, KeyCommand, OrganizationCommand, UserCommand},
    config::Config,
};

/// `regulars organization …`
pub async fn organization(common: &Common, command: OrganizationCommand) -> Result<()> {
    match command {
        OrganizationCommand::Create {
            name,
            slug,
            currency,
            time_zone,
            locale,
        } => {
            let new = NewOrganization {
                name,
                slug,
                currency: Some(currency),
                time_zone: Some(time_zone),
                locale: Some(locale),
            };
            let opened = open_or_make(common).await?;
            let made = ops::create_organization(&opened.database, &new).await;
            opened.close().await?;
            let made = made.map_err(|error| match error {
                Error::Conflict(fault) if fault.pointer == "/slug" => {
                    let slug = new.short_name();
                    Error::internal(format!(
                        "there is an organization “{slug}” already; give this one another short name with --slug"
                    ))
                }
                other => placed(other, |pointer| positional(pointer, "/name")),
            })?;
            eprintln!(
                "Organization “{}” is made; commands know it as {}.",
                made.name, made.slug
            );
            println!("{}", made.id);
            Ok(())
        }
        OrganizationCommand::List { json } => {
            let opened = open(common).await?;
            let all = ops::list_organizations(&opened.database).await;
            opened.close().await?;
            let all = all?;
            if json {
                println!("{}", serde_json::to_string_pretty(&all)?);
            } else {
                print!("{}", table(&all));
            }
            Ok(())
        }
    }
}

/// Where a fault is, on a command that takes one of the fields without an option: `NAME`, `EMAIL`.
fn positional(pointer: &str, field: &str) -> String {
    if pointer == field {
        pointer.trim_start_matches('/').to_uppercase()
    } else {
        option(pointer)
    }
}

/// Columns with room for the longest text in each.
fn table(all: &[Organization]) -> String {
    let head = ["SLUG", "NAME", "CURRENCY", "TIME ZONE", "CREATED"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head)
        .chain(all.iter().map(|one| {
            [
                one.slug.clone(),
                one.name.clone(),
                one.currency.to_string(),
                one.time_zone.as_str().to_owned(),
                one.created_at.format("%Y-%m-%d").to_string(),
            ]
        }))
        .collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
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
            let made = made.map_err(|error| placed(error, |pointer| positional(pointer, "/email")))?;
            match made.link {
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
    let key = key.map_err(|error| placed(error, option))?;
    println!("{}", key.expose());
    Ok(())
}
