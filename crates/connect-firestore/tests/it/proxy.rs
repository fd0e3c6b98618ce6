//! Something between the mirror and the emulator that does what networks and quotas do.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{body::Bytes, body::Incoming, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use prost::Message as _;
use regulars_connect_firestore::proto::CommitRequest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Cuts connections: each after so many bytes of what the emulator answers, for so many connections.
pub struct Cutting {
    pub address: String,
    pub cuts: Arc<AtomicI64>,
    task: JoinHandle<()>,
}

impl Drop for Cutting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cutting {
    pub async fn start(target: String, cuts: i64, after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cuts = Arc::new(AtomicI64::new(cuts));
        let left = cuts.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let is_cut = left.fetch_sub(1, Ordering::Relaxed) > 0;
                tokio::spawn(pass(client, target.clone(), is_cut.then_some(after)));
            }
        });
        Self { address, cuts, task }
    }
}

async fn pass(client: TcpStream, target: String, cut_after: Option<usize>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut left = cut_after.unwrap_or(usize::MAX);
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read) = from_server.read(&mut buffer).await {
        if read == 0 || to_client.write_all(&buffer[..read.min(left)]).await.is_err() || read >= left {
            break;
        }
        left -= read;
    }
    up.abort();
}

type Body = BoxBody<Bytes, hyper::Error>;

/// Answers some requests itself, with a status of gRPC, and hands on the others.
pub struct Answering {
    pub address: String,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Script {
    /// Statuses of the next requests.
    next: Vec<u8>,
    /// What holds this is refused as invalid.
    poison: Option<Vec<u8>>,
    /// Commits that were handed on: when, and how many writes.
    commits: Vec<(Instant, usize)>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Answering {
    pub async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let script: Arc<Mutex<Script>> = Arc::default();
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        let scripted = script.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, client, target) = (scripted.clone(), client.clone(), target.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (script, client, target) = (script.clone(), client.clone(), target.clone());
                        async move { Ok::<_, Infallible>(answer(request, &script, &client, &target).await) }
                    });
                    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            address,
            script,
            task,
        }
    }

    /// The next requests are answered so.
    pub fn answers(&self, statuses: &[u8]) {
        let mut next = statuses.to_vec();
        next.reverse();
        self.script.lock().unwrap().next = next;
    }

    /// Whatever holds this is refused.
    pub fn refuses(&self, poison: Option<&str>) {
        self.script.lock().unwrap().poison = poison.map(|text| text.as_bytes().to_vec());
    }

    /// Commits that were handed on since this was asked last: when, and how many writes.
    pub fn commits(&self) -> Vec<(Instant, usize)> {
        std::mem::take(&mut self.script.lock().unwrap().commits)
    }

    pub fn is_through(&self) -> bool {
        self.script.lock().unwrap().next.is_empty()
    }
}

async fn answer(
    request: Request<Incoming>,
    script: &Mutex<Script>,
    client: &Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
    target: &str,
) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let status = {
        let mut script = script.lock().unwrap();
        let poison = script.poison.clone();
        let is_poisoned = poison.is_some_and(|poison| body.windows(poison.len()).any(|part| part == poison));
        let status = if is_poisoned { Some(3) } else { script.next.pop() };
        if status.is_none() && head.uri.path().ends_with("/Commit") {
            // Behind a byte that says whether it is compressed, and four with its length.
            let commit = CommitRequest::decode(&body[5..]).unwrap();
            script.commits.push((Instant::now(), commit.writes.len()));
        }
        status
    };
    let status = match status {
        None => {
            head.uri = format!("http://{target}{}", head.uri.path()).parse().unwrap();
            match client.request(Request::from_parts(head, Full::new(body))).await {
                Ok(answer) => return answer.map(http_body_util::BodyExt::boxed),
                Err(_) => 14,
            }
        }
        Some(status) => status,
    };
    let empty = Full::new(Bytes::new())
        .map_err(|never: Infallible| match never {})
        .boxed();
    Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", status.to_string())
        .body(empty)
        .unwrap()
}
