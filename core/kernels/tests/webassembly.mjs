// Runs the tests that cargo built for WebAssembly, whose path it gives. There is nothing that they could print to: one that fails ends
// the program, and is named in the error's stack.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

Error.stackTraceLimit = 50;

test("the kernels in WebAssembly", () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])));
  assert.equal(exports.main(0, 0), 0);
});
