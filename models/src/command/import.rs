//! `tastekeeper import`: a pack out of vectors that were trained elsewhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::failure::Failure;
use super::log::LogArguments;
use super::output::Output;
use super::pack::{Identity, SizeArguments, announce};
use super::progress::{Bars, say};
use super::{files, keys, log};
use crate::dataset::Dataset;
use crate::import::{ItemVectors, UnknownItems, model_of, read_ids};
use crate::pack::{PackOptions, write_pack};
use crate::saved;

/// How vectors are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VectorFormat {
    /// word2vec's text: count and dim, then a line per item
    Word2vec,
    /// A tensor `vectors` and metadata `items`
    Safetensors,
    /// A matrix that NumPy saved; its ids come from --ids
    Npy,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// The vectors
    #[arg(value_name = "VECTORS")]
    input: PathBuf,
    /// How they are written down; by default from the file's name: .safetensors, .npy, otherwise word2vec
    #[arg(long, value_enum, value_name = "FORMAT")]
    vector_format: Option<VectorFormat>,
    /// Ids of an npy file's rows: an id per line, or a JSON list
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Log that popularity and transitions are counted in; may be given more than once
    #[arg(long, alias = "counts", value_name = "LOG")]
    log: Vec<PathBuf>,
    /// Leave out events about items without a vector instead of refusing the log
    #[arg(long, requires = "log")]
    skip_unknown: bool,
    /// The pack to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the model in full precision, for `tastekeeper pack`
    #[arg(long, value_name = "FILE")]
    save_model: Option<PathBuf>,
    #[command(flatten)]
    size: SizeArguments,
    #[command(flatten)]
    identity: Identity,
    #[command(flatten)]
    format: LogArguments,
}

/// Imports and writes.
pub(super) fn run(arguments: &ImportArguments, output: &mut Output) -> Result<(), Failure> {
    let mut inputs: Vec<&Path> = vec![&arguments.input];
    inputs.extend(arguments.log.iter().map(PathBuf::as_path));
    inputs.extend(arguments.ids.as_deref());
    files::check_outputs(&[Some(&arguments.out), arguments.save_model.as_deref()], &inputs)?;
    let vectors = arguments.vectors()?;
    let options = arguments.size.apply(arguments.identity.options(&arguments.out, arguments.size.preset)?);
    keys::existing_key(arguments.identity.key.as_deref())?;

    let mut bars = Bars::new();
    let mut dataset: Option<Dataset> = None;
    for path in &arguments.log {
        let read = arguments.format.read(path, &mut bars)?;
        say(&log::describe(path, &read));
        dataset = Some(match dataset {
            None => read,
            Some(before) => join(before, read),
        });
    }
    if dataset.is_none() {
        say("warning: without --log all items are equally popular and no transition is known");
    }
    let unknown = if arguments.skip_unknown { UnknownItems::Skip } else { UnknownItems::Refuse };
    let neighbours = usize::from(options.neighbours);
    let model =
        model_of(&vectors, dataset.as_ref(), unknown, neighbours, [1.0; 4]).map_err(Failure::input)?;
    let summary = json!({
        "version": 1,
        "made_by": concat!("tastekeeper ", env!("CARGO_PKG_VERSION")),
        "imported": true,
        "tuned": false,
        "data": {
            "items": model.items.len(),
            "events": model.counts.iter().sum::<u64>(),
        },
    });
    let options = PackOptions { summary: Some(summary.to_string()), ..options };
    let key = keys::signing_key(arguments.identity.key.as_deref())?;
    let bytes = write_pack(&model, &options, &key).map_err(Failure::packing)?;
    if let Some(path) = &arguments.save_model {
        let saved = saved::to_bytes(&model, options.summary.as_deref()).map_err(Failure::operation)?;
        files::write(path, &saved)?;
    }
    files::write(&arguments.out, &bytes)?;
    announce(&arguments.out, &bytes, &key, output)
}

impl ImportArguments {
    /// The vectors with their ids.
    fn vectors(&self) -> Result<ItemVectors, Failure> {
        let input = &self.input;
        let format = self.vector_format.unwrap_or_else(|| by_name(input));
        let ids = match (&self.ids, format) {
            (None, VectorFormat::Npy) => {
                let text = format!("{} has no ids; name the file that does with --ids", input.display());
                return Err(Failure::input(text));
            }
            (Some(_), VectorFormat::Word2vec | VectorFormat::Safetensors) => {
                return Err(Failure::input("--ids is for npy files alone; the others hold their own ids"));
            }
            (ids, _) => ids.as_deref(),
        };
        let ids =
            ids.map(|path| read_ids(&files::read(path)?).map_err(|error| Failure::in_file(path, &error)));
        let ids = ids.transpose()?.unwrap_or_default();
        let bytes = files::read(input)?;
        let vectors = match format {
            VectorFormat::Word2vec => ItemVectors::from_word2vec(&bytes),
            VectorFormat::Safetensors => ItemVectors::from_safetensors(&bytes),
            VectorFormat::Npy => ItemVectors::from_npy(&bytes, ids),
        };
        vectors.map_err(|error| Failure::in_file(input, &error))
    }
}

fn by_name(path: &Path) -> VectorFormat {
    match path.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("safetensors") => VectorFormat::Safetensors,
        Some(extension) if extension.eq_ignore_ascii_case("npy") => VectorFormat::Npy,
        _ => VectorFormat::Word2vec,
    }
}

/// Both logs: users of one name are two users, since a log is whole.
fn join(mut first: Dataset, second: Dataset) -> Dataset {
    let index: HashMap<String, u32> = (0..).zip(&first.items).map(|(i, id)| (id.clone(), i)).collect();
    let mut of_second = Vec::with_capacity(second.items.len());
    for id in second.items {
        let next = u32::try_from(first.items.len()).expect("the readers cap the number of items");
        of_second.push(*index.get(&id).unwrap_or(&next));
        if !index.contains_key(&id) {
            first.items.push(id);
        }
    }
    for mut sequence in second.sequences {
        sequence.events.iter_mut().for_each(|event| event.item = of_second[event.item as usize]);
        first.sequences.push(sequence);
    }
    first
}
