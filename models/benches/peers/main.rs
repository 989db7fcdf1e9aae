//! The scan in turns with other libraries' searches: `cargo xtask bench peers`, which runs `peers.py`, which runs this.
//!
//! `peers SHOP FOLDER [DATA]`: `SHOP` is a number of generated items, or `beauty`, trained on the log in `DATA`. Writes
//! `vectors.npy` and `queries.npy` to `FOLDER` for the others, prints `ready`, and then takes turns: a line in is `int8 K`,
//! `int4 K`, `signs8 K`, `signs4 K` (read the vectors of promising items only), `finer8 K`, `finer_signs8 K` (with residuals), `ndarray K` (search for query `K`), `scores8 K` (score, and keep nothing) or `floor8`, `floor4` (read as many bytes as the vectors have). A line out is
//! nanoseconds and the items found, best first. One thread.

#![expect(clippy::print_stdout, reason = "a command talks to whoever started it")]

#[path = "../engine/best.rs"]
mod best;
#[path = "../engine/measure.rs"]
#[expect(dead_code, reason = "shared with the benchmark of the engine")]
mod measure;
#[path = "../engine/sample.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the benchmark of the engine")]
mod sample;
mod shop;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use best::{Best, Found, Room};
use measure::{WARM_UPS, time_warm};
use ndarray::{Array2, ArrayView1};
use tastekeeper::model::Model;
use tastekeeper_kernels::Kernel;
use tastekeeper_models::pack::{PackOptions, VectorCodes, write_pack};
use tastekeeper_models::trained::TrainedModel;

use shop::Shop;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (name, folder, data) = match arguments.as_slice() {
        // Under `cargo test --all-targets` nobody compares.
        [] => return Ok(()),
        [name, folder] => (name, Path::new(folder), None),
        [name, folder, data] => (name, Path::new(folder), Some(Path::new(data))),
        _ => return Err("peers SHOP FOLDER [DATA]".into()),
    };
    let Shop { model, directions } = match data {
        Some(data) => shop::trained(data, folder)?,
        None => shop::generated(name.parse()?),
    };
    write_npy(&folder.join("vectors.npy"), &model.vectors)?;
    write_npy(&folder.join("queries.npy"), &directions)?;
    let contestants = Contestants::new(model, directions)?;
    let (items, dim) = contestants.dense.dim();
    println!("ready {items} {dim} {:?}", Kernel::best());
    for line in std::io::stdin().lines() {
        let line = line?;
        let (turn, query) = line.split_once(' ').unwrap_or((&line, "0"));
        let (taken, found) = contestants.turn(turn, query.parse()?)?;
        let found: Vec<String> = found.iter().map(|(_, item)| item.to_string()).collect();
        println!("{} {}", taken.as_nanos(), found.join(" "));
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// What takes turns here.
struct Contestants {
    int8: Model,
    int4: Model,
    /// `int8`, and residuals.
    finer: Model,
    dense: Array2<f32>,
    directions: Array2<f32>,
    /// As many bytes as `int8` has in its vectors.
    words: Vec<u64>,
}

impl Contestants {
    fn new(model: TrainedModel, directions: Array2<f32>) -> Result<Self, Box<dyn Error>> {
        let packed = |vectors, residuals| -> Result<Model, Box<dyn Error>> {
            let options = PackOptions {
                model_id: "peers".into(),
                vectors,
                residuals,
                signs_from_items: 0,
                ..PackOptions::default()
            };
            let pack = write_pack(&model, &options, &sample::signing_key())?;
            Ok(Model::open(&pack, &[sample::signing_key().public_key()])?)
        };
        let (int8, int4) = (packed(VectorCodes::Int8, false)?, packed(VectorCodes::Int4, false)?);
        let finer = packed(VectorCodes::Int8, true)?;
        let words = vec![1; model.vectors.len() / 8];
        Ok(Self { int8, int4, finer, dense: model.vectors, directions, words })
    }

    fn turn(&self, name: &str, query: usize) -> Result<(Duration, Found), Box<dyn Error>> {
        // No shopper asks twice, so the calls that warm up are for others; the last one is for the query.
        let mut ahead = WARM_UPS + 1;
        let mut direction = || {
            ahead -= 1;
            let row = self.directions.row((query + ahead) % self.directions.nrows());
            black_box(row.to_slice().expect("rows are contiguous"))
        };
        let (mut best, mut room) = (Best::default(), Room::default());
        let read = |words: &[u64]| black_box(words).iter().fold(0_u64, |sum, word| sum.wrapping_add(*word));
        let taken = match name {
            "int8" => time_warm(|| best = Best::of(&self.int8, direction())),
            "scores8" => time_warm(|| {
                let mut top = f32::NEG_INFINITY;
                let scan = self.int8.scan(direction(), 0.0);
                scan.for_each_block(|_, _, highest| {
                    top = top.max(highest);
                    f32::NEG_INFINITY
                });
                top
            }),
            "signs8" => time_warm(|| best = Best::of_promising(&self.int8, direction(), &mut room)),
            "finer_signs8" => time_warm(|| best = Best::of_promising(&self.finer, direction(), &mut room)),
            "finer8" => time_warm(|| best = Best::of(&self.finer, direction())),
            "signs4" => time_warm(|| best = Best::of_promising(&self.int4, direction(), &mut room)),
            "int4" => time_warm(|| best = Best::of(&self.int4, direction())),
            "ndarray" => time_warm(|| {
                let scores = self.dense.dot(&ArrayView1::from(direction()));
                best = Best::of_scores(scores.as_slice().expect("a vector is contiguous"));
            }),
            "floor8" => time_warm(|| read(&self.words)),
            "floor4" => time_warm(|| read(&self.words[..self.words.len() / 2])),
            other => return Err(format!("nobody here is named {other}").into()),
        };
        Ok((taken, best.0))
    }
}

/// Writes `values` in `NumPy`'s format, version 1.0.
fn write_npy(path: &Path, values: &Array2<f32>) -> std::io::Result<()> {
    let (rows, columns) = values.dim();
    let mut head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // The values begin at a multiple of 64 bytes, ten of which stand before the head.
    let padding = 63 - (10 + head.len()) % 64;
    head += &" ".repeat(padding);
    head.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(head.len()).expect("a short head").to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    fs::write(path, bytes)
}
