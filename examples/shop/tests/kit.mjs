// What the tests of the page share: the server, the browser, and what must hold on every screen.
//
// SHOP_PROGRAM, SHOP_WEB and SHOP_BUILT name the server, the page and what was built for it; `cargo xtask test shop` sets them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
export const NARROW = { width: 320, height: 640 };
/** Where screenshots go; kept, for somebody to look at. */
export const SHOTS = process.env.SHOP_SHOTS ?? mkdtempSync(join(tmpdir(), "shop-screens-"));

async function serve() {
  const { SHOP_PROGRAM, SHOP_WEB, SHOP_BUILT } = process.env;
  assert.ok(SHOP_PROGRAM && SHOP_WEB && SHOP_BUILT, "SHOP_PROGRAM, SHOP_WEB and SHOP_BUILT are set: use `cargo xtask test shop`");
  const server = spawn(SHOP_PROGRAM, ["serve", "--web", SHOP_WEB, "--built", SHOP_BUILT, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = line.match(/http:\S+/)?.[0];
    if (url) return { server, url };
  }
  throw new Error("the server did not say where it is");
}

/** A server, a browser of its own, and everything that went wrong in it. */
export async function begin(viewport = WIDE) {
  const { server, url } = await serve();
  const profile = mkdtempSync(join(tmpdir(), "shop-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS, viewport, locale: "en-GB", acceptDownloads: true,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const kit = { server, url, context, page, requests: [], problems: [], end };
  // the context also sees what workers and service workers ask for
  context.on("request", (request) => kit.requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && kit.problems.push(message.text()));
  page.on("pageerror", (error) => kit.problems.push(error.stack ?? String(error)));
  async function end() {
    await context.close();
    server.kill();
    rmSync(profile, { recursive: true, force: true });
  }
  return kit;
}

export async function open(kit, query = "") {
  await kit.page.goto(kit.url + query);
  await kit.page.waitForSelector("html[data-ready]", { timeout: 30_000 });
}

/** Goes to a screen and waits for its rows. */
export async function go(kit, hash) {
  await kit.page.evaluate((hash) => new Promise((resolve) => {
    if (location.hash === hash) return resolve();
    shop.model.news.addEventListener("screen", resolve, { once: true });
    location.hash = hash;
    return undefined;
  }), hash);
}

/** No violation of the rules of axe on what is shown. */
export async function accessible(kit, where) {
  // not as a script of the page: its policy refuses those
  if (!(await kit.page.evaluate(() => "axe" in globalThis))) await kit.page.evaluate(AXE);
  // what moves in is half transparent for a moment
  await kit.page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))));
  const { violations } = await kit.page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary.split("\n")[1] ?? ""}`).join("\n  ")}`);
  assert.deepEqual(told, [], where);
}

export async function shot(kit, name) {
  await kit.page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))));
  await kit.page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

export const only = (kit) => assert.deepEqual(kit.requests.filter((url) => !/^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(url)), []);
