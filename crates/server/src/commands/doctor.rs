//! `regulars doctor`: what is wrong, and how to mend it. Exit status 1 when something must be mended.

use regulars_database::{connect, doctor};
use regulars_kernel::{Error, Result};

use crate::{
    cli::{Common, Serve},
    config::Config,
};

/// Looks everything over.
pub async fn run(common: &Common, json: bool) -> Result<()> {
    let config = Config::load(common, &Serve::default())?;
    super::must_exist(&config)?;
    let opened = connect::open(connect::Settings {
        database_url: config.database_url,
        data_dir: config.data_dir,
        max_connections: 2,
    })
    .await?;
    let checks = doctor::examine(&opened).await;
    opened.close().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        for check in &checks {
            let mark = match check.outcome {
                doctor::Outcome::Good => "ok     ",
                doctor::Outcome::Warning => "warning",
                doctor::Outcome::Bad => "BAD    ",
            };
            println!("{mark}  {}: {}", check.name, check.found);
            if let Some(advice) = &check.advice {
                println!("         → {advice}");
            }
        }
    }
    let bad = checks
        .iter()
        .filter(|check| check.outcome == doctor::Outcome::Bad)
        .count();
    if bad > 0 {
        Err(Error::internal(format!(
            "{bad} of {} checks must be mended",
            checks.len()
        )))
    } else {
        Ok(())
    }
}
