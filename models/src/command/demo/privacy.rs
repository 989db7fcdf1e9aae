//! What lies on disk: a search for anything readable, and what is left after Off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tastekeeper::PersonalizationLevel;

use super::phone::{Home, Phone};
use super::screen::{Screen, grouped};
use super::shop::Shopper;
use super::summary::CALLS;
use crate::command::failure::Failure;
use crate::command::progress::now;

/// Shorter texts are not searched for: they stand in random bytes by chance.
const SHORTEST: usize = 6;

/// Searches every file of the store for ids and titles. The store's bytes.
pub(super) fn scan_store(
    home: &Home<'_>,
    shopper: &Shopper,
    screen: &mut Screen<'_>,
) -> Result<u64, Failure> {
    screen.heading(8, "What lies on the phone");
    let files = read_folder(&home.store)?;
    for (name, bytes) in &files {
        screen.fact(name, format_args!("{:>9} B", grouped(bytes.len())));
    }
    let total: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let needles = needles(home, shopper);
    let hits: usize = files.iter().map(|(_, bytes)| find(&needles, bytes).len()).sum();
    screen.check(
        "readable ids, titles",
        hits == 0,
        format_args!(
            "hits: {hits}, of {} texts searched in {} files, {} B",
            grouped(needles.values().map(Vec::len).sum::<usize>()),
            files.len(),
            grouped(total)
        ),
    );
    let plain = unsealed(home, shopper);
    let found = find(&needles, plain.as_bytes()).len();
    screen.check(
        "can the search fail?",
        found > 0,
        format_args!("the same history unsealed, {} B: hits: {}", grouped(plain.len()), grouped(found)),
    );
    let keys = read_folder(&home.keys)?;
    screen.fact(
        "keys",
        format_args!("{} files in another folder; on a phone the Keystore or Keychain has them", keys.len()),
    );
    Ok(u64::try_from(total).unwrap_or(u64::MAX))
}

/// Switches to Off and shows what is left.
pub(super) fn switch_off(home: &Home<'_>, phone: &Phone, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let before = (read_folder(&home.store)?, read_folder(&home.keys)?);
    let events = phone.events()?;
    screen.line("");
    screen.note(format_args!("{CALLS} more looks, timed for chapter 9; then the shopper chooses Off:"));
    let start = now();
    phone.engine.set_level(PersonalizationLevel::Off, None).map_err(Failure::operation)?;
    let took = start.elapsed();
    let after = (read_folder(&home.store)?, read_folder(&home.keys)?);
    screen.fact(
        "level set to Off",
        format_args!("in {:.1} ms, files and keys on disk", took.as_secs_f64() * 1e3),
    );
    screen.fact("files before", names(&before.0));
    screen.fact("files after", names(&after.0));
    screen.fact("keys before, after", format_args!("{} -> {}", names(&before.1), names(&after.1)));
    let (left, rail) = (phone.events()?, phone.recommend(home.request())?);
    let personal = rail.items.iter().filter(|item| item.source == tastekeeper::Source::Personal).count();
    let gone = |before: &[(String, Vec<u8>)], after: &[(String, Vec<u8>)]| {
        before.iter().filter(|(name, _)| after.iter().all(|(other, _)| other != name)).count()
    };
    let (files, keys) = (gone(&before.0, &after.0), gone(&before.1, &after.1));
    screen.check(
        "nothing is left",
        left == 0 && personal == 0 && files > 0 && keys > 0,
        format_args!(
            "{files} file and {keys} key gone, {events} -> {left} events, {personal} personal items in the rail",
        ),
    );
    Ok(())
}

fn names(files: &[(String, Vec<u8>)]) -> String {
    if files.is_empty() {
        return "none".to_owned();
    }
    files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
}

/// The files of a folder by name, with what is in them.
fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let read = || {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path)?));
        }
        files.sort();
        Ok(files)
    };
    read().map_err(|error: std::io::Error| Failure::operation(format!("{}: {error}", folder.display())))
}

/// Texts by their first bytes.
type Needles = BTreeMap<[u8; 3], Vec<Vec<u8>>>;

/// Every id, title and brand of the catalogue, and every word of the titles of the history.
fn needles(home: &Home<'_>, shopper: &Shopper) -> Needles {
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    for product in &home.shop.products {
        texts.extend([product.id.as_str(), &product.title, &product.brand]);
    }
    for event in &shopper.events {
        texts.extend(home.shop.title(&event.item).split([' ', ',']));
    }
    let mut needles = Needles::new();
    for text in texts.into_iter().filter(|text| text.len() >= SHORTEST) {
        if let Some(start) = text.as_bytes().first_chunk() {
            needles.entry(*start).or_default().push(text.as_bytes().to_vec());
        }
    }
    needles
}

/// Every occurrence of a needle.
fn find<'needles>(needles: &'needles Needles, bytes: &[u8]) -> Vec<&'needles [u8]> {
    let mut found = Vec::new();
    for place in 0..bytes.len() {
        let rest = &bytes[place..];
        let starting = rest.first_chunk().and_then(|start| needles.get(start)).into_iter().flatten();
        found.extend(starting.filter(|needle| rest.starts_with(needle)).map(Vec::as_slice));
    }
    found
}

/// The history as it would lie on disk if it were not sealed.
fn unsealed(home: &Home<'_>, shopper: &Shopper) -> String {
    let mut text = String::new();
    for event in &shopper.events {
        let line = [event.item.as_str(), home.shop.title(&event.item)].join("\t");
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_found() {
        let needles = Needles::from([(*b"sku", vec![b"sku-01".to_vec(), b"sku-02".to_vec()])]);
        assert_eq!(find(&needles, b"..sku-01sku-01,sku-0sku-02").len(), 3);
        assert!(find(&needles, b"sk").is_empty());
    }
}
