//! A trained model in full precision as a file: safetensors, readable from any language.
//!
//! In and out: a [`TrainedModel`] and, if it was trained here, its training summary.
//!
//! Tensors, little-endian: `vectors` (items x dim, f32), `attribute_vectors` (attributes x dim, f32), `matrix`
//! (dim x dim, f32), `counts` (items, u64), and the transitions in compressed rows: `graph_offsets` (items + 1, u64),
//! `graph_targets` (u32), `graph_weights` (f32). The header's metadata holds the rest as JSON: `items` (ids in rank
//! order), `attributes`, `blend`, `summary`, and `format` and `version` of this layout.
//!
//! Reading believes nothing: shapes and indices are checked here, what the pack format asks for when it is packed.

use std::collections::{BTreeMap, HashMap};

use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::dataset::{Attribute, AttributeKind, AttributeTable};
use crate::trained::{BlendParameters, TrainedModel};

/// The metadata's `format`.
pub const FORMAT: &str = "tastekeeper-model";
/// The metadata's `version`.
pub const VERSION: &str = "1";

/// Why a file is no saved model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// Not a safetensors file.
    #[error("not a safetensors file: {reason}")]
    Container {
        /// What the container's reader said.
        reason: String,
    },
    /// Something that must be there is not.
    #[error("the {what} `{name}` is missing")]
    Missing {
        /// `tensor` or `metadata field`.
        what: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// Something is not as it must be.
    #[error("`{name}` {reason}")]
    Invalid {
        /// The tensor or field.
        name: &'static str,
        /// What is wrong.
        reason: String,
    },
}

fn invalid(name: &'static str, reason: impl Into<String>) -> SavedError {
    SavedError::Invalid { name, reason: reason.into() }
}

/// [`BlendParameters`] by name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedBlend {
    decay: f32,
    carry: f32,
    gain: f32,
    graph_weight: f32,
    graph_decay: f32,
    popularity_weight: f32,
    kind_weights: [f32; 4],
    repeats: bool,
}

/// [`AttributeTable`] by name; kinds are 0 category, 1 brand, 2 other.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedAttributes {
    kinds: Vec<u8>,
    names: Vec<String>,
    parents: Vec<Option<u32>>,
    of_item: Vec<Vec<u32>>,
}

/// The file of a model.
///
/// # Errors
/// [`SavedError::Container`] if the container refuses a tensor.
pub fn to_bytes(model: &TrainedModel, summary: Option<&str>) -> Result<Vec<u8>, SavedError> {
    let floats =
        |values: &mut dyn Iterator<Item = f32>| -> Vec<u8> { values.flat_map(f32::to_le_bytes).collect() };
    let edges = || model.graph.iter().flatten();
    let mut offsets = vec![0u64];
    offsets.extend(model.graph.iter().scan(0u64, |total, row| {
        *total += row.len() as u64;
        Some(*total)
    }));
    let (items, attributes, dim) = (model.items.len(), model.attributes.entries.len(), model.vectors.ncols());
    let count = edges().count();
    let tensors: [(&str, Dtype, Vec<usize>, Vec<u8>); 7] = [
        ("vectors", Dtype::F32, vec![items, dim], floats(&mut model.vectors.iter().copied())),
        (
            "attribute_vectors",
            Dtype::F32,
            vec![attributes, dim],
            floats(&mut model.attribute_vectors.iter().copied()),
        ),
        ("matrix", Dtype::F32, vec![dim, dim], floats(&mut model.matrix.iter().copied())),
        ("counts", Dtype::U64, vec![items], model.counts.iter().flat_map(|c| c.to_le_bytes()).collect()),
        (
            "graph_offsets",
            Dtype::U64,
            vec![items + 1],
            offsets.iter().flat_map(|offset| offset.to_le_bytes()).collect(),
        ),
        (
            "graph_targets",
            Dtype::U32,
            vec![count],
            edges().flat_map(|(target, _)| target.to_le_bytes()).collect(),
        ),
        ("graph_weights", Dtype::F32, vec![count], floats(&mut edges().map(|(_, weight)| *weight))),
    ];
    let container = |error: safetensors::SafeTensorError| SavedError::Container { reason: error.to_string() };
    let mut views = Vec::with_capacity(tensors.len());
    for (name, dtype, shape, bytes) in &tensors {
        views.push((*name, TensorView::new(*dtype, shape.clone(), bytes).map_err(container)?));
    }
    let bytes = safetensors::serialize(views, Some(metadata(model, summary)?)).map_err(container)?;
    sorted(&bytes).ok_or_else(|| SavedError::Container { reason: "the header is not as expected".to_owned() })
}

/// The same file with a sorted header: the library writes metadata in the order of a hash map, which differs from run to
/// run.
pub(crate) fn sorted(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (header, tensors) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let fields: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(header).ok()?;
    let mut header = serde_json::to_vec(&fields).ok()?;
    // tensors begin at a multiple of 8
    header.resize(header.len().next_multiple_of(8), b' ');
    Some([&(header.len() as u64).to_le_bytes(), header.as_slice(), tensors].concat())
}

fn metadata(model: &TrainedModel, summary: Option<&str>) -> Result<HashMap<String, String>, SavedError> {
    let entries = &model.attributes.entries;
    let attributes = SavedAttributes {
        kinds: entries.iter().map(|entry| entry.kind as u8).collect(),
        names: entries.iter().map(|entry| entry.name.clone()).collect(),
        parents: entries.iter().map(|entry| entry.parent).collect(),
        of_item: model.attributes.of_item.clone(),
    };
    let b = &model.blend;
    let blend = SavedBlend {
        decay: b.decay,
        carry: b.carry,
        gain: b.gain,
        graph_weight: b.graph_weight,
        graph_decay: b.graph_decay,
        popularity_weight: b.popularity_weight,
        kind_weights: b.kind_weights,
        repeats: b.repeats,
    };
    let json = |error: serde_json::Error| SavedError::Container { reason: error.to_string() };
    let mut out = HashMap::from([
        ("format".to_owned(), FORMAT.to_owned()),
        ("version".to_owned(), VERSION.to_owned()),
        ("items".to_owned(), serde_json::to_string(&model.items).map_err(json)?),
        ("attributes".to_owned(), serde_json::to_string(&attributes).map_err(json)?),
        ("blend".to_owned(), serde_json::to_string(&blend).map_err(json)?),
    ]);
    out.extend(summary.map(|summary| ("summary".to_owned(), summary.to_owned())));
    Ok(out)
}

/// The model in a file, and its training summary.
///
/// # Errors
/// [`SavedError`] naming the tensor or field that is not as [`to_bytes`] writes it.
pub fn from_bytes(bytes: &[u8]) -> Result<(TrainedModel, Option<String>), SavedError> {
    let file = File::open(bytes)?;
    if file.text("format")? != FORMAT || file.text("version")? != VERSION {
        return Err(invalid("format", format!("is not `{FORMAT}` in version {VERSION}")));
    }
    let items: Vec<String> = file.json("items")?;
    let saved: SavedAttributes = file.json("attributes")?;
    let blend: SavedBlend = file.json("blend")?;
    let vectors = file.matrix("vectors")?;
    let dim = vectors.ncols();
    let (counts, offsets) = (file.u64s("counts")?, file.u64s("graph_offsets")?);
    let (targets, weights) = (file.u32s("graph_targets")?, file.f32s("graph_weights")?);
    let model = TrainedModel {
        graph: graph(&offsets, &targets, &weights, items.len())?,
        attributes: attributes(saved)?,
        attribute_vectors: file.matrix("attribute_vectors")?,
        matrix: file.matrix("matrix")?,
        blend: BlendParameters {
            decay: blend.decay,
            carry: blend.carry,
            gain: blend.gain,
            graph_weight: blend.graph_weight,
            graph_decay: blend.graph_decay,
            popularity_weight: blend.popularity_weight,
            kind_weights: blend.kind_weights,
            repeats: blend.repeats,
        },
        items,
        counts,
        vectors,
    };
    let rows = [
        ("vectors", model.vectors.dim(), (model.items.len(), dim)),
        ("attribute_vectors", model.attribute_vectors.dim(), (model.attributes.entries.len(), dim)),
        ("matrix", model.matrix.dim(), (dim, dim)),
    ];
    for (name, found, expected) in rows {
        if found != expected {
            return Err(invalid(name, format!("has the shape {found:?}, not {expected:?}")));
        }
    }
    if model.counts.len() != model.items.len() {
        return Err(invalid(
            "counts",
            format!("has {} values for {} items", model.counts.len(), model.items.len()),
        ));
    }
    Ok((model, file.text("summary").ok().map(str::to_owned)))
}

fn attributes(saved: SavedAttributes) -> Result<AttributeTable, SavedError> {
    let count = saved.names.len();
    if saved.kinds.len() != count || saved.parents.len() != count {
        return Err(invalid("attributes", "has lists of different lengths"));
    }
    let kind = |kind: u8| match kind {
        0 => Ok(AttributeKind::Category),
        1 => Ok(AttributeKind::Brand),
        2 => Ok(AttributeKind::Other),
        _ => Err(invalid("attributes", "has a kind that is not 0, 1 or 2")),
    };
    let entries = saved
        .kinds
        .into_iter()
        .zip(saved.names)
        .zip(saved.parents)
        .map(|((number, name), parent)| Ok(Attribute { kind: kind(number)?, name, parent }))
        .collect::<Result<_, SavedError>>()?;
    Ok(AttributeTable { entries, of_item: saved.of_item })
}

fn graph(
    offsets: &[u64],
    targets: &[u32],
    weights: &[f32],
    items: usize,
) -> Result<Vec<Vec<(u32, f32)>>, SavedError> {
    if offsets.len() != items + 1 || offsets.first() != Some(&0) {
        return Err(invalid(
            "graph_offsets",
            "does not begin with 0 or has not one value more than there are items",
        ));
    }
    if targets.len() != weights.len() || offsets.last() != Some(&(targets.len() as u64)) {
        return Err(invalid("graph_offsets", "does not end at the number of targets and of weights"));
    }
    if !offsets.is_sorted() {
        return Err(invalid("graph_offsets", "does not ascend"));
    }
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let row = |bounds: &[u64]| {
        let range = place(bounds[0])..place(bounds[1]);
        targets[range.clone()].iter().copied().zip(weights[range].iter().copied()).collect()
    };
    Ok(offsets.windows(2).map(row).collect())
}

/// An open container with its metadata.
pub(crate) struct File<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> File<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, SavedError> {
        let container =
            |error: safetensors::SafeTensorError| SavedError::Container { reason: error.to_string() };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(container)?;
        let metadata = metadata.metadata().clone().unwrap_or_default();
        Ok(Self { tensors: SafeTensors::deserialize(bytes).map_err(container)?, metadata })
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<&str, SavedError> {
        let found = self.metadata.get(name).map(String::as_str);
        found.ok_or(SavedError::Missing { what: "metadata field", name })
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, name: &'static str) -> Result<T, SavedError> {
        // the parser's message may quote the value
        serde_json::from_str(self.text(name)?)
            .map_err(|error| invalid(name, format!("is not as expected at character {}", error.column())))
    }

    fn tensor(&self, name: &'static str, dtype: Dtype) -> Result<TensorView<'_>, SavedError> {
        let found = self.tensors.tensor(name).map_err(|_| SavedError::Missing { what: "tensor", name })?;
        if found.dtype() == dtype {
            Ok(found)
        } else {
            Err(invalid(name, format!("is {:?}, not {dtype:?}", found.dtype())))
        }
    }

    pub(crate) fn matrix(&self, name: &'static str) -> Result<Array2<f32>, SavedError> {
        let tensor = self.tensor(name, Dtype::F32)?;
        let &[rows, columns] = tensor.shape() else {
            return Err(invalid(name, format!("has {} dimensions, not 2", tensor.shape().len())));
        };
        Array2::from_shape_vec((rows, columns), floats(tensor.data()))
            .map_err(|_| invalid(name, "has not as many values as its shape says"))
    }

    fn f32s(&self, name: &'static str) -> Result<Vec<f32>, SavedError> {
        Ok(floats(self.tensor(name, Dtype::F32)?.data()))
    }

    fn u32s(&self, name: &'static str) -> Result<Vec<u32>, SavedError> {
        let tensor = self.tensor(name, Dtype::U32)?;
        Ok(tensor.data().as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    fn u64s(&self, name: &'static str) -> Result<Vec<u64>, SavedError> {
        let tensor = self.tensor(name, Dtype::U64)?;
        Ok(tensor.data().as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect())
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_sorted_and_says_the_same() {
        let values = 1.5f32.to_le_bytes();
        let view = TensorView::new(Dtype::F32, vec![1], &values).unwrap();
        let words = ["b", "a", "d", "c", "e"].map(|word| (word.to_owned(), word.repeat(3)));
        let metadata: HashMap<String, String> = words.into();
        let bytes = safetensors::serialize([("v", view)], Some(metadata.clone())).unwrap();
        let found = sorted(&bytes).unwrap();
        let header = String::from_utf8_lossy(&found[8..]).into_owned();
        let places: Vec<usize> =
            ["aaa", "bbb", "ccc", "ddd", "eee"].map(|word| header.find(word).unwrap()).into();
        assert!(places.is_sorted(), "{header}");
        let file = File::open(&found).unwrap();
        assert_eq!((file.metadata.clone(), file.f32s("v").unwrap()), (metadata, vec![1.5]));
        assert_eq!(sorted(&found).unwrap(), found);
        assert_eq!(sorted(&bytes[..20]), None);
    }
}
