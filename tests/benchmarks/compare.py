"""Two revisions against each other, in turn: first how much one differs from itself, then what has changed.

    python tests/benchmarks/compare.py BASE [--bench PATTERN] [--rounds N]

A round measures the base, the base again from another folder, and the working tree, each in a process of its own and
another one first each time. How far the two measurements of the base lie apart is the noise; a change that is not
larger than it, and than that of most benchmarks, or that one of the rounds contradicts, is called not distinguishable.
All three are copies in folders whose names have one length: it decides where a process finds its memory, and has made
the same code 12 % slower.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

__all__ = ["compared", "copied", "extracted", "in_turn", "timed", "verdict"]

REPOSITORY = Path(__file__).parents[2]
LEAST = 0.02  # no difference below 2 % is called one
MUCH = 0.1  # noise from which on the machine, not the code, is measured
ROUNDS = 3  # fewer cannot contradict each other
SMALL = r"Step\(.*captured|Dispatch|Book"


def extracted(revision: str, folder: Path) -> Path:
    """Write a revision's files into a folder, and leave the checkout alone."""
    archive = subprocess.run(["git", "archive", revision], cwd=REPOSITORY, capture_output=True, check=False)
    if archive.returncode:
        raise SystemExit(f"git knows no revision {revision!r}: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def copied(folder: Path) -> Path:
    """Copy what is measured of the working tree into a folder."""
    for name in ("arraynet", "backends"):
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignore)
    return folder


def in_turn(trees: list[Path], pattern: str, rounds: int) -> Iterator[tuple[dict[str, float], ...]]:
    """Yield what the rounds measured, each beginning with another tree."""
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        order = [(number + k) % len(trees) for k in range(len(trees))]
        times = {k: timed(trees[k], pattern) for k in order}
        yield tuple(times[k] for k in range(len(trees)))


def timed(tree: Path, pattern: str) -> dict[str, float]:
    """Return seconds a call by name; the suite is this checkout's, arraynet and its plugins are the tree's."""
    plugins = sorted(str(file.parent) for file in (tree / "backends").glob("*/pyproject.toml"))
    paths = [str(REPOSITORY / "tests"), str(tree), *plugins]
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "BENCH_SOURCE": str(tree)}
    command = [sys.executable, "-m", "benchmarks.measure", pattern]
    done = subprocess.run(command, cwd=tree, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The benchmarks do not run on {tree}:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def verdict(turns: list[tuple[float, float, float]], noise: float) -> str:
    """Say in words how the times of base, base again, and head differ."""
    change = median(2 * head / (base + again) for base, again, head in turns)
    slower = all(head > max(base, again) for base, again, head in turns)
    faster = all(head < min(base, again) for base, again, head in turns)
    if abs(change - 1) <= max(noise, LEAST) or not (slower or faster):
        return "not distinguishable"
    return f"{change:.2f} x the time" if change > 1 else f"{1 / change:.2f} times faster"


def compared(rounds: list[tuple[dict[str, float], ...]]) -> dict[str, tuple[float, str]]:
    """Return noise and verdict by name, of rounds that measured base, base again, and head."""
    names = set.intersection(*(set(times) for turn in rounds for times in turn)) if rounds else set()
    if not names:
        raise SystemExit("Nothing was measured: no benchmark has such a name, or none can run here.")
    turns = {name: [(base[name], again[name], head[name]) for base, again, head in rounds] for name in sorted(names)}
    noise = {name: max(max(b, a) / min(b, a) - 1 for b, a, _ in times) for name, times in turns.items()}
    typical = median(noise.values())  # a few rounds of one benchmark may agree by chance
    return {name: (noise[name], verdict(times, max(noise[name], typical))) for name, times in turns.items()}


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="a revision that git knows; the working tree is compared with it")
    parser.add_argument("--bench", default=SMALL, metavar="PATTERN", help=f"names to look for; {SMALL!r} without it")
    parser.add_argument("--rounds", type=int, default=5, help="5 without it")
    options = parser.parse_args()
    if options.rounds < ROUNDS:
        parser.error(f"--rounds must be at least {ROUNDS}, received {options.rounds}.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        trees = [extracted(options.base, folder / place) for place in ("base", "same")]
        rounds = list(in_turn([*trees, copied(folder / "head")], options.bench, options.rounds))
    found = compared(rounds)
    noises = sorted(noise for noise, _ in found.values())
    print(f"A/A noise of {options.base}: median {median(noises):.1%}, most {noises[-1]:.1%}\n")
    if median(noises) > MUCH:
        print("That is much: smaller changes cannot be seen. Stop what else runs here, and try again.\n")
    for name, (noise, words) in found.items():
        print(f"{name:<60} {words:<22} (noise {noise:.1%})")


if __name__ == "__main__":
    main()
