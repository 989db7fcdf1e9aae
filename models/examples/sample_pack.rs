//! Writes the sample pack that the engine is measured with: `sample_pack ITEMS FOLDER [int8]` writes `sample.tkpack`, in int4 if not in
//! int8, and `sample.pub`.

#[path = "../benches/engine/sample.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the benchmarks, which ask for more")]
mod sample;

use std::error::Error;
use std::fs;
use std::path::Path;

use tastekeeper_models::pack::VectorCodes;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (items, folder, vectors) = match arguments.as_slice() {
        [items, folder] => (items, folder, VectorCodes::Int4),
        [items, folder, codes] if codes == "int8" => (items, folder, VectorCodes::Int8),
        _ => return Err("sample_pack ITEMS FOLDER [int8]".into()),
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("sample.tkpack"), sample::pack_in(vectors, items.parse()?))?;
    fs::write(folder.join("sample.pub"), sample::signing_key().public_key_text())?;
    Ok(())
}
