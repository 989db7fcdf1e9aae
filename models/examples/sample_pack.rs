//! Writes the sample pack that the engine is measured with: `sample_pack ITEMS FOLDER` writes `sample.tkpack` and `sample.pub`.

#[path = "../benches/engine/sample.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the benchmarks, which ask for more")]
mod sample;

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [items, folder] = arguments.as_slice() else { return Err("sample_pack ITEMS FOLDER".into()) };
    let folder = Path::new(folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("sample.tkpack"), sample::pack(items.parse()?))?;
    fs::write(folder.join("sample.pub"), sample::signing_key().public_key_text())?;
    Ok(())
}
