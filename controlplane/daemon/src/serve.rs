//! The Unix socket that HTTP is served on, from its making to its removal.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use axum::{Router, extract::connect_info::Connected, serve::IncomingStream};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

use crate::roles::Peer;

/// How long requests under way may take to end once the process was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// The socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// Another process listens there.
    #[error("{}: another process listens there", .0.display())]
    InUse(PathBuf),
    /// The system refuses.
    #[error("{}: {source}", .path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime, or a signal's handler, does not start.
    #[error("cannot serve: {0}")]
    Runtime(#[from] io::Error),
}

/// Who is on the other end; `None` if the kernel does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller(pub(crate) Option<Peer>);

impl Connected<IncomingStream<'_, UnixListener>> for Caller {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        let credentials = stream.io().peer_cred().ok();
        Self(credentials.map(|held| Peer {
            uid: held.uid(),
            gid: held.gid(),
        }))
    }
}

/// Serves the socket at `path` until SIGTERM or SIGINT, and removes it then.
///
/// # Errors
/// Another process listens there, the path cannot be used, or the runtime does not start.
pub(crate) fn serve(path: &Path, service: Router) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // From here on a signal ends the process in order; so before anybody finds the socket.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let listener = bind(path)?;
        let (stopping, stopped) = oneshot::channel::<()>();
        let owned = path.to_owned();
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            // Nobody shall wait for a process that is about to end. A socket that stays is
            // replaced by the next start.
            let _ = fs::remove_file(owned);
            // The other end is dropped only when everything ends anyway.
            let _ = stopping.send(());
        };
        let service = service.into_make_service_with_connect_info::<Caller>();
        let server = axum::serve(listener, service).with_graceful_shutdown(stop);
        tokio::select! {
            served = server => served?,
            () = async { let _ = stopped.await; sleep(GRACE).await } => {}
        }
        Ok(())
    })
}

/// Listens at `path`, and lets everybody connect: what they may do depends on who they are. A
/// socket left by a process that ended is replaced.
///
/// # Errors
/// Another process listens there, or the path cannot be used.
fn bind(path: &Path) -> Result<UnixListener, ServeError> {
    if UnixStream::connect(path).is_ok() {
        return Err(ServeError::InUse(path.to_owned()));
    }
    let bound = || {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(folder)?;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        Ok(listener)
    };
    bound().map_err(|source| ServeError::Socket {
        path: path.to_owned(),
        source,
    })
}
