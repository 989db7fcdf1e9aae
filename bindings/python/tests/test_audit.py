"""Two shoppers who differ in everything, told apart by their reports: as well as `ln R` allows, and not better.

The engine is a black box behind this package, with the system's randomness, as it ships. A pilot chooses the event: the masks that
speak most for one shopper. Fresh reports then bound the privacy loss from below, with Clopper and Pearson's (1934) intervals at a
confidence of one in a million each. A bound above `ln R` is a leak; one below `0.9 ln R` says that the audit is blind.
"""

import math
import random
import unittest
from collections import Counter
from pathlib import Path

import tastekeeper as tk

FILES = Path(__file__).resolve().parents[3] / "tests" / "scenarios" / "files"

#: Of an epoch, which are counted from 2020-01-01 UTC.
EPOCH_MS = 91 * 86_400_000
START_MS = 1_577_836_800_000 + 30 * EPOCH_MS
#: Reports of one installation: as many as its budget allows.
PER_PHONE = 8
#: Two topics of the vocabulary in `files`, by a category of each.
CATEGORIES = ("el-103", "tg")
RATIO = 8
PILOT, SAMPLES = 10_000, 60_000
MISS = 1e-6


def masks(category, count):
    """Masks of shoppers whose last eight items are all of `category`, one installation after the other."""
    vocabulary = (FILES / "vocabulary.txt").read_bytes()
    signature = (FILES / "vocabulary.txt.minisig").read_text("ascii")
    config = tk.Config(model_keys=[tk.read_key(FILES / "shop.pub")])
    items = [tk.Item(id=f"{category}-{number}", category=[category]) for number in range(8)]
    views = [tk.Event(kind=tk.EventKind.VIEW_ITEM(), item_id=item.id) for item in items]
    consent = tk.Consent(notice_version="2026-01")
    found = []
    while len(found) < count:
        clock = tk.FixedClock(START_MS)
        with tk.Recommender(config, clock=clock) as shop:
            shop.load_vocabulary(vocabulary, signature)
            shop.upsert_items(items)
            shop.set_level(tk.PersonalizationLevel.SHARED, consent)
            for epoch in range(PER_PHONE):
                clock.time_ms = START_MS + epoch * EPOCH_MS
                if epoch == 4:  # a consent ends after 13 months
                    shop.set_level(tk.PersonalizationLevel.SHARED, consent)
                shop.track_all(views)
                found.append(int.from_bytes(shop.preview_report().report.bytes[14:22], "big"))
    return found[:count]


def at_least(hits, n, rate):
    """The chance of at least `hits` of `n` at `rate`, term by term."""
    total = 0.0
    for k in range(hits, n + 1):
        log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        term = math.exp(log + k * math.log(rate) + (n - k) * math.log1p(-rate))
        total += term
        if k > rate * n and term < total * 1e-15:
            break
    return total


def lower_bound(hits, n):
    """The rate below which `hits` of `n` would come about less than once in a million."""
    low, high = 0.0, hits / n
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at_least(hits, n, middle) < MISS else (low, middle)
    return low


def privacy_loss(draw):
    """A bound from below, from the reports that `draw(category, count)` gives."""
    one, other = (Counter(draw(category, PILOT)) for category in CATEGORIES)
    # one is added to both, so that a mask that was seldom seen does not decide
    event = {mask for mask in one if math.log((one[mask] + 1) / (other[mask] + 1)) > 0.75 * math.log(RATIO)}
    hits = [sum(mask in event for mask in draw(category, SAMPLES)) for category in CATEGORIES]
    upper = 1 - lower_bound(SAMPLES - hits[1], SAMPLES)
    return math.log(lower_bound(hits[0], SAMPLES) / upper), hits


class Audit(unittest.TestCase):
    def test_bounds_are_those_of_clopper_and_pearson(self):
        self.assertAlmostEqual(lower_bound(100, 100), MISS**0.01, places=9)
        self.assertAlmostEqual(lower_bound(20_000, 40_000), 0.5 - 4.753 * 0.0025, places=4)

    def test_reports_tell_two_shoppers_apart_as_well_as_allowed_and_no_better(self):
        bound, hits = privacy_loss(masks)
        print(f"{hits[0]} and {hits[1]} of {SAMPLES}: privacy loss at least {bound:.3f}, ln R {math.log(RATIO):.3f}")
        self.assertLessEqual(bound, math.log(RATIO), "a leak")
        self.assertGreaterEqual(bound, 0.9 * math.log(RATIO), "the audit is blind")

    def test_leaks_and_dead_audits_are_seen(self):
        generator = random.Random(1)

        def simulated(ratio):
            # randomised response over two answers, with a ratio of its own
            return lambda category, count: [
                CATEGORIES.index(category) ^ (generator.random() * (ratio + 1) < 1) for _ in range(count)
            ]

        self.assertGreater(privacy_loss(simulated(64))[0], math.log(RATIO))
        self.assertLess(privacy_loss(simulated(6))[0], 0.9 * math.log(RATIO))
        self.assertTrue(0.9 * math.log(RATIO) <= privacy_loss(simulated(RATIO))[0] <= math.log(RATIO))
