//! What a shared library for Linux or Android says of itself: how its parts must be aligned in memory.
//!
//! In: the bytes of an ELF file, little-endian, of either width. Out: the alignments, or why not. Layout: Tool Interface Standard,
//! Executable and Linking Format, version 1.2.

/// Pages of Android devices since 2025 may be this large: a library aligned to less is not loaded there.
pub(crate) const PAGE: u64 = 16_384;

/// The alignment of each segment that is loaded.
///
/// # Errors
/// For bytes that are no such file.
pub(crate) fn load_alignments(bytes: &[u8]) -> Result<Vec<u64>, String> {
    let number = |at: usize, width: usize| -> Result<u64, String> {
        let part = at.checked_add(width).and_then(|end| bytes.get(at..end)).ok_or("it is cut short")?;
        Ok(part.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let place = |at: usize, width: usize| {
        number(at, width).and_then(|value| usize::try_from(value).map_err(|_| "it is too large".to_owned()))
    };
    if bytes.get(..4) != Some(b"\x7fELF") || bytes.get(5) != Some(&1) {
        return Err("it is no little-endian ELF file".to_owned());
    }
    // where the table of segments is, how large an entry is, and where in an entry its alignment is
    let (table, size, count, align, width) = match bytes.get(4) {
        Some(1) => (place(28, 4)?, place(42, 2)?, place(44, 2)?, 28, 4),
        Some(2) => (place(32, 8)?, place(54, 2)?, place(56, 2)?, 48, 8),
        _ => return Err("it is of neither 32 nor 64 bits".to_owned()),
    };
    let mut found = Vec::new();
    for segment in 0..count {
        let at = segment.checked_mul(size).and_then(|at| at.checked_add(table)).ok_or("it is too large")?;
        // PT_LOAD
        if number(at, 4)? == 1 {
            found.push(number(at + align, width)?);
        }
    }
    if found.is_empty() { Err("nothing of it is loaded".to_owned()) } else { Ok(found) }
}

/// Whether the library can be loaded where pages are of 16 KiB.
///
/// # Errors
/// When it cannot, or it is no library.
pub(crate) fn check_pages(bytes: &[u8]) -> Result<(), String> {
    match load_alignments(bytes)?.into_iter().min() {
        Some(least) if least < PAGE => Err(format!(
            "a segment is aligned to {least} bytes; pages of {PAGE} need -Wl,-z,max-page-size={PAGE}"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one note and two segments to load.
    fn file(is_wide: bool, aligns: [u64; 2]) -> Vec<u8> {
        let (header, size) = if is_wide { (64, 56) } else { (52, 32) };
        let mut bytes = vec![0; header + 3 * size];
        bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', if is_wide { 2 } else { 1 }, 1]);
        let (table, entry, align) = if is_wide { (32, 54, 48) } else { (28, 42, 28) };
        bytes[table] = u8::try_from(header).unwrap();
        bytes[entry] = u8::try_from(size).unwrap();
        bytes[entry + 2] = 3;
        for (segment, kind, value) in [(0, 4, 4), (1, 1, aligns[0]), (2, 1, aligns[1])] {
            let at = header + segment * size;
            bytes[at] = kind;
            bytes[at + align..at + align + 4].copy_from_slice(&value.to_le_bytes()[..4]);
        }
        bytes
    }

    #[test]
    fn segments_that_are_loaded_count() {
        for is_wide in [true, false] {
            assert_eq!(load_alignments(&file(is_wide, [4096, 65536])), Ok(vec![4096, 65536]));
            assert!(check_pages(&file(is_wide, [16384, 65536])).is_ok());
            assert!(check_pages(&file(is_wide, [16384, 4096])).unwrap_err().contains("max-page-size"));
        }
    }

    #[test]
    fn other_bytes_are_refused_wherever_they_end() {
        let whole = file(true, [4096, 4096]);
        for end in 0..whole.len() - 56 {
            assert!(load_alignments(&whole[..end]).is_err(), "{end}");
        }
        assert!(load_alignments(b"MZ").is_err());
        assert!(load_alignments(&[0xff; 100]).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_program_is_one() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(load_alignments(&own).unwrap().iter().all(|align| align.is_power_of_two()));
    }
}
