//! What is kept, on a directory of the operating system: writing, forgetting, opening.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tastekeeper::platform::{DirectoryFileSystem, FileKeyCustodian};
use tastekeeper::store::{CallRandom, Durability, SealedState};
use tastekeeper::{Event, Forget, PersonalizationLevel};
use tastekeeper_models::host::SystemRandom;

use crate::measure::{Contest, Row, time};
use crate::phone::Phone;
use crate::sample;
use crate::start::{memory_of_a_start, start};

/// Items the events are about: each has several, so that forgetting one takes out more than one event.
const ITEMS: u32 = 200;

/// Measures in `folder`. Also says what a start with the large pack takes in memory, in kB, where the system tells.
pub(crate) fn measure(folder: &Path, rounds: usize) -> (Vec<Row>, Option<u64>) {
    let packs = [10_000, 100_000].map(|items| {
        let path = folder.join(format!("{items}.pack"));
        fs::write(&path, sample::pack(items)).expect("a sound disk");
        path
    });
    let [small_pack, large_pack] = &packs;
    let short = Phone::prepare(folder.join("short"), &sample::events(1_000, ITEMS), small_pack);
    let long = Phone::prepare(folder.join("long"), &sample::events(5_000, ITEMS), small_pack);
    long.open(Durability::Process).load_model(large_pack).expect("just written");

    let mut rows = track(folder, &short, &long, 4 * rounds);
    let mut contest = Contest::new("history");
    contest.enter("forget one item, 1 000 events", None, || {
        short.time(|shop| {
            let gone = shop.forget(Forget::Item(sample::item(3))).expect("a sound disk");
            assert!(gone > 1, "the item has events");
        })
    });
    contest.enter("set_level(Off), 5 000 events", None, || {
        long.time(|shop| shop.set_level(PersonalizationLevel::Off, None).expect("a sound disk"))
    });
    contest.enter("open, 5 000 events", None, || time(|| long.open(Durability::Process)));
    for (name, pack) in
        [("open, 5 000 events, 10k model", small_pack), ("open, 5 000 events, 100k model", large_pack)]
    {
        let long = &long;
        contest.enter(name, Some("open, 5 000 events"), move || {
            time(|| {
                let shop = long.open(Durability::Process);
                shop.load_model(pack).expect("just written");
                shop
            })
        });
    }
    contest.enter("open, 100k model, first answer", Some("open, 5 000 events"), || {
        time(|| start(&long, large_pack))
    });
    rows.extend(contest.run(rounds));
    rows.extend(withdraw(folder, small_pack, 10 * rounds));
    (rows, memory_of_a_start(&long, large_pack))
}

/// Lowering to Off, whatever was kept; and its largest part alone: the consent state, made durable before and after.
fn withdraw(folder: &Path, pack: &Path, rounds: usize) -> Vec<Row> {
    let full = Phone::prepare(folder.join("full"), &sample::events(10_000, ITEMS), pack);
    let nearly_empty = Phone::prepare(folder.join("nearly-empty"), &sample::events(10, ITEMS), pack);
    let mut contest = Contest::new("withdrawal");
    let to_off = |phone: &Phone| {
        phone.time(|shop| shop.set_level(PersonalizationLevel::Off, None).expect("a sound disk"))
    };
    let name = "set_level(Off), 10 000 events";
    contest.enter(name, None, || to_off(&full));
    contest.enter("set_level(Off), 10 events", Some(name), || to_off(&nearly_empty));
    contest.enter("the consent state alone, saved twice", Some(name), || {
        let scratch = folder.join("state");
        let files = Arc::new(DirectoryFileSystem::create(scratch.join("files")).expect("a sound disk"));
        let keys = Arc::new(FileKeyCustodian::create(scratch.join("keys")).expect("a sound disk"));
        let mut random = CallRandom::draw(&SystemRandom);
        let mut state = SealedState::new(files, keys, "control");
        state.save(&[7; 400], &mut random).expect("a sound disk");
        let taken = time(|| {
            for content in [8, 9] {
                state.save(&[content; 400], &mut random).expect("a sound disk");
            }
        });
        fs::remove_dir_all(scratch).expect("a sound disk");
        taken
    });
    contest.run(rounds)
}

fn track(folder: &Path, short: &Phone, long: &Phone, rounds: usize) -> Vec<Row> {
    let mut contest = Contest::new("events");
    let one = || vec![Event::view(sample::item(1))];
    let hundred = || sample::events(100, ITEMS);
    let process = "track, Process, 1 000 events";
    let entries: [(_, _, &Phone, _, &dyn Fn() -> Vec<Event>); 5] = [
        (process, None, short, Durability::Process, &one),
        ("track, Process, 5 000 events", Some(process), long, Durability::Process, &one),
        ("track, Power, 1 000 events", Some(process), short, Durability::Power, &one),
        ("track_all(100), Process, 1 000 events", Some(process), short, Durability::Process, &hundred),
        ("track_all(100), Power, 1 000 events", Some(process), short, Durability::Power, &hundred),
    ];
    for (place, (name, peer, phone, durability, events)) in entries.into_iter().enumerate() {
        let original = phone.copy_to(folder.join(format!("track-{place}")));
        let mut shop = original.open(durability);
        let mut tracked = 0;
        contest.enter(name, peer, move || {
            let mut events = events();
            tracked += events.len();
            // A history that grew by a tenth is another measurement: begin anew.
            if tracked > 100 {
                tracked = events.len();
                original.renew(phone);
                shop = original.open(durability);
            }
            match events.len() {
                1 => {
                    let event = events.remove(0);
                    time(|| shop.track(event).expect("a valid event"))
                }
                _ => time(|| shop.track_all(events).expect("valid events")),
            }
        });
    }
    contest.run(rounds)
}
