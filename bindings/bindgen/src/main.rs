//! Writes the bindings that belong to a built library. A crate of its own, so that the library does not carry the generator.
//!
//! ```sh
//! cargo run -p tastekeeper-bindgen -- generate --language kotlin --out-dir out target/release/libtastekeeper_ffi.so
//! ```

fn main() {
    uniffi::uniffi_bindgen_main();
}
