//! Messages and blobs as bytes: the schema number, four bytes little-endian, then postcard.
//! The number comes first so that two versions that differ can say so to each other.

use serde::{Serialize, de::DeserializeOwned};

/// Number of the message and ruleset types. Grows with every change to them.
pub const SCHEMA: u32 = 1;

/// Bytes of the schema number.
const SCHEMA_BYTES: usize = 4;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Too short for a schema number.
    #[error("a message of {0} bytes is too short for its schema number")]
    Short(usize),
    /// Another version wrote it.
    #[error("schema {0} was sent, this program speaks {SCHEMA}: install the same version of both")]
    Schema(u32),
    /// The body does not decode.
    #[error("the message does not decode: {0}")]
    Body(postcard::Error),
    /// The body decodes and something follows it.
    #[error("{0} bytes follow the end of the message")]
    Trailing(usize),
}

/// The bytes of `value`.
///
/// # Errors
/// [`CodecError::Body`] if postcard refuses it, which none of this crate's types make it do.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    postcard::to_extend(value, SCHEMA.to_le_bytes().to_vec()).map_err(CodecError::Body)
}

/// The value that `bytes` hold, all of them.
///
/// # Errors
/// Another schema, bytes that do not decode, bytes left over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (schema, body) = bytes
        .split_first_chunk::<SCHEMA_BYTES>()
        .ok_or(CodecError::Short(bytes.len()))?;
    let schema = u32::from_le_bytes(*schema);
    if schema != SCHEMA {
        return Err(CodecError::Schema(schema));
    }
    let (value, rest) = postcard::take_from_bytes(body).map_err(CodecError::Body)?;
    if !rest.is_empty() {
        return Err(CodecError::Trailing(rest.len()));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rules::Ruleset;

    use super::*;
    use crate::{Reply, Request, RulesetHash};

    #[test]
    fn a_message_survives() {
        let request = Request::Prepare {
            generation: u64::MAX,
            hash: RulesetHash::of(b"x"),
        };
        let bytes = encode(&request).unwrap();
        assert_eq!(decode(&bytes), Ok(request));
    }

    #[test]
    fn a_ruleset_survives() {
        let ruleset = Ruleset::new();
        let bytes = encode(&ruleset).unwrap();
        assert_eq!(decode(&bytes), Ok(ruleset));
    }

    #[test]
    fn another_schema_is_named() {
        let mut bytes = encode(&Request::Status).unwrap();
        bytes[0] += 1;
        assert_eq!(
            decode::<Request>(&bytes),
            Err(CodecError::Schema(SCHEMA + 1))
        );
    }

    #[test]
    fn bytes_left_over_are_refused() {
        let mut bytes = encode(&Request::Status).unwrap();
        bytes.push(0);
        assert_eq!(decode::<Request>(&bytes), Err(CodecError::Trailing(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = SCHEMA.to_le_bytes().to_vec();
            bytes.extend(body);
            if let Ok(request) = decode::<Request>(&bytes) {
                prop_assert_eq!(decode(&encode(&request).unwrap()), Ok(request));
            }
            let _ = decode::<Reply>(&bytes);
            let _ = decode::<Ruleset>(&bytes);
        }
    }
}
