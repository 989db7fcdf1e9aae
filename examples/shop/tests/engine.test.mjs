// The worker, its store and its client in a browser, without the page: what the contract says, asserted against the engine's own state.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

let server;
let url;
let profile;
let context;
let page;
const requests = [];

/** A new page with an open shop as `shop`. */
async function open(options = {}) {
  await page.goto(`${url}engine.d.ts`);
  await page.evaluate(async (options) => {
    const { openShop } = await import("/engine.js");
    globalThis.shop = await openShop(options);
  }, options);
}

const run = (body, given) => page.evaluate(body, given);
const state = () => run(() => shop.state());

before(async () => {
  const { SHOP_PROGRAM, SHOP_WEB, SHOP_BUILT, CHROMIUM } = process.env;
  server = spawn(SHOP_PROGRAM, ["serve", "--web", SHOP_WEB, "--built", SHOP_BUILT, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    url = line.match(/http:\S+/)?.[0];
    if (url) break;
  }
  assert.ok(url, "the server says where it is");
  profile = mkdtempSync(join(tmpdir(), "shop-engine-"));
  context = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS });
  page = context.pages()[0] ?? (await context.newPage());
  page.on("request", (request) => requests.push(request));
});

after(async () => {
  await context?.close();
  server?.kill();
  rmSync(profile, { recursive: true, force: true });
});

test("a browser without 128-bit registers is told so, before the engine is fetched", async () => {
  const other = await context.newPage();
  const fetched = [];
  other.on("request", (request) => fetched.push(request.url()));
  await other.route("**/worker.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `WebAssembly.validate = () => false;\n${await answer.text()}` });
  });
  await other.goto(`${url}engine.d.ts`);
  const code = await other.evaluate(async () => {
    const { openShop } = await import("/engine.js");
    return openShop().catch((error) => error.code);
  });
  assert.equal(code, "Browser");
  assert.ok(fetched.some((url) => url.endsWith("/worker.js")) && fetched.every((url) => !url.endsWith(".wasm")), `${fetched}`);
  await other.close();
});

test("a new browser is off and keeps nothing, whatever is tracked", async () => {
  await open();
  const { level, store_bytes, storage, is_durable, events, items, bytes_sent } = await state();
  assert.deepEqual({ level, store_bytes, storage, is_durable, events, bytes_sent }, {
    level: "off", store_bytes: 0, storage: "persistent", is_durable: false, events: 0, bytes_sent: 0,
  });
  assert.ok(items >= 3_000, `${items} items`);
  assert.equal(await run(() => shop.track({ kind: "view_item", item_id: "sku-00042" })), "level_off");
  assert.equal((await state()).store_bytes, 0);
});

test("a persona's rail is personal, explains itself to the last part, and is there after a reload", async () => {
  await run(() => shop.setLevel("on_device"));
  const kept = await run(() => shop.becomePersona("tomasz"));
  assert.ok(kept > 10, `${kept} events`);
  const request = { kind: "for_you", count: 12, seed: "1" };
  const rail = await run((request) => shop.recommend(request), request);
  const personal = rail.items.filter((item) => item.source === "personal");
  assert.ok(personal.length >= 6, `${personal.length} of 12 are personal`);
  for (const { item_id, score } of rail.items) {
    const why = await run(([id, item]) => shop.explain(id, item), [rail.recommendation_id, item_id]);
    assert.equal(why.score, score);
    const sum = why.parts.reduce((sum, part) => sum + part.amount, 0);
    assert.ok(Math.abs(sum - score) < 1e-9, `${sum} and ${score}`);
  }
  const before = await state();
  assert.ok(before.store_bytes > 0 && before.is_durable);
  await open();
  const again = await state();
  assert.deepEqual([again.level, again.events, again.store_bytes], ["on_device", before.events, before.store_bytes]);
  const same = await run((request) => shop.recommend(request), request);
  assert.deepEqual(same.items, rail.items);
});

test("a second tab goes on in memory and says so", async () => {
  const other = await context.newPage();
  await other.goto(`${url}engine.d.ts`);
  const storage = await other.evaluate(async () => {
    const { openShop } = await import("/engine.js");
    return (await (await openShop()).state()).storage;
  });
  assert.equal(storage, "busy");
  await other.close();
});

test("stock, price and boosts of the merchant count at once, a spoilt pack never", async () => {
  const request = { kind: "for_you", count: 5, seed: "1" };
  const first = (await run((request) => shop.recommend(request), request)).items[0].item_id;
  await run((id) => shop.patchItems([{ id, availability: "out_of_stock" }]), first);
  const rail = await run((request) => shop.recommend(request), request);
  assert.ok(rail.items.every((item) => item.item_id !== first));
  await run((id) => shop.patchItems([{ id, availability: "in_stock" }]), first);
  const brand = await run((id) => shop.product(id).brand, rail.items[4].item_id);
  const of = async (request) =>
    run(async ([request, brand]) => {
      const { items } = await shop.recommend(request);
      return items.filter((item) => shop.product(item.item_id).brand === brand).length;
    }, [request, brand]);
  const count = await of({ ...request, count: 20 });
  await run((brand) => shop.setBrandBoost(brand, 5), brand);
  assert.ok((await of({ ...request, count: 20 })) > count);
  await run((brand) => shop.setBrandBoost(brand, 0), brand);
  const code = await run(() => shop.loadSpoiltPack().catch((error) => error.code));
  assert.equal(code, "ModelInvalid");
  assert.equal((await state()).pack.name, "spring");
  assert.equal((await run(() => shop.loadPack("autumn"))).model_id, "shop-autumn");
  assert.equal((await run(() => shop.loadPack("spring"))).model_id, "shop-spring");
});

test("nothing is learned from health, and a gift is kept without being learned from", async () => {
  const health = await run(() => shop.catalog.products.find((product) => product.category[1] === "hb-1").id);
  assert.equal(await run((id) => shop.track({ kind: "view_item", item_id: id }), health), "sensitive");
  const entry = await run(async () => {
    const [entry] = await shop.history(1);
    await shop.setGift({ event: entry.event }, true);
    return (await shop.history(1))[0];
  });
  assert.equal(entry.learned, false);
  await run((event) => shop.setGift({ event }, false), entry.event);
});

test("what is shown before opting in waits afterwards and is all that leaves", async () => {
  const shown = await run(() => shop.previewBeforeOptIn());
  assert.equal(shown.is_rehearsal, true);
  assert.match(shown.report.bytes, /^5056[0-9a-f]{44}$/);
  assert.equal((await state()).level, "on_device");
  assert.deepEqual(await run(() => shop.reportLog()), []);
  const opted = await run(() => shop.optIn());
  assert.equal(opted.is_as_shown, true);
  assert.deepEqual([opted.receipt.level, opted.preview.report], ["shared", shown.report]);
  assert.notEqual(await run(() => shop.advanceClockToReport()), null);
  await run(() => shop.setOffline(true));
  assert.equal(await run(() => shop.sendReport().catch((error) => error.code)), "Network");
  assert.equal((await state()).bytes_sent, 0);
  await run(() => shop.setOffline(false));
  const sent = await run(() => shop.sendReport());
  assert.deepEqual(sent, { report: shown.report, status: 204 });
  const { bytes_sent, reports_sent } = await state();
  assert.deepEqual([bytes_sent, reports_sent], [24, 1]);
  assert.equal(await run(() => shop.sendReport()), null);
  assert.equal((await run(() => shop.reportLog()))[0].state, "sent");
});

test("the engine answers while the browser has no network", async () => {
  await context.setOffline(true);
  const made = requests.length;
  const before = await run(() => shop.recommend({ kind: "recently_viewed", count: 3 }));
  await run(() => shop.track({ kind: "view_item", item_id: "sku-00777" }));
  const rail = await run(() => shop.recommend({ kind: "recently_viewed", count: 3 }));
  assert.notDeepEqual(rail.items, before.items);
  assert.equal(requests.length, made);
  await context.setOffline(false);
});

test("erasing leaves no byte, and a reload finds a shop that is off", async () => {
  const erased = await run(() => shop.eraseEverything());
  assert.ok(erased.bytes_before > 0);
  assert.equal(erased.bytes_after, 0);
  const sizes = await run(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("tastekeeper");
    const sizes = [];
    for await (const file of folder.values()) sizes.push((await file.getFile()).size);
    return sizes;
  });
  assert.ok(sizes.length > 0 && sizes.every((size) => size === 0), `${sizes}`);
  await open();
  const { level, store_bytes, events, consent } = await state();
  assert.deepEqual([level, store_bytes, events, consent], ["off", 0, 0, "not_asked"]);
});

test("a crowd makes demand visible, and one report does not", async () => {
  const told = await run(async () => {
    await fetch("/demo/reset", { method: "POST" });
    const begun = await fetch("/demo/crowd", { method: "POST", body: JSON.stringify({ phones: 1_500 }) });
    if (begun.status !== 202) throw new Error(`${begun.status}`);
    for (;;) {
      const crowd = await (await fetch("/demo/crowd")).json();
      if (!crowd.is_running) return { crowd, demand: await (await fetch("/v1/estimates")).json() };
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  assert.equal(told.crowd.problem, null);
  assert.equal(told.crowd.reported, 1_500);
  const [{ epochs }] = told.demand.vocabularies;
  assert.equal(epochs.at(-1).reports, 1_500);
  const held = epochs.at(-1).topics.filter(({ topic, low, high }) => {
    const { share } = told.crowd.truth.find((truth) => truth.topic === topic);
    return low <= share && share <= high;
  });
  // 95 % intervals of 16 topics: 12 or fewer would be one crowd in about five thousand
  assert.ok(held.length > 12, `${held.length} of ${epochs.at(-1).topics.length} intervals hold the truth`);
});

/** Milliseconds from a tap to the answer it changes: an event and the rail after it, through the worker and back. */
async function taps(count) {
  const times = await run(async (count) => {
    await shop.setLevel("on_device");
    await shop.becomePersona("tomasz");
    const times = [];
    for (let tap = 0; tap < count; tap += 1) {
      const item_id = shop.catalog.products[(tap * 37) % shop.catalog.products.length].id;
      const began = performance.now();
      await shop.track({ kind: "view_item", item_id });
      await shop.recommend({ kind: "for_you", count: 12 });
      times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b);
  }, count);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}

test("a tap changes the rail, and how long that takes is told", async (t) => {
  await open();
  t.diagnostic(`3 000 items: ${await taps(200)}`);
  if (existsSync(join(process.env.SHOP_BUILT, "data-large"))) {
    await open({ size: "large", memory: true });
    const { items } = await state();
    assert.ok(items > 90_000, `${items} items`);
    t.diagnostic(`${items} items: ${await taps(50)}`);
  }
  await open();
  assert.ok((await run(() => shop.eraseEverything())).bytes_after === 0);
});

test("no request left this machine", () => {
  assert.ok(requests.every((request) => new URL(request.url()).hostname === "127.0.0.1"));
});
