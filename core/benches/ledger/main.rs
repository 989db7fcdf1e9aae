//! Calls of the engine for tools that count instructions: `cargo xtask ledger`.
//!
//! `ledger FOLDER` opens the shop of the pack that `sample_pack` wrote there. It prints the kernel, and each call's name when
//! [`counted`] has made it once; an uncounted one goes before, so that what is kept from call to call is there.
//! `ledger FOLDER CALL TIMES` makes one call again and again and prints nothing, for profiles: what happens before the calls is
//! the same for every `TIMES`.

#[path = "../shop/mod.rs"]
mod shop;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use tastekeeper::model::{Model, PublicKey};
use tastekeeper::platform::SeededRandom;
use tastekeeper::{Availability, Filter, RecommendationKind, Recommender, Request, Retrieval};
use tastekeeper_kernels::Kernel;

/// Every call. The last one changes what the others read.
const CALLS: [&str; 9] = [
    "for-you",
    "for-you-filtered",
    "for-you-rare",
    "for-you-linked",
    "for-you-linked-changed",
    "related",
    "related-linked",
    "explain",
    "track",
];

#[expect(clippy::print_stdout, reason = "what the command reads")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.as_slice() {
        // Under `cargo test --all-targets` nobody counts.
        [] => Ok(()),
        [folder] => {
            let shop = open(folder.as_ref())?;
            println!("kernel {:?}", Kernel::best());
            for name in CALLS {
                let mut call = call(&shop, name)?;
                call();
                counted(&mut *call);
                println!("call {name}");
            }
            Ok(())
        }
        [folder, name, times] => {
            let shop = open(folder.as_ref())?;
            let mut call = call(&shop, name)?;
            (0..times.parse()?).for_each(|_: usize| call());
            Ok(())
        }
        _ => Err("ledger FOLDER [CALL TIMES]".into()),
    }
}

/// What the tool looks for by name: the instructions in here are one call's, what it gives being dropped included.
#[inline(never)]
fn counted(call: &mut dyn FnMut()) {
    call();
    // Something to come back to: a last call would be a jump, and this function over before it.
    black_box(());
}

/// The call `name`, the same each time.
fn call<'a>(shop: &'a Shop, name: &str) -> Result<Box<dyn FnMut() + 'a>, Box<dyn Error>> {
    let Shop { engine, items } = shop;
    let related = RecommendationKind::RelatedTo(shop::item(items / 3));
    let request = match name {
        "for-you" => Request { diversity: Some(0.0), ..Request::new(RecommendationKind::ForYou) },
        "for-you-filtered" => filtered(RecommendationKind::ForYou),
        "for-you-linked" => linked(),
        "for-you-linked-changed" => {
            // Every time the signals weigh a little less, so that nothing is known from the call before.
            let mut request = linked().seed(1);
            return Ok(Box::new(move || {
                request.strength *= 0.999;
                black_box(engine.recommend(black_box(request.clone()))).expect("a valid request");
            }));
        }
        "for-you-rare" => rare(),
        "related" => Request::new(related),
        "related-linked" => Request { retrieval: Retrieval::Linked, ..Request::new(related) },
        "explain" => {
            let answer = engine.recommend(filtered(RecommendationKind::ForYou).seed(1))?;
            let item = answer.items.last().ok_or("most items pass the filter")?.item_id.clone();
            return Ok(Box::new(move || {
                black_box(engine.explain(&answer.recommendation_id, black_box(&item))).expect("recommended");
            }));
        }
        "track" => {
            let event = shop::events(1, 1).remove(0);
            return Ok(Box::new(move || {
                black_box(engine.track(black_box(event.clone()))).expect("a valid event");
            }));
        }
        other => return Err(format!("no call is named {other}").into()),
    };
    let request = request.seed(1);
    Ok(Box::new(move || {
        black_box(engine.recommend(black_box(request.clone()))).expect("a valid request");
    }))
}

/// A shop and how many items it has.
struct Shop {
    engine: Recommender,
    items: u32,
}

fn filtered(kind: RecommendationKind) -> Request {
    let price = Filter::Price { min: Some(10.0), max: Some(80.0) };
    let stock = Filter::Availability(vec![Availability::InStock]);
    Request { filter: Filter::All(vec![price, stock]), diversity: Some(0.2), ..Request::new(kind) }
}

fn linked() -> Request {
    Request { retrieval: Retrieval::Linked, ..filtered(RecommendationKind::ForYou) }
}

/// For one item of a hundred.
fn rare() -> Request {
    let filter = Filter::Price { min: Some(42.0), max: Some(43.0) };
    Request { filter, diversity: Some(0.2), ..Request::new(RecommendationKind::ForYou) }
}

/// A shop in memory with prices and stock for every item of the pack in `folder`, and a shopper.
fn open(folder: &Path) -> Result<Shop, Box<dyn Error>> {
    let key = PublicKey::parse(&std::fs::read_to_string(folder.join("sample.pub"))?)?;
    let model = Arc::new(Model::open(&std::fs::read(folder.join("sample.tkpack"))?, &[key])?);
    let items = model.len();
    let events = shop::events(50, items);
    let engine = shop::shop(&model, shop::catalogue(items), events, SeededRandom::new(1));
    Ok(Shop { engine, items })
}
