"""What calls cost in Python, next to what the same calls cost in Rust, in turns: `cargo xtask bench python`.

Over a pack of 100 000 made-up items and a store on disk. The engine's own cost belongs to both columns; what the binding adds is
the difference. Nothing is asserted: this shows, it does not judge.

usage: calls.py TASTEKEEPER RUST [SAMPLES], with the `tastekeeper` command and the compiled `calls` of the library's crate.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import tastekeeper as tk

ITEMS = 100_000
DIM = 96
ROUNDS = 3


def make_pack(command, folder):
    """A pack of random vectors: what they say does not matter, how many they are does."""
    random = numpy.random.default_rng(1)
    numpy.save(folder / "vectors.npy", random.standard_normal((ITEMS, DIM), dtype=numpy.float32))
    (folder / "ids.txt").write_text("".join(f"item-{number}\n" for number in range(ITEMS)))
    subprocess.run([command, "sign", "--new-key", folder / "key"], check=True, capture_output=True)
    arguments = ["import", folder / "vectors.npy", "--ids", folder / "ids.txt", "--key", folder / "key/tastekeeper.key"]
    subprocess.run([command, *arguments, "--out", folder / "large.tkpack"], check=True, capture_output=True)
    return folder / "large.tkpack", folder / "key/tastekeeper.pub"


def view(number):
    return tk.Event(kind=tk.EventKind.VIEW_ITEM(), item_id=f"item-{number * 37 % 1_000}")


def in_python(pack, key, samples):
    found = {}

    def timed(name, call):
        started = time.perf_counter()
        answer = call()
        found.setdefault(name, []).append((time.perf_counter() - started) * 1e6)
        return answer

    config = tk.Config(model_keys=[tk.read_key(key)])
    with tempfile.TemporaryDirectory() as folder:
        with tk.Recommender(config, directory=folder, keys=tk.MemoryKeys()) as shop:
            shop.load_model(str(pack))
            shop.set_level(tk.PersonalizationLevel.ON_DEVICE, tk.Consent(notice_version="bench"))
            shop.track_all([view(number) for number in range(200)])
            for round in range(samples):
                timed("level", shop.level)
                timed("track", lambda: shop.track(view(round)))
                timed("track_all(100)", lambda: shop.track_all([view(number) for number in range(100)]))
                request = lambda: tk.Request(kind=tk.RecommendationKind.FOR_YOU(), seed=1)
                answer = timed("recommend(10)", lambda: shop.recommend(request()))
                timed("explain", lambda: shop.explain(answer.recommendation_id, answer.items[0].item_id))
    return found


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.rstrip().splitlines()[-1])
    samples = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    python, rust = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        pack, key = make_pack(sys.argv[1], Path(folder))
        for _ in range(ROUNDS):
            done = subprocess.run([sys.argv[2], pack, key, str(samples)], check=True, capture_output=True, text=True)
            for name, times in json.loads(done.stdout).items():
                rust.setdefault(name, []).extend(times)
            for name, times in in_python(pack, key, samples).items():
                python.setdefault(name, []).extend(times)
    print(f"{ITEMS} items, medians of {ROUNDS * samples} calls in {ROUNDS} turns, microseconds")
    print(f"{'call':<16} {'Rust':>10} {'Python':>10} {'binding':>10} {'share':>7}")
    for name in ("level", "track", "track_all(100)", "recommend(10)", "explain"):
        one, other = statistics.median(rust[name]), statistics.median(python[name])
        print(f"{name:<16} {one:>10.1f} {other:>10.1f} {other - one:>10.1f} {(other - one) / other:>7.0%}")


if __name__ == "__main__":
    main()
