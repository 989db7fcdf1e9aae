//! One file for several processors, as Apple's linker takes it: a header, then the archives. What `lipo -create` writes.
//!
//! Layout: Apple's `mach-o/fat.h`; all numbers big-endian.

/// Archives begin at multiples of this, as an exponent of two.
const ALIGN: u32 = 14;

/// A processor, by the two numbers of `mach/machine.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    kind: u32,
    subkind: u32,
}

/// 64-bit ARM.
pub(crate) const ARM64: Processor = Processor { kind: 0x0100_000c, subkind: 0 };
/// 64-bit Intel.
pub(crate) const X86_64: Processor = Processor { kind: 0x0100_0007, subkind: 3 };

/// One file of `parts`.
///
/// # Errors
/// When it would be larger than the format's 4 GiB.
pub(crate) fn join(parts: &[(Processor, &[u8])]) -> Result<Vec<u8>, String> {
    let too_large = |_| "larger than 4 GiB".to_owned();
    let count = u32::try_from(parts.len()).map_err(too_large)?;
    let mut header = [0xcafe_babe, count].map(u32::to_be_bytes).concat();
    let mut body = Vec::new();
    let start = 8 + parts.len() * 20;
    for (processor, bytes) in parts {
        let at = (start + body.len()).next_multiple_of(1 << ALIGN);
        body.resize(at - start, 0);
        body.extend_from_slice(bytes);
        let place = u32::try_from(at).map_err(too_large)?;
        let size = u32::try_from(bytes.len()).map_err(too_large)?;
        for number in [processor.kind, processor.subkind, place, size, ALIGN] {
            header.extend_from_slice(&number.to_be_bytes());
        }
    }
    header.extend(body);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_where_the_header_says() {
        let (one, two) = (vec![1; 5], vec![2; 20_000]);
        let joined = join(&[(ARM64, &one), (X86_64, &two)]).unwrap();
        let number = |at: usize| u32::from_be_bytes(joined[at..at + 4].try_into().unwrap());
        assert_eq!((number(0), number(4)), (0xcafe_babe, 2));
        for (entry, processor, part) in [(8, ARM64, &one), (28, X86_64, &two)] {
            assert_eq!((number(entry), number(entry + 4)), (processor.kind, processor.subkind));
            let (at, size) = (number(entry + 8) as usize, number(entry + 12) as usize);
            assert_eq!(at % (1 << number(entry + 16)), 0);
            assert_eq!(&joined[at..at + size], &part[..]);
        }
        assert_eq!(joined.len(), 32_768 + 20_000);
    }
}
