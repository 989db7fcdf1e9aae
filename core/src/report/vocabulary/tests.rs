use super::*;
use crate::error::VocabularyProblem as Problem;

fn topic(label: &str, nodes: &[&str]) -> Topic {
    Topic { label: label.into(), guarded: false, nodes: nodes.iter().map(ToString::to_string).collect() }
}

fn draft() -> VocabularyDraft {
    VocabularyDraft {
        name: "a shop".into(),
        parameters: Parameters::new(4, 1, 8).unwrap(),
        cohort: 200,
        tree: NodeTree::Dashed,
        topics: vec![
            topic("Clothes", &["aa", "x"]),
            Topic { guarded: true, ..topic("Baby & Toddler", &["bt"]) },
            topic("Shoes", &["aa-8"]),
        ],
        excluded: vec!["hb-9".into()],
    }
}

const FILE: &str = "tastekeeper-vocabulary 1\nname\ta shop\ntopics\t4\nper_report\t1\nratio\t8\ncohort\t200\ntree\tdashed\n\
                    topic\topen\tClothes\taa\tx\ntopic\tguarded\tBaby & Toddler\tbt\ntopic\topen\tShoes\taa-8\n\
                    excluded\thb-9\n";

/// Key, file and signature made here; `tests/tests/reports_are_private.rs` uses those of the tool.
fn signed(file: &[u8]) -> Result<Vocabulary, Problem> {
    use blake2::{Blake2b512, Digest as _};
    use ed25519_dalek::Signer as _;
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let trusted = PublicKey::from_bytes([9; 8], &key.verifying_key().to_bytes()).unwrap();
    let digest: [u8; 64] = Blake2b512::digest(file).into();
    let signature = key.sign(&digest).to_bytes();
    let global = key.sign(&signature).to_bytes();
    let line = [b"ED".as_slice(), &[9; 8], &signature].concat();
    let text = format!("untrusted comment: x\n{}\ntrusted comment: \n{}\n", base64(&line), base64(&global));
    Vocabulary::open(file, &text, &[trusted])
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let group =
            (0..3).fold(0_usize, |group, place| group << 8 | usize::from(*three.get(place).unwrap_or(&0)));
        for place in 0..4 {
            let digit = char::from(DIGITS[group >> (18 - 6 * place) & 63]);
            text.push(if place > three.len() { '=' } else { digit });
        }
    }
    text
}

#[test]
fn a_draft_is_written_and_read_alike() {
    assert_eq!(String::from_utf8(draft().to_bytes().unwrap()).unwrap(), FILE);
    assert_eq!(VocabularyDraft::parse(FILE.as_bytes()), Ok(draft()));
    let unsorted = VocabularyDraft {
        topics: vec![topic("Clothes", &["x", "aa"]), draft().topics[1].clone(), topic("Shoes", &["aa-8"])],
        ..draft()
    };
    assert_eq!(unsorted.to_bytes().unwrap(), FILE.as_bytes());
}

#[test]
fn the_taxonomy_id_is_that_of_sha256() {
    // printf '...' | sha256sum
    let vocabulary = signed(FILE.as_bytes()).unwrap();
    assert_eq!(vocabulary.taxonomy_id(), [0x6e, 0x3c, 0xf7, 0xdc]);
    assert_eq!((vocabulary.label(0), vocabulary.label(3), vocabulary.label(4)), (None, Some("Shoes"), None));
}

#[test]
fn only_the_canonical_file_is_read() {
    let parse = |text: &str| VocabularyDraft::parse(text.as_bytes()).err();
    let replaced = |from: &str, to: &str| {
        assert!(FILE.contains(from), "{from}");
        parse(&FILE.replacen(from, to, 1))
    };
    assert_eq!(replaced("aa\tx", "x\taa"), Some(Problem::NotCanonical));
    assert_eq!(replaced("cohort\t200", "cohort\t0200"), Some(Problem::NotCanonical));
    assert_eq!(replaced("cohort\t200", "cohort\t+200"), Some(Problem::NotCanonical));
    assert_eq!(replaced(" 1\n", " 2\n"), Some(Problem::UnsupportedVersion));
    assert_eq!(replaced("taste", "Taste"), Some(Problem::NotAVocabulary));
    assert_eq!(replaced("ratio\t8", "ratio\t9"), Some(Problem::BadParameters));
    assert_eq!(replaced("ratio\t8", "ratio\teight"), Some(Problem::Syntax { line: 5 }));
    assert_eq!(replaced("topics\t4", "topics\t5"), Some(Problem::BadParameters));
    assert_eq!(replaced("open\tClothes", "shut\tClothes"), Some(Problem::Syntax { line: 8 }));
    assert_eq!(replaced("excluded\thb-9\n", "excluded\thb-9"), Some(Problem::Syntax { line: 12 }));
    assert_eq!(replaced("excluded\thb-9\n", "excluded\thb-9\n\n"), Some(Problem::Syntax { line: 12 }));
    assert_eq!(replaced("excluded\thb-9", "excluded\thb-9\thb-9"), Some(Problem::BadNode { topic: 0 }));
    assert_eq!(replaced("\n", "\r\n"), Some(Problem::UnsupportedVersion));
    assert_eq!(VocabularyDraft::parse(b"\xff"), Err(Problem::NotAVocabulary));
    let without_the_last_line = FILE.find("excluded").unwrap();
    for end in 0..FILE.len() {
        let is_read = VocabularyDraft::parse(&FILE.as_bytes()[..end]).is_ok();
        assert_eq!(is_read, end == without_the_last_line, "{end}");
    }
}

#[test]
fn the_lint_finds_every_broken_rule() {
    let problems = |change: fn(&mut VocabularyDraft)| {
        let mut changed = draft();
        change(&mut changed);
        changed.problems()
    };
    assert_eq!(draft().problems(), []);
    assert_eq!(problems(|draft| draft.cohort = 199), [Problem::TooManyMasks { masks: 4, cohort: 199 }]);
    assert_eq!(
        problems(|draft| draft.topics[0].label = "Pregnancy".into()),
        [Problem::SensitiveTopic { topic: 1 }]
    );
    assert_eq!(
        problems(|draft| draft.topics[2].nodes.push("ma-1".into())),
        [Problem::SensitiveTopic { topic: 3 }]
    );
    assert_eq!(problems(|draft| draft.topics[1].guarded = false), [Problem::UnguardedTopic { topic: 2 }]);
    assert_eq!(
        problems(|draft| draft.topics[0].label = "For babies".into()),
        [Problem::UnguardedTopic { topic: 1 }]
    );
    assert_eq!(problems(|draft| draft.topics[2].label = "Clothes".into()), [Problem::BadLabel { topic: 3 }]);
    assert_eq!(problems(|draft| draft.topics[2].label = "a\tb".into()), [Problem::BadLabel { topic: 3 }]);
    assert_eq!(problems(|draft| draft.name = "n".repeat(65)), [Problem::BadLabel { topic: 0 }]);
    assert_eq!(problems(|draft| draft.topics[2].nodes.clear()), [Problem::BadNode { topic: 3 }]);
    assert_eq!(problems(|draft| draft.topics[2].nodes.push("aa".into())), [Problem::BadNode { topic: 3 }]);
    assert_eq!(problems(|draft| draft.excluded.push("aa".into())), [Problem::BadNode { topic: 1 }]);
    assert_eq!(problems(|draft| drop(draft.topics.pop())), [Problem::BadParameters]);
    assert!(VocabularyDraft { cohort: 0, ..draft() }.to_bytes().is_err());
}

#[test]
fn the_deepest_topic_counts_and_denials_reach_everything() {
    let vocabulary = signed(FILE.as_bytes()).unwrap();
    let topic = |categories: &[&str], guarded| {
        vocabulary.topic_of(categories.iter().copied(), &is_sensitive, guarded)
    };
    assert_eq!(topic(&["aa-1-4"], false), Some(1));
    assert_eq!(topic(&["aa-8-2", "aa-8"], false), Some(3));
    assert_eq!(topic(&["aa-80"], false), Some(1));
    assert_eq!(topic(&["el-1"], false), None);
    assert_eq!(topic(&[], false), None);
    assert_eq!(topic(&["bt-2"], false), None);
    assert_eq!(topic(&["bt-2"], true), Some(2));
    // One excluded, guarded or sensitive category is enough, wherever it stands.
    assert_eq!(topic(&["aa-1", "hb-9-3"], true), None);
    assert_eq!(topic(&["aa-1", "bt-2"], false), None);
    assert_eq!(topic(&["aa-1", "ma-3"], true), None);
    assert_eq!(topic(&["hb-1-7", "aa"], true), None);
}

#[test]
fn only_what_a_trusted_key_signed_is_opened() {
    let text = "untrusted comment: x\n\ntrusted comment: \n\n";
    assert_eq!(Vocabulary::open(FILE.as_bytes(), text, &[]), Err(Problem::BadSignature));
    assert_eq!(signed(b"tastekeeper-vocabulary 1\n").err(), Some(Problem::Syntax { line: 2 }));
    let long = vec![b'x'; MAX_VOCABULARY_BYTES + 1];
    assert_eq!(Vocabulary::open(&long, text, &[]), Err(Problem::TooLarge { what: "the file" }));
}
