//! A Firestore emulator of a test's own: Google's where the Cloud SDK has it, else the one from npm.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use regulars_connect_firestore::{Client, Firestore, Place};
use regulars_kernel::ids::OrganizationId;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const JARS: &[&str] = &[
    "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    "/usr/share/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    "/opt/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
];

/// Starts npm's emulator; its package exports no command.
const NODE: &str = "import('@firestore-emulator/server').then(async ({FirestoreServer}) => { const s = new FirestoreServer(); await s.start(Number(process.argv[1])); })";

pub struct Emulator {
    pub port: u16,
    child: Child,
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn jar() -> Option<PathBuf> {
    let named = std::env::var_os("REGULARS_FIRESTORE_JAR").map(PathBuf::from);
    let usual = JARS.iter().map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.exists())
}

fn command(port: u16) -> Option<Command> {
    if let Some(jar) = jar() {
        let mut command = Command::new("java");
        command
            .args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
            .arg(jar)
            .arg("com.google.cloud.datastore.emulator.firestore.CloudFirestore")
            .args(["start", "--host=127.0.0.1", &format!("--port={port}")]);
        return Some(command);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/firestore");
    if !folder.join("node_modules/@firestore-emulator/server").exists() {
        return None;
    }
    let mut command = Command::new("node");
    command.current_dir(folder).args(["-e", NODE, &port.to_string()]);
    Some(command)
}

impl Emulator {
    /// Starts one; none, and a line about it, where there is neither.
    pub async fn start() -> Option<Self> {
        Self::start_at(free_port()).await
    }

    async fn start_at(port: u16) -> Option<Self> {
        let Some(mut command) = command(port) else {
            println!("skipped: neither Google's Firestore emulator nor tools/firestore/node_modules is here");
            return None;
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the emulator starts");
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(Self { port, child });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the emulator does not answer on port {port}");
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a machine that goes dark does; its documents are gone.
    pub async fn kill(mut self) -> u16 {
        self.child.kill().await.unwrap();
        self.port
    }

    /// Starts another one in its place.
    pub async fn again(port: u16) -> Self {
        Self::start_at(port).await.expect("it was there before")
    }

    /// A client of the test's own.
    pub fn client(&self, project: &str) -> Client {
        let firestore = Firestore::new(Some(&self.address())).unwrap();
        let place = Place::new(project, "(default)", "customers");
        firestore.client(OrganizationId::new(), place, None).unwrap()
    }
}
