//! Connections to the control socket. Whoever sends what is no message, or does not read its
//! replies, loses the connection; nobody else notices.

use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use api::{Blob, Connection, Listener, Refusal, Reply, Request, TransportError};

/// Connections at a time; more are closed at once.
const CLIENTS_MAX: usize = 64;

/// Names one connection; never reused.
pub type ClientId = u64;

/// What came in.
#[derive(Debug)]
pub struct Incoming {
    /// From whom.
    pub client: ClientId,
    /// What is asked.
    pub request: Request,
    /// The descriptor that came with it.
    pub descriptor: Option<OwnedFd>,
}

struct Client {
    connection: Connection,
    /// A request of it has no reply yet; until then nothing more is read.
    is_waiting: bool,
}

/// The listener and its connections. Never blocks.
pub struct Server {
    listener: Listener,
    clients: BTreeMap<ClientId, Client>,
    next: ClientId,
}

impl Server {
    /// Listens at `path`.
    ///
    /// # Errors
    /// Another process listens there, or the path cannot be used.
    pub fn bind(path: &Path) -> io::Result<Self> {
        Ok(Self {
            listener: Listener::bind(path)?,
            clients: BTreeMap::new(),
            next: 1,
        })
    }

    /// Descriptors that become readable when [`Server::receive`] has something to do.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let clients = self.clients.values().filter(|client| !client.is_waiting);
        std::iter::once(self.listener.as_fd())
            .chain(clients.map(|client| client.connection.as_fd()))
    }

    /// Takes in new connections and at most one message of each. Says on `log` whom it closed
    /// and why.
    pub fn receive(&mut self, mut log: impl FnMut(String)) -> Vec<Incoming> {
        self.accept(&mut log);
        let mut incoming = Vec::new();
        self.clients.retain(|&id, client| {
            if client.is_waiting {
                return true;
            }
            match client.connection.receive::<Request>() {
                Ok((request, descriptor)) => {
                    client.is_waiting = true;
                    incoming.push(Incoming {
                        client: id,
                        request,
                        descriptor,
                    });
                    true
                }
                Err(TransportError::Idle) => true,
                Err(TransportError::Closed) => false,
                Err(error) => {
                    log(format!("control socket: closed a connection: {error}"));
                    // It may still learn why; if not, nothing is lost.
                    let refusal = Refusal {
                        place: "message".to_owned(),
                        why: error.to_string(),
                    };
                    let _ = client.connection.send(&Reply::Error(refusal), None);
                    false
                }
            }
        });
        incoming
    }

    fn accept(&mut self, log: &mut impl FnMut(String)) {
        loop {
            match self.listener.accept() {
                Ok(Some(connection)) if self.clients.len() < CLIENTS_MAX => {
                    if connection.set_nonblocking(true).is_ok() {
                        let client = Client {
                            connection,
                            is_waiting: false,
                        };
                        self.clients.insert(self.next, client);
                        self.next += 1;
                    }
                }
                Ok(Some(_)) => log(format!(
                    "control socket: closed a connection: {CLIENTS_MAX} are open already"
                )),
                Ok(None) => return,
                Err(error) => {
                    log(format!("control socket: {error}"));
                    return;
                }
            }
        }
    }

    /// Answers `client`, if it is still there and reads.
    pub fn reply(&mut self, client: ClientId, reply: &Reply, blob: Option<&Blob>) {
        let Some(known) = self.clients.get_mut(&client) else {
            return;
        };
        known.is_waiting = false;
        let sent = match known.connection.send(reply, blob.map(Blob::as_fd)) {
            Err(TransportError::Oversized) => {
                let why = "the answer does not fit one message".to_owned();
                let refusal = Refusal {
                    place: "reply".to_owned(),
                    why,
                };
                known.connection.send(&Reply::Error(refusal), None)
            }
            sent => sent,
        };
        if sent.is_err() {
            self.clients.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use api::{Client, ClientError, ZeroScope};

    use super::*;

    /// Serves until nothing more comes, answering every request with an empty list of drops.
    fn serve(server: &mut Server) -> usize {
        let mut answered = 0;
        loop {
            let incoming = server.receive(|_| {});
            if incoming.is_empty() {
                return answered;
            }
            for request in incoming {
                server.reply(request.client, &Reply::Drops(Vec::new()), None);
                answered += 1;
            }
        }
    }

    fn serve_while<T: Send>(server: &mut Server, client: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let client = scope.spawn(client);
            while !client.is_finished() {
                serve(server);
                std::thread::sleep(Duration::from_micros(200));
            }
            client.join().unwrap()
        })
    }

    #[test]
    fn bad_messages_cost_their_sender_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let mut server = Server::bind(&path).unwrap();
        let mut good = Client::connect(&path, Duration::from_secs(5)).unwrap();
        serve_while(&mut server, || good.drops().unwrap());
        let large = vec![0u8; api::MESSAGE_MAX_BYTES * 2];
        for bytes in [&b"nonsense"[..], &[1, 0, 0, 0, 0xff, 0xff], b"\x01", &large] {
            let bad = Connection::connect(&path).unwrap();
            bad.set_timeout(Some(Duration::from_secs(5))).unwrap();
            rustix::net::send(&bad, bytes, rustix::net::SendFlags::empty()).unwrap();
            serve(&mut server);
            let (reply, _) = bad.receive::<Reply>().unwrap();
            assert!(matches!(reply, Reply::Error(_)), "{reply:?}");
            assert!(matches!(
                bad.receive::<Reply>(),
                Err(TransportError::Closed)
            ));
            assert!(serve_while(&mut server, || good.drops()).is_ok());
        }
        assert_eq!(server.clients.len(), 1);
    }

    #[test]
    fn a_client_that_does_not_read_loses_its_connection() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let mut server = Server::bind(&path).unwrap();
        let lazy = Connection::connect(&path).unwrap();
        lazy.set_nonblocking(true).unwrap();
        let scope = ZeroScope::Handles(Vec::new());
        for _ in 0..10_000 {
            if lazy
                .send(
                    &Request::Zero {
                        scope: scope.clone(),
                    },
                    None,
                )
                .is_err()
            {
                break;
            }
            serve(&mut server);
        }
        assert!(server.clients.is_empty());
    }

    #[test]
    fn connections_are_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let mut server = Server::bind(&path).unwrap();
        let mut open = Vec::new();
        for _ in 0..CLIENTS_MAX + 3 {
            open.push(Client::connect(&path, Duration::from_secs(5)).unwrap());
            serve(&mut server);
        }
        assert_eq!(server.clients.len(), CLIENTS_MAX);
        let refused = open.last_mut().unwrap().drops();
        assert!(matches!(
            refused,
            Err(ClientError::Transport(TransportError::Closed))
        ));
        drop(open);
        serve(&mut server);
        assert!(server.clients.is_empty());
    }
}
