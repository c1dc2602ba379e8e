//! One way for every fixed header onto bytes and back. The cast checks the length, the only thing
//! that can be wrong with a header made of bytes; what the fields say is checked by the views.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::WireError;

/// A fixed header: any bytes of its length are a value of it.
pub trait Header: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + Sized {
    /// Its length in bytes.
    const LEN: usize = size_of::<Self>();

    /// The header at the front of `bytes`, and what follows it.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if `bytes` is shorter than [`Header::LEN`].
    #[inline]
    fn split(bytes: &[u8]) -> Result<(&Self, &[u8]), WireError> {
        Self::ref_from_prefix(bytes).map_err(|_| truncated::<Self>(bytes.len()))
    }

    /// As [`Header::split`], to change it in place.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if `bytes` is shorter than [`Header::LEN`].
    #[inline]
    fn split_mut(bytes: &mut [u8]) -> Result<(&mut Self, &mut [u8]), WireError> {
        let have = bytes.len();
        Self::mut_from_prefix(bytes).map_err(|_| truncated::<Self>(have))
    }

    /// Writes the header at the front of `out` and returns what follows it, for the next one.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if `out` is shorter than [`Header::LEN`].
    #[inline]
    fn emit<'a>(&self, out: &'a mut [u8]) -> Result<&'a mut [u8], WireError> {
        let have = out.len();
        let (front, rest) = out
            .split_at_mut_checked(Self::LEN)
            .ok_or(truncated::<Self>(have))?;
        front.copy_from_slice(self.as_bytes());
        Ok(rest)
    }
}

#[cold]
fn truncated<T>(have: usize) -> WireError {
    WireError::Truncated {
        need: size_of::<T>(),
        have,
    }
}
