//! Report shares, by two servers that do not tell each other: verified, added up, with noise of their own, and what comes out
//! is the demand. The servers are the aggregators of the crate `prio`, which is what Janus runs.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says where, and reports what it measured"
)]

use prio::codec::ParameterizedDecode;
use prio::field::{Field128, FieldElementWithInteger};
use prio::vdaf::prio3::{Prio3Histogram, Prio3InputShare, Prio3PublicShare};
use prio::vdaf::{AggregateShare, Aggregator, Collector, OutputShare, PrepareTransition, Vdaf, VdafError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tastekeeper::ReportShares;
use tastekeeper::mutants::Mutant;
use tastekeeper::platform::SeededRandom;
use tastekeeper::report::{Draws, MIN_SHARES_PER_BATCH, Parameters, SHARES_BUCKETS, SHARES_CHUNK_LENGTH};
use tastekeeper::store::CallRandom;
use tastekeeper_tests::fault::FaultyDevice;
use tastekeeper_tests::phone::{CATEGORIES, DAY_MS, Phone, START_MS, category_of, view};
use tastekeeper_tests::promise::{Checked, ensure, must_catch};
use tastekeeper_tests::sharing::open_shared;

const PHONES: u32 = 1_600;
const VERIFY_KEY: [u8; 16] = [5; 16];

/// What travels: nonce, public share, leader's share, helper's share.
#[derive(Clone)]
struct Upload {
    nonce: [u8; 16],
    public: Vec<u8>,
    shares: [Vec<u8>; 2],
}

impl From<&ReportShares> for Upload {
    fn from(shares: &ReportShares) -> Self {
        Self {
            nonce: shares.nonce(),
            public: shares.public_share().to_vec(),
            shares: [shares.leader_share().to_vec(), shares.helper_share().to_vec()],
        }
    }
}

fn histogram() -> Prio3Histogram {
    Prio3Histogram::new_histogram(2, SHARES_BUCKETS.into(), SHARES_CHUNK_LENGTH.into()).unwrap()
}

/// Both servers verify one upload, each with its own half.
fn prepare(vdaf: &Prio3Histogram, upload: &Upload) -> Result<[OutputShare<Field128>; 2], String> {
    let text = |error: VdafError| error.to_string();
    let public = Prio3PublicShare::get_decoded_with_param(vdaf, &upload.public).map_err(|e| e.to_string())?;
    let start = |server: usize| {
        let half = Prio3InputShare::get_decoded_with_param(&(vdaf, server), &upload.shares[server])
            .map_err(|error| error.to_string())?;
        vdaf.prepare_init(&VERIFY_KEY, server, &(), &upload.nonce, &public, &half).map_err(text)
    };
    let (first, second) = (start(0)?, start(1)?);
    let message = vdaf.prepare_shares_to_prepare_message(&(), [first.1, second.1]).map_err(text)?;
    let finish = |state| match vdaf.prepare_next(state, message.clone()).map_err(text)? {
        PrepareTransition::Finish(share) => Ok(share),
        PrepareTransition::Continue(..) => Err("another round".to_owned()),
    };
    Ok([finish(first.0)?, finish(second.0)?])
}

/// A server's random numbers.
fn random(seed: u64) -> CallRandom {
    CallRandom::draw(&SeededRandom::new(seed))
}

/// `true` with probability `exp(-numerator / denominator)`, of a fraction up to 1, with integers only: the number of
/// successes in a row with chances `x`, `x/2`, `x/3`, .. is even (Canonne, Kamath and Steinke, 2020, algorithm 1).
fn bernoulli_exp(numerator: u32, denominator: u32, draws: &mut impl Draws) -> bool {
    let mut length = 0;
    while draws.below(denominator * (length + 1)).unwrap() < numerator {
        length += 1;
    }
    length % 2 == 0
}

/// Discrete Laplace noise: `P(k)` goes with `exp(-|k| * epsilon / 2)`, for epsilon 1. One report that is exchanged for
/// another changes two counts by one each, so the sensitivity is 2.
fn laplace(draws: &mut impl Draws) -> i64 {
    loop {
        let is_negative = draws.below(2).unwrap() == 1;
        let mut size = 0;
        while bernoulli_exp(1, 2, draws) {
            size += 1;
        }
        // Zero has one sign, or it would be twice as likely.
        if !(is_negative && size == 0) {
            return if is_negative { -size } else { size };
        }
    }
}

/// The variance of that noise: `2a / (1 - a)^2` with `a = exp(-1/2)`.
fn laplace_variance() -> f64 {
    let a = (-0.5_f64).exp();
    2.0 * a / (1.0 - a).powi(2)
}

/// One server's sum of its halves, with its noise. Refuses a batch that hides too little.
fn sum_of_halves(
    vdaf: &Prio3Histogram,
    halves: Vec<OutputShare<Field128>>,
    draws: &mut impl Draws,
) -> Result<AggregateShare<Field128>, String> {
    ensure(halves.len() >= MIN_SHARES_PER_BATCH as usize, || format!("a batch of {} reports", halves.len()))?;
    let sum = vdaf.aggregate(&(), halves).map_err(|error| error.to_string())?;
    let noisy = sum.as_ref().iter().map(|element| {
        let noise = laplace(draws);
        let size = Field128::from(u128::from(noise.unsigned_abs()));
        if noise < 0 { *element - size } else { *element + size }
    });
    Ok(noisy.collect::<Vec<_>>().into())
}

/// What the shop gets: noisy counts, from the sums of both servers alone.
fn collect(uploads: &[Upload], seed: u64) -> Result<Vec<i128>, String> {
    let vdaf = histogram();
    let mut halves = [Vec::new(), Vec::new()];
    for upload in uploads {
        let [first, second] = prepare(&vdaf, upload)?;
        halves[0].push(first);
        halves[1].push(second);
    }
    let [first, second] = halves;
    let sums = [
        sum_of_halves(&vdaf, first, &mut random(seed))?,
        sum_of_halves(&vdaf, second, &mut random(seed + 1))?,
    ];
    let counts = vdaf.unshard(&(), sums, uploads.len()).map_err(|error| error.to_string())?;
    // Below zero is just below the modulus.
    let modulus = Field128::modulus();
    let signed = |count: u128| match i128::try_from(count) {
        Ok(count) => count,
        Err(_) => -i128::try_from(modulus - count).unwrap(),
    };
    Ok(counts.into_iter().map(signed).collect())
}

/// Phones with histories of their own, what each sends, and the share of each topic in the slots of all.
fn population(phones: u32) -> (Vec<Upload>, Vec<f64>) {
    let mut random = ChaCha8Rng::seed_from_u64(77);
    let mut truth = vec![0.0; SHARES_BUCKETS.into()];
    let uploads = (0..phones).map(|number| {
        let phone = Phone::on(FaultyDevice::new(), START_MS, number.into());
        let shop = open_shared(&phone);
        // A favourite category for most, and not always eight items.
        let favourite = random.next_u32() % CATEGORIES % 4;
        let items: std::collections::BTreeSet<u32> = (0..random.next_u32() % 9)
            .map(|_| {
                let any = random.next_u32() % 60;
                if random.next_u32() % 3 == 0 { any } else { any / CATEGORIES * CATEGORIES + favourite }
            })
            .collect();
        let eighth = 1.0 / 8.0 / f64::from(phones);
        truth[0] += eighth * (8.0 - f64::from(u32::try_from(items.len()).unwrap()));
        for item in items {
            shop.track(view(item)).unwrap();
            truth[category_of(item) as usize + 1] += eighth;
        }
        // Half of the phones are looked at before they send; the others draw when they are first asked.
        let shown = (number % 2 == 0).then(|| shop.preview_shares().unwrap().shares);
        let at_once = shop.pending_shares().unwrap();
        phone.clock.advance(15 * DAY_MS);
        let shares = shop.pending_shares().unwrap().expect("two weeks after the draw");
        assert!(at_once.is_none_or(|at_once| at_once == shares));
        assert!(shown.is_none_or(|shown| shown == shares));
        Upload::from(&shares)
    });
    (uploads.collect(), truth)
}

/// The demand, estimated from the noisy counts, holds the truth as often as its intervals say.
fn demand_is_estimated() -> Checked {
    let (uploads, truth) = population(PHONES);
    let counts = collect(&uploads, 3)?;
    let parameters = Parameters::of_shares(SHARES_BUCKETS).ok_or("no mechanism")?;
    let chance = |(part, all): (u32, u32)| f64::from(part) / f64::from(all);
    let (p, q) = (chance(parameters.true_topic_odds()), chance(parameters.other_topic_odds()));
    let n = f64::from(PHONES);
    let (mut held, mut total, mut largest) = (0, 0.0, 0.0_f64);
    for (topic, (&count, truth)) in counts.iter().zip(&truth).enumerate() {
        let f = f64::from(i32::try_from(count).map_err(|_| format!("count {count}"))?) / n;
        let share = (f - q) / (p - q);
        let variance = (f * (1.0 - f)).max(0.0) / n + 2.0 * laplace_variance() / n.powi(2);
        let half_width = 1.96 * variance.sqrt() / (p - q);
        held += usize::from((share - truth).abs() <= half_width);
        ensure((share - truth).abs() <= 2.0 * half_width, || {
            format!("topic {topic}: {share:.4} +- {half_width:.4} and not {truth:.4}")
        })?;
        total += share;
        largest = largest.max(half_width);
    }
    println!("{PHONES} phones: {held} of 32 intervals hold, the widest +-{:.1} points", 100.0 * largest);
    ensure(held >= 28, || format!("{held} of 32 intervals hold the truth"))?;
    ensure((total - 1.0).abs() < 0.1, || format!("the shares add up to {total}"))
}

#[test]
fn two_servers_learn_the_demand() {
    must_catch(Mutant::SharesWithoutNoise, demand_is_estimated);
    must_catch(Mutant::SquareRatio, demand_is_estimated);
}

#[test]
fn a_small_batch_is_refused_and_what_was_tampered_with_is_not_counted() {
    let (uploads, _) = population(12);
    let few: Vec<Upload> = uploads.iter().cycle().take(999).cloned().collect();
    assert_eq!(collect(&few, 1), Err("a batch of 999 reports".to_owned()));
    let enough: Vec<Upload> = uploads.iter().cycle().take(1_000).cloned().collect();
    let counts = collect(&enough, 1).unwrap();
    assert!((counts.iter().sum::<i128>() - 1_000).abs() < 200, "{counts:?}");

    let vdaf = histogram();
    for upload in &uploads {
        prepare(&vdaf, upload).unwrap();
        type Spoil = fn(&mut Upload);
        let spoiled: [(&str, Spoil); 9] = [
            ("a vote for two", |upload| upload.shares[0][0] ^= 1),
            ("another topic", |upload| upload.shares[0].swap(0, 16)),
            ("the leader's proof", |upload| upload.shares[0][512] ^= 1),
            ("the leader's blind", |upload| *upload.shares[0].last_mut().unwrap() ^= 1),
            ("the helper's half", |upload| upload.shares[1][0] ^= 128),
            ("the helper's proof", |upload| upload.shares[1][16] ^= 1),
            ("the helper's blind", |upload| upload.shares[1][47] ^= 1),
            ("the public share", |upload| upload.public[31] ^= 1),
            ("the nonce", |upload| upload.nonce[0] ^= 1),
        ];
        for (what, spoil) in spoiled {
            let mut upload = upload.clone();
            spoil(&mut upload);
            assert!(prepare(&vdaf, &upload).is_err(), "{what} was changed and nobody saw it");
        }
    }
    // The halves of two reports do not fit together, and bytes too many or too few are no half.
    let mut mixed = uploads[0].clone();
    mixed.shares[1].clone_from(&uploads[1].shares[1]);
    assert!(prepare(&vdaf, &mixed).is_err());
    let mut longer = uploads[0].clone();
    longer.shares[0].push(0);
    assert!(prepare(&vdaf, &longer).is_err());
    longer.shares[0].truncate(927);
    assert!(prepare(&vdaf, &longer).is_err());
}

/// A half tells nothing: with the topic fixed by the history as far as it can be, and without, single halves have the same
/// bytes as often. That is the hiding of additive shares; here it is checked that the topic does not leak by a slip.
#[test]
fn a_half_is_uniform() {
    let (uploads, _) = population(600);
    for server in 0..2 {
        // The low bits of the first element of the leader's half and of the helper's seed.
        let ones = uploads.iter().filter(|upload| upload.shares[server][0] & 1 == 1).count();
        assert!((240..=360).contains(&ones), "{ones} of 600");
        let mut distinct: Vec<_> = uploads.iter().map(|upload| &upload.shares[server][..16]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), uploads.len());
    }
    let mut nonces: Vec<_> = uploads.iter().map(|upload| upload.nonce).collect();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), uploads.len());
}

/// Phones whose host gives the same numbers draw the same shares, to the last byte; others do not. So no number comes from
/// elsewhere.
fn the_host_gives_all_randomness() -> Checked {
    let draw = |seed| {
        let shop = open_shared(&Phone::on(FaultyDevice::new(), START_MS, seed));
        let drawn = shop.preview_shares().map_err(|error| error.to_string())?.shares;
        Ok::<_, String>((drawn.nonce(), drawn.leader_share().to_vec(), drawn.helper_share().to_vec()))
    };
    for seed in 0..20 {
        let (one, other) = (draw(seed)?, draw(seed + 100)?);
        ensure(one == draw(seed)?, || format!("seed {seed} gives other shares the second time"))?;
        ensure(one.0 != other.0 && one.1 != other.1 && one.2 != other.2, || {
            format!("seeds {seed} and {} give the same", seed + 100)
        })?;
    }
    Ok(())
}

#[test]
fn no_random_number_comes_from_elsewhere() {
    must_catch(Mutant::ConstantSeed, the_host_gives_all_randomness);
}

#[test]
fn the_noise_of_the_servers_is_as_wide_as_it_says() {
    let mut draws = random(9);
    let drawn: Vec<i64> = (0..40_000).map(|_| laplace(&mut draws)).collect();
    let sample = |drawn: i64| f64::from(i32::try_from(drawn).unwrap());
    let mean = drawn.iter().map(|&drawn| sample(drawn)).sum::<f64>() / 40_000.0;
    let variance = drawn.iter().map(|&drawn| sample(drawn).powi(2)).sum::<f64>() / 40_000.0;
    assert!(mean.abs() < 0.07, "{mean}");
    assert!((variance / laplace_variance() - 1.0).abs() < 0.05, "{variance} and not {}", laplace_variance());
    // P(0) = (1 - a) / (1 + a)
    let a = (-0.5_f64).exp();
    let zeros = f64::from(u32::try_from(drawn.iter().filter(|drawn| **drawn == 0).count()).unwrap());
    assert!((zeros / 40_000.0 - (1.0 - a) / (1.0 + a)).abs() < 0.01, "{zeros}");
    assert_eq!(histogram().num_aggregators(), 2);
}
