//! The tests' shared PostgreSQL from the command line: `url` prints the URL of a fresh migrated database (for the query
//! macros), `stop` stops the server. It is started by whoever needs it first.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("url") => println!("{}", regulars_testkit::TestDatabase::new().await.keep()),
        Some("stop") => regulars_testkit::stop_server(),
        _ => {
            eprintln!("usage: regulars-test-postgres url|stop");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
