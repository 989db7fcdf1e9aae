// How long `recommend` takes in WebAssembly, for builds of the engine side by side: medians over rounds that take turns, each after a call that
// warms the same caches, with the JSON of question and answer. All builds must give the same answer.
//
//   node examples/shop/engine/benches/recommend.mjs PACK[:ITEMS] PKG ..
//
// PKG is a folder that `cargo xtask shop` makes (target/shop/pkg). PACK is a folder of the shop's data (target/shop/data) or, with the
// number of its items, one of `cargo run --example sample_pack -p tastekeeper-models -- ITEMS FOLDER [int8]`.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const ROUNDS = 301;
const WARM_MS = 3_000;
const NOW_MS = 1_767_225_600_000;
const EVENTS = 300;
const ITEMS_PER_CALL = 10_000;
const REQUESTS = {
  "for you": {},
  "for you, no variety": { diversity: 0 },
  "for you, linked": { retrieval: "linked" },
};

let state = 1;
/** 24 bits; the same ones each time. */
function draw() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state >>> 8;
}

globalThis.tastekeeperHost = {
  now: () => NOW_MS,
  slotCount: () => 0,
  random(bytes) {
    for (let place = 0; place < bytes.length; place += 1) bytes[place] = draw();
    return true;
  },
};

function ask(engine, step) {
  const { gives, fails } = JSON.parse(engine.call(JSON.stringify(step)));
  if (fails) throw new Error(fails.join(": "));
  return gives;
}

/** The shop in the browser, and one of its personas. */
function shopOf(folder) {
  const read = (name) => JSON.parse(readFileSync(join(folder, name)));
  const items = read("catalog.json").products.map(({ id, category, brand, price, currency, in_stock, created_at_ms, attributes }) => ({
    id, category, brand, price, currency, created_at_ms, attributes, availability: in_stock ? "in_stock" : "out_of_stock",
  }));
  const events = read("personas.json")[0].events.map(({ kind, item_id, ago_ms }) => ({ kind, item_id, timestamp_ms: NOW_MS - ago_ms }));
  return { key: "shop.pub", pack: "spring.tkpack", items, events };
}

/** Prices and stock for a sample pack, and somebody who mostly looks. */
function sampleOf(count) {
  const name = (number) => `item-${String(number).padStart(6, "0")}`;
  const items = Array.from({ length: count }, (_, number) => ({
    id: name(number), price: (number % 100) + 0.5, currency: "EUR", availability: number % 10 ? "in_stock" : "out_of_stock",
  }));
  const kinds = ["add_to_cart", "remove_from_cart", "add_to_wishlist"];
  const events = Array.from({ length: EVENTS }, (_, place) => ({
    kind: kinds[place % 10] ?? "view_item", item_id: name(draw() % count), timestamp_ms: NOW_MS - (EVENTS - place) * 60_000,
  }));
  return { key: "sample.pub", pack: "sample.tkpack", items, events };
}

async function engineOf(pkg, folder, { key, pack, items, events }) {
  const { Engine, initSync } = await import(pathToFileURL(resolve(pkg, "tastekeeper_shop_engine.js")).href);
  initSync({ module: readFileSync(join(pkg, "tastekeeper_shop_engine_bg.wasm")) });
  state = 1;
  const engine = new Engine(new Uint8Array(0));
  engine.putFile("shop.pub", readFileSync(join(folder, key)));
  engine.putFile("pack", readFileSync(join(folder, pack)));
  ask(engine, { do: "open" });
  ask(engine, { do: "load_model", file: "pack" });
  for (let at = 0; at < items.length; at += ITEMS_PER_CALL) {
    ask(engine, { do: "upsert_items", items: items.slice(at, at + ITEMS_PER_CALL) });
  }
  ask(engine, { do: "set_level", level: "on_device", consent: { notice_version: "bench" } });
  ask(engine, { do: "track_all", events });
  return engine;
}

const [packs, ...packages] = process.argv.slice(2);
const [folder, count] = packs.split(":");
const shop = count ? sampleOf(Number(count)) : shopOf(folder);
const engines = [];
for (const pkg of packages) engines.push(await engineOf(pkg, folder, shop));

for (const [name, more] of Object.entries(REQUESTS)) {
  const step = { do: "recommend", request: { kind: "for_you", count: 12, seed: "1", ...more } };
  const answers = engines.map((engine) => JSON.stringify(ask(engine, step).items));
  if (answers.some((answer) => answer !== answers[0])) throw new Error(`${name}: the answers differ`);
  const text = JSON.stringify(step);
  const until = performance.now() + WARM_MS;
  while (performance.now() < until) for (const engine of engines) engine.call(text);
  const times = engines.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const place of engines.keys()) {
      const turn = (place + round) % engines.length;
      engines[turn].call(text);
      const began = performance.now();
      engines[turn].call(text);
      times[turn].push(performance.now() - began);
    }
  }
  const medians = times.map((times) => times.sort((left, right) => left - right)[(ROUNDS - 1) / 2] * 1000);
  const told = medians.map((median, place) => `${median.toFixed(0)} µs${place > 0 ? ` (${(medians[0] / median).toFixed(2)} times as fast)` : ""}`);
  console.log(`${name}: ${told.join(", ")}`);
}
