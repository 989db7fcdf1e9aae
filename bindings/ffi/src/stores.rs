//! What works without an open recommender: a store as a whole, papers, and the version of the library.

use std::sync::Arc;

use tastekeeper as core;
use tastekeeper::policy::Language;

use crate::config::Config;
use crate::consent::{PersonalizationLevel, VerifiedReceipts};
use crate::error::{Result, TastekeeperError};
use crate::health::StoreContents;
use crate::host::{Clock, Host, KeyCustodian};
use crate::mirror::{all, mirror};

/// Erases everything the engine ever kept in `directory`, and its keys: histories, consent, catalogue. For an app whose keys
/// are lost. No recommender may be open on it.
///
/// # Errors
/// `ErasurePending` when a key or file may still be there; call again.
#[uniffi::export]
pub fn reset_store(directory: String, keys: Arc<dyn KeyCustodian>) -> Result<()> {
    let host = Host::new(Some(directory), Some(keys), None, None)?;
    Ok(core::Recommender::reset(&host.platform)?)
}

/// Reads a store for an officer or an auditor: consent, receipts and counts, and not a word of what a person did. Reading
/// finishes what a crash interrupted, as every opening does.
///
/// # Errors
/// `StorageCorrupt` when the consent state is damaged, `KeyUnavailable` when its key is not there or is another,
/// `StorageUnavailable` when files cannot be read.
#[uniffi::export(default(clock = None))]
pub fn inspect_store(
    directory: String,
    keys: Arc<dyn KeyCustodian>,
    clock: Option<Arc<dyn Clock>>,
) -> Result<StoreContents> {
    let host = Host::new(Some(directory), Some(keys), clock, None)?;
    Ok(core::Recommender::inspect(&host.platform)?.into())
}

/// Checks an exported document of receipts: that every receipt follows from the one before.
///
/// # Errors
/// `InvalidArgument` for a document that does not hold together.
#[uniffi::export]
pub fn verify_receipts(document: String) -> Result<VerifiedReceipts> {
    Ok(core::consent::verify_receipts(&document)?.into())
}

/// Whether nothing is ever learned from a category of this name, by the built-in list.
///
/// # Errors
/// None; declared so that a defect is an exception and not the end of the process.
#[uniffi::export]
pub fn is_sensitive(category: String) -> Result<bool> {
    Ok(core::sensitive::is_sensitive(&category))
}

/// What is kept, why, for how long, and what may leave, for an app with this configuration, as JSON.
///
/// # Errors
/// `Internal`, if it could not be written.
#[uniffi::export]
pub fn policy_json(config: Config) -> Result<String> {
    let policy = core::Config::from(config).policy();
    serde_json::to_string(&policy)
        .map_err(|_| TastekeeperError::Internal("the policy cannot be written".into()))
}

mirror! {
    /// What a main parameter of ranking is about.
    ParameterTopic = core::policy::ParameterTopic {
        /// What is on the screen.
        Context,
        /// What the shopper did.
        History,
        /// How much each kind of signal counts.
        Signals,
        /// What the shopper set by hand, and what the shopper does not want.
        Choices,
        /// How often all shoppers choose an item.
        Popularity,
        /// How new an item is.
        Novelty,
        /// That an answer is varied, and that something unknown is tried.
        Variety,
        /// What the shop decides.
        Shop,
        /// What never counts.
        NeverCounts,
    }
}

mirror! {
    /// How much a parameter counts beside the others.
    ParameterWeight = core::policy::ParameterWeight {
        /// Nothing.
        None,
        /// Moves single places.
        Slight,
        /// Decides between items that are otherwise alike, or where nothing else is known.
        Moderate,
        /// Decides most of the order.
        Strong,
        /// Comes before everything else.
        Decisive,
    }
}

/// One main parameter of ranking.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MainParameter {
    /// What it is about.
    pub topic: ParameterTopic,
    /// How much it counts.
    pub weight: ParameterWeight,
    /// Both in words.
    pub text: String,
}

impl From<core::policy::MainParameter> for MainParameter {
    fn from(parameter: core::policy::MainParameter) -> Self {
        Self { topic: parameter.topic.into(), weight: parameter.weight.into(), text: parameter.text }
    }
}

/// The main parameters of ranking at `level`, the weightiest first, in the language of `locale` (English, German, French or
/// Spanish; English otherwise).
///
/// # Errors
/// None; declared so that a defect is an exception and not the end of the process.
#[uniffi::export]
pub fn main_parameters(
    level: PersonalizationLevel,
    locale: String,
    config: Config,
) -> Result<Vec<MainParameter>> {
    let numbers = core::Config::from(config).policy().numbers;
    Ok(all(core::policy::main_parameters(level.into(), Language::of(&locale), &numbers, None)))
}

/// The version of this library.
///
/// # Errors
/// None; declared so that a defect is an exception and not the end of the process.
#[uniffi::export]
pub fn version() -> Result<String> {
    Ok(env!("CARGO_PKG_VERSION").to_owned())
}

/// The commit this library was built from, or `unknown`: what `TASTEKEEPER_GIT_SHA` said when it was built.
///
/// # Errors
/// None; declared so that a defect is an exception and not the end of the process.
#[uniffi::export]
pub fn git_sha() -> Result<String> {
    Ok(option_env!("TASTEKEEPER_GIT_SHA").unwrap_or("unknown").to_owned())
}
