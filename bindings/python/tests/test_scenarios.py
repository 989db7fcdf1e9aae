"""The shared scenarios: every answer is the engine's, to the last bit."""

import json
import tempfile
import unittest
from pathlib import Path

import scenario


class Scenarios(unittest.TestCase):
    maxDiff = 4_000


def test_of(path):
    def test(self):
        content = json.loads(path.read_text("utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            run = scenario.Run(content, Path(folder) / "store")
            for place, step in enumerate(content["steps"]):
                self.assertEqual(run.step(step), scenario.expected(step), f"step {place}: {step['do']}")

    return test


for path in sorted(scenario.FOLDER.glob("*.json")):
    setattr(Scenarios, f"test_{path.stem}", test_of(path))


class Runner(unittest.TestCase):
    def test_it_finds_the_scenarios_and_sees_a_difference(self):
        self.assertGreaterEqual(len(list(scenario.FOLDER.glob("*.json"))), 10)
        run = scenario.Run({"config": {}, "start_ms": 0, "seed": 1, "directory": False}, None)
        self.assertEqual(run.step({"do": "open"}), {})
        self.assertNotEqual(run.step({"do": "level"}), {"gives": "shared"})
        self.assertEqual(scenario.fnv(b"a"), "af63dc4c8601ec8c")
        numbers = scenario.CountedRandom(1_234_567).bytes(16)
        self.assertEqual(int.from_bytes(numbers[:8], "little"), 6_457_827_717_110_365_317)
