//! How fast, how good, how large: one screen.

use std::time::{Duration, Instant};

use tastekeeper::Event;

use super::phone::{Home, Phone};
use super::screen::{Look, Screen, grouped};
use crate::command::failure::Failure;
use crate::command::progress::{Bars, now};
use crate::evaluate::{EvaluateConfig, Inputs, Protocol, Series, evaluate};
use crate::reference::metrics::{hit_rate_at_k, ndcg_at_k};

/// Calls that are timed.
pub(super) const CALLS: usize = 300;
/// Shoppers the model is measured on.
const SAMPLE: usize = 1_000;
/// How many items an answer has when it is measured.
const LENGTH: usize = 10;

/// Times in microseconds: half of the calls were faster, 95 of 100 were.
#[derive(Clone, Copy, Debug)]
struct Times {
    median: f64,
    p95: f64,
}

impl Times {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let place = (took.len() * percent).div_ceil(100).max(1) - 1;
            took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e6)
        };
        Self { median: at(50), p95: at(95) }
    }

    fn words(self) -> String {
        format!("median {:.0} us, 95 % below {:.0} us", self.median, self.p95)
    }
}

/// How long the calls of an app take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speed {
    track: Times,
    recommend: Times,
}

/// What other chapters found.
pub(super) struct Facts {
    pub(super) store_bytes: u64,
    pub(super) speed: Speed,
    pub(super) began: Instant,
}

/// Times `track` and `recommend` on the phone with files on disk.
pub(super) fn measure(home: &Home<'_>, phone: &Phone) -> Result<Speed, Failure> {
    let (mut track, mut recommend) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    let products = home.shop.products.iter().cycle().step_by(7).take(CALLS);
    for (second, product) in (1..).zip(products) {
        phone.clock.set(home.shop.now_ms + second * 1_000);
        let event = Event::view(&product.id);
        let start = now();
        phone.engine.track(event).map_err(Failure::operation)?;
        track.push(start.elapsed());
        let request = home.request().count(LENGTH);
        let start = now();
        phone.engine.recommend(request).map_err(Failure::operation)?;
        recommend.push(start.elapsed());
    }
    Ok(Speed { track: Times::of(track), recommend: Times::of(recommend) })
}

/// The last chapter.
pub(super) fn show(
    home: &Home<'_>,
    facts: &Facts,
    bars: &mut Bars,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let config =
        EvaluateConfig { users: Some(SAMPLE), seed: home.seed, ..EvaluateConfig::new(Protocol::LeaveOneOut) };
    let inputs = Inputs::new(&home.shop.dataset);
    let found = evaluate(&home.pack.model, inputs, &config, &mut |_, _| (), bars)
        .map_err(|error| Failure::evaluating(&error))?;
    // Shoppers whose last item was not new to them cannot be answered: what they know is left out.
    let ranks = |series: &Series| -> Vec<usize> {
        let ranks = series.ranks_or_max().into_iter().zip(&found.outcomes);
        ranks.filter(|(_, outcome)| outcome.competes).map(|(rank, _)| rank).collect()
    };
    let (model, popular) = (ranks(found.on_device()), ranks(&found.baselines["popularity"]));

    screen.heading(9, "In short");
    screen.note(format_args!(
        "The next new item of {} shoppers, held out of training, among {} items:",
        model.len(),
        grouped(home.pack.model.len())
    ));
    for (name, metric) in [("HR@10", hit_rate_at_k as fn(&[usize], usize) -> f64), ("NDCG@10", ndcg_at_k)] {
        let (ours, theirs) = (metric(&model, LENGTH), metric(&popular, LENGTH));
        let better =
            screen.look(if ours > theirs { Look::Good } else { Look::Bad }, format_args!("{ours:.3}"));
        screen.fact(name, format_args!("{better} from the packed model, {theirs:.3} by popularity"));
    }
    screen.fact("recommend, 10 items", facts.speed.recommend.words());
    screen.fact("track, on disk", facts.speed.track.words());
    screen.fact("model pack", format_args!("{} B", grouped(home.pack.model.info().file_bytes)));
    screen.fact("encrypted store", format_args!("{} B", grouped(facts.store_bytes)));
    screen.fact("bytes sent", "0: the engine has no way to send");
    screen.fact("this demo took", format_args!("{:.0} s", facts.began.elapsed().as_secs_f64()));
    Ok(())
}
