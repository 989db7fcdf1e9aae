//! The WebAssembly of the engine as a module that a browser loads.

use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::data::Failure;

/// Writes the module, and the JavaScript that belongs to it, into `folder`.
///
/// # Errors
/// When `wasm` is not what this version of the glue is for, or nothing can be written.
pub(crate) fn write(wasm: &Path, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).web(true)?.typescript(false);
    // The ship profile keeps symbols for other bindings; a browser needs no names.
    bindgen.remove_name_section(true).remove_producers_section(true);
    Ok(bindgen.generate(folder)?)
}
