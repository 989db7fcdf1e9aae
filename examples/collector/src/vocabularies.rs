//! The signed vocabularies that reports may speak of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tastekeeper::model::PublicKey;
use tastekeeper::report::{Vocabulary, VocabularyProblem};

/// A vocabulary that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a public key holds none.
    #[error("{}: not a public key of minisign", .0.display())]
    Key(PathBuf),
    /// The file breaks a rule, or its signature does not fit.
    #[error("{}: {problem}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Which rule.
        problem: VocabularyProblem,
    },
}

/// Vocabularies by their id in reports.
pub type Vocabularies = BTreeMap<[u8; 4], Vocabulary>;

/// Opens vocabularies whose signatures, of one of the keys, are beside them in `.minisig` files.
///
/// # Errors
/// The first file that is not right.
pub fn open(files: &[PathBuf], keys: &[PathBuf]) -> Result<Vocabularies, VocabularyError> {
    let keys = keys
        .iter()
        .map(|path| PublicKey::parse(&read(path)?).map_err(|_| VocabularyError::Key(path.clone())))
        .collect::<Result<Vec<_>, _>>()?;
    files
        .iter()
        .map(|path| {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".minisig");
            let signature = read(Path::new(&beside))?;
            let vocabulary = Vocabulary::open(read(path)?.as_bytes(), &signature, &keys)
                .map_err(|problem| VocabularyError::Refused { path: path.clone(), problem })?;
            Ok((vocabulary.taxonomy_id(), vocabulary))
        })
        .collect()
}

fn read(path: &Path) -> Result<String, VocabularyError> {
    std::fs::read_to_string(path).map_err(|source| VocabularyError::File { path: path.to_owned(), source })
}
