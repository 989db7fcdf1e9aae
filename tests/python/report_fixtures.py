"""Writes the golden vectors of preference reports: report_fixtures.py FOLDER.

payloads.csv has a payload in hexadecimal digits a line, reports and what is none; shares.csv what must be estimated from them.
Written from the formulas with exact fractions, so that it shares nothing with what it checks.
"""

import os
import random
import sys
from fractions import Fraction
from math import sqrt

HEADER = "taxonomy_id,epoch,topics,per_report,ratio,topic,reports,named,share,half_width"
# taxonomy id, epoch, d, m, R, reports
GROUPS = [
    ("0a0b0c0d", 24, 32, 2, 8, 260),
    ("0a0b0c0d", 25, 32, 2, 8, 180),
    ("ffeeddcc", 25, 16, 1, 8, 120),
    ("00000001", 65535, 64, 3, 4, 150),
    ("80000000", 0, 2, 1, 2, 40),
]


def payload(taxonomy, epoch, topics, per_report, ratio, mask):
    return f"50560101{topics:02x}{per_report:02x}{ratio:02x}00{taxonomy}{epoch:04x}{mask:016x}0000"


def broken(good):
    """One change each that makes a report none; the last are cut, longer and empty."""
    for at, byte in [(0, "51"), (1, "00"), (2, "02"), (3, "00"), (4, "41"), (4, "01"), (5, "00"), (5, "11"), (6, "09"),
                     (6, "01"), (7, "01"), (22, "01"), (23, "80"), (14, "01"), (21, "ff")]:
        yield good[: 2 * at] + byte + good[2 * at + 2 :]
    yield good[:-2]
    yield good + "00"
    yield ""


def main():
    folder = sys.argv[1]
    draw = random.Random(5)
    payloads, rows = [], []
    for taxonomy, epoch, topics, per_report, ratio, reports in GROUPS:
        named = [0] * topics
        for _ in range(reports):
            weights = [1 / (1 + topic) for topic in range(topics - 1)] + [1.0]
            chosen = set()
            while len(chosen) < per_report:
                chosen.add(draw.choices(range(topics), weights)[0])
            payloads.append(payload(taxonomy, epoch, topics, per_report, ratio, sum(1 << t for t in chosen)))
            for topic in chosen:
                named[topic] += 1
        p = Fraction(per_report * ratio, per_report * ratio + topics - per_report)
        q = (per_report - p) / (topics - 1)
        for topic, count in enumerate(named):
            f = Fraction(count, reports)
            share = (f - q) / (p - q)
            half_width = 1.96 * sqrt(f * (1 - f) / reports) / float(p - q)
            rows.append(f"{taxonomy},{epoch},{topics},{per_report},{ratio},{topic},{reports},{count},"
                        f"{float(share)!r},{half_width!r}")
    payloads.extend(broken(payloads[0]))
    draw.shuffle(payloads)
    for name, lines in [("payloads.csv", ["payload", *(f'"{line}"' for line in payloads)]), ("shares.csv", [HEADER, *rows])]:
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines) + "\n")


main()
