//! `SOCK_SEQPACKET` over a Unix socket: message boundaries are the kernel's, a message comes with
//! at most one descriptor.
//!
//! An error of [`Connection::receive`] other than [`TransportError::Idle`] means the same for
//! every caller: close this connection, and go on with the others.

use std::{
    fs, io,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::Duration,
};

use rustix::{
    io::{Errno, IoSlice, IoSliceMut},
    net::{
        self, AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
        SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags,
        SocketType, sockopt,
    },
};
use serde::{Serialize, de::DeserializeOwned};

use crate::codec::{self, CodecError};

/// Longest message in bytes. Below the kernel's default for a socket's send buffer (208 KiB), so
/// that one message always fits.
pub const MESSAGE_MAX_BYTES: usize = 64 << 10;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 16;

/// Descriptors that are received in order to be closed; the kernel closes any beyond these.
const DESCRIPTORS_RECEIVED: usize = 8;

/// Why a connection is of no more use, or has nothing to give just now.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nothing arrived in time, or there was no room to send.
    #[error("no answer in time")]
    Idle,
    /// The other side closed the connection.
    #[error("the other side closed the connection")]
    Closed,
    /// A message is larger than [`MESSAGE_MAX_BYTES`].
    #[error("a message of more than {MESSAGE_MAX_BYTES} bytes")]
    Oversized,
    /// A message does not decode.
    #[error(transparent)]
    Malformed(#[from] CodecError),
    /// The kernel refused an operation.
    #[error("socket: {0}")]
    System(Errno),
}

impl From<Errno> for TransportError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::AGAIN | Errno::TIMEDOUT => TransportError::Idle,
            Errno::PIPE | Errno::CONNRESET => TransportError::Closed,
            Errno::MSGSIZE => TransportError::Oversized,
            other => TransportError::System(other),
        }
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct Connection(OwnedFd);

impl Connection {
    /// Connects to the listener at `path`.
    ///
    /// # Errors
    /// The path is too long for a socket, nobody listens there, or it may not be opened.
    pub fn connect(path: &Path) -> Result<Self, TransportError> {
        let address = SocketAddrUnix::new(path)?;
        let fd = seqpacket(SocketFlags::CLOEXEC)?;
        net::connect(&fd, &address)?;
        Ok(Self(fd))
    }

    /// Two ends of one connection, for tests.
    ///
    /// # Errors
    /// The kernel refused to.
    pub fn pair() -> Result<(Self, Self), TransportError> {
        let (one, other) = net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok((Self(one), Self(other)))
    }

    /// Bounds how long sending and receiving may block; then they fail with
    /// [`TransportError::Idle`]. `None` blocks for ever.
    ///
    /// # Errors
    /// The kernel refused to.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<(), TransportError> {
        sockopt::set_socket_timeout(&self.0, sockopt::Timeout::Recv, timeout)?;
        sockopt::set_socket_timeout(&self.0, sockopt::Timeout::Send, timeout)?;
        Ok(())
    }

    /// Makes sending and receiving fail with [`TransportError::Idle`] at once instead of blocking.
    ///
    /// # Errors
    /// The kernel refused to.
    pub fn set_nonblocking(&self, is_nonblocking: bool) -> Result<(), TransportError> {
        rustix::io::ioctl_fionbio(&self.0, is_nonblocking)?;
        Ok(())
    }

    /// Sends one message, with a descriptor if there is one.
    ///
    /// # Errors
    /// The message is too large, the other side is gone or does not read.
    pub fn send<T: Serialize>(
        &self,
        message: &T,
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), TransportError> {
        self.send_bytes(&codec::encode(message)?, descriptor)
    }

    /// Sends `bytes` as one message.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub fn send_bytes(
        &self,
        bytes: &[u8],
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), TransportError> {
        if bytes.len() > MESSAGE_MAX_BYTES {
            return Err(TransportError::Oversized);
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors: Vec<_> = descriptor.into_iter().collect();
        if !descriptors.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        }
        rustix::io::retry_on_intr(|| {
            let bytes = [IoSlice::new(bytes)];
            net::sendmsg(&self.0, &bytes, &mut ancillary, SendFlags::NOSIGNAL)
        })?;
        Ok(())
    }

    /// Receives one message and the first of its descriptors; all others are closed.
    ///
    /// # Errors
    /// [`TransportError::Idle`] if none is there; anything else ends the connection.
    pub fn receive<T: DeserializeOwned>(&self) -> Result<(T, Option<OwnedFd>), TransportError> {
        let (bytes, descriptor) = self.receive_bytes()?;
        Ok((codec::decode(&bytes)?, descriptor))
    }

    /// Receives one message's bytes.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub fn receive_bytes(&self) -> Result<(Vec<u8>, Option<OwnedFd>), TransportError> {
        let mut bytes = vec![0; MESSAGE_MAX_BYTES];
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_RECEIVED))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::io::retry_on_intr(|| {
            let mut bytes = [IoSliceMut::new(&mut bytes)];
            net::recvmsg(&self.0, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
        })?;
        // Draining into a list first takes ownership of every descriptor, so that each is closed.
        let descriptors: Vec<OwnedFd> = ancillary
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        if received.flags.contains(ReturnFlags::TRUNC) {
            return Err(TransportError::Oversized);
        }
        if received.bytes == 0 {
            return Err(TransportError::Closed);
        }
        bytes.truncate(received.bytes);
        Ok((bytes, descriptors.into_iter().next()))
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where connections come in. Removes its file when dropped.
#[derive(Debug)]
pub struct Listener {
    socket: OwnedFd,
    path: std::path::PathBuf,
}

impl Listener {
    /// Listens at `path`, which only the owner may open. A file left there by a process that
    /// ended is replaced; one that somebody listens on is not.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] if another process listens there; a path that cannot be used.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if Connection::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let address = SocketAddrUnix::new(path)?;
        let socket = seqpacket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        net::bind(&socket, &address)?;
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(path, owner_only)?;
        net::listen(&socket, BACKLOG)?;
        let path = path.to_owned();
        Ok(Self { socket, path })
    }

    /// The next waiting connection, which blocks; `None` if none waits. Never blocks itself.
    ///
    /// # Errors
    /// The kernel refused to, for example for want of descriptors.
    pub fn accept(&self) -> io::Result<Option<Connection>> {
        match net::accept_with(&self.socket, SocketFlags::CLOEXEC) {
            Ok(fd) => Ok(Some(Connection(fd))),
            Err(Errno::AGAIN | Errno::CONNABORTED | Errno::INTR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Nobody is left to tell: a file that stays is replaced by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn seqpacket(flags: SocketFlags) -> Result<OwnedFd, Errno> {
    net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}

#[cfg(test)]
mod tests;
