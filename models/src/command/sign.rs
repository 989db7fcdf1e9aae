//! `tastekeeper sign`: another signature for a pack, a new key, a signature that `minisign -V` checks.

use std::path::{Path, PathBuf};

use clap::Args;
use tastekeeper::model::Model;
use tastekeeper::report::VocabularyDraft;

use super::failure::Failure;
use super::output::Output;
use super::{files, keys, pack};
use crate::pack::{attach_signature, resign, unsigned_body};

/// Where a new key's secret half goes.
const KEY_FILE: &str = "tastekeeper.key";
const PUBLIC_FILE: &str = "tastekeeper.pub";
/// How a vocabulary begins.
const VOCABULARY: &[u8] = b"tastekeeper-vocabulary ";

/// Arguments of `sign`.
///
/// A release key need not be here at all: `sign PACK --body FILE` writes what is to be signed, `minisign -S` signs it
/// wherever the key is, and `sign PACK --attach FILE.minisig --public KEY.pub --out PACK` puts the signature on.
#[derive(Debug, Args)]
pub(super) struct SignArguments {
    /// The pack, or a vocabulary
    #[arg(required_unless_present = "new_key")]
    pack: Option<PathBuf>,
    /// Development key to sign with; by default one in your data folder ($TASTEKEEPER_KEY)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Write the pack with the new signature
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write a signature of the whole pack beside it, for `minisign -V`
    #[arg(long)]
    detached: bool,
    /// Make a key pair in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["pack", "key", "out", "detached"])]
    new_key: Option<PathBuf>,
    /// Write the part of the pack that is to be signed elsewhere
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "detached", "attach"])]
    body: Option<PathBuf>,
    /// Put on a signature that minisign made for that part
    #[arg(long, value_name = "FILE", requires_all = ["public", "out"], conflicts_with_all = ["key", "detached"])]
    attach: Option<PathBuf>,
    /// Public key of that signature
    #[arg(long, value_name = "FILE", requires = "attach")]
    public: Option<PathBuf>,
}

/// Signs.
pub(super) fn run(arguments: &SignArguments, output: &mut Output) -> Result<(), Failure> {
    if let Some(folder) = &arguments.new_key {
        return make_key(folder, output);
    }
    let Some(path) = &arguments.pack else {
        return Err(Failure::input("name a pack, or make a key with --new-key"));
    };
    // a signature may replace its own pack
    let outputs = [arguments.body.as_deref()];
    files::check_outputs(&outputs, &[path])?;
    files::check_outputs(&[arguments.out.as_deref()], &[])?;
    let bytes = files::read(path)?;
    if bytes.starts_with(VOCABULARY) {
        return sign_vocabulary(arguments, path, &bytes, output);
    }
    if let Some(to) = &arguments.body {
        let body = unsigned_body(&bytes).map_err(|error| Failure::in_file(path, &error))?;
        files::write(to, body)?;
        output.line(format_args!("{}: {} B to sign", to.display(), body.len()));
        return Ok(());
    }
    if let (Some(signature), Some(out)) = (&arguments.attach, &arguments.out) {
        return attach(arguments, path, &bytes, signature, out, output);
    }
    if arguments.out.is_none() && !arguments.detached {
        return Err(Failure::input("say what to write: --out FILE, --detached or --body FILE"));
    }
    let key = keys::signing_key(arguments.key.as_deref())?;
    let signed = match &arguments.out {
        Some(_) => resign(&bytes, &key).map_err(|error| Failure::in_file(path, &error))?,
        None => bytes,
    };
    let named = arguments.out.as_ref().unwrap_or(path);
    let detached = if arguments.detached {
        Model::open(&signed, &[key.public_key()]).map_err(|problem| keys::refused(named, &problem))?;
        let comment = format!("timestamp:{}", files::now_seconds()?);
        let text = key.detached_signature(&signed, &comment).map_err(Failure::packing)?;
        Some((files::signature_beside(named), text))
    } else {
        None
    };
    if let Some(out) = &arguments.out {
        files::write(out, &signed)?;
        pack::announce(out, &signed, &key, output)?;
    }
    if let Some((to, text)) = detached {
        files::write(&to, text.as_bytes())?;
        output.line(format_args!("{}: signature of the whole file", to.display()));
    }
    Ok(())
}

/// A vocabulary has its signature beside it, for the engine and for `minisign -V` alike.
fn sign_vocabulary(
    arguments: &SignArguments,
    path: &Path,
    bytes: &[u8],
    output: &mut Output,
) -> Result<(), Failure> {
    if !arguments.detached
        || arguments.out.is_some()
        || arguments.body.is_some()
        || arguments.attach.is_some()
    {
        return Err(Failure::input(format!(
            "{}: a vocabulary is signed with --detached, or with minisign -S",
            path.display()
        )));
    }
    VocabularyDraft::parse(bytes).map_err(|problem| Failure::in_file(path, &problem))?;
    let key = keys::signing_key(arguments.key.as_deref())?;
    let comment = format!("timestamp:{}", files::now_seconds()?);
    let text = key.detached_signature(bytes, &comment).map_err(Failure::packing)?;
    let to = files::signature_beside(path);
    files::write(&to, text.as_bytes())?;
    output.line(format_args!("{}: signed by {}", to.display(), keys::key_id(key.public_key().id())));
    Ok(())
}

fn make_key(folder: &Path, output: &mut Output) -> Result<(), Failure> {
    let path = folder.join(KEY_FILE);
    if path.exists() || folder.join(PUBLIC_FILE).exists() {
        return Err(Failure::input(format!(
            "{}: there is a key already; a key is never replaced",
            folder.display()
        )));
    }
    std::fs::create_dir_all(folder).map_err(|error| Failure::writing(&path, &error))?;
    let key = keys::new_key(&path)?;
    output.line(format_args!(
        "{}: secret, not encrypted; keep it out of repositories and sign releases with minisign's encrypted keys",
        path.display()
    ));
    output.line(format_args!("{}: public, for the app", folder.join(PUBLIC_FILE).display()));
    output.line(format_args!("key id {}", keys::key_id(key.public_key().id())));
    Ok(())
}

fn attach(
    arguments: &SignArguments,
    path: &Path,
    bytes: &[u8],
    signature: &Path,
    out: &Path,
    output: &mut Output,
) -> Result<(), Failure> {
    let public: Vec<PathBuf> = arguments.public.iter().cloned().collect();
    let [public] = &keys::trusted_keys(&public)?[..] else {
        return Err(Failure::input("name the public key of the signature with --public"));
    };
    let text = std::fs::read_to_string(signature).map_err(|error| Failure::in_file(signature, &error))?;
    let body = unsigned_body(bytes).map_err(|error| Failure::in_file(path, &error))?;
    let signed =
        attach_signature(body, &text, public).map_err(|error| Failure::in_file(signature, &error))?;
    files::write(out, &signed)?;
    output.line(format_args!("{}: signed by {}", out.display(), keys::key_id(public.id())));
    Ok(())
}
