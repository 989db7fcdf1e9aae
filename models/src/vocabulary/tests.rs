use super::*;
use crate::dataset::InteractionKind;
use crate::input::{DatasetBuilder, ItemDescription, UnlistedItems, describe_items};
use crate::shop::{ShopConfig, generate_shop};

/// A log where `shoppers` people touch each of `items` items of every path, brands taking turns.
fn log(paths: &[(&[&str], u32, u32, u32)]) -> Dataset {
    let mut builder = DatasetBuilder::default();
    let mut described = Vec::new();
    for (number, (path, shoppers, items, brands)) in paths.iter().enumerate() {
        for item in 0..*items {
            let id = format!("{number}.{item}");
            for shopper in 0..*shoppers {
                let user = format!("{number}.{shopper}");
                builder.add(&user, &id, InteractionKind::View, None).unwrap();
            }
            let category = path.iter().map(|&node| node.to_owned()).collect();
            let brand = Some(format!("brand {}", item % brands));
            described.push((id, ItemDescription { category, brand, price: None, others: Vec::new() }));
        }
    }
    let mut log = builder.finish();
    let described = described.iter().map(|(id, description)| (id.as_str(), description.clone()));
    describe_items(&mut log, UnlistedItems::Drop, described).unwrap();
    log
}

fn config(topics: u8) -> BuildConfig {
    let floors = Floors { shoppers: 10, items: 4, brands: 2 };
    let names = BTreeMap::new();
    BuildConfig { name: "shop".into(), topics, per_report: 1, ratio: 8, cohort: 5_000, floors, names }
}

fn nodes(built: &Built) -> Vec<&str> {
    built.draft.topics.iter().map(|topic| topic.nodes[0].as_str()).collect()
}

#[test]
fn the_largest_topic_is_split_while_all_keep_their_floors() {
    let log = log(&[
        (&["a", "a-1"], 20, 5, 2),
        (&["a", "a-2"], 15, 5, 2),
        (&["a", "a-3"], 5, 5, 2), // too few shoppers: a's rest, with those of a-4
        (&["a", "a-4"], 6, 5, 2),
        (&["b", "b-1"], 12, 3, 2), // too few items for a topic
        (&["b", "b-2"], 12, 4, 1), // too few brands
        (&["c"], 30, 3, 3),        // no topic at all
    ]);
    let built = build(&log, &config(16)).unwrap();
    assert_eq!(nodes(&built), ["a", "a-1", "a-2", "b"]);
    assert_eq!(built.draft.topics[0].label, "a, other");
    let shoppers: Vec<u64> = built.sizes.iter().map(|size| size.shoppers).collect();
    assert_eq!(shoppers, [11, 20, 15, 24]);
    assert_eq!(built.draft.parameters, Parameters::new(5, 1, 8).unwrap());
    assert_eq!(built.draft.tree, NodeTree::Dashed);
    assert_eq!(sizes(&log, &built.draft), built.sizes);
    let last = log.items.iter().position(|item| item == "6.0").unwrap();
    assert_eq!(built.topic_of_item[last], 0, "c has no topic");
    // with three places a keeps one child and its rest
    assert_eq!(nodes(&build(&log, &config(4)).unwrap()), ["a", "a-1", "b"]);
}

#[test]
fn a_rest_below_its_floors_takes_the_smallest_child_back() {
    let log = log(&[(&["a", "a-1"], 30, 5, 2), (&["a", "a-2"], 12, 5, 2), (&["a", "a-3"], 4, 5, 2)]);
    let built = build(&log, &config(16)).unwrap();
    assert_eq!(nodes(&built), ["a", "a-1"]);
    assert_eq!(built.sizes.iter().map(|size| size.shoppers).collect::<Vec<_>>(), [16, 30]);
}

#[test]
fn sensitive_categories_are_no_topic_and_babies_stand_apart() {
    let mut config = config(16);
    config.names =
        [("x-1", "Wheelchairs"), ("x-2", "Nursing & Baby"), ("x-3", "Shoes"), ("x-4", "Baby Walkers")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into();
    let log = log(&[
        (&["x", "x-1"], 50, 9, 3),
        (&["x", "x-2"], 40, 9, 3),
        (&["x", "x-3"], 30, 9, 3),
        (&["x", "x-4"], 3, 9, 3),    // no topic of its own, and no part of x
        (&["hb", "hb-1"], 50, 9, 3), // health care, by its id
    ]);
    let built = build(&log, &config).unwrap();
    assert_eq!(nodes(&built), ["x-2", "x-3"]);
    assert_eq!(built.draft.topics.iter().map(|topic| topic.guarded).collect::<Vec<_>>(), [true, false]);
    assert_eq!(built.draft.excluded, ["x-1", "x-4", "hb-1"]);
    assert!(built.draft.to_bytes().is_ok());
    let topic = |item: &str| built.topic_of_item[log.items.iter().position(|id| id == item).unwrap()];
    assert_eq!((topic("0.0"), topic("1.0"), topic("2.0"), topic("3.0"), topic("4.0")), (0, 1, 2, 0, 0));
}

#[test]
fn a_generated_shop_gets_a_vocabulary_that_keeps_every_rule() {
    let shop = generate_shop(&ShopConfig { shoppers: 800, ..ShopConfig::default() }).unwrap();
    let names = shop.categories.iter().map(|node| (node.id.clone(), node.name.clone())).collect();
    let floors = Floors { shoppers: 40, ..Floors::standard(800) };
    let built = build(&shop.dataset, &BuildConfig { floors, names, ..config(16) }).unwrap();
    assert_eq!(built.draft.topics.len(), 15);
    assert!(built.sizes.iter().all(|size| floors.hold(size)), "{:?}", built.sizes);
    assert_eq!(VocabularyDraft::parse(&built.draft.to_bytes().unwrap()).unwrap(), built.draft);
    assert_eq!(sizes(&shop.dataset, &built.draft), built.sizes);
    let named: u64 = built.sizes.iter().map(|size| size.items).sum();
    let with_topic = built.topic_of_item.iter().filter(|&&topic| topic != 0).count();
    assert_eq!(named, with_topic as u64);
}

#[test]
fn nothing_to_build_from_is_said() {
    let no_categories = log(&[(&[], 3, 1, 1)]);
    assert_eq!(build(&no_categories, &config(16)).unwrap_err(), BuildError::NoCategories);
    let small = log(&[(&["a"], 3, 1, 1)]);
    assert!(
        build(&small, &config(16)).unwrap_err().to_string().contains("10 shoppers, 4 items and 2 brands")
    );
    assert_eq!(Floors::standard(1_000_000).shoppers, 5_000);
    assert_eq!(Floors::standard(1_000), Floors { shoppers: 1_000, items: 25, brands: 3 });
}
