//! One request to the control plane: HTTP/1.1 over its Unix socket, one connection a request.

use std::path::{Path, PathBuf};

use api::http::{PROBLEM_TYPE, Problem};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::UnixStream;

use crate::error::CliError;

/// Where the control plane listens unless it is told otherwise.
const DEFAULT_SOCKET: &str = "/run/weir/control.sock";

/// The control plane's socket: what `--socket` says, else `WEIR_SOCKET`, else the usual place.
pub(crate) fn socket_path(given: Option<PathBuf>) -> PathBuf {
    given
        .or_else(|| {
            std::env::var_os("WEIR_SOCKET")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        })
        .unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET))
}

/// Asks the control plane that listens on one socket.
pub(crate) struct Client {
    socket: PathBuf,
}

impl Client {
    /// A client of the control plane behind `socket`; connects with each request.
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Reads the report at `path`.
    ///
    /// # Errors
    /// Nobody listens, the request was refused, or the answer has another form.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        self.exchange(Method::GET, path, Bytes::new())
    }

    /// Posts `body` to `path` and reads the reply.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, CliError> {
        self.exchange(Method::POST, path, Bytes::from(serde_json::to_vec(body)?))
    }

    fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, CliError> {
        // One thread and no timers: starting it costs about as much as the connection itself.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(CliError::Runtime)?;
        runtime.block_on(async {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, "weir")
                .header(CONTENT_TYPE, "application/json")
                .body(Full::new(body))?;
            read(send(&self.socket, request).await?).await
        })
    }
}

async fn send(
    socket: &Path,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, CliError> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| CliError::Connect {
            socket: socket.to_owned(),
            source,
        })?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // The sender sees every error of the connection; this task only drives it.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

async fn read<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, CliError> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == PROBLEM_TYPE.as_bytes());
    let body = response.into_body().collect().await?.to_bytes();
    if status.is_success() {
        return Ok(serde_json::from_slice(&body)?);
    }
    if is_problem {
        return Err(CliError::Refused(serde_json::from_slice::<Problem>(&body)?));
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Err(CliError::Status {
        status: status.as_u16(),
        body,
    })
}
