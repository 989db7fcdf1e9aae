//! The public surface of a library, as a listing that a reviewer reads and a test compares.
//!
//! In: the metadata in a built library. Out: one line for each thing another language sees, sorted. Documentation and order of
//! declaration are not part of it.

use std::fmt::Write as _;

use camino::Utf8Path;
use uniffi_meta::{
    DefaultValueMetadata, EnumShape, FieldMetadata, FnParamMetadata, LiteralMetadata, Metadata, Type,
    VariantMetadata,
};

/// The listing of the library at `path`.
///
/// # Errors
/// When the file cannot be read or holds no metadata.
pub(crate) fn list(path: &Utf8Path) -> anyhow::Result<String> {
    let found = uniffi_bindgen::macro_metadata::extract_from_library(path)?;
    let mut blocks: Vec<String> = found.iter().filter_map(block).collect();
    blocks.sort();
    anyhow::ensure!(!blocks.is_empty(), "the library holds no metadata: it was stripped, or is another one");
    Ok(blocks.concat())
}

fn block(metadata: &Metadata) -> Option<String> {
    Some(match metadata {
        Metadata::Func(call) => {
            format!(
                "fn {}\n",
                signature(&call.name, &call.inputs, call.return_type.as_ref(), call.throws.as_ref())
            )
        }
        Metadata::Constructor(call) => format!(
            "{}: constructor {}\n",
            call.self_name,
            signature(&call.name, &call.inputs, None, call.throws.as_ref())
        ),
        Metadata::Method(call) => format!(
            "{}: {}\n",
            call.self_name,
            signature(&call.name, &call.inputs, call.return_type.as_ref(), call.throws.as_ref())
        ),
        Metadata::TraitMethod(call) => format!(
            "{}: {}\n",
            call.trait_name,
            signature(&call.name, &call.inputs, call.return_type.as_ref(), call.throws.as_ref())
        ),
        Metadata::Object(object) => format!("{}: object {:?}\n", object.name, object.imp),
        Metadata::Record(record) => lines(&record.name, "record", record.fields.iter().map(field)),
        Metadata::Enum(found) => {
            let kind = match found.shape {
                EnumShape::Enum => "enum",
                EnumShape::Error { flat: true } => "error, text only",
                EnumShape::Error { flat: false } => "error",
            };
            let flat = found.shape == EnumShape::Error { flat: true };
            lines(&found.name, kind, found.variants.iter().map(|one| variant(one, flat)))
        }
        Metadata::CallbackInterface(found) => format!("{}: callback interface\n", found.name),
        Metadata::CustomType(found) => format!("{}: custom type\n", found.name),
        Metadata::UniffiTrait(found) => format!("{}: trait {}\n", found.self_name(), found.name()),
        Metadata::ObjectTraitImpl(found) => format!("{found:?}\n"),
        Metadata::Namespace(_) | Metadata::UdlFile(_) => return None,
    })
}

fn lines(name: &str, kind: &str, parts: impl Iterator<Item = String>) -> String {
    let mut text = format!("{name}: {kind}\n");
    for part in parts {
        let _ = writeln!(text, "    {part}");
    }
    text
}

fn signature(name: &str, inputs: &[FnParamMetadata], output: Option<&Type>, throws: Option<&Type>) -> String {
    let inputs: Vec<String> =
        inputs.iter().map(|input| with_default(&input.name, &input.ty, input.default.as_ref())).collect();
    let output = output.map(|output| format!(" -> {}", type_name(output))).unwrap_or_default();
    let throws = throws.map(|error| format!(" throws {}", type_name(error))).unwrap_or_default();
    format!("{name}({}){output}{throws}", inputs.join(", "))
}

fn field(field: &FieldMetadata) -> String {
    with_default(&field.name, &field.ty, field.default.as_ref())
}

fn variant(variant: &VariantMetadata, flat: bool) -> String {
    if flat || variant.fields.is_empty() {
        return variant.name.clone();
    }
    let fields: Vec<String> = variant.fields.iter().map(field).collect();
    format!("{}({})", variant.name, fields.join(", "))
}

fn with_default(name: &str, ty: &Type, default: Option<&DefaultValueMetadata>) -> String {
    let default = default.map(|default| format!(" = {}", value(default))).unwrap_or_default();
    format!("{name}: {}{default}", type_name(ty))
}

fn value(default: &DefaultValueMetadata) -> String {
    match default {
        DefaultValueMetadata::Default => "the type's own".into(),
        DefaultValueMetadata::Literal(literal) => match literal {
            LiteralMetadata::Boolean(value) => value.to_string(),
            LiteralMetadata::String(value) => format!("{value:?}"),
            LiteralMetadata::UInt(value, ..) => value.to_string(),
            LiteralMetadata::Int(value, ..) => value.to_string(),
            LiteralMetadata::Float(value, _) | LiteralMetadata::Enum(value, _) => value.clone(),
            LiteralMetadata::EmptySequence | LiteralMetadata::EmptySet => "[]".into(),
            LiteralMetadata::EmptyMap => "{}".into(),
            LiteralMetadata::None => "nothing".into(),
            LiteralMetadata::Some { inner } => value(inner),
        },
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Optional { inner_type } => format!("{}?", type_name(inner_type)),
        Type::Sequence { inner_type } => format!("[{}]", type_name(inner_type)),
        Type::Set { inner_type } => format!("{{{}}}", type_name(inner_type)),
        Type::Map { key_type, value_type } => {
            format!("{{{}: {}}}", type_name(key_type), type_name(value_type))
        }
        Type::Box { inner_type } => type_name(inner_type),
        Type::Object { name, .. }
        | Type::Record { name, .. }
        | Type::Enum { name, .. }
        | Type::CallbackInterface { name, .. }
        | Type::Custom { name, .. } => name.clone(),
        plain => format!("{plain:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library that was built for this test, as a dependency of it.
    fn built() -> String {
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let name = format!("{}tastekeeper_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        list(Utf8Path::from_path(&folder.join(name)).unwrap()).unwrap()
    }

    #[test]
    fn the_surface_is_the_reviewed_one() {
        let golden = include_str!("../../surface.txt");
        let found = built();
        for (line, (found, golden)) in found.lines().zip(golden.lines()).enumerate() {
            assert_eq!(found, golden, "line {} of bindings/surface.txt: see bindings/README.md", line + 1);
        }
        assert_eq!(found.lines().count(), golden.lines().count(), "see bindings/README.md");
    }

    #[test]
    fn every_call_can_report_a_failure() {
        let listing = built();
        let is_call =
            |line: &&str| !line.starts_with(' ') && line.contains('(') && !line.contains(": object ");
        let calls: Vec<&str> = listing.lines().filter(is_call).collect();
        assert!(calls.len() > 40, "{} calls", calls.len());
        for call in calls {
            assert!(call.contains(" throws "), "a panic in this call would end a Swift process: {call}");
        }
    }

    #[test]
    fn nothing_that_provokes_a_panic_is_shipped() {
        assert!(!built().contains("provoke"));
    }
}
