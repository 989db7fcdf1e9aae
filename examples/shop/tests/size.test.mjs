// What the first visit loads, as the server sends it: compressed.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const { SHOP_BUILT: built, SHOP_WEB: web } = process.env;

const compressed = (...path) => gzipSync(readFileSync(join(...path)), { level: 9 }).length;
const files = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

test("the engine is below 400 KB", () => {
  const engine = compressed(built, "pkg", "tastekeeper_shop_engine_bg.wasm");
  const glue = compressed(built, "pkg", "tastekeeper_shop_engine.js");
  const page = files(web).reduce((sum, file) => sum + compressed(file), 0);
  const data = ["catalog.json", "spring.tkpack"].map((name) => compressed(built, "data", name));
  console.log(
    `compressed: engine ${kilobytes(engine)}, its glue ${kilobytes(glue)}, page ${kilobytes(page)}, ` +
      `catalogue ${kilobytes(data[0])}, model pack ${kilobytes(data[1])}`,
  );
  assert.ok(engine + glue < 400_000, `${engine + glue} bytes`);
});
