// The scenarios that every language runs, through the engine as WebAssembly: the texts must be the same to the last character, and with
// them every bit of every number.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = fileURLToPath(new URL("../../../../tests/scenarios/", import.meta.url));
const pkg = join(process.env.SHOP_BUILT ?? "", "pkg");

globalThis.tastekeeperHost = {};
const { Scenarios, initSync } = await import(pathToFileURL(join(pkg, "tastekeeper_shop_engine.js")).href);
initSync({ module: readFileSync(join(pkg, "tastekeeper_shop_engine_bg.wasm")) });

const scenarios = new Scenarios();
for (const name of readdirSync(join(folder, "files"))) {
  scenarios.putFile(name, readFileSync(join(folder, "files", name)));
}

const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

test("there are scenarios", () => assert.ok(names.length >= 10, `${names.length}`));

for (const name of names) {
  test(name, () => {
    const text = readFileSync(join(folder, name), "utf8");
    const answered = scenarios.run(text);
    if (answered === text) return;
    const lines = text.split("\n");
    const place = answered.split("\n").findIndex((line, place) => line !== lines[place]);
    assert.fail(`line ${place + 1}: ${answered.split("\n")[place]} in place of ${lines[place]}`);
  });
}
