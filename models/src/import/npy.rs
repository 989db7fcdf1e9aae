//! The matrix in a file of `numpy.save`.
//!
//! In: untrusted bytes. Out: a matrix of 32 bit floats, or what is wrong with the file.
//! The format (NumPy enhancement proposal 1): `\x93NUMPY`, version, length of the header, the header as the text of a
//! Python dictionary with `descr`, `fortran_order` and `shape`, then the values. Only what such a header can say is
//! understood, not Python.

use ndarray::{Array2, ShapeBuilder};

use super::{ImportError, check_shape};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header; NumPy's own are below 128 bytes.
const MAX_HEADER: usize = 4096;

const NOT_NPY: ImportError = ImportError::Npy("not an npy file; write it with numpy.save(file, vectors)");
const HEADER: ImportError =
    ImportError::Npy("the npy header is not as numpy.save writes it; save the matrix again with numpy.save");
const KIND: ImportError = ImportError::Npy(
    "the values are no floats of 16, 32 or 64 bits; save vectors.astype('float32') with numpy.save",
);
const SHAPE: ImportError =
    ImportError::Npy("the array has not two dimensions; expected a matrix with a row per item");
const LENGTH: ImportError =
    ImportError::Npy("the file has not as many values as its shape says; it may have been cut short");

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Float {
    Half,
    Single,
    Double,
}

#[derive(Debug, PartialEq, Eq)]
struct Header {
    float: Float,
    big_endian: bool,
    fortran: bool,
    rows: usize,
    columns: usize,
}

/// Values too large for 32 bits become infinite, which the caller refuses with their row.
pub(super) fn read(bytes: &[u8]) -> Result<Array2<f32>, ImportError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(NOT_NPY)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(NOT_NPY)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk().ok_or(NOT_NPY)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk().ok_or(NOT_NPY)?;
            (usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX), rest)
        }
        _ => return Err(HEADER),
    };
    let (text, values) = rest.split_at_checked(length).filter(|_| length <= MAX_HEADER).ok_or(HEADER)?;
    let header = header(std::str::from_utf8(text).map_err(|_| HEADER)?)?;
    check_shape(header.rows, header.columns)?;
    // both factors are capped by now
    let count = header.rows * header.columns;
    let values = decode(values, header.float, header.big_endian);
    if values.as_ref().is_none_or(|values| values.len() != count) {
        return Err(LENGTH);
    }
    let shape = (header.rows, header.columns).set_f(header.fortran);
    let matrix = Array2::from_shape_vec(shape, values.unwrap_or_default()).map_err(|_| LENGTH)?;
    // rows are what everything after this reads
    Ok(if header.fortran { matrix.as_standard_layout().into_owned() } else { matrix })
}

/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order and spacing.
fn header(text: &str) -> Result<Header, ImportError> {
    let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or(HEADER)?;
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    let mut rest = inside.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':').ok_or(HEADER)?;
        let after = after.trim_start();
        let end = if after.starts_with('(') { after.find(')').ok_or(HEADER)? + 1 } else { 0 };
        let end = after[end..].find(',').map_or(after.len(), |comma| end + comma);
        let value = after[..end].trim();
        let known = match unquoted(key.trim()) {
            Some("descr") => descr.replace(value),
            Some("fortran_order") => fortran.replace(value),
            Some("shape") => shape.replace(value),
            _ => return Err(HEADER),
        };
        if known.is_some() {
            return Err(HEADER);
        }
        rest = after[end..].trim_start_matches(',').trim();
    }
    let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else { return Err(HEADER) };
    let (order, kind) = unquoted(descr).and_then(|text| text.split_at_checked(1)).ok_or(KIND)?;
    let float = match kind {
        "f2" => Float::Half,
        "f4" => Float::Single,
        "f8" => Float::Double,
        _ => return Err(KIND),
    };
    let big_endian = match order {
        "<" => false,
        ">" => true,
        _ => return Err(KIND),
    };
    let fortran = match fortran {
        "False" => false,
        "True" => true,
        _ => return Err(HEADER),
    };
    let shape = shape.strip_prefix('(').and_then(|text| text.strip_suffix(')')).ok_or(HEADER)?;
    let sizes: Result<Vec<usize>, _> =
        shape.split(',').map(str::trim).filter(|size| !size.is_empty()).map(str::parse).collect();
    let &[rows, columns] = sizes.map_err(|_| HEADER)?.as_slice() else { return Err(SHAPE) };
    Ok(Header { float, big_endian, fortran, rows, columns })
}

fn unquoted(text: &str) -> Option<&str> {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"'))
}

/// The values; `None` if the last is cut off.
fn decode(bytes: &[u8], float: Float, big_endian: bool) -> Option<Vec<f32>> {
    fn all<const N: usize>(
        bytes: &[u8],
        big_endian: bool,
        value: impl Fn([u8; N]) -> f32,
    ) -> Option<Vec<f32>> {
        let (values, rest) = bytes.as_chunks::<N>();
        let ordered = |mut bytes: [u8; N]| {
            if big_endian {
                bytes.reverse();
            }
            bytes
        };
        rest.is_empty().then(|| values.iter().map(|bytes| value(ordered(*bytes))).collect())
    }
    match float {
        Float::Half => all(bytes, big_endian, |bytes| half(u16::from_le_bytes(bytes))),
        Float::Single => all(bytes, big_endian, f32::from_le_bytes),
        #[expect(clippy::cast_possible_truncation, reason = "vectors are kept in 32 bits")]
        Float::Double => all(bytes, big_endian, |bytes| f64::from_le_bytes(bytes) as f32),
    }
}

/// A value of 16 bits (IEEE 754 binary16): a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // no leading one: a multiple of 2^-24, which 32 bits hold exactly
        0 => f32::from_bits(sign | 0x3f80_0000) * f32::from(bits & 0x3ff) * (-24f32).exp2(),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `numpy.save` writes, version 1.0.
    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let padded = format!("{header:<117}\n");
        let length = u16::try_from(padded.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, padded.as_bytes(), values].concat()
    }

    fn singles(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn message(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    const PLAIN: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

    #[test]
    fn every_float_order_and_layout_gives_the_same_matrix() {
        let expected = ndarray::array![[1.0f32, -2.0, 0.5], [0.0, 4.0, 8.0]];
        let by_row = [1.0f32, -2.0, 0.5, 0.0, 4.0, 8.0];
        assert_eq!(read(&file(PLAIN, &singles(&by_row))).unwrap(), expected);
        let fortran = PLAIN.replace("False", "True");
        let by_column = singles(&[1.0, 0.0, -2.0, 4.0, 0.5, 8.0]);
        let found = read(&file(&fortran, &by_column)).unwrap();
        assert!(found.is_standard_layout());
        assert_eq!(found, expected);
        let big: Vec<u8> = by_row.iter().flat_map(|value| value.to_be_bytes()).collect();
        assert_eq!(read(&file(&PLAIN.replace('<', ">"), &big)).unwrap(), expected);
        let doubles: Vec<u8> = by_row.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect();
        assert_eq!(read(&file(&PLAIN.replace("f4", "f8"), &doubles)).unwrap(), expected);
        let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x3800, 0, 0x4400, 0x4800]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(read(&file(&PLAIN.replace("f4", "f2"), &halves)).unwrap(), expected);
        // version 2.0 has a longer length, and other writers other spacing
        let text = "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}\n";
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let second = [MAGIC, &[2, 0], &length, text.as_bytes(), &singles(&by_row)].concat();
        assert_eq!(read(&second).unwrap(), expected);
    }

    #[test]
    fn halves_are_exact() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xbc00, -1.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0f32).to_bits());
    }

    #[test]
    fn malformed_files_say_what_to_do() {
        let values = singles(&[0.0; 6]);
        assert!(message(b"").starts_with("not an npy file"));
        assert!(message(b"PK\x03\x04").starts_with("not an npy file"));
        assert!(message(b"\x93NUMPY\x01").starts_with("not an npy file"));
        assert!(message(b"\x93NUMPY\x09\x00\x00\x00").starts_with("the npy header"));
        assert!(message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").starts_with("the npy header"));
        for header in [
            "",
            "{",
            "{}",
            "{'descr': '<f4'}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 99999999999999999999)}",
        ] {
            assert!(message(&file(header, &values)).starts_with("the npy header"), "{header}");
        }
        for kind in ["'<i8'", "'|O'", "'<c8'", "'<U7'", "[('a'", "''", "'é4'"] {
            let found = message(&file(&PLAIN.replace("'<f4'", kind), &values));
            assert!(found.starts_with("the values are no floats"), "{kind}: {found}");
        }
        for shape in ["(6,)", "()", "(1, 2, 3)"] {
            let found = message(&file(&PLAIN.replace("(2, 3)", shape), &values));
            assert!(found.starts_with("the array has not two"), "{shape}: {found}");
        }
        assert!(message(&file(PLAIN, &values[1..])).contains("cut short"));
        assert!(message(&file(PLAIN, &values[4..])).contains("cut short"));
        assert!(message(&file(&PLAIN.replace("(2, 3)", "(2, 0)"), &[])).contains("at least one value"));
        let large = message(&file(&PLAIN.replace("(2, 3)", "(9999999999, 1)"), &values));
        assert_eq!(large, "vectors are 9999999999, and at most 16777216 can be handled");
    }
}
