//! Answers connections: so many at a time, each given only so long to say what it wants, and drained at the end.
//!
//! Without these limits a few machines that open connections and send nothing would use up every file descriptor.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt as _;

/// How many connections may be open, and how long each may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; more wait in the system's own queue.
    pub connections: usize,
    /// How long the head of the next request may take, on a fresh connection and on one that is kept open.
    pub head: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            head: Duration::from_secs(30),
        }
    }
}

/// How long to wait when no connection can be taken, for want of file descriptors for example.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop` is done, then lets running requests finish.
pub async fn serve(listener: TcpListener, app: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let accepting = async {
        loop {
            let Ok(place) = room.clone().acquire_owned().await else {
                return;
            };
            let (stream, address) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            // Answers are written whole: waiting for more to send with them only costs time.
            let _ = stream.set_nodelay(true);
            let app = app.clone();
            let service = service_fn(move |request| answer(app.clone(), request, address));
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                // How a connection ends is the client's business.
                let _ = connection.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn answer(
    app: Router,
    request: hyper::Request<Incoming>,
    address: SocketAddr,
) -> Result<axum::response::Response, Infallible> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(address));
    app.oneshot(request).await
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        time::timeout,
    };

    use super::*;

    async fn start(limits: Limits) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route(
            "/",
            get(|ConnectInfo(from): ConnectInfo<SocketAddr>| async move { from.ip().to_string() }),
        );
        tokio::spawn(serve(listener, app, limits, std::future::pending()));
        address
    }

    async fn ask(stream: &mut TcpStream) -> String {
        let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_is_closed_and_the_next_one_gets_its_place() {
        let limits = Limits {
            connections: 1,
            head: Duration::from_millis(200),
        };
        let address = start(limits).await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(b"GET / HT").await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        let answer = timeout(Duration::from_secs(5), ask(&mut next)).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("127.0.0.1"),
            "{answer}"
        );
        let mut rest = Vec::new();
        timeout(Duration::from_secs(5), silent.read_to_end(&mut rest))
            .await
            .unwrap()
            .unwrap();
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }

    #[tokio::test]
    async fn when_it_stops_a_running_request_is_answered_first() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route(
            "/",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "done"
            }),
        );
        let serving = tokio::spawn(serve(
            listener,
            app,
            Limits::default(),
            tokio::time::sleep(Duration::from_millis(100)),
        ));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut stream).await;
        assert!(answer.ends_with("done"), "{answer}");
        timeout(Duration::from_secs(5), serving).await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
