//! A topic as two shares of a Prio3 histogram, as draft-irtf-cfrg-vdaf-08, section 7, shards it.
//!
//! Enters: a bucket, a nonce and 80 random bytes. Leaves: the encoded shares. Must never ask for randomness: the crate `prio`
//! shards only with the system's, so the sharding stands here, on that crate's field, proof and hash, and is held against
//! the draft's test vector.

use prio::codec::Encode;
use prio::field::Field128;
use prio::flp::Type;
use prio::flp::gadgets::{Mul, ParallelSum};
use prio::flp::types::Histogram;
use prio::vdaf::xof::{IntoFieldVec, Xof, XofTurboShake128};

use crate::error::{Error, Result};

const SEED_BYTES: usize = 16;
/// Random bytes of one split: five seeds.
pub(super) const SEEDS_BYTES: usize = 5 * SEED_BYTES;

/// The version of the draft, the class "VDAF" and the number of `Prio3Histogram`, as every hash begins.
const PRIO3_HISTOGRAM: [u8; 6] = [8, 0, 0, 0, 0, 3];
const PROOFS: u8 = 1;
const LEADER: u8 = 0;
const HELPER: u8 = 1;

/// What a hash is for.
#[derive(Clone, Copy)]
enum Usage {
    MeasurementShare = 1,
    ProofShare = 2,
    JointRandomness = 3,
    ProveRandomness = 4,
    JointRandomnessSeed = 6,
    JointRandomnessPart = 7,
}

type Seed = [u8; SEED_BYTES];

/// The encoded shares.
pub(super) struct Halves {
    pub(super) public: Vec<u8>,
    pub(super) leader: Vec<u8>,
    pub(super) helper: Vec<u8>,
}

fn hash(seed: &Seed, usage: Usage, binder: &[u8]) -> XofTurboShake128 {
    let mut tag = [0; 8];
    tag[..6].copy_from_slice(&PRIO3_HISTOGRAM);
    tag[7] = usage as u8;
    let mut hash = XofTurboShake128::init(seed, &tag);
    hash.update(binder);
    hash
}

fn field_elements(seed: &Seed, usage: Usage, binder: &[u8], count: usize) -> Vec<Field128> {
    hash(seed, usage, binder).into_seed_stream().into_field_vec(count)
}

fn subtract(from: &mut [Field128], what: Vec<Field128>) {
    for (left, right) in from.iter_mut().zip(what) {
        *left -= right;
    }
}

fn encode(elements: &[Field128]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    elements.iter().try_for_each(|element| element.encode(&mut bytes)).map_err(internal)?;
    Ok(bytes)
}

/// One party's part of the randomness that the proof is checked with.
fn joint_part(blind: &Seed, party: u8, nonce: &[u8], share: &[u8]) -> Seed {
    *hash(blind, Usage::JointRandomnessPart, &[&[party], nonce, share].concat()).into_seed().as_ref()
}

/// Splits `bucket` of `length` into shares for a leader and a helper. The five seeds are, in order: the helper's measurement
/// share, its proof share, its blind, the leader's blind, and the proof's own randomness.
pub(super) fn split(
    length: usize,
    chunk_length: usize,
    bucket: usize,
    nonce: &[u8],
    seeds: &[u8; SEEDS_BYTES],
) -> Result<Halves> {
    // `prio` panics on such a bucket.
    if bucket >= length {
        return Err(internal(bucket));
    }
    let seed = |number: usize| {
        let mut seed: Seed = [0; SEED_BYTES];
        seed.copy_from_slice(&seeds[number * SEED_BYTES..(number + 1) * SEED_BYTES]);
        zeroize::Zeroizing::new(seed)
    };
    let [measurement_seed, proof_seed, helper_blind, leader_blind, prove_seed] = std::array::from_fn(seed);
    let kind: Histogram<Field128, ParallelSum<Field128, Mul<Field128>>> =
        Histogram::new(length, chunk_length).map_err(internal)?;
    let measurement = kind.encode_measurement(&bucket).map_err(internal)?;

    let of_helper = field_elements(&measurement_seed, Usage::MeasurementShare, &[HELPER], measurement.len());
    let helper_part = joint_part(&helper_blind, HELPER, nonce, &encode(&of_helper)?);
    let mut of_leader = measurement.clone();
    subtract(&mut of_leader, of_helper);
    let leader_measurement = encode(&of_leader)?;
    let leader_part = joint_part(&leader_blind, LEADER, nonce, &leader_measurement);
    let public = [leader_part, helper_part].concat();

    let joint_seed = hash(&[0; SEED_BYTES], Usage::JointRandomnessSeed, &public).into_seed();
    let joint = field_elements(joint_seed.as_ref(), Usage::JointRandomness, &[PROOFS], kind.joint_rand_len());
    let prove = field_elements(&prove_seed, Usage::ProveRandomness, &[PROOFS], kind.prove_rand_len());
    let mut proof = kind.prove(&measurement, &prove, &joint).map_err(internal)?;
    let proof_len = proof.len();
    subtract(&mut proof, field_elements(&proof_seed, Usage::ProofShare, &[PROOFS, HELPER], proof_len));

    let leader = [leader_measurement, encode(&proof)?, leader_blind.to_vec()].concat();
    let helper = [*measurement_seed, *proof_seed, *helper_blind].concat();
    Ok(Halves { public, leader, helper })
}

fn internal<E>(_: E) -> Error {
    Error::Internal { reason: "a topic could not be split into shares".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{SHARES_BUCKETS, SHARES_CHUNK_LENGTH};
    use prio::vdaf::prio3::optimal_chunk_length;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// draft-irtf-cfrg-vdaf-08, test vector `Prio3Histogram_0`: bucket 2 of 4, chunks of 2, and random bytes 0, 1, 2, ...
    #[test]
    fn the_test_vector_of_the_draft_comes_out() {
        let bytes: [u8; SEEDS_BYTES] = std::array::from_fn(|place| u8::try_from(place).unwrap());
        let halves = split(4, 2, 2, &bytes[..16], &bytes).unwrap();
        assert_eq!(hex(&halves.public), "bc82ef4255afbf48216c910cd76ca5941da4a26362199818038b8624ba1ea4a9");
        assert_eq!(
            hex(&halves.leader),
            "ac3ba28d7f5649e6b3932251da118acf6740508adaf7837c87cd0574c48a00ea\
             2ba59154eff2921c69cdeb23276510d3758486d91898690c4ba0fd3e6e149956\
             aaa0fbc70889fae40bf0b8873db6f2c2c26ef6772e0dd8d091e12a1dbe4388bb\
             c88819a887c53a4afa8e3e35b0c00100af9000ad245790e71c322e5c252e25a2\
             5514ccc4ebeb9b9f47a98223b2d04d44f94a2cb4791ff9a056eca2a0c74ab11f\
             08d41d917cdaa2858d372c08339c414559066eb7be61cf2b5bb36c7c598a97b1\
             9802fead02586c39b001c18b5ff36e66d9ab75d6e9c6c0c0eaae66b1014ba264\
             5047801054acea9f87404cc2749584db303132333435363738393a3b3c3d3e3f"
        );
        assert_eq!(hex(&halves.helper), hex(&bytes[..48]));
    }

    #[test]
    fn the_proof_is_as_short_as_it_can_be() {
        assert_eq!(optimal_chunk_length(SHARES_BUCKETS.into()), usize::from(SHARES_CHUNK_LENGTH));
    }

    #[test]
    fn a_bucket_that_does_not_exist_has_no_shares() {
        assert!(split(32, 5, 32, &[0; 16], &[0; SEEDS_BYTES]).is_err());
        assert!(split(32, 5, 31, &[0; 16], &[0; SEEDS_BYTES]).is_ok());
    }
}
