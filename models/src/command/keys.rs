//! Keys on the command line: the one that signs, the ones that are trusted.
//!
//! Without `--key` a development key is used, made on first use. It lies in the user's data folder
//! (`$XDG_DATA_HOME/tastekeeper`, `~/.local/share/tastekeeper`, `%LOCALAPPDATA%\tastekeeper`), because a key beside the
//! pack would end in the same repository or download as the pack. `TASTEKEEPER_KEY` names another file.

use std::path::{Path, PathBuf};

use tastekeeper::model::{Model, ModelProblem, PublicKey};
use tastekeeper::platform::SecureRandom;

use super::failure::Failure;
use super::files;
use super::progress::say;
use crate::host::SystemRandom;
use crate::pack::{PackError, SigningKey};

/// Names the file of the development key.
const VARIABLE: &str = "TASTEKEEPER_KEY";
const FILE: &str = "development.key";
/// What a public key's file ends in.
const PUBLIC: &str = "pub";

/// The file of the development key.
fn development_key() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = variable(VARIABLE) {
        return Ok(path);
    }
    let folder = variable("XDG_DATA_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local").join("share")))
        .or_else(|| variable("LOCALAPPDATA"));
    let Some(folder) = folder else {
        return Err(Failure::input(format!(
            "there is no home folder for the development key; give --key or set {VARIABLE}"
        )));
    };
    Ok(folder.join("tastekeeper").join(FILE))
}

/// The key in the file `given`, or else the development key; `None` if it has to be made.
///
/// To be called before long work, so that a key that cannot be read is found out first.
pub(super) fn existing_key(given: Option<&Path>) -> Result<Option<SigningKey>, Failure> {
    if let Some(path) = given {
        return read_signing_key(path).map(Some);
    }
    let path = development_key()?;
    path.exists().then(|| read_signing_key(&path)).transpose()
}

/// The key in the file `given`, or else the development key, which is made if there is none.
pub(super) fn signing_key(given: Option<&Path>) -> Result<SigningKey, Failure> {
    if let Some(key) = existing_key(given)? {
        return Ok(key);
    }
    let path = development_key()?;
    let folder = files::folder_of(&path);
    std::fs::create_dir_all(folder).map_err(|error| Failure::writing(&path, &error))?;
    let key = new_key(&path)?;
    say(&format!(
        "warning: made a development key, {}; it is not encrypted, so sign releases with a key of their own \
         (tastekeeper sign --help)",
        path.display()
    ));
    Ok(key)
}

/// Makes a key: the secret at `path`, the public half beside it.
pub(super) fn new_key(path: &Path) -> Result<SigningKey, Failure> {
    let mut random = [0; 40];
    SystemRandom.fill(&mut random).map_err(Failure::operation)?;
    let key = SigningKey::from_random(&random);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| match error {
            PackError::File(error) => Failure::writing(&path, &error),
            other => Failure::packing(other),
        }
    };
    key.write_development_key(path).map_err(failed(path))?;
    let public = path.with_extension(PUBLIC);
    key.write_public_key(&public).map_err(failed(&public))?;
    Ok(key)
}

fn read_signing_key(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::read_development_key(path).map_err(|error| match error {
        PackError::File(error) => Failure::in_file(path, &error),
        other => Failure::in_file(path, &other),
    })
}

/// The public keys in the files `given`; without any, the development key's if there is one.
///
/// A file may hold a public key as minisign writes it, or a development key, whose public half counts.
pub(super) fn trusted_keys(given: &[PathBuf]) -> Result<Vec<PublicKey>, Failure> {
    if given.is_empty() {
        let path = development_key().unwrap_or_default();
        return Ok(if path.exists() { vec![read_signing_key(&path)?.public_key()] } else { Vec::new() });
    }
    given.iter().map(|path| read_public_key(path)).collect()
}

fn read_public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::in_file(path, &error))?;
    PublicKey::parse(&text).or_else(|problem| {
        SigningKey::read_development_key(path)
            .map(|key| key.public_key())
            .map_err(|_| Failure::in_file(path, &problem))
    })
}

/// Opens a pack that one of the keys in the files `given`, or the development key, must have signed.
pub(super) fn open_pack(path: &Path, given: &[PathBuf]) -> Result<Model, Failure> {
    let bytes = files::read(path)?;
    Model::open(&bytes, &trusted_keys(given)?).map_err(|problem| refused(path, &problem))
}

/// Why a pack was refused, and what to do about a key.
pub(super) fn refused(path: &Path, problem: &ModelProblem) -> Failure {
    match problem {
        ModelProblem::UnknownKey => Failure::input(format!(
            "{}: {problem}; give the file of its public key with --key",
            path.display()
        )),
        ModelProblem::BadSignature => Failure::input(format!(
            "{}: {problem}: the pack was changed after signing, or it is damaged",
            path.display()
        )),
        _ => Failure::in_file(path, problem),
    }
}

/// A key id as minisign prints it.
pub(super) fn key_id(id: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(id))
}
