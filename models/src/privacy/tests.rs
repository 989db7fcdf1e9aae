use super::*;
use crate::dataset::{InteractionKind, Sequence};

fn log(histories: &[&[u32]], items: usize) -> Dataset {
    let event = |&item: &u32| Interaction { item, kind: InteractionKind::View, time_ms: None };
    Dataset {
        items: (0..items).map(|item| item.to_string()).collect(),
        sequences: histories
            .iter()
            .map(|history| Sequence { user: String::new(), events: history.iter().map(event).collect() })
            .collect(),
        attributes: Default::default(),
    }
}

#[test]
fn slots_are_the_last_distinct_items_with_a_topic() {
    let topics = [1, 2, 0, 3, 1, 1, 1, 1, 1, 1, 2];
    let log = log(&[&[0, 1, 2, 1, 3], &[], &[10, 0, 4, 5, 6, 7, 8, 9, 3, 1]], 11);
    let found = slots(&log, &topics);
    assert_eq!(found.now[0], [3, 2, 1, 0, 0, 0, 0, 0]);
    assert_eq!(found.before[0], [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(found.now[1], [0; 8]);
    assert_eq!(found.now[2], [2, 3, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn errors_are_as_wide_as_the_interval_says() {
    let parameters = Parameters::new(32, 2, 8).unwrap();
    // 62 kinds of shoppers, each topic but 0 with two of them
    let slots: Vec<SlotTopics> = (0_u8..62).map(|kind| [kind % 31 + 1; 8]).collect();
    let row = error(&slots, parameters, 1_000, 40, 3);
    // a share of 1/31 makes a little more noise than none
    assert!((0.9..1.25).contains(&(row.error_points * 1.96 / row.half_width_points)), "{row:?}");
    assert!((0.92..0.98).contains(&row.coverage), "{row:?}");
    assert!((row.half_width_points - 4.7).abs() < 0.1);
    let weak = error(&slots, Parameters::new(32, 2, 2).unwrap(), 1_000, 40, 3);
    assert!(weak.error_points > 3.0 * row.error_points, "{weak:?}");
}

#[test]
fn slots_without_noise_are_found_and_masks_are_not() {
    let parameters = Parameters::new(32, 2, 8).unwrap();
    let mut draws = Simulated::new(9);
    let mut shopper = || std::array::from_fn(|_| u8::try_from(1 + draws.index(31)).unwrap());
    let now: Vec<SlotTopics> = (0..3_000).map(|_| shopper()).collect();
    let mut before = now.clone();
    before.iter_mut().for_each(|slots| slots[0] = 0);
    let found = attack(&Slots { now, before }, parameters, 400, 1);
    assert!(found.unique_slots > 0.95 && found.linked_slots > 0.95 && found.known_slots > 0.95, "{found:?}");
    assert!(found.unique_masks < 0.01, "{found:?}");
    assert!(found.linked_masks < 5.0 * found.chance && found.known_masks < 10.0 * found.chance, "{found:?}");
    assert_eq!((found.shoppers, found.chance), (400, 1.0 / 400.0));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let config = MeasureConfig::default();
    let refused = |log: &Dataset, config: &MeasureConfig| {
        measure(log, config, &mut crate::train::Silent).unwrap_err().to_string()
    };
    assert!(refused(&log(&[], 2), &config).contains("no shopper"));
    let bare = log(&[&[0, 1]], 2);
    assert!(refused(&bare, &config).contains("categor"), "{}", refused(&bare, &config));
    let mut described = bare;
    described.attributes.entries =
        vec![crate::dataset::Attribute { kind: AttributeKind::Other, name: "x".to_owned(), parent: None }];
    described.attributes.of_item = vec![vec![0], vec![]];
    let config = MeasureConfig { per_report: 17, ..config };
    assert!(refused(&described, &config).starts_with("per_report: 17 of 32"));
}
