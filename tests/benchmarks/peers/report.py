"""docs/performance.md from the JSON that race.py writes: numbers are copied by a script, never by hand.

    python tests/benchmarks/peers/report.py                         # the page, from the results that are there
    python tests/benchmarks/peers/report.py --run --venvs venvs     # all comparisons anew (an hour), then the page
    python tests/benchmarks/peers/report.py --run train-8 predict   # some of them

What is not known here is passed on to race.py.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # the modules beside this one are scripts, too

from race import CAPTION, QUIET, table  # noqa: E402

PAGE = HERE.parents[2] / "docs" / "performance.md"
RESULTS = HERE / "results"
RUNS = {  # name: what race.py is asked for, in the order of the page
    "train-128": ["--batch", "128"],
    "train-8": ["--batch", "8"],
    "train-1024": ["--batch", "1024", "--steps", "30"],
    "train-deep": ["--batch", "64", "--optimizer", "adam", "--hidden", "256,128,64"],
    "train-sgd": ["--batch", "32", "--optimizer", "sgd", "--hidden", "128"],
    "train-mse": ["--batch", "32", "--optimizer", "adam", "--hidden", "256", "--loss", "mse"],
    "train-wide": ["--batch", "256", "--optimizer", "rmsprop", "--hidden", "1024,1024", "--steps", "60"],
    "predict": ["--mode", "predict"],
    "evaluate": ["--mode", "evaluate"],
    "import": ["--mode", "import"],
    "ops": ["--mode", "ops"],
}
ON_GPU = ["--gpu", "--subjects", "floor", "jax", "torch", "torch-fused", "keras-jax", "keras-torch", "arraynet:cupy"]
RUNS |= {f"gpu-{name}": [*RUNS[name], *ON_GPU] for name in RUNS if name not in ("import", "ops")}
HEAD = """# Performance

The same work in several libraries, measured by `tests/benchmarks/peers/race.py` in interleaved rounds; this page is
written by `report.py` beside it. Compare numbers of one table only: machines differ, and so do days.

`floor` is what the matrix products of a step cost in NumPy and nothing else; on a GPU in CuPy, launched one by one.
`arraynet:B` is `compile` and `fit` on backend `B`, `arraynet-step:B` a loop by hand with `GradientTape` that is not
captured; `keras-B` is Keras 3 with the same `fit`; `jax` is one jitted step with optax, `torch` and `torch-fused` are
PyTorch in eager mode. `x floor` and `x best peer` are the medians of the ratios within the rounds, the latter over
the fastest peer. All subjects use float32, the same rows, Glorot uniform kernels, Keras' hyper-parameters and a fresh
random order each round.

To measure on a machine of yours, from a checkout: the first command installs the peers, some gigabytes, into folders of
their own; the second takes an hour, in which nothing else should run, and writes this page anew.

```sh
sh tests/benchmarks/peers/setup.sh .asv/peers
make peers
make peers ARGS="train-8 predict"   # some of the comparisons only
```
"""


def section(report):
    """One comparison: what was run, its table, who is missing, and where it was run."""
    args, about = {"loss": "crossentropy"} | report["args"], report["about"]
    lines = [f"## {heading(args)}{', on a GPU' if args.get('gpu') else ''}", "", CAPTION[args["mode"]].format(**args)]
    if args.get("gpu"):
        lines += ["All rows lie on the GPU from the start: of arraynet's `fit` the second epoch counts."]
    if about["cores used by others"] > QUIET:
        busy = about["cores used by others"]
        lines += ["", f"**Disturbed:** other processes used up to {busy} cores meanwhile; not to be quoted."]
    lines += ["", table(args["mode"], report["summary"], report["facts"]) if "summary" in report else "Nobody ran."]
    missing = [f"- {name}: {reason}" for name, reason in report["gone"].items()]
    versions = ", ".join(f"{name} {version}" for name, version in sorted(about["versions"].items()))
    where = f"{about['date']}, {about['cpu']}, {about['threads']} threads. {versions}."
    return "\n".join([*lines, *([""] if missing else []), *missing, "", where])


def heading(args):
    """What a comparison is about, in few words."""
    named = {"predict": "Predicting 10,000 rows", "evaluate": "Evaluating 10,000 rows"}
    named |= {"import": "Importing", "ops": "Single ops"}
    loss = ", mean squared error" if args.get("loss") == "mse" else ""
    return named.get(args["mode"]) or f"Training {args['net']}, batch {args['batch']}, {args['optimizer']}{loss}"


def page(reports):
    """Return the whole page."""
    return "\n\n".join([HEAD.rstrip(), *map(section, reports)]) + "\n"


def results(folder=RESULTS):
    """Return the reports that there are, in order."""
    files = [folder / f"{name}.json" for name in RUNS]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def run(names, folder, passed_on):
    """Make comparisons anew; one that failed keeps its old result."""
    folder.mkdir(exist_ok=True)
    for name in names:
        fresh = folder / f"{name}.json.new"
        command = [sys.executable, HERE / "race.py", *RUNS[name], *passed_on, "--json", fresh]
        print(f"--- {name}", flush=True)
        subprocess.run(command, check=False)  # its exit code tells of subjects that failed; the table does, too
        if fresh.exists():
            fresh.replace(folder / f"{name}.json")


def main():
    """Write the page, after running what was asked for."""
    summary = __doc__.partition("\n")[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument(
        "--run", nargs="*", choices=RUNS, metavar="NAME", help=f"of {', '.join(RUNS)}; or all that are for this machine"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the JSON files are")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="what is written")
    options, passed_on = parser.parse_known_args()
    if options.run is not None:
        here = [name for name in RUNS if name.startswith("gpu-") == (shutil.which("nvidia-smi") is not None)]
        run(options.run or here, options.results, passed_on)
    reports = results(options.results)
    if not reports:
        sys.exit(f"There are no results in {options.results}; run with --run.")
    options.page.write_text(page(reports), encoding="utf-8")
    print(f"Wrote {options.page} from {len(reports)} comparisons.")


if __name__ == "__main__":
    main()
