//! Keys in the pool, sealed under a root key that the worker hands over when it starts.
//!
//! In: the engine's keys. Out: the same, and files that hold them sealed. Must never write a key in the clear.
//! The root key is random; the browser keeps it encrypted under a key of WebCrypto that no script can read, and the worker has it
//! decrypted once at the start, because the engine asks for keys in the middle of its calls and WebCrypto answers with promises. So it is
//! in this worker's memory as long as the page is open: what is at rest is protected by the browser's profile, not by hardware.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use tastekeeper::platform::{FileError, FileSystem, Key, KeyCustodian, KeyError, SecureRandom};
use zeroize::Zeroizing;

use crate::pool::{Pool, Slots};

const NONCE: usize = 24;

/// See the module.
pub struct Keys<S> {
    pool: Arc<Pool<S>>,
    random: Arc<dyn SecureRandom>,
    root: Key,
}

impl<S> fmt::Debug for Keys<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys")
    }
}

fn file(name: &str) -> String {
    format!("key.{name}")
}

impl<S: Slots> Keys<S> {
    /// Keys in `pool`, sealed under `root`.
    pub fn new(pool: Arc<Pool<S>>, random: Arc<dyn SecureRandom>, root: Key) -> Self {
        Self { pool, random, root }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.root).into())
    }
}

impl<S: Slots> KeyCustodian for Keys<S> {
    fn load(&self, name: &str) -> Result<Option<Key>, KeyError> {
        let sealed = match self.pool.read(&file(name)) {
            Ok(sealed) => sealed,
            Err(FileError::NotFound) => return Ok(None),
            Err(_) => return Err(KeyError::Unavailable),
        };
        // Cut short or overwritten: its destruction was interrupted, or its making was.
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE>() else { return Ok(None) };
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let Ok(key) = self.cipher().decrypt(&XNonce::from(*nonce), payload) else { return Ok(None) };
        let key = Zeroizing::new(key);
        Ok(<[u8; 32]>::try_from(key.as_slice()).ok().map(Zeroizing::new))
    }

    fn store(&self, name: &str, key: &Key) -> Result<(), KeyError> {
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce).map_err(|_| KeyError::Unavailable)?;
        let payload = Payload { msg: key.as_slice(), aad: name.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| KeyError::Refused)?;
        let file = file(name);
        let temporary = format!("{file}.new");
        self.pool
            .write(&temporary, &[&nonce, sealed.as_slice()].concat())
            .and_then(|()| self.pool.rename(&temporary, &file))
            .map_err(|_| KeyError::Unavailable)
    }

    fn destroy(&self, name: &str) -> Result<(), KeyError> {
        let file = file(name);
        for file in [format!("{file}.new"), file] {
            match self.pool.overwrite_with_zeros(&file) {
                Ok(()) | Err(FileError::NotFound) => {}
                Err(_) => return Err(KeyError::Unavailable),
            }
            self.pool.remove(&file).map_err(|_| KeyError::Unavailable)?;
        }
        Ok(())
    }
}
