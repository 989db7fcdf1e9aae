//! The shop's side: its data, a short training, a signed pack.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tastekeeper::model::Model;
use tastekeeper::platform::SecureRandom;

use super::screen::{Screen, grouped};
use super::shop::DemoShop;
use crate::command::failure::Failure;
use crate::command::files;
use crate::command::keys::key_id;
use crate::command::progress::{Bars, now};
use crate::host::SystemRandom;
use crate::pack::{PackOptions, SigningKey, write_pack};
use crate::train::embedding::EmbeddingConfig;
use crate::train::split::Split;
use crate::train::{Repeats, TrainConfig, train};

/// Parameter settings tried, of 160 by default.
const TUNING_BUDGET: usize = 16;

/// What the shop puts into its app.
pub(super) struct Pack {
    pub(super) path: PathBuf,
    pub(super) model: Arc<Model>,
    /// The public key that the app trusts, as text.
    pub(super) public_key: String,
}

/// Generates or reads the shop.
pub(super) fn open_shop(
    data: Option<&Path>,
    seed: u64,
    bars: &mut Bars,
    screen: &mut Screen<'_>,
) -> Result<DemoShop, Failure> {
    screen.heading(1, "A shop");
    let shop = match data {
        Some(folder) => DemoShop::read(folder, bars)?,
        None => DemoShop::generate(seed)?,
    };
    let events: usize = shop.dataset.sequences.iter().map(|sequence| sequence.events.len()).sum();
    screen.line(format_args!(
        "  {} products, {} events of {} shoppers{}",
        grouped(shop.products.len()),
        grouped(events),
        grouped(shop.dataset.sequences.len()),
        if data.is_none() { "; generated, nobody real is in it" } else { "" },
    ));
    Ok(shop)
}

/// Trains without the last event of every shopper, signs, packs.
pub(super) fn train_and_pack(
    shop: &DemoShop,
    seed: u64,
    folder: &Path,
    bars: &mut Bars,
    screen: &mut Screen<'_>,
) -> Result<Pack, Failure> {
    screen.heading(2, "Its model");
    screen.note(
        "A short training: smaller vectors, fewer passes and fewer settings tried than `tastekeeper train`.",
    );
    let config = TrainConfig {
        seed,
        split: Split::LeaveOneOut { train_on_validation: true },
        // The rail is for discovery: what comes next that is new to the shopper.
        repeats: Repeats::Forbid,
        kind_weights: Some([1.0; 4]),
        tuning_budget: TUNING_BUDGET,
        schedule_budget: 0,
        embedding: Some(EmbeddingConfig::SHORT),
        ..TrainConfig::default()
    };
    let began = now();
    let (model, report) = train(&shop.dataset, &config, bars).map_err(Failure::input)?;
    screen.fact(
        "trained",
        format_args!(
            "in {:.0} s on {} events; the last one of every shopper is held out",
            began.elapsed().as_secs_f64(),
            grouped(report.interactions)
        ),
    );

    let mut random = [0; 40];
    SystemRandom.fill(&mut random).map_err(Failure::operation)?;
    let key = SigningKey::from_random(&random);
    let seconds = files::now_seconds()?;
    let options = PackOptions {
        model_id: "demo".to_owned(),
        pack_version: seconds,
        created_day: files::day_of(seconds),
        ..PackOptions::default()
    };
    let bytes = write_pack(&model, &options, &key).map_err(Failure::packing)?;
    let path = folder.join("shop.tkpack");
    files::write(&path, &bytes)?;
    let model = Model::open(&bytes, &[key.public_key()]).map_err(Failure::operation)?;
    let info = model.info();
    let rest = info.file_bytes - info.model_bytes - info.id_bytes - info.attribute_bytes;
    screen.fact("packed", format_args!("{} B for {} items", grouped(info.file_bytes), grouped(info.items)));
    screen.fact(
        "",
        format_args!(
            "{} B model, {} B item ids, {} B attributes, {} B the rest",
            grouped(info.model_bytes),
            grouped(info.id_bytes),
            grouped(info.attribute_bytes),
            grouped(rest),
        ),
    );
    let signed = format!("by {}, a key made for this run; the phone accepts no other", key_id(info.key_id));
    screen.fact("signed", signed);
    Ok(Pack { path, model: Arc::new(model), public_key: key.public_key_text() })
}
