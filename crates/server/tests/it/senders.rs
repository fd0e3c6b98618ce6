//! What the shared fixtures' sender signs, rightly and in every wrong way that it knows, sent to a running server. Skipped, by
//! name, where the folder is not, or no Python to run it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use regulars_connect::{Provider, topics_to_subscribe_to};
use serde_json::{Value, json};

use crate::{
    api::Api,
    process::{Home, Server},
};

const ADYEN_KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/// Where the signature of the first item stands.
const SIGNATURE: &str = "/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature";

/// Signs the items of a notification as the sender does.
const SIGN_ITEMS: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
import whsend
told = json.load(open(sys.argv[2]))
for wrapped in told['notificationItems']:
    item = wrapped['NotificationRequestItem']
    item.setdefault('additionalData', {})['hmacSignature'] = whsend.adyen_item(item, sys.argv[3])
json.dump(told, sys.stdout)
";

/// Runs the sender once for each list of arguments that it reads: one Python that starts instead of hundreds.
const SEND_ALL: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
import whsend
for arguments in json.load(open(sys.argv[2])):
    sys.argv = ['whsend.py', *arguments]
    whsend.main()
";

/// The shared fixtures, if they and a Python are there.
fn fixtures(test: &str) -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures"));
    if !folder.join("tools/whsend.py").exists() {
        println!("skipped: {test} needs the shared fixtures");
        return None;
    }
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: {test} needs python3");
        return None;
    }
    Some(folder.to_owned())
}

/// What Python says; it leaves nothing in the fixtures' folder.
async fn python(program: &'static str, tools: PathBuf, more: &[&str]) -> String {
    let mut command = Command::new("python3");
    command.arg("-B").arg("-c").arg(program).arg(tools).args(more);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A server with a connection, and who sends to it.
struct Sender {
    home: Home,
    server: Server,
    api: Api,
    fixtures: PathBuf,
    provider: Provider,
    secret: &'static str,
    path: String,
}

impl Sender {
    async fn new(fixtures: &Path, provider: Provider) -> Self {
        let home = Home::shared().await;
        let key = home.organization("acme", "owner");
        let server = home.serve();
        let api = Api::new(&server.url, &key);
        let secret = if provider == Provider::Adyen {
            ADYEN_KEY
        } else {
            "a secret of theirs"
        };
        let connection = json!({"provider": provider, "name": "Theirs", "secret": secret});
        let made = api.post("/api/v1/connections", &connection).await.expect(201);
        Self {
            path: made.at("/webhook_path"),
            home,
            server,
            api,
            fixtures: fixtures.to_owned(),
            provider,
            secret,
        }
    }

    /// A file of its own with this content.
    fn file(&self, content: &[u8]) -> String {
        let file = self.home.path().join("body");
        fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// What the server answers to each of these: a file, and how it is sent.
    async fn send_all(&self, all: &[(&str, &[&str])]) -> Vec<u16> {
        let url = format!("{}{}", self.server.url, self.path);
        let arguments: Vec<Vec<&str>> = all
            .iter()
            .map(|(file, more)| {
                let provider = self.provider.name();
                let mut one = vec![
                    provider,
                    "--secret",
                    self.secret,
                    "--file",
                    file,
                    "--url",
                    &url,
                    "--timeout",
                    "30",
                ];
                one.extend(*more);
                one
            })
            .collect();
        let list = self.home.path().join("arguments");
        fs::write(&list, json!(arguments).to_string()).unwrap();
        let said = python(SEND_ALL, self.fixtures.join("tools"), &[list.to_str().unwrap()]).await;
        let status = |line: &str| line.split(' ').next().unwrap().parse();
        let found: Vec<u16> = said
            .lines()
            .map(|line| status(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        assert_eq!(found.len(), all.len(), "{said}");
        found
    }

    async fn send(&self, file: &str, more: &[&str]) -> u16 {
        self.send_all(&[(file, more)]).await[0]
    }

    /// How many messages there are, of any state or of one.
    async fn count(&self, filter: &str) -> u64 {
        let path = format!("/api/v1/webhook-events?limit=1{filter}");
        let found = self.api.get(&path).await.expect(200);
        found.json["page"]["total"]["value"].as_u64().unwrap()
    }

    /// Waits until nothing waits; nothing is dead then.
    async fn processed(&self) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.count("&state=queued").await > 0 {
            assert!(Instant::now() < until, "the inbox is not drained");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let dead = self
            .api
            .get("/api/v1/webhook-events?state=dead")
            .await
            .expect(200);
        assert_eq!(dead.json["data"], json!([]));
    }
}

/// Every wrong way that the sender knows. What is none for a provider, it sends as it is right.
const MODES: &[&str] = &[
    "wrong-secret",
    "tamper",
    "missing-sig",
    "hex",
    "reserialise",
    "old",
    "future",
    "dup-sig",
    "empty",
    "truncated",
    "upper",
    "bad-b64",
    "webhook-id-mismatch",
];

/// A provider refuses all of them but these.
async fn refuses_all_but(provider: Provider, taken: &[&str], body: &Value, more: &[&str]) {
    let Some(fixtures) = fixtures(&format!("what {} signs wrongly", provider.name())) else {
        return;
    };
    let sender = Sender::new(&fixtures, provider).await;
    let file = sender.file(body.to_string().as_bytes());
    let ways: Vec<Vec<&str>> = MODES
        .iter()
        .map(|mode| [more, &["--bad", mode]].concat())
        .collect();
    let all = async |is_taken: bool| {
        let modes = MODES
            .iter()
            .zip(&ways)
            .filter(|(mode, _)| taken.contains(*mode) == is_taken);
        let (modes, sent): (Vec<&str>, Vec<_>) = modes
            .map(|(mode, way)| (*mode, (file.as_str(), way.as_slice())))
            .unzip();
        for (mode, status) in modes.into_iter().zip(sender.send_all(&sent).await) {
            assert_eq!(status, if is_taken { 200 } else { 401 }, "{mode}");
        }
    };
    all(false).await;
    assert_eq!(sender.count("").await, 0);
    assert_eq!(sender.send(&file, more).await, 200);
    all(true).await;
    // Each of these was the same once more.
    assert_eq!(sender.count("").await, 1);
    sender.processed().await;
}

#[tokio::test]
async fn what_is_signed_wrongly_in_shopifys_name_is_refused() {
    let body = json!({"id": 706_405_506_930_370_084_u64, "email": "ada@example.com", "updated_at": "2026-05-01T10:00:00Z"});
    // Shopify signs no time, and has one signature.
    let taken = ["old", "future", "dup-sig", "webhook-id-mismatch"];
    refuses_all_but(Provider::Shopify, &taken, &body, &["--topic", "customers/create"]).await;
}

#[tokio::test]
async fn what_is_signed_wrongly_in_stripes_name_is_refused() {
    let intent = json!({"object": "payment_intent", "id": "pi_1", "amount": 5990, "amount_received": 5990, "currency": "eur", "status": "succeeded", "created": 1_777_629_600});
    let body = json!({"object": "event", "id": "evt_1", "type": "payment_intent.succeeded", "created": 1_777_629_600, "livemode": true, "data": {"object": intent}});
    refuses_all_but(Provider::Stripe, &["dup-sig", "webhook-id-mismatch"], &body, &[]).await;
}

#[tokio::test]
async fn what_is_signed_wrongly_in_klaviyos_name_is_refused() {
    let event = json!({"topic": "event:klaviyo.opened_email", "external_id": "e1", "payload": {"data": {"type": "event", "id": "e1", "attributes": {"datetime": "2026-05-01T10:00:00+00:00"}, "relationships": {"profile": {"data": {"type": "profile", "id": "p1"}}}}}});
    let body = json!({"data": [event], "meta": {"klaviyo_webhook_id": "W", "timestamp": "2026-05-01T10:00:00+00:00"}});
    refuses_all_but(Provider::Klaviyo, &["dup-sig"], &body, &[]).await;
}

#[tokio::test]
async fn what_is_signed_wrongly_in_adyens_name_is_refused_and_every_notification_of_the_fixtures_is_taken() {
    let Some(fixtures) = fixtures("what Adyen signs") else {
        return;
    };
    let sender = Sender::new(&fixtures, Provider::Adyen).await;
    let sign = async |path: &Path, key: &str| -> Value {
        let signed = python(SIGN_ITEMS, fixtures.join("tools"), &[path.to_str().unwrap(), key]).await;
        serde_json::from_str(&signed).unwrap()
    };
    let file = fixtures.join("payments/adyen/notification/authorisationTrue.json");
    let right = sign(&file, ADYEN_KEY).await;
    let signature = right.pointer(SIGNATURE).unwrap().as_str().unwrap();
    let with = |signature: Value| {
        let mut other = right.clone();
        *other.pointer_mut(SIGNATURE).unwrap() = signature;
        other
    };
    let mut tampered = right.clone();
    tampered["notificationItems"][0]["NotificationRequestItem"]["amount"]["value"] = json!(1);
    let mut second = right.clone();
    let unsigned = with(json!(null))["notificationItems"][0].clone();
    second["notificationItems"].as_array_mut().unwrap().push(unsigned);
    let wrong = [
        ("another key", sign(&file, &ADYEN_KEY.replace('4', "5")).await),
        ("missing", with(json!(null))),
        ("empty", with(json!(""))),
        ("capitals", with(json!(signature.to_uppercase()))),
        ("truncated", with(json!(signature[..signature.len() - 4]))),
        ("no base64", with(json!("!!!not base64!!!"))),
        ("of the amount before", tampered),
        ("one of two is not signed", second),
    ];
    for (how, body) in wrong {
        let file = sender.file(body.to_string().as_bytes());
        assert_eq!(sender.send(&file, &[]).await, 401, "{how}");
    }
    // Signed by a header, which the sender does not know.
    let other = fixtures.join("payments/adyen/notification/accountHolderCreated.json");
    assert_eq!(sender.send(other.to_str().unwrap(), &[]).await, 401);
    assert_eq!(sender.count("").await, 0);

    let files = fs::read_dir(fixtures.join("payments/adyen/notification")).unwrap();
    let mut sent = 0;
    for path in files
        .map(|file| file.unwrap().path())
        .filter(|path| *path != other)
    {
        let body = sign(&path, ADYEN_KEY).await.to_string();
        assert_eq!(
            sender.send(&sender.file(body.as_bytes()), &[]).await,
            200,
            "{path:?}"
        );
        sent += 1;
    }
    assert!(sent >= 5, "{sent}");
    assert!(sender.count("").await >= sent);
    sender.processed().await;
}

#[tokio::test]
async fn every_payload_of_shopify_is_taken_as_the_sender_signs_it_and_what_is_answered_is_done() {
    let Some(fixtures) = fixtures("every payload of Shopify") else {
        return;
    };
    let sender = Sender::new(&fixtures, Provider::Shopify).await;
    let mut payloads: Vec<(String, String, bool)> = Vec::new();
    for version in ["2023-01", "2026-07"] {
        for file in fs::read_dir(fixtures.join("shopify").join(version)).unwrap() {
            let path = file.unwrap().path();
            let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let topic = match json["topic"].as_str() {
                Some(topic) => topic.to_owned(),
                None if stem.starts_with("customer.") => stem,
                None => stem.replace('.', "/"),
            };
            payloads.push((path.to_str().unwrap().to_owned(), topic, json["body"].is_object()));
        }
    }
    let ways: Vec<Vec<&str>> = payloads
        .iter()
        .map(|(_, topic, is_wrapped)| {
            let mut way = vec!["--topic", topic];
            if *is_wrapped {
                way.extend(["--pick", "body"]);
            }
            way
        })
        .collect();
    let sent: Vec<_> = payloads
        .iter()
        .zip(&ways)
        .map(|((path, ..), way)| (path.as_str(), way.as_slice()))
        .collect();
    for ((path, ..), status) in payloads.iter().zip(sender.send_all(&sent).await) {
        assert_eq!(status, 200, "{path}");
    }
    let topics: BTreeSet<&str> = payloads.iter().map(|(_, topic, _)| topic.as_str()).collect();
    assert!(topics.len() > 80, "{}", topics.len());
    sender.processed().await;
    let answered: BTreeSet<&str> = topics_to_subscribe_to(Provider::Shopify).collect();
    for topic in &topics {
        // The merge of the fixtures is one that failed there.
        let state = if answered.contains(topic) && *topic != "customers/merge" {
            "done"
        } else {
            "ignored"
        };
        let others = sender.count(&format!("&topic={topic}")).await;
        assert!(others > 0, "{topic}");
        assert_eq!(
            sender.count(&format!("&topic={topic}&state={state}")).await,
            others,
            "{topic}"
        );
    }
}

#[tokio::test]
async fn the_published_payloads_of_klaviyo_and_stripe_are_taken_as_the_sender_signs_them() {
    let Some(fixtures) = fixtures("the payloads of Klaviyo and Stripe") else {
        return;
    };
    let klaviyo = Sender::new(&fixtures, Provider::Klaviyo).await;
    let published = fixtures.join("klaviyo/help_centre_email_delivered.json");
    assert_eq!(klaviyo.send(published.to_str().unwrap(), &[]).await, 200);
    assert!(klaviyo.count("").await > 0);
    klaviyo.processed().await;

    let stripe = Sender::new(&fixtures, Provider::Stripe).await;
    let objects: Value =
        serde_json::from_slice(&fs::read(fixtures.join("payments/stripe/fixtures3.json")).unwrap()).unwrap();
    let kinds = [
        "payment_intent",
        "charge",
        "refund",
        "dispute",
        "invoice",
        "checkout.session",
        "customer",
    ];
    for (number, kind) in kinds.iter().enumerate() {
        let object = &objects["resources"][kind];
        assert!(object.is_object(), "{kind}");
        let event = json!({"object": "event", "id": format!("evt_{number}"), "type": format!("{kind}.updated"), "created": 1_777_629_600, "livemode": false, "data": {"object": object}});
        assert_eq!(
            stripe.send(&stripe.file(event.to_string().as_bytes()), &[]).await,
            200,
            "{kind}"
        );
    }
    assert_eq!(stripe.count("").await, kinds.len() as u64);
    stripe.processed().await;
}
