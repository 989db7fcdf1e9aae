//! A pack that was verified before is not verified again, and nothing else gets in that way: any other file is verified as if it
//! were new. A file that changes under the engine gives wrong answers and no harm.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tastekeeper::layout::{self, header};
use tastekeeper::model::{Model, ModelProblem, PublicKey};
use tastekeeper::mutants::{Mutant, with};
use tastekeeper::{
    Config, Context, Error, Event, Filter, PersonalizationLevel as Level, RecommendationKind, Recommender,
    Request, Retrieval,
};
use tastekeeper_models::pack::{PackOptions, SigningKey, write_pack};
use tastekeeper_tests::phone::{
    ITEMS, Phone, brand, catalogue, category, consent, item, sample_model, sample_pack, signing_key, view,
};

/// A pack of the sample shop on a disk.
struct Shelf {
    folder: tempfile::TempDir,
    phone: Phone,
}

impl Shelf {
    fn new() -> Self {
        let shelf = Self { folder: tempfile::tempdir().unwrap(), phone: Phone::new() };
        shelf.put(&sample_pack(1));
        shelf
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("shop.tkpack")
    }

    /// Puts another file in the place of the pack, as a host should.
    fn put(&self, bytes: &[u8]) {
        let new = self.folder.path().join("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(new, self.path()).unwrap();
    }

    /// The engine, opened anew on this phone, with these keys.
    fn open_with(&self, keys: &[&SigningKey]) -> Recommender {
        let model_keys = keys.iter().map(|key| key.public_key_text()).collect();
        Recommender::open(Config { model_keys, ..Phone::config() }, self.phone.platform()).unwrap()
    }

    /// Loads what lies there into an engine that was just opened.
    fn load_with(&self, keys: &[&SigningKey]) -> Result<(), ModelProblem> {
        match self.open_with(keys).load_model(&self.path()) {
            Ok(_) => Ok(()),
            Err(Error::ModelInvalid { problem }) => Err(problem),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn load(&self) -> Result<(), ModelProblem> {
        self.load_with(&[&signing_key()])
    }

    /// Whether the fingerprint alone lets a file in: one that is damaged where only a verification would see it. The file that
    /// lies there is put back.
    fn is_known(&self) -> bool {
        let bytes = fs::read(self.path()).unwrap();
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        self.put(&damaged);
        let opens = with(Mutant::AcceptAnyFingerprint, || self.load().is_ok());
        self.put(&bytes);
        opens
    }
}

/// What a verification says of the bytes.
fn verified(bytes: &[u8], keys: &[PublicKey]) -> ModelProblem {
    Model::open(bytes, keys).unwrap_err()
}

fn second_key() -> SigningKey {
    SigningKey::from_random(&[99; 40])
}

/// One byte in each part of a pack, and in the middle and at the end of each section.
fn places(pack: &[u8]) -> Vec<usize> {
    let number =
        |at: usize| usize::try_from(u64::from_le_bytes(pack[at..at + 8].try_into().unwrap())).unwrap();
    let sections = u32::from_le_bytes(pack[header::SECTION_COUNT..][..4].try_into().unwrap()) as usize;
    let mut places: Vec<usize> = (0..layout::HEADER_BYTES + sections * layout::ENTRY_BYTES).collect();
    for section in 0..sections {
        let entry = layout::HEADER_BYTES + section * layout::ENTRY_BYTES;
        let (start, length) = (number(entry + 8), number(entry + 16));
        places.extend([start, start + length / 2, start + length - 1]);
    }
    places.extend(pack.len() - layout::TRAILER_BYTES..pack.len());
    places
}

#[test]
fn a_pack_is_known_after_it_was_verified_once() {
    let shelf = Shelf::new();
    assert!(!shelf.is_known());
    shelf.load().unwrap();
    assert!(shelf.is_known());
    shelf.load().unwrap();
    let bytes = fs::read(shelf.path()).unwrap();
    let from_memory = shelf.open_with(&[&signing_key()]).load_model_bytes(&bytes).unwrap();
    let verified = Model::open(&bytes, &[signing_key().public_key()]).unwrap();
    assert_eq!(from_memory, *verified.info());
}

/// Damages the installed pack at each of the places and says for how many the answer is not a verification's.
fn wrongly_answered() -> usize {
    let shelf = Shelf::new();
    shelf.load().unwrap();
    let pack = sample_pack(1);
    let keys = [signing_key().public_key()];
    let wrong = |at: &usize| {
        let mut damaged = pack.clone();
        damaged[*at] ^= 4;
        shelf.put(&damaged);
        shelf.load() != Err(verified(&damaged, &keys))
    };
    places(&pack).iter().filter(|at| wrong(at)).count()
}

#[test]
fn a_changed_byte_anywhere_is_verified_and_refused() {
    assert_eq!(wrongly_answered(), 0);
}

#[test]
fn a_fingerprint_that_is_not_asked_is_caught() {
    assert!(with(Mutant::AcceptAnyFingerprint, wrongly_answered) > 0);
}

#[test]
fn another_length_is_refused() {
    let shelf = Shelf::new();
    shelf.load().unwrap();
    let pack = sample_pack(1);
    for length in [0, 5, 64, pack.len() / 2, pack.len() - 1] {
        shelf.put(&pack[..length]);
        let refused = shelf.load().unwrap_err();
        let expected = if length < 6 { ModelProblem::NotAPack } else { ModelProblem::Truncated };
        assert_eq!(refused, expected, "{length} bytes");
    }
    shelf.put(&[&pack[..], &[0]].concat());
    assert_eq!(shelf.load(), Err(ModelProblem::TrailingBytes));
    shelf.put(&pack);
    assert!(shelf.is_known(), "what was refused was not remembered");
}

#[test]
fn a_key_that_was_taken_out_of_the_configuration_opens_nothing() {
    let shelf = Shelf::new();
    shelf.load().unwrap();
    for mutant in [None, Some(Mutant::AcceptAnyFingerprint)] {
        let load = || shelf.load_with(&[&second_key()]);
        let refused = mutant.map_or_else(load, |mutant| with(mutant, load));
        assert_eq!(refused, Err(ModelProblem::UnknownKey));
    }
}

#[test]
fn a_pack_that_another_key_signed_is_verified_and_known_from_then_on() {
    let shelf = Shelf::new();
    shelf.load().unwrap();
    let options = PackOptions { model_id: "sample".into(), pack_version: 1, ..PackOptions::default() };
    shelf.put(&write_pack(&sample_model(), &options, &second_key()).unwrap());
    assert_eq!(shelf.load(), Err(ModelProblem::UnknownKey));
    shelf.load_with(&[&signing_key(), &second_key()]).unwrap();
    assert_eq!(shelf.load(), Err(ModelProblem::UnknownKey), "known, under a key that is not trusted");
    shelf.load_with(&[&second_key()]).unwrap();
}

#[test]
fn a_newer_version_takes_the_place_of_an_older_one() {
    let shelf = Shelf::new();
    shelf.load().unwrap();
    shelf.put(&sample_pack(2));
    shelf.load().unwrap();
    assert!(shelf.is_known());
    shelf.put(&sample_pack(1));
    assert_eq!(shelf.load(), Err(ModelProblem::OlderThanInstalled { installed: 2, offered: 1 }));
}

#[test]
fn a_pack_is_used_also_where_it_cannot_be_remembered() {
    let shelf = Shelf::new();
    let shop = shelf.open_with(&[&signing_key()]);
    // Its version is known, its fingerprint is not: that another recommender opened it leaves no file to know again.
    shop.install_model(Model::open(&sample_pack(1), &[signing_key().public_key()]).unwrap().into()).unwrap();
    shelf.phone.random.fail(true);
    shop.load_model(&shelf.path()).unwrap();
    shelf.phone.random.fail(false);
    assert!(!shelf.is_known());
    shop.load_model(&shelf.path()).unwrap();
    assert!(shelf.is_known());
}

#[test]
fn a_pack_that_was_replaced_stays_in_use_until_another_is_loaded() {
    let shelf = Shelf::new();
    let shop = shelf.open_with(&[&signing_key()]);
    shop.load_model(&shelf.path()).unwrap();
    let answer = |shop: &Recommender| {
        let request = Request::new(RecommendationKind::RelatedTo(item(3))).seed(1);
        shop.recommend(request).unwrap().items
    };
    let before = answer(&shop);
    shelf.put(b"something else");
    assert_eq!(answer(&shop), before);
    assert!(shop.load_model(&shelf.path()).is_err());
    assert_eq!(answer(&shop), before);
    fs::remove_file(shelf.path()).unwrap();
    assert_eq!(answer(&shop), before);
}

/// Everything that reads the model.
fn ask_for_everything(shop: &Recommender) {
    use RecommendationKind::{
        BoughtWith, BuyAgain, ForYou, NewArrivals, RecentlyViewed, RelatedTo, Trending,
    };
    let kinds = [
        ForYou,
        RelatedTo(item(3)),
        BoughtWith(vec![item(1), item(2)]),
        RecentlyViewed,
        BuyAgain,
        Trending(None),
        Trending(Some(category(1))),
        NewArrivals(Some(category(0))),
    ];
    let filters = [
        Filter::All(Vec::new()),
        Filter::Any(vec![Filter::InCategory(vec![category(1)]), Filter::Brand(vec![brand(1)])]),
    ];
    for kind in kinds {
        for filter in &filters {
            for retrieval in [Retrieval::default(), Retrieval::Linked] {
                let request = Request {
                    filter: filter.clone(),
                    diversity: Some(0.3),
                    retrieval,
                    ..Request::new(kind.clone()).seed(1)
                };
                let answer = shop.recommend(request).unwrap();
                for found in &answer.items {
                    let _ = shop.explain(&answer.recommendation_id, &found.item_id);
                }
                let _ = shop.recommend_next(&answer.recommendation_id, 5);
            }
        }
    }
    let ids: Vec<String> = (0..ITEMS).map(item).collect();
    shop.rerank(&ids, Context { item: Some(item(4)), category: Some(category(2)), ..Context::default() })
        .unwrap();
    shop.recommend_categories(5).unwrap();
    shop.track(view(7)).unwrap();
    shop.upsert_items(catalogue(3)).unwrap();
    shop.recommend(Request::new(ForYou).seed(2)).unwrap();
    shop.profile().unwrap();
    shop.export_data().unwrap();
    let _ = shop.forget(tastekeeper::Forget::Category(category(1)));
}

/// Loads `pack` as if its fingerprint were right, and asks for everything.
fn use_unverified(installed: &[u8], pack: &[u8], keys: &[String], folder: &Path) {
    let phone = Phone::new();
    let config = Config { model_keys: keys.to_vec(), ..Phone::config() };
    let shop = Recommender::open(config, phone.platform()).unwrap();
    let path = folder.join("pack");
    fs::write(&path, installed).unwrap();
    shop.load_model(&path).unwrap();
    shop.set_level(Level::OnDevice, Some(&consent())).unwrap();
    let events = (0..20).map(view).chain([Event::add_to_cart(item(5)), Event::purchase([item(6), item(7)])]);
    shop.track_all(events.collect()).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, pack).unwrap();
    // Where a damaged part is read when the pack is opened, it is refused as ever.
    let _ = with(Mutant::AcceptAnyFingerprint, || shop.load_model(&path));
    ask_for_everything(&shop);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a file that was overwritten in place would show the engine: anything, at any time, after it was verified.
    #[test]
    fn contents_that_nobody_checked_do_no_harm(
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200),
        fill: Option<u8>,
        large: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let fixture = |name| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pack-v1").join(name)).unwrap();
        let (installed, key) = if large {
            (sample_pack(1), signing_key().public_key_text())
        } else {
            (fixture("small.tkpack"), String::from_utf8(fixture("key.pub")).unwrap())
        };
        let mut pack = installed.clone();
        // Behind what opening reads: header, table, info and parameters.
        let sections = u32::from_le_bytes(pack[header::SECTION_COUNT..][..4].try_into().unwrap()) as usize;
        let third = layout::HEADER_BYTES + 2 * layout::ENTRY_BYTES + 8;
        let start = u64::from_le_bytes(pack[third..third + 8].try_into().unwrap());
        prop_assert!(sections > 8);
        let end = pack.len();
        let contents = &mut pack[usize::try_from(start).unwrap()..end];
        if let Some(byte) = fill {
            let from = contents.len() / 2;
            contents[from..].fill(byte);
        }
        for (at, byte) in hits {
            let at = at.index(contents.len());
            contents[at] = byte;
        }
        use_unverified(&installed, &pack, &[key], folder.path());
    }
}
