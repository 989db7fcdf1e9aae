"""What only a binding can get wrong."""

import gc
import inspect
import os
import subprocess
import sys
import threading
import unittest
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory

import tastekeeper as tk

START_MS = 1_767_225_600_000
CONSENT = tk.Consent(notice_version="2026-01")
ON_DEVICE = tk.PersonalizationLevel.ON_DEVICE
Error = tk.TastekeeperError


def view(item, **fields):
    return tk.Event(kind=tk.EventKind.VIEW_ITEM(), item_id=item, **fields)


def recently_viewed():
    return tk.Request(kind=tk.RecommendationKind.RECENTLY_VIEWED())


def for_you(**fields):
    return tk.Request(kind=tk.RecommendationKind.FOR_YOU(), **fields)


class Throwing(tk.Clock, tk.SecureRandom, tk.KeyCustodian):
    """A host whose every part throws what it is told to."""

    def __init__(self):
        self.error = None
        self.keys = tk.MemoryKeys()

    def _ask(self, answer):
        if self.error is not None:
            # a new one each time: one that is raised again holds on to every place it was raised from
            raise type(self.error)(*self.error.args)
        return answer()

    def now_ms(self):
        return self._ask(lambda: START_MS)

    def bytes(self, count):
        return self._ask(lambda: os.urandom(count))

    def load(self, name):
        return self._ask(lambda: self.keys.load(name))

    def store(self, name, key):
        return self._ask(lambda: self.keys.store(name, key))

    def destroy(self, name):
        return self._ask(lambda: self.keys.destroy(name))


class Callbacks(unittest.TestCase):
    ERRORS = [tk.HostError.Unavailable(), tk.HostError.Refused(), ValueError("a secret"), KeyError("a secret")]

    def test_a_clock_that_throws_stops_the_call(self):
        for error in self.ERRORS:
            clock = Throwing()
            shop = tk.Recommender(clock=clock)
            shop.set_level(ON_DEVICE, CONSENT)
            clock.error = error
            with self.assertRaises(Error.InvalidArgument) as caught:
                shop.track(view("a"))
            self.assertEqual(str(caught.exception), "invalid argument `clock`: the app's clock gave no time")
            clock.error = None
            self.assertEqual(shop.stats().events, 0)

    def test_randomness_that_throws_writes_nothing(self):
        for error in self.ERRORS:
            random = Throwing()
            shop = tk.Recommender(random=random)
            random.error = error
            with self.assertRaises(Error.RandomUnavailable):
                shop.set_level(ON_DEVICE, CONSENT)
            random.error = None
            self.assertEqual(shop.level(), tk.PersonalizationLevel.OFF)

    def test_a_custodian_that_throws_leaves_the_store_as_it_was(self):
        for error in self.ERRORS:
            with TemporaryDirectory() as folder:
                keys = Throwing()
                with tk.Recommender(directory=folder, keys=keys) as shop:
                    shop.set_level(ON_DEVICE, CONSENT)
                    shop.track(view("a"))
                keys.error = error
                with self.assertRaises(Error.KeyUnavailable) as caught:
                    tk.Recommender(directory=folder, keys=keys)
                self.assertNotIn("secret", str(caught.exception))
                # without the directory the app goes on
                self.assertFalse(tk.Recommender().is_durable())
                keys.error = None
                with tk.Recommender(directory=folder, keys=keys) as shop:
                    self.assertEqual(shop.stats().events, 1)

    def test_an_answer_of_the_wrong_type_is_a_failure_of_the_host(self):
        class Wrong(tk.Clock):
            def now_ms(self):
                return "noon"

        with self.assertRaises((Error.InvalidArgument, tk.InternalError)):
            tk.Recommender(clock=Wrong())

    def test_calling_back_is_refused(self):
        seen = []

        class Curious(tk.Clock):
            shop = None

            def now_ms(self):
                if self.shop is not None:
                    try:
                        self.shop.level()
                    except Error as error:
                        seen.append(error)
                return START_MS

        clock = Curious()
        clock.shop = tk.Recommender(clock=clock)
        clock.shop.level()
        self.assertIsInstance(seen[0], Error.InvalidArgument)
        self.assertTrue(str(seen[0]).startswith("invalid argument `host`"))


class Panics(unittest.TestCase):
    def test_a_panic_is_an_exception_and_the_process_goes_on(self):
        folder = os.environ.get("TASTEKEEPER_HAZARDS")
        self.assertTrue(folder, "TASTEKEEPER_HAZARDS must name a package with the call that panics: cargo xtask test python")
        program = """
import tastekeeper as tk
shop = tk.Recommender()
try:
    shop.provoke_panic()
except tk.InternalError as error:
    print("caught", "provoked" in str(error))
print(shop.level().name)
"""
        environment = {**os.environ, "PYTHONPATH": folder, "RUST_BACKTRACE": "0"}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        self.assertEqual(done.stdout.split(), ["caught", "True", "OFF"], done.stderr)

    def test_the_shipped_library_cannot_be_made_to_panic(self):
        self.assertFalse(hasattr(tk.Recommender, "provoke_panic"))


class Closing(unittest.TestCase):
    ARGUMENTS = {
        "recommendation_id": "x",
        "item_id": "x",
        "event": view("x"),
        "events": [],
        "items": [],
        "patches": [],
        "ids": [],
        "item_ids": [],
        "path": "x",
        "bytes": b"",
        "signature": "",
        "request": recently_viewed(),
        "count": 1,
        "context": None,
        "level": ON_DEVICE,
        "consent": CONSENT,
        "pairs": {},
        "policy": tk.CmpPolicy(),
        "on": True,
        "category": "x",
        "interest": tk.Interest.MUTE,
        "limit": 1,
        "before_ms": None,
        "scope": tk.Forget.EVERYTHING(),
        "document": "{}",
        "passphrase": "twelve letters",
        "sealed": b"",
        "name": "x",
        "source": "x",
        "id": 1,
    }

    def test_every_call_after_close_says_closed(self):
        shop = tk.Recommender()
        shop.close()
        shop.close()
        called = 0
        for name, method in inspect.getmembers(shop, inspect.ismethod):
            if name.startswith("_") or name in ("open", "close", "replay"):
                continue
            parameters = list(inspect.signature(method).parameters)
            with self.assertRaises(Error.Closed, msg=name):
                method(*(self.ARGUMENTS[parameter] for parameter in parameters))
            called += 1
        self.assertGreater(called, 45)
        with self.assertRaises(Error.Closed):
            shop.replay([view("x")])

    def test_closing_lets_go_of_the_hosts_objects(self):
        with TemporaryDirectory() as folder:
            clock, keys = tk.FixedClock(START_MS), tk.MemoryKeys()
            gone = [weakref.ref(clock), weakref.ref(keys)]
            shop = tk.Recommender(directory=folder, keys=keys, clock=clock)
            del clock, keys
            gc.collect()
            self.assertEqual(shop.level(), tk.PersonalizationLevel.OFF)
            self.assertTrue(all(reference() is not None for reference in gone))
            shop.close()
            gc.collect()
            self.assertEqual([reference() for reference in gone], [None, None])

    def test_a_forgotten_object_is_freed(self):
        clock = tk.FixedClock(START_MS)
        gone = weakref.ref(clock)
        shop = tk.Recommender(clock=clock)
        del clock, shop
        gc.collect()
        self.assertIsNone(gone())

    def test_an_error_in_a_block_closes(self):
        with self.assertRaises(ZeroDivisionError):
            with tk.Recommender() as shop:
                _ = 1 / 0
        with self.assertRaises(Error.Closed):
            shop.level()


def resident_kilobytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


@unittest.skipUnless(sys.platform == "linux", "reads /proc")
class Leaks(unittest.TestCase):
    def grows(self, make, count=10_000):
        """How many kilobytes more there are after `count` rounds than after a tenth of them."""
        for _ in range(count // 10):
            make()
        gc.collect()
        before = resident_kilobytes()
        for _ in range(count):
            make()
        gc.collect()
        return resident_kilobytes() - before

    def test_ten_thousand_recommenders(self):
        clock = tk.FixedClock(START_MS)

        def closed():
            with tk.Recommender(clock=clock) as shop:
                shop.level()

        # One of them takes several kilobytes: were they kept, it would be tens of thousands.
        self.assertLess(self.grows(closed), 8_000)
        self.assertLess(self.grows(lambda: tk.Recommender(clock=clock).level()), 8_000)

    def test_ten_thousand_answers_and_errors(self):
        shop = tk.Recommender()
        shop.set_level(ON_DEVICE, CONSENT)
        shop.upsert_items([tk.Item(id=f"item-{number}") for number in range(100)])
        shop.track_all([view(f"item-{number}") for number in range(50)])

        def answer():
            shop.recommend(recently_viewed())
            try:
                shop.recommend(for_you(count=0))
            except Error.InvalidArgument:
                pass

        self.assertLess(self.grows(answer), 8_000)

    def test_ten_thousand_errors_of_the_host(self):
        clock = Throwing()
        shop = tk.Recommender(clock=clock)
        clock.error = ValueError("x" * 1_000)

        def fail():
            try:
                shop.level()
            except Error.InvalidArgument:
                pass

        self.assertLess(self.grows(fail), 8_000)


class Threads(unittest.TestCase):
    def test_eight_threads_share_one_recommender(self):
        clock = tk.FixedClock(START_MS)
        shop = tk.Recommender(clock=clock)
        shop.upsert_items([tk.Item(id=f"{thread}-{number}") for thread in range(8) for number in range(50)])
        shop.set_level(ON_DEVICE, CONSENT)
        failures, together = [], threading.Barrier(8)

        def work(thread):
            try:
                together.wait()
                for number in range(50):
                    shop.track(view(f"{thread}-{number}"))
                    answer = shop.recommend(recently_viewed())
                    try:
                        shop.explain(answer.recommendation_id, answer.items[0].item_id)
                    except Error.InvalidArgument as error:
                        # only 32 answers are remembered, and the others ask too
                        if "recommendation_id" not in str(error):
                            raise
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        tracked = {entry.items[0] for entry in shop.history(1_000)}
        self.assertEqual(tracked, {f"{thread}-{number}" for thread in range(8) for number in range(50)})

    def test_closing_while_others_call(self):
        for _ in range(50):
            shop, outcomes = tk.Recommender(), []

            def work():
                try:
                    while True:
                        shop.level()
                except BaseException as error:
                    outcomes.append(error)

            threads = [threading.Thread(target=work) for _ in range(7)]
            for thread in threads:
                thread.start()
            shop.close()
            for thread in threads:
                thread.join()
            self.assertEqual([type(error) for error in outcomes], [Error.Closed] * 7)


class Values(unittest.TestCase):
    def setUp(self):
        self.shop = tk.Recommender()
        self.shop.set_level(ON_DEVICE, CONSENT)

    def refused(self, call, field):
        with self.assertRaises(Error.InvalidArgument) as caught:
            call()
        self.assertTrue(str(caught.exception).startswith(f"invalid argument `{field}`"), caught.exception)

    def test_empty_lists(self):
        shop = self.shop
        self.assertEqual(shop.track_all([]), [])
        self.assertEqual(shop.replay([]), [])
        self.assertEqual(shop.rerank([]).items, [])
        self.assertEqual(shop.recommend(for_you()).items, [])
        for call in (shop.upsert_items, shop.patch_items, shop.remove_items):
            self.assertIsNone(call([]))

    def test_what_is_not_a_number(self):
        nan, infinite = float("nan"), float("inf")
        for number in (nan, infinite, -infinite):
            rate = tk.Event(kind=tk.EventKind.RATE(number), item_id="a")
            self.refused(lambda: self.shop.track(rate), "event.kind.rate")
            self.refused(lambda: self.shop.track(view("a", price=number)), "event.price")
            self.refused(lambda: self.shop.upsert_items([tk.Item(id="a", price=number)]), "items[0].price")
            self.refused(lambda: self.shop.recommend(for_you(strength=number)), "request.strength")
            self.refused(lambda: self.shop.recommend(for_you(exploration_rate=number)), "request.exploration_rate")
            boost = tk.Boost(filter=tk.Filter.ALL([]), weight=number)
            self.refused(lambda: self.shop.recommend(for_you(boosts=[boost])), "request.boosts[0].weight")
        self.assertEqual(self.shop.stats().events, 0)

    def test_edges_of_whole_numbers(self):
        top = 2**64 - 1
        self.assertEqual(self.shop.forget(tk.Forget.EVENT(top)), 0)
        self.assertEqual(self.shop.recommend(for_you(seed=top)).items, [])
        for wrong in (top + 1, -1):
            with self.assertRaises(ValueError):
                self.shop.recommend(for_you(seed=wrong))
        with self.assertRaises(ValueError):
            self.shop.recommend(for_you(count=2**32))
        self.refused(lambda: self.shop.recommend(for_you(count=2**32 - 1)), "request.count")
        self.refused(lambda: self.shop.track(view("a", timestamp_ms=-(2**63))), "event.timestamp_ms")
        self.refused(lambda: self.shop.track(view("a", timestamp_ms=2**63 - 1)), "event.timestamp_ms")
        with self.assertRaises(TypeError):
            self.shop.recommend(for_you(count="10"))

    def test_handles_of_events_keep_all_their_bits(self):
        self.shop.track_all([view(f"item-{number}") for number in range(200)])
        entries = self.shop.history(200)
        self.assertTrue(any(entry.event > 2**63 for entry in entries), "a number with the highest bit")
        for entry in entries[:20]:
            self.assertEqual(self.shop.forget(tk.Forget.EVENT(entry.event)), 1)
        self.assertEqual(self.shop.stats().events, 180)

    def test_text_of_any_kind(self):
        for item in ("", " ", "\0", "a\nb", "\u0085"):
            with self.assertRaises(Error.InvalidArgument):
                self.shop.track(view(item))
        with self.assertRaises(UnicodeEncodeError):
            self.shop.track(view("\ud800"))
        odd = "\u202e\u200b👩‍👩‍👧‍👦é"
        self.shop.track(view(odd))
        self.assertEqual(self.shop.history(1)[0].items, [odd])
        # 256 bytes, not letters
        self.shop.track(view("é" * 128))
        self.refused(lambda: self.shop.track(view("é" * 128 + "a")), "event.item_id")

    def test_vectors_are_bytes(self):
        import struct

        # no model gives the number of dimensions yet: any whole vector is right
        self.shop.upsert_items([tk.Item(id="a", embedding=struct.pack("<3f", 1, 0, 0))])
        for wrong in (b"123", struct.pack("<3f", 0, 0, 0), struct.pack("<2f", float("nan"), 1), bytes(4 * 257)):
            self.refused(lambda: self.shop.upsert_items([tk.Item(id="a", embedding=wrong)]), "items[0].embedding")

    def test_deep_filters_are_refused(self):
        def deep(levels):
            found = tk.Filter.ALL([])
            for _ in range(levels):
                found = tk.Filter.NOT(found)
            return for_you(filter=found)

        self.assertEqual(self.shop.recommend(deep(8)).items, [])
        with self.assertRaises(Error.InvalidArgument):
            self.shop.recommend(deep(50))
        with self.assertRaises(RecursionError):
            self.shop.recommend(deep(5_000))
