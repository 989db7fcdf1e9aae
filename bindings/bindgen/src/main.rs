//! Writes the bindings that belong to a built library, and lists its public surface. A crate of its own, so that the library
//! does not carry the generator.
//!
//! ```sh
//! cargo run -p tastekeeper-bindgen -- generate --language kotlin --out-dir out target/ship/libtastekeeper_ffi.so
//! cargo run -p tastekeeper-bindgen -- surface target/ship/libtastekeeper_ffi.so > bindings/surface.txt
//! ```
#![expect(clippy::print_stdout, reason = "a command that lists")]

use anyhow::Context as _;

mod surface;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("surface") {
        let path = arguments.next().context("usage: tastekeeper-bindgen surface <library>")?;
        print!("{}", surface::list(path.as_str().into())?);
        return Ok(());
    }
    uniffi::uniffi_bindgen_main();
    Ok(())
}
