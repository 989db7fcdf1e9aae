// The page as a shopper uses it. What a screen says is compared with what the engine says when it is asked, never with a text of ours.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { NARROW, PHONE, SHOTS, WIDE, accessible, begin, go, only, open, shot } from "./kit.mjs";

let kit;
const run = (body, given) => kit.page.evaluate(body, given);
const state = () => run(() => shop.engine.state());
const rail = (key = "for_you") => run((key) => [...document.querySelectorAll(`[data-rail="${key}"] [data-item]`)].map((card) => card.dataset.item), key);
async function become(at) {
  await run(async (at) => {
    if (shop.model.state.level === "off") await shop.model.setLevel("on_device", "test");
    await shop.model.become(shop.engine.personas[at].id);
  }, at);
}

before(async () => {
  kit = await begin();
  await open(kit);
});
after(async () => {
  await kit?.end();
  console.log(`screenshots are in ${SHOTS}`);
});

test("raising the level asks first, and no means no", async () => {
  const { page } = kit;
  await go(kit, "#/you");
  await page.check("#level-on_device");
  await page.waitForSelector("dialog[open]");
  await accessible(kit, "consent");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  assert.equal((await state()).level, "off");
  assert.equal(await page.isChecked("#level-off"), true);
  await page.check("#level-on_device");
  const notice = await page.textContent("dialog .notice");
  await page.click("dialog .primary");
  await page.waitForFunction(() => shop.model.state.level === "on_device");
  const [receipt] = await run(() => shop.engine.receipts());
  const hash = createHash("blake2b512").update(notice).digest("hex").slice(0, 64);
  assert.equal(receipt.notice_hash, hash, "the receipt is about the text that was on the screen");
});

test("four personas: one tap each, and the rows fit them", async () => {
  const { page } = kit;
  await become(0);
  await go(kit, "#/");
  const ids = await run(() => shop.engine.personas.map((one) => one.id));
  assert.equal(ids.length, 4);
  const rows = [];
  for (const id of ids) {
    await page.click(`[data-persona="${id}"]`);
    await page.waitForFunction((id) => shop.model.state.persona === id && document.querySelector('[data-rail="for_you"] .tag.personal'), id);
    await run(() => shop.model.refresh());
    const items = await rail();
    assert.deepEqual(items, await run(() => shop.shown.get("for_you").items.map((item) => item.item_id)));
    rows.push(items.join());
    const fits = await run(([id, items]) => {
      const tastes = new Set(shop.engine.personas.find((one) => one.id === id).categories.map((one) => shop.engine.catalog.categories.find((two) => two.id === one).parent.split("-")[0]));
      return items.filter((item) => tastes.has(shop.engine.product(item).category[0])).length / items.length;
    }, [id, items]);
    assert.ok(fits >= 0.5, `${id}: ${fits}`);
    await shot(kit, `persona-${id}`);
  }
  assert.equal(new Set(rows).size, 4);
});

test("a tap on a product is in the history and changes the row; not interested is never shown again", async () => {
  const { page } = kit;
  await become(0);
  await go(kit, "#/");
  const before = await rail();
  await page.click(`[data-rail="for_you"] li:nth-child(2) a`);
  await page.waitForSelector("article.product");
  const [viewed] = await run(() => shop.engine.history(1));
  assert.deepEqual([viewed.action, viewed.items], ["view_item", [before[1]]]);
  await accessible(kit, "product");
  await shot(kit, "product");
  await page.click("a.back");
  await page.waitForSelector('[data-rail="for_you"] li');
  const after = await rail();
  assert.notDeepEqual(after, before);
  await page.click(`[data-rail="for_you"] [data-item="${after[0]}"] .icon-only`);
  await page.waitForFunction((id) => !document.querySelector(`[data-rail="for_you"] [data-item="${id}"]`), after[0]);
  assert.ok((await run(() => shop.engine.profile())).not_interested.includes(`item ${after[0]}`));
  assert.match(await page.textContent("#live") + (await page.textContent(".toast")), /\S/);
});

test("history: delete, swipe, gift; each exactly one entry", async () => {
  const { page } = kit;
  await go(kit, "#/history");
  const [first, second] = await run(() => shop.engine.history(2));
  await page.click(`[data-event="${first.event}"] button`);
  await page.waitForSelector(`[data-event="${first.event}"]`, { state: "detached" });
  const left = await run(() => shop.engine.history(500));
  assert.ok(left.every((entry) => entry.event !== first.event));
  const box = await (await page.$(`[data-event="${second.event}"]`)).boundingBox();
  await page.mouse.move(box.x + box.width - 120, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 8, { steps: 6 });
  await page.mouse.up();
  await page.waitForSelector(`[data-event="${second.event}"]`, { state: "detached" });
  assert.equal((await run(() => shop.engine.history(500))).length, left.length - 1);
  const gift = page.locator(".history input").first();
  await gift.check();
  await page.waitForFunction(async () => (await shop.engine.history(1))[0].learned === false);
  await accessible(kit, "history");
  await shot(kit, "history");
});

test("interests, private session, search, cart and checkout", async () => {
  const { page } = kit;
  await become(1);
  await go(kit, "#/interests");
  const category = await page.$eval("[data-category]", (node) => node.dataset.category);
  await page.click(`[data-category="${category}"] .choices button:nth-child(3)`);
  await page.waitForSelector(`[data-category="${category}"] .choices button:nth-child(3)[aria-pressed="true"]`);
  assert.equal((await run(() => shop.engine.profile())).interests[category], "mute");
  await go(kit, "#/");
  const muted = await run((category) => shop.shown.get("for_you").items.filter((item) => shop.engine.product(item.item_id).category.includes(category)).length, category);
  assert.equal(muted, 0);
  await go(kit, "#/interests");
  await accessible(kit, "interests");
  await shot(kit, "interests");

  await go(kit, "#/you");
  const events = (await state()).events;
  await page.check("#private");
  await page.waitForFunction(() => shop.model.state.is_private_session);
  await run(() => shop.model.look(shop.engine.catalog.products[7].id));
  await page.uncheck("#private");
  await page.waitForFunction(() => !shop.model.state.is_private_session);
  assert.equal((await state()).events, events);

  await go(kit, "#/search");
  const brand = await run(() => shop.engine.catalog.brands[0].name);
  await page.fill("#search", brand);
  await page.waitForSelector(".grid [data-item]");
  const found = await page.$$eval(".grid [data-item]", (cards) => cards.map((card) => card.dataset.item));
  assert.ok(await run(([found, brand]) => found.every((id) => shop.engine.product(id).brand === brand), [found, brand]));
  await accessible(kit, "search");
  await shot(kit, "search");

  await page.click(".grid [data-item] a");
  await page.waitForSelector("article.product");
  await page.click(".product .primary");
  await page.waitForFunction(() => shop.model.cart.size > 0);
  await go(kit, "#/cart");
  const inCart = (await run(() => shop.engine.profile())).cart.map(([id]) => id).sort();
  assert.deepEqual((await page.$$eval(".lines a", (links) => links.map((link) => link.hash.split("/")[2]))).sort(), inCart);
  await accessible(kit, "cart");
  await shot(kit, "cart");
  await page.click("a.primary");
  await page.check("#gift");
  await accessible(kit, "checkout");
  await page.click(".phone main .primary");
  await page.waitForSelector(".done");
  const [bought] = await run(() => shop.engine.history(1));
  assert.deepEqual([bought.action, bought.learned], ["purchase", false]);
  assert.deepEqual((await run(() => shop.engine.profile())).cart, []);
});

test("a sensitive category is sold, and nothing is learned from it", async () => {
  const id = await run(() => shop.engine.catalog.products.find((one) => shop.model.isSensitive(one)).id);
  const before = (await state()).events;
  await go(kit, `#/item/${id}`);
  assert.equal((await state()).events, before);
  assert.ok(await kit.page.$(".product .chip"));
});

test("the merchant: stock, price, promotion, pack; a spoilt pack is refused", async () => {
  const { page } = kit;
  await become(2);
  await go(kit, "#/");
  const [first] = await rail();
  await page.selectOption("#product", first);
  await page.uncheck("#stock");
  await page.waitForFunction((id) => !document.querySelector(`[data-rail] [data-item="${id}"] .tag`) || shop.engine.product(id).in_stock === false, first);
  await run(() => shop.model.refresh());
  assert.ok(!(await rail()).includes(first), "what is sold out is gone from the next answer");
  await page.check("#stock");
  await page.fill("#price", "3.33");
  await page.dispatchEvent("#price", "change");
  await page.waitForFunction((id) => shop.engine.product(id).price === 3.33, first);
  await run(() => shop.model.refresh());
  assert.match(await page.textContent(`[data-rail="for_you"] [data-item="${first}"] .line`), /3\.33/);

  // the brand of the last card comes to the front
  const brands = () => run(() => shop.shown.get("for_you").items.map((item) => shop.engine.product(item.item_id).brand));
  const unpromoted = await brands();
  const brand = unpromoted.findLast((one) => one !== unpromoted[0]);
  await page.selectOption("#brand", brand);
  await page.fill("#weight", "4");
  await page.waitForFunction((brand) => shop.engine.brandBoosts[brand] === 4, brand);
  await run(() => shop.model.refresh());
  assert.ok((await brands()).indexOf(brand) < unpromoted.indexOf(brand));
  await page.fill("#weight", "0");

  const pack = (await state()).pack;
  await page.click('[aria-labelledby="packs"] button:nth-child(2)');
  await page.waitForFunction(() => shop.model.state.pack.name === "autumn");
  assert.notEqual((await state()).pack.digest, pack.digest);
  await page.click('[aria-labelledby="packs"] button:nth-child(3)');
  await page.waitForFunction(() => /ModelInvalid/.test(document.querySelector('[aria-labelledby="merchant"] [role="status"]').textContent));
  assert.equal((await state()).pack.name, "autumn");
  await page.click('[aria-labelledby="packs"] button:nth-child(1)');
  await page.waitForFunction(() => shop.model.state.pack.name === "spring");
});

test("the collector: single reports say nothing, the sum does", async () => {
  const { page } = kit;
  await page.click('[aria-labelledby="collector"] .primary');
  await page.waitForFunction(() => document.querySelector("[data-hit]") && document.querySelector(".collector").getAttribute("aria-busy") === "false", null, { timeout: 180_000 });
  const { estimates, crowd } = await run(async () => ({ estimates: await (await fetch("/v1/estimates")).json(), crowd: await (await fetch("/demo/crowd")).json() }));
  const epoch = estimates.vocabularies[0].epochs.at(-1);
  const truth = new Map(crowd.truth.map((one) => [one.topic, one.share]));
  const known = epoch.topics.filter((one) => one.topic !== 0 && truth.has(one.topic));
  const hit = known.filter((one) => one.low <= truth.get(one.topic) && truth.get(one.topic) <= one.high).length;
  assert.equal(Number(await page.$eval("[data-hit]", (node) => node.dataset.hit)), hit);
  assert.ok(hit >= 0.75 * known.length, `${hit} of ${known.length}`);
  assert.equal((await page.$$("[data-topic]")).length, epoch.topics.filter((one) => one.topic !== 0).length);
  await accessible(kit, "collector");
  await page.locator('[aria-labelledby="collector"]').scrollIntoViewIfNeeded();
  await shot(kit, "collector");
});

test("with the network blocked by the browser, the rows go on changing, and the page opens again", async () => {
  const { page, context } = kit;
  await become(3);
  await go(kit, "#/");
  await run(() => navigator.serviceWorker.ready.then(() => null));
  await context.setOffline(true);
  assert.equal(await run(() => fetch("/v1/estimates", { cache: "no-store" }).then(() => "passed", () => "refused")), "refused");
  const before = await rail();
  await page.click('[data-rail="for_you"] li:nth-child(4) .heart');
  await page.waitForFunction((before) => [...document.querySelectorAll('[data-rail="for_you"] [data-item]')].map((card) => card.dataset.item).join() !== before, before.join());
  await open(kit);
  assert.equal((await state()).level, "on_device", "what was kept is there after a reload without a network");
  assert.ok((await rail()).length > 0);
  await context.setOffline(false);
});

test("every screen: accessible, light and dark, in three languages, and 320 px wide", async () => {
  const { page } = kit;
  await become(3);
  await go(kit, "#/");
  const id = (await rail())[0];
  const category = await run((id) => shop.engine.product(id).category[0], id);
  const screens = ["#/", "#/search", `#/category/${category}`, `#/item/${id}`, "#/cart", "#/checkout", "#/wishlist", "#/you", "#/history", "#/interests", "#/leaving", "#/personas", "#/merchant", "#/collector"];
  await page.setViewportSize(PHONE);
  for (const [at, language] of ["en", "de", "fr"].entries()) {
    await page.selectOption("#language", language);
    await page.waitForFunction((language) => document.documentElement.lang === language, language);
    await page.emulateMedia({ colorScheme: at % 2 ? "dark" : "light" });
    for (const hash of screens) {
      await page.setViewportSize(PHONE);
      await go(kit, hash);
      await accessible(kit, `${language} ${hash}`);
      await shot(kit, `phone-${language}-${hash.split("/")[1] || "home"}`);
      await page.setViewportSize(NARROW);
      const wide = await run(() => [document.documentElement, document.querySelector("main")].map((node) => node.scrollWidth - node.clientWidth));
      assert.deepEqual(wide, [0, 0], `${language} ${hash} at 320 px`);
    }
  }
  await go(kit, "#/");
  await shot(kit, "narrow");
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.selectOption("#language", "en");
  await page.waitForFunction(() => document.documentElement.lang === "en" && document.querySelector("[data-persona]"));
  await accessible(kit, "dark, wide");
  await shot(kit, "dark");
  await page.emulateMedia({ colorScheme: "light" });
});

test("with the keyboard alone: skip link, a product, back; the focus follows", async () => {
  const { page } = kit;
  await go(kit, "#/");
  await open(kit);
  await page.keyboard.press("Tab");
  assert.equal(await run(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await run(() => document.activeElement.id), "shop");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("article.product");
  assert.equal(await run(() => document.activeElement.tagName), "H1");
});

test("the export is a document of the engine", async () => {
  const { page } = kit;
  await go(kit, "#/you");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".stack .button:nth-child(1)")]);
  const kept = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.equal(typeof kept, "object");
  assert.ok(Object.keys(kept).length > 1);
});

test("how long a row takes after a tap, told", async () => {
  await become(0);
  await go(kit, "#/");
  const { all } = await run(async () => {
    shop.refreshes.length = 0;
    const ids = shop.engine.catalog.products.slice(0, 40).map((one) => one.id);
    for (const id of ids) {
      await shop.engine.track({ kind: "view_item", item_id: id });
      await shop.model.refresh();
      // nobody taps while the cards of the tap before still move
      await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { all: shop.refreshes.slice() };
  });
  const at = (list, share) => [...list].sort((a, b) => a - b)[Math.floor(share * (list.length - 1))];
  const p95 = (list) => at(list, 0.95);
  const row = all.filter((one) => one.row === "for_you");
  const first = row.map((one) => one.ms);
  const last = all.filter((one) => one.row === "new").map((one) => one.ms);
  console.log(`after a tap, ${first.length} times: "For you" is new after median ${at(first, 0.5).toFixed(1)} ms, p95 ${p95(first).toFixed(1)} ms, all six rows after p95 ${p95(last).toFixed(1)} ms; of the first the engine's part is p95 ${(p95(row.map((one) => one.micros)) / 1000).toFixed(2)} ms, the page's p95 ${p95(row.map((one) => one.page)).toFixed(2)} ms, the rest is the way to the worker and back`);
});

test("nothing but this machine was asked for anything, and nothing went wrong", () => {
  assert.ok(kit.requests.length > 20);
  only(kit);
  // refusals that the tests caused are said by the browser itself
  assert.deepEqual(kit.problems.filter((text) => !/net::ERR_(INTERNET_DISCONNECTED|FAILED)/.test(text)), []);
});
