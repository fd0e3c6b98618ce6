//! Firestore over gRPC, as much of it as a mirror needs: commits, documents by name, and a collection in the order of its
//! names.
//!
//! What it never does: go anywhere but to Google or to the emulator that the server's operator named, retry by itself, or
//! say in an error what a document holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::uri::PathAndQuery;
use regulars_kernel::{Error, Result, Secret, clock, ids::OrganizationId};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, ClientTlsConfig, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{
    access::{ServiceAccount, Token},
    proto::{
        ASCENDING, BatchGetRequest, BatchGetResponse, Collection, CommitRequest, CommitResponse, Document,
        Field, FieldFilter, Filter, GREATER_THAN, Kind, Limit, Order, Query, RunQueryRequest,
        RunQueryResponse, Value, Write,
    },
};

/// Where Firestore is.
const GOOGLE: &str = "https://firestore.googleapis.com";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// Bytes of one answer: a document is 1 MiB at most, and each comes by itself.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Why Firestore did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It may do so later: it is away, overloaded, or somebody else was at the same document.
    Passing(String),
    /// Something in what was sent is not to its liking.
    Refused(String),
    /// It will not until somebody changes the settings here or there.
    Blocked(String),
}

impl Trouble {
    /// What is told of it.
    pub fn words(&self) -> &str {
        match self {
            Self::Passing(words) | Self::Refused(words) | Self::Blocked(words) => words,
        }
    }
}

/// The words are Firestore's own code and ours; its message may quote a document.
impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::InvalidArgument | Code::OutOfRange => {
                Self::Refused(format!("Firestore refuses it ({:?})", status.code()))
            }
            Code::Unauthenticated => {
                Self::Blocked("Firestore does not take the service account's key (Unauthenticated)".into())
            }
            Code::PermissionDenied => Self::Blocked(
                "the service account may not write there (PermissionDenied): give it the role Cloud Datastore User"
                    .into(),
            ),
            Code::FailedPrecondition => Self::Blocked(
                "the database does not take documents (FailedPrecondition): it must be in native mode".into(),
            ),
            Code::NotFound => {
                Self::Blocked("there is no such project or database, or not any more (NotFound)".into())
            }
            Code::Unimplemented => Self::Blocked("what answers is no Firestore (Unimplemented)".into()),
            Code::ResourceExhausted => {
                Self::Passing("Firestore is overloaded, or its quota is used up (ResourceExhausted)".into())
            }
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::Passing(format!("Firestore did not answer in time ({:?})", status.code()))
            }
            code => Self::Passing(format!("Firestore cannot be reached, or failed ({code:?})")),
        }
    }
}

/// Where an organization's documents are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `projects/…/databases/…`.
    pub database: String,
    /// What stands before a document's id: `projects/…/documents/customers/`.
    prefix: String,
    /// The document, or the root, below which the collection is.
    parent: String,
    collection: String,
}

impl Place {
    /// Of settings that were checked.
    pub fn new(project: &str, database: &str, collection: &str) -> Self {
        let database = format!("projects/{project}/databases/{database}");
        let root = format!("{database}/documents");
        let (above, last) = collection.rsplit_once('/').unwrap_or(("", collection));
        let parent = if above.is_empty() {
            root
        } else {
            format!("{root}/{above}")
        };
        Self {
            prefix: format!("{parent}/{last}/"),
            database,
            parent,
            collection: last.to_owned(),
        }
    }

    /// The whole name of a document.
    pub fn name(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    /// A document's id.
    pub fn id<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix(&self.prefix).unwrap_or(name)
    }
}

/// The way to Firestore, for all organizations of a server.
#[derive(Clone, Debug)]
pub struct Firestore {
    channel: Channel,
    is_emulator: bool,
    tokens: Arc<Mutex<HashMap<OrganizationId, Known>>>,
}

/// A token, and a digest of the key of which it was made.
struct Known {
    credentials: u64,
    token: Token,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

impl Firestore {
    /// Google's, or an emulator at `host:port`. Nothing is connected before the first request. It needs a runtime.
    pub fn new(emulator: Option<&str>) -> Result<Self> {
        let unusable =
            |_| Error::internal("firestore_emulator: this is no host and port, as in 127.0.0.1:8085");
        let endpoint = match emulator {
            Some(place) => {
                let place = place.trim_start_matches("http://").trim_end_matches('/');
                Endpoint::from_shared(format!("http://{place}")).map_err(unusable)?
            }
            None => Endpoint::from_static(GOOGLE)
                .tls_config(ClientTlsConfig::new().with_webpki_roots())
                .map_err(|why| Error::internal(why.to_string()))?,
        };
        let channel = endpoint
            .connect_timeout(CONNECTING)
            .timeout(PATIENCE)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20))
            .initial_stream_window_size(4 * 1024 * 1024)
            .initial_connection_window_size(8 * 1024 * 1024)
            .connect_lazy();
        Ok(Self {
            channel,
            is_emulator: emulator.is_some(),
            tokens: Arc::default(),
        })
    }

    /// Whether it is an emulator, which wants no key and knows no quota.
    pub fn is_emulator(&self) -> bool {
        self.is_emulator
    }

    /// A client in the name of an organization.
    pub fn client(
        &self,
        organization_id: OrganizationId,
        place: Place,
        credentials: Option<&Secret<String>>,
    ) -> std::result::Result<Client, Trouble> {
        self.authorization(organization_id, credentials)?;
        Ok(Client {
            firestore: self.clone(),
            organization_id,
            credentials: credentials.cloned(),
            place: Arc::new(place),
        })
    }

    fn authorization(
        &self,
        organization_id: OrganizationId,
        credentials: Option<&Secret<String>>,
    ) -> std::result::Result<MetadataValue<Ascii>, Trouble> {
        if self.is_emulator {
            // To the emulator this is who may do everything.
            return Ok(MetadataValue::from_static("Bearer owner"));
        }
        let blocked = |why: String| Trouble::Blocked(format!("the service account's key: {why}"));
        let credentials = credentials.ok_or_else(|| {
            blocked("none is set up (and no emulator is named, by FIRESTORE_EMULATOR_HOST)".into())
        })?;
        let digest = digest(credentials.expose());
        let now = clock::now();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tokens
            .get(&organization_id)
            .filter(|known| known.credentials == digest && known.token.is_fresh(now))
            .map(|known| known.token.clone());
        let token = if let Some(token) = known {
            token
        } else {
            let account = ServiceAccount::parse(credentials.expose()).map_err(blocked)?;
            let token = account.token(now).map_err(|why| blocked(why.to_string()))?;
            let known = Known {
                credentials: digest,
                token: token.clone(),
            };
            tokens.insert(organization_id, known);
            token
        };
        let mut value = MetadataValue::try_from(format!("Bearer {}", token.text.expose()))
            .map_err(|_| blocked("the token cannot stand in a header".into()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn digest(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Speaks for one organization with one collection.
#[derive(Clone, Debug)]
pub struct Client {
    firestore: Firestore,
    organization_id: OrganizationId,
    credentials: Option<Secret<String>>,
    place: Arc<Place>,
}

impl Client {
    /// Where the documents are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Does all of some writes, 500 at most, or none.
    pub async fn commit(&self, writes: Vec<Write>) -> std::result::Result<(), Trouble> {
        let request = CommitRequest {
            database: self.place.database.clone(),
            writes,
        };
        let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/Commit");
        let codec = ProstCodec::<CommitRequest, CommitResponse>::default();
        let mut grpc = self.ready().await?;
        grpc.unary(self.request(request)?, path, codec).await?;
        Ok(())
    }

    /// The documents there are of some names, in no order.
    pub async fn get(&self, ids: &[String]) -> std::result::Result<Vec<Document>, Trouble> {
        let request = BatchGetRequest {
            database: self.place.database.clone(),
            documents: ids.iter().map(|id| self.place.name(id)).collect(),
        };
        let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/BatchGetDocuments");
        let codec = ProstCodec::<BatchGetRequest, BatchGetResponse>::default();
        let mut grpc = self.ready().await?;
        let mut answers = grpc
            .server_streaming(self.request(request)?, path, codec)
            .await?
            .into_inner();
        let mut found = Vec::with_capacity(ids.len());
        while let Some(answer) = answers.message().await? {
            found.extend(answer.found);
        }
        Ok(found)
    }

    /// So many documents behind an id, in the order of their ids; from the first one without an id.
    pub async fn page(&self, after: Option<&str>, most: i32) -> std::result::Result<Vec<Document>, Trouble> {
        let name = || {
            Some(Field {
                path: "__name__".to_owned(),
            })
        };
        let condition = after.map(|id| Filter {
            field: Some(FieldFilter {
                field: name(),
                operator: GREATER_THAN,
                value: Some(Value::from(Kind::Reference(self.place.name(id)))),
            }),
        });
        let request = RunQueryRequest {
            parent: self.place.parent.clone(),
            query: Some(Query {
                from: vec![Collection {
                    id: self.place.collection.clone(),
                }],
                condition,
                order_by: vec![Order {
                    field: name(),
                    direction: ASCENDING,
                }],
                limit: Some(Limit { value: most }),
            }),
        };
        let path = PathAndQuery::from_static("/google.firestore.v1.Firestore/RunQuery");
        let codec = ProstCodec::<RunQueryRequest, RunQueryResponse>::default();
        let mut grpc = self.ready().await?;
        let mut answers = grpc
            .server_streaming(self.request(request)?, path, codec)
            .await?
            .into_inner();
        let mut found = Vec::new();
        while let Some(answer) = answers.message().await? {
            found.extend(answer.document);
        }
        Ok(found)
    }

    async fn ready(&self) -> std::result::Result<Grpc<Channel>, Trouble> {
        let mut grpc = Grpc::new(self.firestore.channel.clone()).max_decoding_message_size(MOST_BYTES);
        grpc.ready()
            .await
            .map_err(|_| Trouble::Passing("Firestore cannot be reached".into()))?;
        Ok(grpc)
    }

    /// With a token that holds: what is long under way needs more than one.
    fn request<T>(&self, message: T) -> std::result::Result<Request<T>, Trouble> {
        let mut request = Request::new(message);
        request.set_timeout(PATIENCE);
        let headers = request.metadata_mut();
        let authorization = self
            .firestore
            .authorization(self.organization_id, self.credentials.as_ref())?;
        headers.insert("authorization", authorization);
        if let Ok(value) = MetadataValue::try_from(self.place.database.as_str()) {
            headers.insert("google-cloud-resource-prefix", value);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// Made for tests and used nowhere.
    const KEY: &str = include_str!("../tests/it/key.json");

    #[tokio::test]
    async fn what_is_long_under_way_gets_another_token_before_the_first_ends() {
        let firestore = Firestore::new(None).unwrap();
        let (organization, key) = (OrganizationId::new(), Secret::new(KEY.to_owned()));
        let place = Place::new("shop", "(default)", "customers");
        let client = firestore.client(organization, place, Some(&key)).unwrap();
        let sent = || {
            client
                .request(())
                .unwrap()
                .metadata()
                .get("authorization")
                .unwrap()
                .clone()
        };
        let first = sent();
        assert_eq!(sent(), first, "one that holds is used again");
        // An hour goes by but for two minutes.
        let account = ServiceAccount::parse(KEY).unwrap();
        let before = clock::now() - TimeDelta::minutes(57);
        firestore.tokens.lock().unwrap().insert(
            organization,
            Known {
                credentials: digest(KEY),
                token: account.token(before).unwrap(),
            },
        );
        let stale = format!("Bearer {}", account.token(before).unwrap().text.expose());
        assert_ne!(sent().to_str().unwrap(), stale);
    }

    #[test]
    fn what_only_settings_can_help_is_nobodys_documents_fault() {
        for code in [
            Code::FailedPrecondition,
            Code::Unauthenticated,
            Code::PermissionDenied,
            Code::NotFound,
            Code::Unimplemented,
        ] {
            let trouble = Trouble::from(Status::new(
                code,
                "projects/shop/documents/customers/ada@example.com",
            ));
            assert!(matches!(trouble, Trouble::Blocked(_)), "{code:?}");
            assert!(!trouble.words().contains("ada@example.com"));
        }
        assert!(matches!(
            Trouble::from(Status::invalid_argument("")),
            Trouble::Refused(_)
        ));
        assert!(matches!(
            Trouble::from(Status::unavailable("")),
            Trouble::Passing(_)
        ));
    }
}
