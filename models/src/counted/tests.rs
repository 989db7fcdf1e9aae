use super::*;
use crate::dataset::AttributeTable;
use crate::input::parquet::sample::{Sample, plain};
use crate::train::transitions::{untuned_blend, untuned_graph};

/// Items x, y, z with vectors that tell them apart and 5, 3, 0 events.
fn model(repeats: bool) -> TrainedModel {
    TrainedModel {
        items: ["x", "y", "z"].map(str::to_owned).to_vec(),
        counts: vec![5, 3, 0],
        attributes: AttributeTable { entries: Vec::new(), of_item: vec![Vec::new(); 3] },
        vectors: ndarray::array![[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]],
        attribute_vectors: Array2::zeros((0, 2)),
        matrix: Array2::eye(2),
        graph: vec![vec![(1, 9.0)], Vec::new(), Vec::new()],
        blend: untuned_blend([1.0; 4], repeats),
    }
}

const PLAIN: &str =
    "required binary source (STRING); optional binary target (STRING); optional double weight;";
const COUNTS: &str = "optional binary item (STRING); optional int64 events;";

fn transitions(rows: &[(&str, &str, f64)]) -> Vec<u8> {
    let schema = PLAIN.replace("required", "optional");
    let sources: Vec<_> = rows.iter().map(|row| Some(row.0)).collect();
    let targets: Vec<_> = rows.iter().map(|row| Some(row.1)).collect();
    let weights: Vec<_> = rows.iter().map(|row| Some(row.2)).collect();
    plain(&schema, &[Sample::Text(&sources), Sample::Text(&targets), Sample::Double(&weights)])
}

fn with_sums(rows: &[(&str, &str, f64, f64)]) -> Vec<u8> {
    let schema = format!("{} optional double row_sum;", PLAIN.replace("required", "optional"));
    let sources: Vec<_> = rows.iter().map(|row| Some(row.0)).collect();
    let targets: Vec<_> = rows.iter().map(|row| Some(row.1)).collect();
    let weights: Vec<_> = rows.iter().map(|row| Some(row.2)).collect();
    let sums: Vec<_> = rows.iter().map(|row| Some(row.3)).collect();
    let columns =
        [Sample::Text(&sources), Sample::Text(&targets), Sample::Double(&weights), Sample::Double(&sums)];
    plain(&schema, &columns)
}

fn counts(rows: &[(&str, i64)]) -> Vec<u8> {
    let items: Vec<_> = rows.iter().map(|row| Some(row.0)).collect();
    let events: Vec<_> = rows.iter().map(|row| Some(row.1)).collect();
    plain(COUNTS, &[Sample::Text(&items), Sample::Int64(&events)])
}

fn put(
    unknown: UnknownItems,
    repeats: bool,
    edges: Vec<u8>,
    events: Option<Vec<u8>>,
) -> Result<(TrainedModel, Taken), CountedError> {
    let model = model(repeats);
    let mut out = Counts::new(&model, unknown);
    if let Some(events) = events {
        out.counts(&Table::from_bytes(events, FileRole::Counts)?, &mut |_| ())?;
    }
    out.transitions(&Table::from_bytes(edges, FileRole::Transitions)?, &mut |_| ())?;
    out.put_into(model, 2, 0.5, 0.2)
}

#[test]
fn rows_are_scaled_cut_and_ranked_anew() {
    let edges = transitions(&[("x", "z", 1.0), ("y", "x", 4.0), ("x", "y", 3.0)]);
    let events = counts(&[("z", 7), ("x", 2), ("y", 2)]);
    let (model, taken) = put(UnknownItems::Refuse, false, edges, Some(events)).unwrap();
    assert_eq!(model.items, ["z", "x", "y"]);
    assert_eq!(model.counts, [7, 2, 2]);
    assert_eq!(model.vectors, ndarray::array![[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
    assert_eq!(taken, Taken { edges: 3, added: 0, left_out: 0, with_transitions: 2 });
    // both row sums are 4; to the power .5 both are 2, and so is their mean: S is divided by 2, then scaled by 1 / 2
    let t = |count: f32| (1.0 + count / 4.0 / 0.2).ln();
    let expected = [vec![], vec![(2, t(3.0)), (0, t(1.0))], vec![(1, t(4.0))]];
    for (row, expected) in model.graph.iter().zip(expected) {
        assert_eq!(row.len(), expected.len());
        for (edge, expected) in row.iter().zip(expected) {
            assert!(edge.0 == expected.0 && (edge.1 - expected.1).abs() < 1e-6, "{edge:?} {expected:?}");
        }
    }
}

#[test]
fn a_row_that_was_cut_keeps_its_sum() {
    let whole = transitions(&[("x", "y", 3.0), ("x", "z", 1.0), ("y", "x", 1.0)]);
    let cut = || with_sums(&[("x", "y", 3.0, 4.0), ("y", "x", 1.0, 1.0)]);
    let weight = |edges| put(UnknownItems::Refuse, false, edges, None).unwrap().0.graph[0][0];
    assert_eq!(weight(whole), weight(cut()));
    // without the sum what was cut off would be missing from the scale
    let short = weight(transitions(&[("x", "y", 3.0), ("y", "x", 1.0)]));
    assert!((short.1 - weight(cut()).1).abs() > 0.01);
}

#[test]
fn unknown_items_are_refused_left_out_or_added() {
    let edges = || transitions(&[("x", "new", 3.0), ("x", "y", 1.0), ("new", "y", 2.0)]);
    let events = || Some(counts(&[("new", 4), ("x", 5), ("y", 3)]));
    let error = put(UnknownItems::Refuse, false, edges(), events()).unwrap_err();
    assert!(matches!(error, CountedError::UnknownItems { items: 1 }), "{error}");
    let (model, taken) = put(UnknownItems::Skip, false, edges(), events()).unwrap();
    assert_eq!((model.items.len(), taken.left_out, taken.edges), (3, 1, 1));
    let (model, taken) = put(UnknownItems::Add, false, edges(), events()).unwrap();
    assert_eq!((taken.added, taken.left_out, taken.edges), (1, 0, 3));
    assert_eq!(model.items, ["x", "new", "y", "z"]);
    assert_eq!(model.counts, [5, 4, 3, 0]);
    assert!(model.vectors.row(1).iter().all(|value| *value == 0.0));
    assert_eq!((model.graph[0][0].0, model.graph[1][0].0), (1, 2));
    assert_eq!(model.attributes.of_item.len(), 4);
}

#[test]
fn tables_that_cannot_be_say_what_to_do() {
    let message = |edges, events| put(UnknownItems::Add, false, edges, events).unwrap_err().to_string();
    let fine = || transitions(&[("x", "y", 1.0)]);
    for (weight, part) in
        [(0.0, "a number above 0"), (-1.0, "a number above 0"), (f64::NAN, "a finite number")]
    {
        let found = message(transitions(&[("y", "x", 1.0), ("x", "y", weight)]), None);
        assert!(found.starts_with("transitions, row 2, column `weight`") && found.contains(part), "{found}");
    }
    let twice = message(transitions(&[("x", "y", 1.0), ("x", "y", 2.0)]), None);
    assert_eq!(twice, "transitions: 1 pairs of items have more than one row; group by source and target");
    let sums = message(with_sums(&[("x", "y", 1.0, 2.0), ("x", "z", 1.0, 3.0)]), None);
    assert!(sums.contains("row 2, column `row_sum`: expected one row_sum"), "{sums}");
    let itself = message(transitions(&[("x", "x", 1.0)]), None);
    assert!(itself.contains("p_repeats = false"), "{itself}");
    assert!(put(UnknownItems::Add, true, transitions(&[("x", "x", 1.0)]), None).is_ok());
    assert!(message(transitions(&[("a", "b", 1.0)]), None).starts_with("no counted item is in the model"));
    assert!(message(fine(), Some(counts(&[("x", 1), ("x", 2)]))).contains("group by item"));
    assert!(message(fine(), Some(counts(&[("x", -1)]))).contains("a whole number of events"));
    let missing = message(counts(&[("x", 1)]), None);
    assert!(missing.contains("`source`"), "{missing}");
}

#[test]
fn what_the_builder_counted_gives_the_model_it_trains() {
    // the builder's own rows, by id and in another order, give the graph that training would have made
    let rows = [("x", "y", 2.5), ("x", "z", 0.5), ("y", "z", 1.25), ("z", "x", 3.0)];
    let (model, _) = put(UnknownItems::Refuse, false, transitions(&rows), None).unwrap();
    let built = [vec![(1, 2.5), (2, 0.5)], vec![(2, 1.25)], vec![(0, 3.0)]];
    let counted =
        Counted::of_rows(built.map(|row| (row.clone(), row.iter().map(|e| f64::from(e.1)).sum())), 2);
    assert_eq!(model.graph, counted.into_transitions(0.5, 0.2));
    assert!(untuned_graph().alpha > 0.0);
}
