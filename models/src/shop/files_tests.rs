//! Files come back as they were written, and what is wrong with a catalogue is named.

use super::super::{ShopConfig, generate_shop};
use super::*;
use crate::input::{UnlistedItems, describe_items, read_log};

fn small() -> Shop {
    let config = ShopConfig { products: 600, shoppers: 60, ..ShopConfig::default() };
    generate_shop(&config).unwrap()
}

#[test]
fn files_read_back_give_the_same_data_set() {
    let shop = small();
    let folder = tempfile::tempdir().unwrap();
    shop.write_to(folder.path()).unwrap();
    let products = read_catalog(&folder.path().join(CATALOG_FILE), &mut |_| ()).unwrap();
    assert_eq!(products, shop.products);
    let mut dataset = read_log(&folder.path().join(LOG_FILE), &log_format(), &mut |_| ()).unwrap();
    let described = products.iter().map(|product| (product.id.as_str(), product.description()));
    describe_items(&mut dataset, UnlistedItems::Drop, described).unwrap();
    assert_eq!(dataset, shop.dataset);
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE]);
    let personas = std::fs::read_to_string(folder.path().join(PERSONAS_FILE)).unwrap();
    let personas: Value = serde_json::from_str(&personas).unwrap();
    assert_eq!(personas[0]["events"][0]["item"].as_str().unwrap().len(), "sku-00042".len());
}

#[test]
fn files_are_the_same_to_the_byte() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    small().write_to(one.path()).unwrap();
    small().write_to(two.path()).unwrap();
    for name in [CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE] {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(&one), read(&two), "{name}");
    }
}

#[test]
fn a_seed_stands_for_the_same_shop_in_every_release() {
    // FNV-1a over the files. A change here changes every demo and every measurement made on a generated shop.
    let folder = tempfile::tempdir().unwrap();
    small().write_to(folder.path()).unwrap();
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for name in [CATALOG_FILE, CATEGORIES_FILE, LOG_FILE, PERSONAS_FILE] {
        for byte in std::fs::read(folder.path().join(name)).unwrap() {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(format!("{digest:016x}"), "06dfbe8d8279d400");
}

const GOOD: &str = r#"{"id":"sku-1","title":"Lamp","category":["hg","hg-3"],"brand":"Norvanne","price":19.95,"currency":"EUR","availability":"in_stock","created_at_ms":1700000000000,"group_id":null,"attributes":{"colour":"red","watts":7}}"#;

fn message(line: &str) -> String {
    let text = format!("{GOOD}\r\n\n{line}\n");
    read_catalog_from(text.as_bytes(), &mut |_| ()).unwrap_err().to_string()
}

#[test]
fn a_catalogue_line_is_read() {
    let products = read_catalog_from(GOOD.as_bytes(), &mut |_| ()).unwrap();
    assert_eq!(products[0].attributes["watts"], "7");
    assert_eq!(products[0].group_id, None);
}

#[test]
fn what_is_wrong_with_a_catalogue_is_named() {
    for (from, to, expected) in [
        (
            "\"id\":\"sku-1\",",
            "",
            "column `id`: expected an id of 1 to 256 bytes without control characters, found no such field",
        ),
        (
            "\"sku-1\"",
            "\"\"",
            "column `id`: expected an id of 1 to 256 bytes without control characters, found nothing",
        ),
        (
            "\"sku-1\"",
            "7",
            "column `id`: expected an id of 1 to 256 bytes without control characters, found a whole number",
        ),
        ("19.95", "\"19.95\"", "column `price`: expected a number of at least 0, found text of 5 bytes"),
        ("19.95", "-1", "column `price`: expected a number of at least 0, found a whole number"),
        (
            "EUR",
            "euro",
            "column `currency`: expected a code of three capital letters such as EUR, found text of 4 bytes",
        ),
        (
            "in_stock",
            "yes",
            "column `availability`: expected in_stock or out_of_stock, found text of 3 bytes",
        ),
        (
            "1700000000000",
            "1.5",
            "column `created_at_ms`: expected milliseconds since 1970, found a decimal number",
        ),
        (
            "[\"hg\",\"hg-3\"]",
            "\"hg\"",
            "column `category`: expected a list of category ids, root first, found text of 2 bytes",
        ),
        (
            "{\"colour\":\"red\",\"watts\":7}",
            "[1]",
            "column `attributes`: expected an object of texts, numbers or booleans, found a list of 1",
        ),
        (
            "\"group_id\":null",
            "\"group\":1",
            "column `group`: expected only id, title, category, brand, price, currency, availability, created_at_ms, group_id and attributes, found a whole number",
        ),
    ] {
        assert!(GOOD.contains(from));
        assert_eq!(message(&GOOD.replace(from, to)), format!("catalogue, line 3, {expected}"));
    }
    assert_eq!(message(GOOD), "catalogue, line 3: this item was described before");
    assert!(
        message("{\"id\":").starts_with("catalogue, line 3, column 6: expected a well-formed json object")
    );
    assert_eq!(message("[]"), "catalogue, line 3, column `product`: expected an object, found a list of 0");
}
