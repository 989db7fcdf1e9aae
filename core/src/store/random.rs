//! Randomness of one call: a seed from the host goes in, nonces, keys and file ids come out.
//!
//! One draw per public call keeps the host's source out of loops and makes a call reproducible from its seed.
//! Never kept across calls. A source that fails stops what needs randomness (everything that is sealed), not what does
//! without: answers, and the erasure of keys and files.

use std::fmt;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::platform::{Key, SecureRandom};

/// The random numbers of one call, spread with ChaCha20 from 32 bytes of the host's source; nothing when it failed.
pub struct CallRandom(Option<ChaCha20Rng>);

impl CallRandom {
    /// Draws 32 bytes from `source`. When it fails, whoever asks for randomness is told.
    pub fn draw(source: &dyn SecureRandom) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        Self(source.fill(seed.as_mut_slice()).ok().map(|()| ChaCha20Rng::from_seed(*seed)))
    }

    /// Returns a fresh key.
    ///
    /// # Errors
    /// [`Error::RandomUnavailable`] when the source failed.
    pub(crate) fn generate_key(&mut self) -> Result<Key> {
        let mut key = Zeroizing::new([0; 32]);
        self.0.as_mut().ok_or(Error::RandomUnavailable)?.fill_bytes(key.as_mut_slice());
        Ok(key)
    }

    /// Returns `N` random bytes.
    ///
    /// # Errors
    /// [`Error::RandomUnavailable`] when the source failed.
    pub(crate) fn generate_bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.as_mut().ok_or(Error::RandomUnavailable)?.fill_bytes(&mut bytes);
        Ok(bytes)
    }
}

impl Drop for CallRandom {
    fn drop(&mut self) {
        // The generator has no wipe of its own; the black box keeps the overwrite from being optimised away.
        self.0 = Some(ChaCha20Rng::from_seed([0; 32]));
        std::hint::black_box(&self.0);
    }
}

impl fmt::Debug for CallRandom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallRandom")
    }
}
