"""Computes metrics of ranked lists with RecTools and compares them with ours: compare_metrics.py FILE.

FILE is JSON: `cases` (objects with `items`, best first, `wanted` and `history`), `training` (lists of items, one per
user), `attributes` and `categories` (lists of attributes, one per item), and `figures`, ours by name such as `ndcg@10`.
Every figure must be within 1e-9 of the peer's, relative to figures above 1. Calibration, which RecTools does not have,
is computed here from its definition (Steck 2018).
"""

import json
import sys

import numpy as np
import pandas as pd
from rectools import Columns
from rectools.dataset import IdMap, SparseFeatures
from rectools.metrics import (
    MAP,
    MRR,
    NDCG,
    AvgRecPopularity,
    CatalogCoverage,
    CoveredUsers,
    HitRate,
    IntraListDiversity,
    MeanInvUserFreq,
    Precision,
    Recall,
    SparsePairwiseHammingDistanceCalculator,
    SufficientReco,
    UnrepeatedReco,
)
from scipy import sparse

TOLERANCE = 1e-9
MIX = 0.01


class Hamming(SparsePairwiseHammingDistanceCalculator):
    """RecTools gives distances in 32 bits, and their means would be in 32 bits as well."""

    def _get_distances_for_item_pairs(self, items_0, items_1):
        return super()._get_distances_for_item_pairs(items_0, items_1).astype(np.float64)


def table(lists, name):
    """One row per entry of `lists`; users are numbers of lists."""
    users = np.repeat(np.arange(len(lists)), [len(entry) for entry in lists])
    items = np.concatenate([np.asarray(entry, dtype=np.int64) for entry in lists])
    frame = pd.DataFrame({Columns.User: users, Columns.Item: items})
    if name == "ranked":
        frame[Columns.Rank] = frame.groupby(Columns.User).cumcount() + 1
    return frame


def hamming(attributes):
    rows = np.repeat(np.arange(len(attributes)), [len(entry) for entry in attributes])
    columns = np.concatenate([np.asarray(entry, dtype=np.int64) for entry in attributes])
    width = int(columns.max(initial=0)) + 1
    values = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(attributes), width))
    names = tuple((str(column), 1) for column in range(width))
    return Hamming(SparseFeatures(values=values, names=names), IdMap.from_values(range(len(attributes))))


def shares(items, categories, width):
    total = np.zeros(width)
    for item in items:
        if categories[item]:
            total[categories[item]] += 1 / len(categories[item])
    return total / total.sum() if total.sum() > 0 else total


def calibration(cases, categories, k):
    width = max((max(entry) for entry in categories if entry), default=0) + 1
    values = []
    for case in cases:
        p = shares(case["history"], categories, width)
        if p.sum() > 0:
            q = (1 - MIX) * shares(case["items"][:k], categories, width) + MIX * p
            values.append(float(np.sum(p[p > 0] * np.log(p[p > 0] / q[p > 0]))))
    return float(np.mean(values))


def main(path):
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    cases = given["cases"]
    reco = table([case["items"] for case in cases], "ranked")
    wanted = table([case["wanted"] for case in cases], "wanted")
    before = table(given["training"], "training")
    catalog = range(len(given["attributes"]))
    theirs = {
        "hr": lambda k: HitRate(k=k).calc(reco, wanted),
        "recall": lambda k: Recall(k=k).calc(reco, wanted),
        "precision": lambda k: Precision(k=k).calc(reco, wanted),
        "ndcg": lambda k: NDCG(k=k, divide_by_achievable=True).calc(reco, wanted),
        "mrr": lambda k: MRR(k=k).calc(reco, wanted),
        "map": lambda k: MAP(k=k).calc(reco, wanted),
        "novelty": lambda k: MeanInvUserFreq(k=k).calc(reco, before),
        "average_popularity": lambda k: AvgRecPopularity(k=k).calc(reco, before),
        "intra_list_diversity": lambda k: IntraListDiversity(
            k=k, distance_calculator=hamming(given["attributes"])
        ).calc(reco[reco[Columns.Rank] <= k]),
        "coverage": lambda k: CatalogCoverage(k=k, normalize=True).calc(reco, catalog),
        "sufficient_reco": lambda k: SufficientReco(k=k).calc(reco),
        "unrepeated_reco": lambda k: UnrepeatedReco(k=k).calc(reco),
        "covered_users": lambda k: CoveredUsers(k=k).calc(reco, wanted),
        "calibration": lambda k: calibration(cases, given["categories"], k),
    }
    worst, wrong = 0.0, []
    for name, ours in sorted(given["figures"].items()):
        metric, k = name.split("@")
        peer = float(theirs[metric](int(k)))
        error = abs(peer - ours) / max(1.0, abs(peer))
        worst = max(worst, error)
        if not error <= TOLERANCE:
            wrong.append(f"{name}: {ours} here, {peer} there")
    print(f"{len(given['figures'])} figures of {len(cases)} lists, largest difference {worst:.1e}")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1])
