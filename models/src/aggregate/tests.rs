use std::path::Path;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tastekeeper::report::{Draws, NodeTree, Topic, VocabularyDraft, sample};

use super::*;

/// Draws for simulated shoppers.
struct Seeded(ChaCha8Rng);

impl Draws for Seeded {
    fn below(&mut self, range: u32) -> tastekeeper::Result<u32> {
        Ok(u32::try_from(self.0.next_u64() % u64::from(range)).unwrap())
    }
}

fn default() -> Parameters {
    Parameters::new(32, 2, 8).unwrap()
}

/// A report's bytes, put together from the table of the format.
fn bytes(taxonomy_id: [u8; 4], epoch: u16, parameters: Parameters, mask: u64) -> Vec<u8> {
    let numbers = [parameters.topics(), parameters.per_report(), parameters.ratio(), 0];
    [b"PV\x01\x01", &numbers[..], &taxonomy_id, &epoch.to_be_bytes(), &mask.to_be_bytes(), &[0, 0]].concat()
}

fn draft(topics: u8) -> VocabularyDraft {
    VocabularyDraft {
        name: "test".into(),
        parameters: Parameters::new(topics, 1, 8).unwrap(),
        cohort: 25_000,
        tree: NodeTree::Plain,
        topics: (1..topics)
            .map(|topic| Topic {
                label: format!("topic {topic}"),
                guarded: false,
                nodes: vec![format!("n{topic}")],
            })
            .collect(),
        excluded: Vec::new(),
    }
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/reports-v1")
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// tests/python/report_fixtures.py wrote the expectations with exact fractions.
#[test]
fn golden_vectors_are_reproduced() {
    let payloads = std::fs::read_to_string(fixtures().join("payloads.csv")).unwrap();
    let payloads: Vec<Vec<u8>> = payloads.lines().skip(1).map(|line| unhex(line.trim_matches('"'))).collect();
    let expected = std::fs::read_to_string(fixtures().join("shares.csv")).unwrap();
    let mut counted = BTreeMap::new();
    for line in expected.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<u64>().unwrap();
        let small = |at: usize| u8::try_from(number(at)).unwrap();
        let parameters = Parameters::new(small(2), small(3), small(4)).unwrap();
        let taxonomy_id: [u8; 4] = unhex(fields[0]).try_into().unwrap();
        let tally = counted.entry((taxonomy_id, parameters)).or_insert_with(|| {
            let mut tally = Tally::new(taxonomy_id, parameters);
            payloads.iter().for_each(|payload| tally.take(payload));
            tally
        });
        let (epoch, topic) = (u16::try_from(number(1)).unwrap(), usize::from(small(5)));
        let counts = tally.epochs[&epoch];
        assert_eq!((counts.reports, counts.named[topic]), (number(6), number(7)), "{line}");
        let estimate = Estimator::new(parameters).estimate(counts.named[topic], counts.reports);
        let float = |at: usize| fields[at].parse::<f64>().unwrap();
        assert!((estimate.share - float(8)).abs() < 1e-12, "{line}: {estimate:?}");
        assert!((estimate.half_width - float(9)).abs() < 1e-12, "{line}: {estimate:?}");
    }
    let taken: u64 = counted.values().map(Tally::reports).sum();
    assert_eq!(payloads.len() as u64 - taken, 18, "what is no report is refused");
    let first = counted.values().next().unwrap();
    let refused: BTreeMap<_, _> = first.refused().collect();
    assert_eq!((refused["length"], refused["mask"], refused["reserved"]), (3, 2, 3));
}

#[test]
fn half_widths_are_those_of_the_page() {
    for (parameters, expected) in [
        (default(), [(1_000, 4.7), (5_000, 2.1), (20_000, 1.06), (100_000, 0.47)]),
        (Parameters::new(16, 1, 8).unwrap(), [(1_000, 4.2), (5_000, 1.9), (20_000, 0.93), (100_000, 0.42)]),
    ] {
        for (reports, points) in expected {
            let found = 100.0 * Estimator::new(parameters).floor(reports);
            assert!((found - points).abs() < 0.06, "{parameters:?}, {reports}: {found}");
        }
    }
    assert!((Estimator::new(default()).poisoning(0.01) - 0.032).abs() < 0.0002);
}

/// 200 shops of 2 000 shoppers with known shares: the interval holds them as often as it says, and the errors scatter as the
/// intervals say.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let parameters = Parameters::new(12, 2, 8).unwrap();
    let estimator = Estimator::new(parameters);
    // A fifth of the shoppers have only topic 3, the others half topic 1 and half nothing.
    let truth = |topic: usize| [0.4, 0.4, 0.0, 0.2].get(topic).copied().unwrap_or(0.0);
    let mut draws = Seeded(ChaCha8Rng::seed_from_u64(7));
    let (mut held, mut all, mut squares) = (0.0, 0.0, 0.0);
    for _ in 0..200 {
        let mut tally = Tally::new([0; 4], parameters);
        for shopper in 0..2_000 {
            let slots = if shopper % 5 == 0 { [3; 8] } else { [1, 0, 1, 0, 1, 0, 1, 0] };
            tally.add(1, sample(parameters, &slots, &mut draws).unwrap(), 1);
        }
        let counts = tally.epochs[&1];
        for topic in 0..12 {
            let estimate = estimator.estimate(counts.named[topic], counts.reports);
            let error = estimate.share - truth(topic);
            held += f64::from(u8::from(error.abs() <= estimate.half_width));
            squares += (error / (estimate.half_width / 1.96)).powi(2);
            all += 1.0;
        }
    }
    let coverage = held / all;
    assert!((0.93..0.97).contains(&coverage), "{coverage}");
    // the mean of 2 400 squares of standard normal values: 1, with a standard deviation of 0.03
    assert!((0.88..1.12).contains(&(squares / all)), "{}", squares / all);
}

#[test]
fn a_stream_is_counted_and_the_rest_said() {
    let parameters = default();
    let good = bytes([1, 2, 3, 4], 24, parameters, 0b11);
    let line = |bytes: &[u8]| {
        use base64::Engine as _;
        format!("{{\"report\": \"{}\"}}\n", base64::engine::general_purpose::STANDARD.encode(bytes))
    };
    let count = |input: &[u8]| {
        let mut tally = Tally::new([1, 2, 3, 4], parameters);
        let mut seen = 0;
        read_reports(&mut &*input, None, &mut tally, &mut |count| seen += count).unwrap();
        (tally.reports(), tally.refused().collect::<Vec<_>>(), seen)
    };
    let other = bytes([1, 2, 3, 5], 24, parameters, 0b11);
    let weaker = bytes([1, 2, 3, 4], 24, Parameters::new(32, 2, 7).unwrap(), 0b11);
    let three = bytes([1, 2, 3, 4], 24, parameters, 0b111);
    let binary = [&good[..], &other, &good, &weaker, &three, &good[..5]].concat();
    let refusals = vec![("length", 1), ("mask", 1), ("vocabulary", 1), ("vocabulary_parameters", 1)];
    assert_eq!(count(&binary), (2, refusals, 6));

    let with_id = line(&good).replace('}', ", \"user\": \"u1\"}");
    let long = format!("{{\"report\": \"{}\"}}\n", "A".repeat(5_000));
    let text =
        [&line(&good), "\n", &with_id, "x\n", &long, &line(&good[..21]), line(&good).trim_end()].concat();
    assert_eq!(count(text.as_bytes()), (2, vec![("length", 1), ("line", 3)], 7));
    assert_eq!(count(b""), (0, Vec::new(), 0));
}

#[test]
fn few_reports_are_withheld_and_negative_shares_kept() {
    let draft = draft(16);
    assert_eq!(minimum_cohort(draft.parameters), 800);
    let mut tally = Tally::new([0; 4], draft.parameters);
    tally.add(24, 1 << 3, 799);
    tally.add(25, 1 << 3, 300);
    tally.add(25, 1 << 4, 500);
    let demand = Demand::new(&tally, &draft, minimum_cohort(draft.parameters));
    let [few, enough] = &demand.epochs[..] else { panic!("two epochs") };
    assert!(few.withheld && few.topics.is_empty() && few.reports == 799);
    assert_eq!((enough.from.as_str(), enough.to.as_str()), ("2026-03-25", "2026-06-23"));
    assert_eq!(demand.latest().map(|epoch| epoch.epoch), Some(25));
    // p = 8/23, q = 1/23: a topic that nobody names is estimated at -1/7
    assert!((enough.topics[0].share + 1.0 / 7.0).abs() < 1e-12 && enough.topics[0].shown < 1e-12);
    let sum = |value: fn(&TopicDemand) -> f64| enough.topics.iter().map(value).sum::<f64>();
    assert!((sum(|topic| topic.share) - 1.0).abs() < 1e-9, "the estimates of all topics add up to 1");
    assert!((sum(|topic| topic.shown) - 1.0).abs() < 1e-9);
    assert_eq!(demand.topics[0].label, "none");
    assert_eq!(demand.topics[3].nodes, ["n3"]);
    let text = serde_json::to_string(&demand).unwrap();
    assert_eq!(serde_json::from_str::<Demand>(&text).unwrap(), demand);
}

#[test]
fn the_table_has_a_row_for_each_topic_shown() {
    use crate::input::FileRole;
    use crate::input::parquet::{Table, Want};
    let draft = draft(16);
    let mut tally = Tally::new([0xab; 4], draft.parameters);
    tally.add(24, 1 << 3, 7);
    tally.add(25, 1 << 4, 900);
    let demand = Demand::new(&tally, &draft, 800);
    let table = Table::from_bytes(to_parquet(&demand).unwrap(), FileRole::Counts).unwrap();
    let mut rows = Vec::new();
    let wanted = [("taxonomy_id", Want::Text), ("label", Want::Text), ("share", Want::Number)];
    table
        .read(&wanted, &mut |_| (), &mut |batch| {
            for row in 0..batch.rows() {
                let text = |column| batch.text(column, row).unwrap_or_default().to_owned();
                rows.push((text(0), text(1), batch.number(2, row).unwrap()));
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(rows.len(), 16);
    assert_eq!(rows[4], ("abababab".to_owned(), "topic 4".to_owned(), demand.epochs[1].topics[4].share));
}

#[test]
fn projection_is_the_nearest_point() {
    for (shares, expected) in [
        (vec![0.5, 0.5], vec![0.5, 0.5]),
        (vec![0.9, 0.4, -0.3], vec![0.75, 0.25, 0.0]),
        (vec![2.0, -1.0], vec![1.0, 0.0]),
        (vec![0.2, 0.2, 0.2], vec![1.0 / 3.0; 3]),
    ] {
        let found = project(&shares);
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{shares:?}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a stream holds, every record is counted or refused, and nothing panics.
    #[test]
    fn noise_is_counted_once(input in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mut tally = Tally::new([0; 4], default());
        read_reports(&mut &input[..], Some(ReportFormat::Binary), &mut tally, &mut |_| ()).unwrap();
        let refused: u64 = tally.refused().map(|(_, count)| count).sum();
        prop_assert_eq!(tally.reports() + refused, input.len().div_ceil(24) as u64);
        read_reports(&mut &input[..], Some(ReportFormat::Ndjson), &mut tally, &mut |_| ()).unwrap();
    }

    #[test]
    fn projections_are_shares(shares in proptest::collection::vec(-2.0..2.0, 1..64)) {
        let found = project(&shares);
        prop_assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(found.iter().all(|share| *share >= 0.0));
    }
}
