"""The package around the engine: columns, arrays, keys in files, reasons, and the examples of the README."""

import importlib.metadata
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy
import tastekeeper as tk

HERE = Path(__file__).resolve().parent
FILES = HERE.parents[2] / "tests" / "scenarios" / "files"
START_MS = 1_767_225_600_000
CONFIG = tk.Config(model_keys=[tk.read_key(FILES / "shop.pub")])
PACK = str(FILES / "shop.tkpack")


class Columns(unittest.TestCase):
    def test_events_from_arrays(self):
        items = numpy.array(["a", "b"], dtype=object)
        times = numpy.array([START_MS, START_MS + 1], dtype="int64")
        events = tk.events_from_columns(items, numpy.array(["view_item", "purchase"]), times)
        self.assertEqual([event.item_id for event in events], ["a", "b"])
        self.assertEqual([event.kind for event in events], [tk.EventKind.VIEW_ITEM(), tk.EventKind.PURCHASE()])
        self.assertEqual([event.timestamp_ms for event in events], [START_MS, START_MS + 1])
        self.assertIsNone(tk.events_from_columns([7])[0].timestamp_ms)

    def test_columns_that_do_not_fit(self):
        with self.assertRaisesRegex(ValueError, "equal lengths"):
            tk.events_from_columns(["a", "b"], ["view_item"])
        with self.assertRaisesRegex(ValueError, "kinds holds a name"):
            tk.events_from_columns(["a"], "look")

    def test_replay_takes_any_number(self):
        with tk.Recommender() as shop:
            shop.set_level(tk.PersonalizationLevel.ON_DEVICE, tk.Consent(notice_version="1"))
            outcomes = shop.replay(tk.events_from_columns([f"item-{number}" for number in range(2_345)]))
            self.assertEqual(len(outcomes), 2_345)
            self.assertEqual(shop.stats().events, 2_345)


class Batches(unittest.TestCase):
    HISTORIES = [
        tk.events_from_columns(["sku-00001", "sku-00100"], timestamps_ms=[START_MS, START_MS + 1]),
        [],
        tk.events_from_columns(["sku-00200"], kinds="purchase", timestamps_ms=[START_MS + 5]),
        tk.events_from_columns(["sku-00001", "sku-00100"], timestamps_ms=[START_MS, START_MS + 1]),
    ]

    def test_each_row_is_the_answer_of_a_phone_of_its_own(self):
        request = tk.Request(kind=tk.RecommendationKind.FOR_YOU(), count=6, seed=3)
        answers = tk.recommend_for_histories(self.HISTORIES, pack=PACK, config=CONFIG, request=request)
        self.assertEqual((answers.ids.shape, answers.scores.shape, answers.scores.dtype), ((4, 6), (4, 6), "float64"))
        for row, history in enumerate(self.HISTORIES):
            with tk.Recommender(CONFIG, clock=tk.FixedClock(START_MS + 5)) as shop:
                shop.load_model(PACK)
                shop.set_level(tk.PersonalizationLevel.ON_DEVICE, tk.Consent(notice_version="1"))
                shop.replay(history)
                items = shop.recommend(request).items
            self.assertEqual(answers.ids[row].tolist(), [item.item_id for item in items])
            self.assertEqual(answers.scores[row].tolist(), [item.score for item in items])
        self.assertEqual(answers.ids[0].tolist(), answers.ids[3].tolist(), "nothing of the rows between is left")

    def test_short_answers_are_filled(self):
        request = tk.Request(kind=tk.RecommendationKind.RECENTLY_VIEWED(), count=3)
        answers = tk.recommend_for_histories(self.HISTORIES, pack=PACK, config=CONFIG, request=request)
        self.assertEqual(answers.ids[1].tolist(), ["", "", ""])
        self.assertTrue(numpy.isnan(answers.scores[1]).all() and not numpy.isnan(answers.scores[0, 0]))

    def test_items_without_a_pack(self):
        items = [tk.Item(id=name) for name in ("a", "b", "c")]
        request = tk.Request(kind=tk.RecommendationKind.RECENTLY_VIEWED(), count=2)
        histories = [tk.events_from_columns(["b"]), tk.events_from_columns(["c", "a"])]
        answers = tk.recommend_for_histories(histories, items=items, request=request)
        self.assertEqual(answers.ids[0].tolist(), ["b", ""])
        self.assertEqual(set(answers.ids[1]), {"a", "c"})


class Keys(unittest.TestCase):
    def test_keys_in_files_open_the_store_again(self):
        with TemporaryDirectory() as folder:
            keys = lambda: tk.FileKeys(Path(folder) / "keys")
            with tk.Recommender(directory=Path(folder) / "store", keys=keys()) as shop:
                shop.set_level(tk.PersonalizationLevel.ON_DEVICE, tk.Consent(notice_version="1"))
                shop.track(tk.Event(kind=tk.EventKind.SEARCH(), query="blue mug"))
            files = sorted((Path(folder) / "keys").iterdir())
            self.assertTrue(files)
            for file in files:
                self.assertEqual((stat.S_IMODE(file.stat().st_mode), file.stat().st_size), (0o600, 32))
            with tk.Recommender(directory=Path(folder) / "store", keys=keys()) as shop:
                self.assertEqual(shop.history()[0].text, "blue mug")
                shop.set_level(tk.PersonalizationLevel.OFF)
            self.assertLess(len(list((Path(folder) / "keys").iterdir())), len(files), "a key is destroyed")

    def test_names_do_not_leave_the_folder(self):
        with TemporaryDirectory() as folder:
            with self.assertRaises(tk.HostError.Refused):
                tk.FileKeys(folder).store("../x", bytes(32))


class Reasons(unittest.TestCase):
    def test_codes_and_sentences(self):
        viewed = tk.Reason.VIEWED("mug")
        self.assertEqual(tk.reason_code(viewed), ("viewed", "mug"))
        self.assertEqual(tk.why(viewed, title=str.upper), "Because you looked at MUG")
        self.assertEqual(tk.reason_code(tk.Reason.POPULAR()), ("popular", None))
        self.assertEqual(tk.why(tk.Reason.POPULAR()), "Popular in this shop")
        with self.assertRaises(ValueError):
            tk.reason_code("popular")

    def test_every_reason_of_the_engine_has_a_sentence(self):
        listing = (HERE.parents[1] / "surface.txt").read_text("utf-8")
        variants = re.search(r"^Reason: enum\n((?:    .*\n)+)", listing, re.M)[1].split("\n")[:-1]
        self.assertGreater(len(variants), 8)
        for variant in variants:
            name = re.match(r" +(\w+)", variant)[1]
            make = getattr(tk.Reason, re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper())
            reason = make("it") if "(" in variant else make()
            self.assertTrue(tk.why(reason))


class Papers(unittest.TestCase):
    def test_the_policy_has_the_numbers_of_the_configuration(self):
        policy = json.loads(tk.policy_json(tk.Config(retention_days=30)))
        self.assertEqual(policy["numbers"]["retention_days"], 30)
        self.assertEqual(json.loads(tk.policy_json(tk.Config()))["numbers"]["retention_days"], 90)

    def test_parameters_come_in_the_language_of_the_shopper(self):
        texts = [
            tk.main_parameters(tk.PersonalizationLevel.OFF, locale, tk.Config())[0].text for locale in ("en", "de-AT", "xx")
        ]
        self.assertNotEqual(texts[0], texts[1])
        self.assertEqual(texts[0], texts[2])

    def test_version_and_sensitive_categories(self):
        self.assertEqual(tk.version(), tk.__version__)
        self.assertEqual(tk.version(), importlib.metadata.version("tastekeeper"))
        self.assertRegex(tk.git_sha(), "^(unknown|[0-9a-f]{7,40})$")
        self.assertTrue(tk.is_sensitive("medication"))
        self.assertFalse(tk.is_sensitive("lamps"))


class Analytics(unittest.TestCase):
    def test_events_of_ga4_are_tracked(self):
        logged = {"name": "add_to_cart", "params": {"items": [{"item_id": "mug", "quantity": 2, "price": 7.25}]}}
        with tk.Recommender() as shop:
            shop.set_level(tk.PersonalizationLevel.SESSION, tk.Consent(notice_version="1"))
            shop.replay(tk.events_from_ga4(json.dumps([logged, {"name": "screen_view"}])))
            self.assertEqual([(item.item_id, item.quantity) for item in shop.profile().cart], [("mug", 2)])
        with self.assertRaises(tk.TastekeeperError.InvalidArgument):
            tk.events_from_ga4("{")


class Package(unittest.TestCase):
    def test_the_examples_of_the_readme_run(self):
        text = (HERE.parent / "README.md").read_text("utf-8")
        examples = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
        self.assertEqual(len(examples), 3)
        with TemporaryDirectory() as folder:
            for name in ("shop.tkpack", "shop.pub"):
                shutil.copy(FILES / name, folder)
            for example in examples:
                done = subprocess.run([sys.executable, "-c", example], cwd=folder, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout)

    def test_a_type_checker_understands_it(self):
        program = """
import tastekeeper as tk

with tk.Recommender(tk.Config(model_keys=[tk.read_key("x")])) as shop:
    outcomes: list[tk.Tracked] = shop.replay(tk.events_from_columns(["a"]))
    shop.set_level(tk.PersonalizationLevel.ON_DEVICE, tk.Consent(notice_version="1"))
    answer = shop.recommend(tk.Request(kind=tk.RecommendationKind.TRENDING(None), filter=tk.Filter.NOT(tk.Filter.ALL([]))))
    sentence: str = tk.why(answer.items[0].reasons[0])
    wrong: int = shop.export_data()
    shop.recommend(tk.Request(kind="for you"))
"""
        with TemporaryDirectory() as folder:
            (Path(folder) / "program.py").write_text(program)
            done = subprocess.run(
                [sys.executable, "-m", "mypy", "program.py"], cwd=folder, capture_output=True, text=True
            )
        # the two mistakes, and nothing else
        found = [line.split(": ")[0] for line in done.stdout.splitlines() if ": error: " in line]
        self.assertEqual(found, ["program.py:9", "program.py:10"], done.stdout + done.stderr)

    def test_it_is_typed_and_the_library_is_stripped(self):
        folder = Path(tk.__file__).parent
        self.assertTrue((folder / "py.typed").is_file())
        for name in tk.__all__:
            self.assertTrue(hasattr(tk, name), name)
        library = next(path for path in folder.iterdir() if path.suffix in (".so", ".dylib", ".dll"))
        if sys.platform == "linux" and "TASTEKEEPER_HAZARDS" in os.environ:
            self.assertNotIn(b".symtab", library.read_bytes())
