//! A training that was stopped and goes on gives the bytes of one that was not.
#![allow(clippy::unwrap_used, missing_docs)]

use tastekeeper_models::dataset::{
    Attribute, AttributeKind, AttributeTable, Dataset, Interaction, InteractionKind, Sequence,
};
use tastekeeper_models::saved;
use tastekeeper_models::train::checkpoint::{CheckpointError, Checkpoints, ResumeError};
use tastekeeper_models::train::embedding::EmbeddingConfig;
use tastekeeper_models::train::{Silent, TrainConfig, TrainError, train, train_resumable};
use tastekeeper_models::trained::TrainedModel;

const ITEMS: u32 = 24;
const EPOCHS: usize = 3;
const MEMBERS: usize = 2;

/// Shoppers walk round a circle of items, each from another start, and buy every third.
fn circle() -> Dataset {
    let kind = |k| if k % 3 == 2 { InteractionKind::Purchase } else { InteractionKind::View };
    let event = |start, k| Interaction { item: (start + k) % ITEMS, kind: kind(k), time_ms: None };
    let walk = |start| Sequence { user: String::new(), events: (0..5).map(|k| event(start, k)).collect() };
    let attribute = |a: u32| Attribute { kind: AttributeKind::Brand, name: a.to_string(), parent: None };
    Dataset {
        items: (0..ITEMS).map(|i| format!("item {i:02}")).collect(),
        sequences: (0..240).map(|s| walk(s % ITEMS)).collect(),
        attributes: AttributeTable {
            entries: (0..4).map(attribute).collect(),
            of_item: (0..ITEMS).map(|i| vec![i / 8]).collect(),
        },
    }
}

fn config() -> TrainConfig {
    let embedding = EmbeddingConfig {
        dim: 16,
        epochs: EPOCHS,
        members: MEMBERS,
        batch: 64,
        negatives: 32,
        learning_rate: 0.02,
        ..Default::default()
    };
    TrainConfig { tuning_budget: 16, embedding: Some(embedding), ..TrainConfig::default() }
}

fn bytes(model: &TrainedModel) -> Vec<u8> {
    saved::to_bytes(model, None).unwrap()
}

/// The checkpoints of a whole training.
fn all_checkpoints() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut keep = |bytes: &[u8]| {
        all.push(bytes.to_vec());
        Ok(())
    };
    train_resumable(&circle(), &config(), &mut Silent, &mut Checkpoints::new(None, &mut keep)).unwrap();
    all
}

fn go_on(from: Vec<u8>, log: &Dataset, config: &TrainConfig) -> Result<(Vec<u8>, Vec<Vec<u8>>), ResumeError> {
    let mut left = Vec::new();
    let mut keep = |bytes: &[u8]| {
        left.push(bytes.to_vec());
        Ok(())
    };
    let (model, _) = train_resumable(log, config, &mut Silent, &mut Checkpoints::new(Some(from), &mut keep))?;
    Ok((bytes(&model), left))
}

#[test]
fn from_every_checkpoint_the_same_bytes_come_out() {
    let log = circle();
    let (whole, report) = train(&log, &config(), &mut Silent).unwrap();
    let checkpoints = all_checkpoints();
    assert_eq!(checkpoints.len(), MEMBERS * EPOCHS, "after tuning, and after every epoch but the last");
    for (at, checkpoint) in checkpoints.iter().enumerate() {
        let (found, left) = go_on(checkpoint.clone(), &log, &config()).unwrap();
        assert!(found == bytes(&whole), "checkpoint {at}");
        assert!(left == checkpoints[at + 1..], "checkpoint {at}: it goes on as before");
        // what tuning chose and saw comes from the checkpoint
        let mut none = |_: &[u8]| Ok(());
        let mut from = Checkpoints::new(Some(checkpoint.clone()), &mut none);
        assert_eq!(train_resumable(&log, &config(), &mut Silent, &mut from).unwrap().1, report);
    }
}

#[test]
fn a_write_that_fails_stops_the_training() {
    for fails_at in 0..MEMBERS * EPOCHS {
        let mut written = 0;
        let mut keep = |_: &[u8]| {
            written += 1;
            if written > fails_at { Err(std::io::Error::other("disk full")) } else { Ok(()) }
        };
        let result =
            train_resumable(&circle(), &config(), &mut Silent, &mut Checkpoints::new(None, &mut keep));
        let message = result.unwrap_err().to_string();
        assert_eq!(message, "the checkpoint could not be written: disk full");
    }
}

#[test]
fn damage_is_seen_wherever_it_is() {
    let log = circle();
    let whole = all_checkpoints().remove(2);
    let damaged = |bytes: Vec<u8>| match go_on(bytes, &log, &config()) {
        Err(ResumeError::Checkpoint(error)) => error,
        other => panic!("{other:?}"),
    };
    for at in (0..whole.len()).step_by(997).chain([8, 71, 72, whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let error = damaged(bytes);
        let expected = if at < 8 { "not a checkpoint" } else { "damaged" };
        assert!(error.to_string().contains(expected), "byte {at}: {error}");
    }
    for length in [8, 71, 72, 500, whole.len() - 1] {
        assert!(matches!(damaged(whole[..length].to_vec()), CheckpointError::Damaged), "{length}");
    }
    for other in [&b""[..], b"TKCHECK", b"{\"a\": 1}"] {
        assert!(matches!(damaged(other.to_vec()), CheckpointError::Foreign));
    }
}

#[test]
fn another_log_or_configuration_is_refused_by_name() {
    let checkpoint = all_checkpoints().remove(1);
    let refused = |log: &Dataset, config: &TrainConfig| match go_on(checkpoint.clone(), log, config) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it went on"),
    };
    let other = TrainConfig { seed: 7, ..config() };
    let message = refused(&circle(), &other);
    assert!(message.starts_with("the checkpoint was made with seed 1, not 7"), "{message}");
    let other = TrainConfig { tuning_budget: 17, ..config() };
    assert!(refused(&circle(), &other).contains("tuning budget 16, not 17"));

    let mut one_event = circle();
    one_event.sequences[100].events[3].item ^= 1;
    let mut one_kind = circle();
    one_kind.sequences[7].events[0].kind = InteractionKind::Cart;
    let mut one_name = circle();
    one_name.items[3].push('x');
    let mut one_attribute = circle();
    one_attribute.attributes.of_item[2] = vec![3];
    for log in [one_event, one_kind, one_name, one_attribute] {
        assert!(refused(&log, &config()).contains("another log"));
    }
    // shoppers are not part of it
    let mut renamed = circle();
    renamed.sequences[0].user = "somebody".to_owned();
    assert!(go_on(checkpoint.clone(), &renamed, &config()).is_ok());
    let empty = Dataset::default();
    let error = go_on(checkpoint.clone(), &empty, &config()).unwrap_err();
    assert!(matches!(error, ResumeError::Train(TrainError::Empty)));
}
