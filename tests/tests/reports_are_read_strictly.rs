//! Hostile bytes as reports, vocabularies, signatures and ledgers: refused or read, never a panic, and what is read has one
//! encoding.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it visited"
)]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tastekeeper::PersonalizationLevel as Level;
use tastekeeper::report::{ReceivedReport, Vocabulary, VocabularyDraft, reread_ledger};
use tastekeeper_tests::phone::{Phone, trusted_key};
use tastekeeper_tests::sharing::{default_parameters, draft, open_shared, previewed, sign};

/// Good reports of several mechanisms.
fn reports() -> Vec<[u8; 24]> {
    let report = |d: u8, m: u8, r: u8, mask: u64| {
        let mut bytes = *b"PV\x01\x01....\xaa\xbb\xcc\xdd\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
        bytes[4..8].copy_from_slice(&[d, m, r, 0]);
        bytes[14..22].copy_from_slice(&mask.to_be_bytes());
        assert!(ReceivedReport::decode(&bytes).is_ok());
        bytes
    };
    vec![
        report(32, 2, 8, 1 << 31 | 1),
        report(16, 1, 8, 1 << 15),
        report(64, 32, 2, 0xffff_ffff << 32),
        report(2, 1, 3, 2),
        previewed(&open_shared(&Phone::new())).unwrap(),
    ]
}

/// Changes up to four places of `bytes`: a bit, a byte, a cut, an addition, a swap.
fn damage(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    for _ in 0..=random.next_u32() % 4 {
        let (word, value) = (random.next_u32() as usize, random.next_u32());
        let at = word % bytes.len().max(1);
        match value % 16 {
            _ if bytes.is_empty() => bytes.push(value.to_le_bytes()[3]),
            0..=6 => bytes[at] ^= 1 << (value >> 8 & 7),
            7..=12 => bytes[at] = value.to_le_bytes()[3],
            13 => bytes.truncate(at),
            14 => bytes.insert(at, value.to_le_bytes()[3]),
            _ => {
                let other = (value >> 8) as usize % bytes.len();
                bytes.swap(at, other);
            }
        }
    }
}

/// Reads damaged reports. Returns how many were accepted.
fn read_reports(count: u32, seed: u64) -> u32 {
    let (good, mut random) = (reports(), ChaCha8Rng::seed_from_u64(seed));
    let mut accepted = 0;
    let mut bytes = Vec::new();
    for run in 0..count as usize {
        bytes.clear();
        bytes.extend_from_slice(&good[run % good.len()]);
        damage(&mut bytes, &mut random);
        if let Ok(report) = ReceivedReport::decode(&bytes) {
            accepted += 1;
            assert_eq!(report.to_bytes(), bytes.as_slice());
            assert_eq!(report.topics().count(), usize::from(report.parameters().per_report()));
            assert!(report.topics().all(|topic| topic < report.parameters().topics()));
        }
    }
    accepted
}

#[test]
fn ten_million_damaged_reports_have_one_encoding() {
    let accepted = read_reports(10_000_000, 1);
    println!("10000000 damaged reports, {accepted} of them still reports");
    assert!(accepted > 500_000, "only {accepted} were accepted: the damage is too great to test anything");
}

#[test]
fn a_vocabulary_has_one_encoding_and_one_signer() {
    let (bytes, signature) = sign(&draft(default_parameters()));
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let trusted = [trusted_key()];
    let mut accepted = 0;
    for _ in 0..4_000 {
        let mut damaged = bytes.clone();
        damage(&mut damaged, &mut random);
        if let Ok(read) = VocabularyDraft::parse(&damaged) {
            accepted += 1;
            assert_eq!(read.to_bytes().as_ref(), Ok(&damaged));
        }
    }
    assert!(accepted > 200, "only {accepted} were accepted");
    for _ in 0..400 {
        let mut damaged = bytes.clone();
        damage(&mut damaged, &mut random);
        assert_eq!(Vocabulary::open(&damaged, &signature, &trusted).is_ok(), damaged == bytes);
        let mut text = signature.clone().into_bytes();
        damage(&mut text, &mut random);
        let text = String::from_utf8_lossy(&text).into_owned();
        // Only the first line, which nobody signs, may differ.
        let signed = |text: &str| text.split_once('\n').map(|(_, rest)| rest.trim_end().to_owned());
        if Vocabulary::open(&bytes, &text, &trusted).is_ok() {
            assert_eq!(signed(&text), signed(&signature), "{text}");
        }
    }
}

#[test]
fn a_ledger_is_read_or_left_as_it_is() {
    // The bytes of a ledger with one draw, as `report/ledger/tests.rs` pins them.
    let hex = "0101fb2c0103029a01505601012002080001020304012c0000000000000003000001000000";
    let good: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    damaged_ledgers(&good);
}

/// The same draw as report shares; a build without them leaves it as it is.
#[test]
fn a_ledger_with_shares_is_read_or_left_as_it_is() {
    // An entry without bytes, no vocabulary, and 1 024 bytes of shares for topic 7 of 32.
    let head =
        b"\x02\x01\xfb\x2c\x01\x06\x03\x9a\x00\x01\x00\x00\x00\x01\x01\x01\x02\x03\x04\x20\x07\xfb\x00\x04";
    let good = [&head[..], &[9; 1_024]].concat();
    if cfg!(feature = "prio") {
        damaged_ledgers(&good);
    } else {
        assert_eq!(reread_ledger(&good), (false, good));
    }
}

fn damaged_ledgers(good: &[u8]) {
    assert_eq!(reread_ledger(good), (true, good.to_vec()));
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut readable = 0;
    for _ in 0..200_000 {
        let mut damaged = good.to_vec();
        damage(&mut damaged, &mut random);
        let (is_readable, written) = reread_ledger(&damaged);
        readable += u32::from(is_readable);
        assert!(is_readable || written == damaged);
        assert_eq!(reread_ledger(&written), (is_readable, written));
    }
    assert!(readable > 1_000, "only {readable} were read");
}

#[test]
fn a_level_that_never_shared_has_an_empty_log() {
    assert!(Phone::new().open_at(Level::OnDevice).report_log().unwrap().is_empty());
}
