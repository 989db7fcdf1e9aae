//! `tastekeeper pack`: a saved model as a pack of another size or with transitions that an engine counted. Also what every
//! subcommand that writes packs shares.

mod transitions;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tastekeeper::model::Model;

use super::demand::DemandArguments;
use super::failure::Failure;
use super::output::Output;
use super::{files, keys};
use crate::pack::{PackOptions, SigningKey, VectorCodes, WeightBits, write_pack};
use crate::saved;
use crate::train::Preset;
use crate::trained::TrainedModel;
use transitions::TransitionArguments;

/// Size of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PresetName {
    /// About 54 bytes per item: 8 transitions of 4 bits, 64 values of 4 bits
    Tiny,
    /// About 79 bytes per item: 10 transitions of 8 bits, 96 values of 4 bits
    Standard,
    /// About 190 bytes per item: 32 transitions of 8 bits, 96 values of 8 bits
    Large,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Tiny => Self::Tiny,
            PresetName::Standard => Self::Standard,
            PresetName::Large => Self::Large,
        }
    }
}

/// Which pack it is and who signs it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which pack it is")]
pub(super) struct Identity {
    /// Name of the model; by default the pack's file name without its ending
    #[arg(long, value_name = "NAME")]
    model_id: Option<String>,
    /// Version of the pack: a phone never goes back to a smaller one; by default the time in seconds since 1970
    #[arg(long, value_name = "NUMBER")]
    pack_version: Option<u64>,
    /// Licence or another short remark that stands in the pack
    #[arg(long, value_name = "TEXT", default_value = "")]
    licence: String,
    /// Development key to sign with; by default one in your data folder, made on first use ($TASTEKEEPER_KEY)
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
}

impl Identity {
    /// The options of a pack of the preset's size at `out`.
    pub(super) fn options(&self, out: &Path, preset: PresetName) -> Result<PackOptions, Failure> {
        let seconds = files::now_seconds()?;
        let stem = out.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let preset = Preset::from(preset);
        let options = PackOptions {
            model_id: self.model_id.clone().unwrap_or(stem),
            label: self.licence.clone(),
            pack_version: self.pack_version.unwrap_or(seconds),
            created_day: files::day_of(seconds),
            neighbours: u8::try_from(preset.neighbours()).unwrap_or(u8::MAX),
            weight_bits: if preset == Preset::Tiny { WeightBits::Four } else { WeightBits::Eight },
            vectors: if preset == Preset::Large { VectorCodes::Int8 } else { VectorCodes::Int4 },
            ..PackOptions::default()
        };
        options.check().map_err(Failure::packing)?;
        Ok(options)
    }
}

/// How vectors are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Codes {
    /// Half a byte per value
    Int4,
    /// A byte per value
    Int8,
}

/// The sizes that can be chosen one by one.
#[derive(Debug, Args)]
#[command(next_help_heading = "How large it is")]
pub(super) struct SizeArguments {
    /// Size of the model
    #[arg(long, value_enum, default_value = "standard")]
    pub(super) preset: PresetName,
    /// Transitions kept per item, 0 to 255, instead of the preset's
    #[arg(long, value_name = "COUNT")]
    neighbours: Option<u8>,
    /// Bits of a transition's weight, instead of the preset's
    #[arg(long, value_name = "4|8", value_parser = ["4", "8"])]
    weight_bits: Option<String>,
    /// How vectors are stored, instead of the preset's way
    #[arg(long, value_enum)]
    vectors: Option<Codes>,
    /// One more bit per value, which is not scanned, but counts in the scores of the candidates
    #[arg(long)]
    residuals: bool,
}

impl SizeArguments {
    /// `options` with the sizes that were given.
    pub(super) fn apply(&self, options: PackOptions) -> PackOptions {
        PackOptions {
            neighbours: self.neighbours.unwrap_or(options.neighbours),
            weight_bits: match self.weight_bits.as_deref() {
                Some("4") => WeightBits::Four,
                Some(_) => WeightBits::Eight,
                None => options.weight_bits,
            },
            vectors: match self.vectors {
                Some(Codes::Int4) => VectorCodes::Int4,
                Some(Codes::Int8) => VectorCodes::Int8,
                None => options.vectors,
            },
            residuals: self.residuals,
            ..options
        }
    }
}

/// Arguments of `pack`.
#[derive(Debug, Args)]
pub(super) struct PackArguments {
    /// A model that `train --save-model` wrote
    model: PathBuf,
    /// The pack to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the model with the transitions of --transitions in full precision
    #[arg(long, value_name = "FILE", requires = "transitions")]
    save_model: Option<PathBuf>,
    #[command(flatten)]
    transitions: TransitionArguments,
    #[command(flatten)]
    demand: DemandArguments,
    #[command(flatten)]
    size: SizeArguments,
    #[command(flatten)]
    identity: Identity,
}

/// Packs a saved model.
pub(super) fn run(arguments: &PackArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = vec![&arguments.model];
    inputs.extend(arguments.transitions.files());
    inputs.extend(arguments.demand.file());
    files::check_outputs(&[Some(&arguments.out), arguments.save_model.as_deref()], &inputs)?;
    let demand = arguments.demand.read()?;
    let (mut model, mut summary) = read_model(&arguments.model)?;
    let options = arguments.size.apply(arguments.identity.options(&arguments.out, arguments.size.preset)?);
    if arguments.transitions.are_given() {
        keys::existing_key(arguments.identity.key.as_deref())?;
        (model, summary) = arguments.transitions.put_into(model, summary, usize::from(options.neighbours))?;
        if let Some(path) = &arguments.save_model {
            let saved = saved::to_bytes(&model, summary.as_deref()).map_err(Failure::operation)?;
            files::write(path, &saved)?;
        }
    }
    model = arguments.demand.apply(model, demand.as_ref(), output)?;
    let options = PackOptions { summary, ..options };
    let key = keys::signing_key(arguments.identity.key.as_deref())?;
    let bytes = write_pack(&model, &options, &key).map_err(Failure::packing)?;
    files::write(&arguments.out, &bytes)?;
    announce(&arguments.out, &bytes, &key, output)
}

/// A saved model and its training summary.
pub(super) fn read_model(path: &Path) -> Result<(TrainedModel, Option<String>), Failure> {
    saved::from_bytes(&files::read(path)?).map_err(|error| Failure::in_file(path, &error))
}

/// Says what was written.
pub(super) fn announce(
    path: &Path,
    bytes: &[u8],
    key: &SigningKey,
    output: &mut Output,
) -> Result<(), Failure> {
    let model = Model::open(bytes, &[key.public_key()]).map_err(Failure::operation)?;
    let info = model.info();
    output.line(format_args!(
        "{}: {} items, model {} B, ids {} B, attributes {} B, file {} B; version {}, signed by {}",
        path.display(),
        info.items,
        info.model_bytes,
        info.id_bytes,
        info.attribute_bytes,
        info.file_bytes,
        info.pack_version,
        keys::key_id(info.key_id)
    ));
    Ok(())
}
