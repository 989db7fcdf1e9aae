//! Any bytes as a report, a vocabulary, a signature and a ledger: refused or read, never a panic, and what is read has one
//! encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tastekeeper::report::{ReceivedReport, Vocabulary, VocabularyDraft, reread_ledger};

fuzz_target!(|data: &[u8]| {
    if let Ok(report) = ReceivedReport::decode(data) {
        assert_eq!(report.to_bytes(), data);
        assert_eq!(report.topics().count(), usize::from(report.parameters().per_report()));
        assert!(report.topics().all(|topic| topic < report.parameters().topics()));
    }
    if let Ok(draft) = VocabularyDraft::parse(data) {
        assert_eq!(draft.to_bytes().as_deref(), Ok(data));
        assert!(draft.parameters.fits_cohort(draft.cohort));
    }
    let text = String::from_utf8_lossy(data);
    assert!(Vocabulary::open(data, &text, &[]).is_err());
    let (is_readable, written) = reread_ledger(data);
    assert_eq!(reread_ledger(&written), (is_readable, written.clone()));
    if !is_readable {
        assert_eq!(written, data);
    }
});
