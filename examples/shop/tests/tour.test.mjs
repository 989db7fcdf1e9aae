// The guided tour, and what is left of it. Each claim on the screen is compared with what the engine says when it is asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, begin, only, open, shot } from "./kit.mjs";

let kit;
const run = (body, given) => kit.page.evaluate(body, given);
const state = () => run(() => shop.engine.state());
/** What the strip shows, and the engine's state at the same moment. */
const strip = () => run(async () => ({
  shown: Object.fromEntries(["sent", "level", "personal"].map((key) => [key, document.querySelector(`#strip-${key}`).textContent])),
  state: await shop.engine.state(),
  sources: [...shop.shown.values()].flatMap((answer) => answer.items.map((item) => item.source)),
}));
const firstNumber = (text) => Number(text.replace(/[^\d.,].*$/s, "").replace(",", ""));

before(async () => {
  kit = await begin();
  await open(kit);
});
after(() => kit?.end());

test("the tour: each claim is what the engine says", async () => {
  const { page } = kit;
  await page.click(".tour-start");
  const facts = [];
  const count = 12;
  for (let at = 0; at < count; at += 1) {
    await page.waitForSelector(`.tour[data-step="${at}"]`, { timeout: 20_000 });
    facts.push(await run((at) => ({ ...shop.found[at], engine: null }), at));
    const { key, facts: said } = facts[at];
    assert.equal(said.error, undefined, key);
    const now = await state();
    const bar = await strip();
    assert.equal(firstNumber(bar.shown.sent), now.bytes_sent, key);
    if (bar.sources.length) assert.equal(firstNumber(bar.shown.personal), Math.round((100 * bar.sources.filter((one) => one === "personal").length) / bar.sources.length), key);
    switch (key) {
      case "step_off":
        assert.deepEqual([now.level, now.events, now.store_bytes, bar.sources.includes("personal")], ["off", 0, 0, false]);
        assert.deepEqual([said.level, said.events, said.store_bytes, said.personal], ["off", 0, 0, 0]);
        break;
      case "step_agree":
        assert.equal(now.level, "on_device");
        assert.equal(said.receipts, (await run(() => shop.engine.receipts())).length);
        assert.ok(said.receipts > 0 && now.store_bytes > 0);
        break;
      case "step_persona":
        assert.equal(said.kept, now.events);
        assert.ok(said.personal > 0 && bar.sources.includes("personal"));
        break;
      case "step_tap":
        assert.ok(said.changed > 0);
        assert.equal((await run(() => shop.engine.history(2))).filter((entry) => entry.items[0] === said.id).length, 2);
        break;
      case "step_why": {
        const answer = await run(() => shop.shown.get("for_you"));
        const { score, parts } = await run(([answer, id]) => shop.engine.explain(answer, id), [answer.recommendation_id, said.id]);
        const sum = parts.reduce((all, part) => all + part.amount, 0);
        assert.ok(Math.abs(sum - score) < 1e-9, `${sum} ${score}`);
        const drawn = await page.$eval(".parts", (node) => [Number(node.dataset.score), Number(node.dataset.sum)]);
        assert.deepEqual(drawn, [score, sum]);
        assert.equal(answer.items.find((item) => item.item_id === said.id).score, score);
        break;
      }
      case "step_plane":
        assert.equal(now.is_offline, true);
        assert.equal(said.tried.passed, false);
        assert.ok(said.changed > 0);
        assert.equal(await run(() => fetch("/v1/estimates").then(() => "passed", () => "refused")), "refused");
        break;
      case "step_forget":
        assert.deepEqual([said.after, now.events], [said.before - 1, said.before - 1]);
        assert.equal((await page.$$(".history [data-event]")).length, Math.min(60, (await run(() => shop.engine.history(60))).length));
        break;
      case "step_leaving": {
        assert.equal(now.level, "on_device", "nothing was agreed to");
        assert.equal(said.bytes.length, 48);
        assert.equal(await page.$eval(".report", (node) => node.dataset.bytes), said.bytes);
        assert.deepEqual(await run(() => shop.engine.reportLog()), [], "nothing was drawn");
        break;
      }
      case "step_opt_in":
        assert.equal(now.level, "shared");
        assert.ok(said.same && said.is_as_shown, "the bytes that wait are those that were shown");
        assert.equal(said.bytes, (await run(() => shop.engine.previewReport())).report.bytes);
        assert.equal(said.receipt.level, "shared");
        break;
      case "step_send":
        assert.equal(now.is_offline, false);
        assert.equal(said.sent.status, 204);
        assert.equal(now.bytes_sent, 24);
        assert.deepEqual((await run(() => shop.engine.reportLog())).map((entry) => [entry.state, entry.bytes]), [["sent", said.sent.report.bytes]]);
        assert.equal(said.sent.report.bytes, facts.find((one) => one.key === "step_leaving").facts.bytes, "what was sent is what was shown");
        break;
      case "step_erase":
        assert.ok(said.bytes_before > 0);
        assert.deepEqual([said.bytes_after, now.store_bytes, now.events, now.level], [0, 0, 0, "off"]);
        break;
      case "step_end":
        assert.equal(Number(await page.$eval("[data-total]", (node) => node.dataset.total)), now.bytes_sent);
        assert.equal(now.bytes_sent, 24);
        break;
      default:
        assert.fail(`no check for ${key}`);
    }
    await accessible(kit, `tour, ${key}`);
    await shot(kit, `tour-${String(at + 1).padStart(2, "0")}-${key.slice(5)}`);
    if (at + 1 < count) await page.click(".tour .button.primary");
  }
  await page.click(".tour .button");
  assert.equal((await page.$$(".tour")).length, 0);
});

test("still off after a reload, and nothing is kept", async () => {
  await open(kit);
  const { level, events, store_bytes, bytes_sent } = await state();
  assert.deepEqual({ level, events, store_bytes, bytes_sent }, { level: "off", events: 0, store_bytes: 0, bytes_sent: 0 });
  assert.equal(await run(() => document.querySelectorAll(".tag.personal").length), 0);
});

test("the tour asked this machine only, and nothing went wrong", () => {
  only(kit);
  // what the aeroplane switch refused is said by the browser itself
  assert.deepEqual(kit.problems.filter((text) => !/net::ERR_FAILED/.test(text)), []);
});
