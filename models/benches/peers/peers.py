"""The scan in turns with other libraries' searches: `cargo xtask bench peers` runs this.

    peers.py PROGRAM FOLDER [--data DATA] [--shops beauty,10000,..] [--rounds N]

PROGRAM is the Rust side (main.rs beside this file), FOLDER is where vectors, graphs and the figures `peers.json` and
`peers.svg` go. Everyone has one thread and one query at a time, in turns, round by round, so that whatever slows the machine
down slows all of them; a turn is a few calls to warm up and one that is timed. Ratios of medians are what holds elsewhere. Calls
of the libraries that are called from Python have Python's part in them, a few microseconds.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

# before anyone reads them
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import faiss
import implicit
import numpy as np
import simsimd
import usearch
import usearch.index
from implicit.cpu.topk import topk

try:
    import hnswlib
except ImportError:
    hnswlib = None

TOP = 20
# as `measure.rs` has it
WARM_UPS = 4
# The one that all are compared with: in a large shop the engine looks at promising items only.
SCAN, SIGNS = "Tastekeeper int8", "Tastekeeper signs, int8"
FINER, FINER_SIGNS = f"{SCAN} + residuals", f"{SIGNS} + residuals"
# As the writer of packs has it.
LARGE_SHOP = 32_768
# Lengths of lists of guesses, and the queries that ask for them.
LISTS = (100, 200, 500, 1_000, 2_000)
GUESSED = 300
# Building the graph takes minutes from here on.
GRAPH_ITEMS = 500_000
# What finds nothing.
FLOORS = {"read int8's bytes": "floor8", "read int4's bytes": "floor4", "int8, scores alone": "scores8"}
RUST = {
    FINER_SIGNS: "finer_signs8",
    SIGNS: "signs8",
    FINER: "finer8",
    SCAN: "int8",
    "Tastekeeper signs, int4": "signs4",
    "Tastekeeper int4": "int4",
    "ndarray f32": "ndarray",
}


class Rust:
    """The turns that are taken in the program."""

    def __init__(self, program, shop, folder, data):
        arguments = [program, shop, folder] + ([data] if data else [])
        self.process = subprocess.Popen(
            list(map(str, arguments)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        ready = self.process.stdout.readline().split()
        if len(ready) != 4 or ready[0] != "ready":
            sys.exit(f"{program} did not start: {' '.join(ready) or 'see above'}")
        self.items, self.dim, self.kernel = int(ready[1]), int(ready[2]), ready[3]

    def turn(self, name, query):
        self.process.stdin.write(f"{name} {query}\n")
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"the program ended during {name}")
        return int(answer[0]), list(map(int, answer[1:]))

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit("the program failed")


def best(scores):
    """The best items of a score per item, best first."""
    found = np.argpartition(scores, -TOP)[-TOP:]
    return found[np.argsort(-scores[found])]


def timed(search, queries, query):
    """Nanoseconds of the search for one query after some for others, and what it finds.

    Of others, because no shopper asks twice: the same again would find every node of a graph in the nearest cache. A scan
    reads everything for any query.
    """
    for other in range(1, WARM_UPS + 1):
        search(queries[(query + other) % len(queries)])
    started = time.perf_counter_ns()
    found = search(queries[query])
    return time.perf_counter_ns() - started, found


def peers(vectors, folder):
    """The searches of other libraries: by name, the bytes they hold for it, and a function from a query to items."""
    items, dim = vectors.shape
    found = {}

    scores = np.empty(items, np.float32)
    found["numpy f32"] = (vectors.nbytes, lambda q: best(np.dot(vectors, q, out=scores)))

    found["simsimd f32"] = (
        vectors.nbytes,
        # "inner" is the product itself, not a distance
        lambda q: best(np.asarray(simsimd.cdist(q.reshape(1, dim), vectors, metric="inner"))[0]),
    )

    found["implicit f32"] = (
        vectors.nbytes,
        lambda q: topk(vectors, q.reshape(1, dim), TOP, num_threads=1)[0][0],
    )

    flat = faiss.IndexFlatIP(dim)
    flat.add(vectors)
    found["faiss Flat f32"] = (items * dim * 4, lambda q: flat.search(q.reshape(1, dim), TOP)[1][0])

    coded = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    coded.train(vectors)
    coded.add(vectors)
    found["faiss SQ8"] = (items * coded.code_size, lambda q: coded.search(q.reshape(1, dim), TOP)[1][0])

    # Exact search reads no links, so as few as possible are made.
    exact = usearch.index.Index(
        ndim=dim, metric="ip", dtype="i8", connectivity=2, expansion_add=1, expansion_search=1
    )
    exact.add(np.arange(items), vectors, threads=os.cpu_count())
    found["usearch i8 exact"] = (items * dim, lambda q: exact.search(q, TOP, exact=True, threads=1).keys)

    if hnswlib is None:
        print("!! hnswlib is NOT compared: it could not be built here")
    elif items >= GRAPH_ITEMS:
        print(f"!! hnswlib is NOT compared with {items} items: its graph takes minutes to build")
    else:
        graph = hnswlib.Index(space="ip", dim=dim)
        digest = hashlib.blake2b(vectors.tobytes(), digest_size=8).hexdigest()
        kept = folder / f"hnsw-{digest}.bin"
        if kept.is_file():
            graph.load_index(str(kept))
        else:
            graph.init_index(max_elements=items, M=16, ef_construction=200, random_seed=1)
            graph.add_items(vectors)
            graph.save_index(str(kept))
        graph.set_ef(64)
        graph.set_num_threads(1)
        found["hnswlib ef=64"] = (
            kept.stat().st_size,
            lambda q: graph.knn_query(q, k=TOP, num_threads=1)[0][0],
        )
    return found


def measure(rust, folder, rounds):
    """One shop: a row for each contestant."""
    vectors, queries = np.load(folder / "vectors.npy"), np.load(folder / "queries.npy")
    others = peers(vectors, folder)
    names = [*FLOORS, *RUST, *others]
    taken = {name: [] for name in names}
    hits = {name: [] for name in names}
    for turn in range(rounds + 1):
        query = turn % len(queries)
        # what is right, in twice the precision
        truth = set(best(vectors @ queries[query].astype(np.float64)).tolist())
        for name in names:
            if name in others:
                time_ns, found = timed(others[name][1], queries, query)
                found = [int(item) for item in found]
            else:
                time_ns, found = rust.turn(FLOORS.get(name) or RUST[name], query)
            # The first round is for whoever does something only once.
            if turn > 0:
                taken[name].append(time_ns)
                hits[name].append(len(truth.intersection(found)) / TOP)
    items, dim = vectors.shape
    held = {
        # a scale of a byte for each item, and a bit for each sign
        SIGNS: items * (dim + 1 + dim // 8),
        SCAN: items * (dim + 1),
        # one more bit for each value
        FINER_SIGNS: items * (dim + 1 + dim // 8 + dim // 8),
        FINER: items * (dim + 1 + dim // 8),
        "Tastekeeper signs, int4": items * (dim // 2 + 1 + dim // 8),
        "Tastekeeper int4": items * (dim // 2 + 1),
        "ndarray f32": vectors.nbytes,
        "int8, scores alone": items * (dim + 1),
        "read int8's bytes": items * dim,
        "read int4's bytes": items * dim // 2,
    }
    ours = statistics.median(taken[SIGNS if items >= LARGE_SHOP else SCAN])
    rows = []
    for name in names:
        quantiles = statistics.quantiles(taken[name], n=20)
        rows.append({
            "name": name,
            "median_us": statistics.median(taken[name]) / 1e3,
            "p95_us": quantiles[-1] / 1e3,
            "ratio": statistics.median(taken[name]) / ours,
            "recall": None if name in FLOORS else statistics.fmean(hits[name]),
            "bytes": held[name] if name in held else others[name][0],
        })
    return rows


def coverage(vectors, queries):
    """Which share of the exact best is among so many best guesses, by one or two bits of each value, in parts of the shop."""
    dim = vectors.shape[1]
    # The levels that lose least of a normal distribution (Max 1960).
    signs = lambda v: np.where(v > 0, 1, -1) / np.sqrt(dim)
    two_bits = lambda v: np.sign(v) * np.where(np.abs(v) * np.sqrt(dim) < 0.9816, 0.4528, 1.510)
    found = []
    for part in (4, 2, 1):
        own = vectors[np.sort(np.random.default_rng(part).permutation(len(vectors))[: len(vectors) // part])]
        exact = np.argsort(-(queries @ own.T), axis=1)[:, :TOP]
        for bits, coarse in ((1, signs), (2, two_bits)):
            order = np.argsort(-(queries @ coarse(own).astype(np.float32).T), axis=1)
            place = np.empty_like(order)
            np.put_along_axis(place, order, np.arange(len(own))[None], axis=1)
            places = np.take_along_axis(place, exact, axis=1)
            shares = {count: float((places < count).mean()) for count in LISTS}
            found.append({"items": len(own), "bits": bits, "shares": shares})
    return found


def coverage_table(rows):
    lines = [f"the share of the best {TOP} that is among the best guesses"]
    lines.append(f"{'items':>9}{'bits':>6}" + "".join(f"{count:>9}" for count in LISTS))
    for row in rows:
        shares = "".join(f"{share:>9.4f}" for share in row["shares"].values())
        lines.append(f"{row['items']:>9}{row['bits']:>6}{shares}")
    return "\n".join(lines)


def table(shop, rows):
    lines = [f"\n{shop['name']}: {shop['items']} items, {shop['dim']} dimensions, top {TOP}, {shop['rounds']} rounds"]
    lines.append(f"{'':<36}{'median us':>12}{'95 % us':>12}{'x ours':>9}{'recall':>9}{'MB':>9}{'B/item':>8}")
    for row in rows:
        recall = "" if row["recall"] is None else f"{row['recall']:.4f}"
        lines.append(
            f"{row['name']:<36}{row['median_us']:>12.1f}{row['p95_us']:>12.1f}{row['ratio']:>9.2f}{recall:>9}"
            f"{row['bytes'] / 1e6:>9.2f}{row['bytes'] / shop['items']:>8.0f}"
        )
    return "\n".join(lines)


def plot(shops):
    """Bars of medians on a logarithmic axis, a panel for each shop."""
    times = [row["median_us"] for shop in shops for row in shop["rows"]]
    low, high = 10 ** np.floor(np.log10(min(times))), 10 ** np.ceil(np.log10(max(times)))
    left, wide, bar = 220, 520, 18
    place = lambda us: left + wide * float(np.log10(us / low) / np.log10(high / low))
    parts, y = [], 20
    for shop in shops:
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{shop["name"]}: {shop["items"]} items</text>')
        top, y = y + 8, y + 8
        bottom = top + bar * len(shop["rows"])
        decade = low
        while decade <= high:
            x = place(decade)
            parts.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="#ccc"/>')
            parts.append(f'<text x="{x:.1f}" y="{bottom + 13}" text-anchor="middle">{decade:g} us</text>')
            decade *= 10
        for row in shop["rows"]:
            ours = row["name"].startswith("Tastekeeper")
            colour = "#1b6e53" if ours else "#aaa" if row["recall"] is None else "#7a93b8"
            x = place(row["median_us"])
            words = f"{row['median_us']:.0f} us, {row['ratio']:.2f} x"
            if row["recall"] is not None:
                words += f", recall {row['recall']:.3f}"
            parts.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{row["name"]}</text>')
            parts.append(
                f'<rect x="{left}" y="{y + 2}" width="{x - left:.1f}" height="{bar - 4}" fill="{colour}"/>'
            )
            parts.append(f'<text x="{x + 5:.1f}" y="{y + 13}">{words}</text>')
            y += bar
        y += 45
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + wide + 200}" height="{y}"'
    style = 'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f"{head} {style}", *parts, "</svg>\n"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--data", type=pathlib.Path, help="the folder with the log of the shop `beauty`")
    arguments.add_argument("--shops", default="beauty,10000,100000,1000000")
    rounds = "of a shop with at most 20 000 items, each with another query; a fifth of them up to 200 000, a tenth beyond"
    arguments.add_argument("--rounds", type=int, default=1000, help=rounds)
    options = arguments.parse_args()
    faiss.omp_set_num_threads(1)
    shops = []
    for name in options.shops.split(","):
        if name == "beauty" and options.data is None:
            print("!! beauty is NOT searched: the development data is not there")
            continue
        folder = options.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        rust = Rust(options.program, name, folder, options.data if name == "beauty" else None)
        part = 1 if rust.items <= 20_000 else 5 if rust.items <= 200_000 else 10
        rounds = max(options.rounds // part, 2)
        shop = {"name": name, "items": rust.items, "dim": rust.dim, "kernel": rust.kernel, "rounds": rounds}
        shop["rows"] = measure(rust, folder, rounds)
        rust.close()
        print(table(shop, shop["rows"]), flush=True)
        if rust.items < LARGE_SHOP:
            queries = np.load(folder / "queries.npy")[:GUESSED]
            shop["coverage"] = coverage(np.load(folder / "vectors.npy"), queries)
            print(coverage_table(shop["coverage"]), flush=True)
        shops.append(shop)
    versions = {
        "faiss": faiss.__version__,
        "implicit": implicit.__version__,
        "numpy": np.__version__,
        "simsimd": simsimd.__version__,
        "usearch": usearch.__version__,
        "hnswlib": None if hnswlib is None else getattr(hnswlib, "__version__", "0.8.0"),
    }
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    figures = {"machine": platform.machine(), "load": load, "versions": versions, "top": TOP, "shops": shops}
    (options.folder / "peers.json").write_text(json.dumps(figures, indent=2) + "\n")
    (options.folder / "peers.svg").write_text(plot(shops))
    print(f"\nkernel {', '.join(sorted({shop['kernel'] for shop in shops}))}; load of the machine {load}")
    print(f"the same as JSON and as a picture: {options.folder}/peers.json, {options.folder}/peers.svg")


main()
