//! The transport against peers that misbehave.

use std::{fs::File, os::fd::AsRawFd, path::PathBuf};

use super::*;
use crate::Request;

/// Descriptors that this process has open.
fn descriptors_open() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn socket_path(name: &str) -> PathBuf {
    let id = std::process::id();
    std::env::temp_dir().join(format!("weir-api-{id}-{name}.sock"))
}

fn raw_send(connection: &Connection, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(32))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(descriptors)));
    let bytes = [IoSlice::new(bytes)];
    net::sendmsg(connection, &bytes, &mut ancillary, SendFlags::NOSIGNAL).unwrap();
}

#[test]
fn a_message_and_its_descriptor_arrive() {
    let (one, other) = Connection::pair().unwrap();
    let file = File::open("/dev/zero").unwrap();
    one.send(&Request::Status, Some(file.as_fd())).unwrap();
    let (request, descriptor) = other.receive::<Request>().unwrap();
    assert_eq!(request, Request::Status);
    let descriptor = descriptor.unwrap();
    let name = fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd()));
    assert_eq!(name.unwrap(), PathBuf::from("/dev/zero"));
}

#[test]
fn surplus_descriptors_are_closed() {
    let (one, other) = Connection::pair().unwrap();
    let file = File::open("/dev/null").unwrap();
    let bytes = codec::encode(&Request::Status).unwrap();
    // Once within what is received, once beyond it, where the kernel closes the rest. Other tests
    // of this process open descriptors too, so the count is tried until it is undisturbed.
    for surplus in [3, 30] {
        let undisturbed = (0..100).any(|_| {
            let before = descriptors_open();
            raw_send(&one, &bytes, &vec![file.as_fd(); surplus]);
            let (_, first) = other.receive::<Request>().unwrap();
            assert!(first.is_some());
            let between = descriptors_open();
            drop(first);
            between == before + 1 && descriptors_open() == before
        });
        assert!(undisturbed, "{surplus} descriptors");
    }
}

#[test]
fn an_oversized_message_is_refused_on_both_sides() {
    let (one, other) = Connection::pair().unwrap();
    let bytes = vec![0; MESSAGE_MAX_BYTES + 1];
    assert!(matches!(
        one.send_bytes(&bytes, None),
        Err(TransportError::Oversized)
    ));
    raw_send(&one, &bytes, &[]);
    assert!(matches!(
        other.receive::<Request>(),
        Err(TransportError::Oversized)
    ));
}

#[test]
fn a_malformed_message_is_refused() {
    let (one, other) = Connection::pair().unwrap();
    one.send_bytes(b"GET / HTTP/1.1\r\n\r\n", None).unwrap();
    assert!(matches!(
        other.receive::<Request>(),
        Err(TransportError::Malformed(CodecError::Schema(_)))
    ));
}

#[test]
fn a_silent_peer_is_not_waited_for_longer_than_agreed() {
    let (one, _other) = Connection::pair().unwrap();
    one.set_timeout(Some(Duration::from_millis(20))).unwrap();
    assert!(matches!(
        one.receive::<Request>(),
        Err(TransportError::Idle)
    ));
}

#[test]
fn a_peer_that_left_is_told_from_one_that_is_silent() {
    let (one, other) = Connection::pair().unwrap();
    drop(other);
    assert!(matches!(
        one.receive::<Request>(),
        Err(TransportError::Closed)
    ));
    assert!(matches!(
        one.send(&Request::Status, None),
        Err(TransportError::Closed)
    ));
}

#[test]
fn a_left_over_socket_is_replaced_and_a_used_one_is_not() {
    let path = socket_path("listen");
    let first = Listener::bind(&path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let second = Listener::bind(&path).map(|_| ()).unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
    // A process that is killed leaves its file behind.
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    drop(first);
    fs::rename(&aside, &path).unwrap();
    let third = Listener::bind(&path).unwrap();
    let client = Connection::connect(&path).unwrap();
    let server = third.accept().unwrap().unwrap();
    client.send(&Request::Running, None).unwrap();
    assert_eq!(server.receive::<Request>().unwrap().0, Request::Running);
    drop(third);
    assert!(!path.exists());
}
