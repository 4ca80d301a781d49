#!/usr/bin/env python3
"""Time arraynet and its peers on the same work, round by round.

Every subject lives in its own process. A round asks each in turn for one pass over the rows; whoever is not at work
is stopped, so that one library's spinning threads do not slow the next. The first round warms up. A figure is the
median of the rounds, a ratio the median of the ratios within the rounds. Rounds during which other processes were
busy are run again; where that does not help the table says so, and is not to be quoted.

    sh setup.sh venvs                                # once: virtual environments of the peers
    python race.py --venvs venvs                     # all subjects, 784-512-10, batch 128, RMSprop
    python race.py --venvs venvs --batch 8 --subjects floor jax arraynet:numba
    python race.py --mode predict | evaluate | import | ops
    python race.py --gpu --subjects floor jax torch arraynet:cupy
"""

import argparse
import datetime
import json
import os
import platform
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from micro import CASES

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
VENV = {  # peer: its virtual environment under --venvs
    "jax": "jax", "torch": "torch", "torch-fused": "torch", "keras-jax": "jax", "keras-tensorflow": "tensorflow",
    "keras-torch": "torch", "sklearn": "sklearn",
}  # fmt: skip
GROUPS = {
    "peers": ["floor", *VENV],
    "arraynet": [f"{kind}:{backend}" for kind in ("arraynet", "arraynet-step") for backend in ("numpy", "numba")],
}
CAPTION = {
    "train": "train {net}, batch {batch}, {optimizer}, {loss}, {steps} steps a round. floor: only the step's matmuls.",
    "predict": "predict 10,000 rows with {net}, in ms. floor: only the matmuls.",
    "evaluate": "evaluate 10,000 rows with {net}, in ms. floor: only the matmuls.",
    "import": "import, and a script that trains {net} on one batch of {batch}. floor: NumPy, and only the matmuls.",
    "ops": "float32 ops, in microseconds a call. floor: NumPy.",
}
PLACES = ("venvs", "subject_python", "mnist", "json")  # they say nothing to a reader elsewhere
QUIET = 0.1  # of a core is what other processes may use during a round


class GoneError(Exception):
    """A subject leaves the comparison; the message says why, FAILED or skipped."""


class Worker:
    """One subject in its own process, which is stopped whenever it has nothing to do."""

    def __init__(self, name, args):
        python = args.venvs / VENV[name] / "bin" / "python" if name in VENV else args.subject_python
        if name in VENV and not python.exists():
            raise GoneError("skipped: not installed by setup.sh")
        command = [python, HERE / "worker.py", json.dumps(vars(args) | {"subject": name}, default=str)]
        options = {"env": environment(name, args), "stderr": None if args.verbose else subprocess.DEVNULL, "text": True}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)

    def ask(self, request, patience):
        """Send a request and wait for the reply; without one, wait for the greeting."""
        self.process.send_signal(signal.SIGCONT)
        if request:
            print(json.dumps(request), file=self.process.stdin, flush=True)
        if not select.select([self.process.stdout], [], [], patience)[0]:
            raise GoneError(f"FAILED: no answer in {patience:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise GoneError(f"FAILED: died with exit code {self.process.wait()}")
        self.process.send_signal(signal.SIGSTOP)  # or the spinning threads of one library slow the next
        reply = json.loads(line)
        if "gone" in reply:
            raise GoneError(reply["gone"])
        return reply


def environment(name, args):
    """This process's environment, with the threads limited and the backend chosen."""
    library, _, backend = name.partition(":" if ":" in name else "-")
    extra = {f"{pool}_NUM_THREADS": args.threads for pool in ("ARRAYNET", "MKL", "NUMBA", "OMP", "OPENBLAS")}
    extra |= {"TF_NUM_INTRAOP_THREADS": args.threads, "TF_NUM_INTEROP_THREADS": args.threads}
    extra |= {"JAX_PLATFORMS": "cuda" if args.gpu else "cpu", "TF_CPP_MIN_LOG_LEVEL": 3}
    # On a GPU it alone would multiply in less than float32, and take most of the memory.
    extra |= {"JAX_DEFAULT_MATMUL_PRECISION": "float32", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    extra |= {f"{args.module if ':' in name else library}_BACKEND".upper(): backend}
    env = os.environ | {key: str(value) for key, value in extra.items()}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # users import compiled modules
    return env


class Race:
    """The subjects that run, those that are gone and why, and the time that is left."""

    def __init__(self, args):
        self.args, self.workers, self.facts, self.gone = args, {}, {}, {}
        self.end = time.monotonic() + args.time_limit

    def ask(self, name, request=None):
        """The reply; None, with the subject gone, if there is none."""
        try:
            if name not in self.workers:
                self.workers[name] = Worker(name, self.args)
            limit = self.args.time_limit
            return self.workers[name].ask(request, min(max(self.end - time.monotonic(), limit / 20), limit / 4))
        except (GoneError, OSError) as reason:
            self.gone[name] = str(reason) if isinstance(reason, GoneError) else f"FAILED: {reason}"
            self.drop(name)

    def start(self, name):
        began = time.perf_counter()
        if facts := self.ask(name):
            self.facts[name] = facts | {"script s": time.perf_counter() - began}

    def drop(self, name):
        if worker := self.workers.pop(name, None):
            worker.process.kill()
            worker.process.communicate()

    def play(self, requests):
        """One round, {label: {subject: value}}: every request to every subject in turn."""
        values = {label: {} for label in requests}
        if self.args.mode == "import":  # starting is all there is to do
            for name in [name for name in self.args.subjects if name not in self.gone]:
                self.start(name)
                self.drop(name)
            return {label: {name: facts[label] for name, facts in self.facts.items()} for label in requests}
        for label, request in requests.items():
            for name in list(self.workers):
                if reply := self.ask(name, request):
                    values[label][name] = reply["value"]
        return values

    def run(self):
        """The quietest rounds and how quiet they were; after one that warms up, disturbed ones are run again."""
        for name in self.args.subjects if self.args.mode != "import" else ():
            self.start(name)
        rounds, requests = [], plan(self.args)
        self.play(requests)
        while (
            sum(others <= self.args.others for others, _ in rounds) < self.args.rounds
            and len(rounds) < 3 * self.args.rounds
        ):
            before, began = self.wait_for_quiet(), time.monotonic()
            values = self.play(requests)
            rounds.append((max(before, others_use()), values))
            if time.monotonic() + (time.monotonic() - began) > self.end:
                break
        if self.args.mode == "train":
            self.judge()
        worst = sorted(others for others, _ in rounds)[: self.args.rounds][-1]
        return [values for others, values in rounds if others <= worst][: self.args.rounds], worst

    def wait_for_quiet(self):
        """Let other processes finish, for up to half of the time limit; the cores that they still use."""
        while (others := others_use()) > self.args.others and time.monotonic() < self.end - self.args.time_limit / 2:
            pass
        return others

    def judge(self):
        """Fail who did not learn: the loss is to fall by a tenth, and half as far as the median subject's."""
        falls = {}
        for name in list(self.workers):
            first, reply = self.facts[name].get("loss"), self.ask(name, {"do": "finish"})
            if reply:
                self.facts[name] |= reply
            if reply and first:
                falls[name] = 1 - reply["loss"] / first
        for name, fall in falls.items():
            if not fall > max(0.1, median(falls.values()) / 2):
                self.gone[name] = f"FAILED: did not learn, its loss fell by {fall:.0%}"


def others_use(seconds=0.5):
    """Cores that other processes use, seen while every worker is stopped; only Linux tells."""
    stat, busy = Path("/proc/stat"), []
    for pause in (seconds, 0) if stat.exists() else ():
        user, nice, system, _, _, *interrupts = map(int, stat.read_text().split()[1:9])
        busy.append((user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK"))
        time.sleep(pause)
    return (busy[1] - busy[0]) / seconds if busy else 0.0


def plan(args):
    """{label: request}, the measurements of one round."""
    return {
        "train": {"ms/step": {"do": "train"}},
        "predict": {f"batch {batch}": {"do": "predict", "batch": batch} for batch in args.batches},
        "evaluate": {f"batch {batch}": {"do": "evaluate", "batch": batch} for batch in args.batches},
        "import": dict.fromkeys(["import s", "import MB", "script s", "script MB"]),
        "ops": {name: {"do": "op", "name": name} for name in CASES},
    }[args.mode]


def summarise(rounds, names):
    """{label: {subject: {median, min, x floor, x best peer}}}; a ratio is the median of the rounds' ratios."""
    summary = {}
    for label in rounds[0]:
        times = {name: [values[label][name] for values in rounds] for name in names}
        entry = summary[label] = {name: {"median": median(t), "min": min(t)} for name, t in times.items()}
        best = min((name for name in names if name in VENV), key=lambda name: entry[name]["median"], default=None)
        for title, base in (("x floor", "floor"), ("x best peer", best)):
            for name in names if base in names else ():
                entry[name][title] = median(a / b for a, b in zip(times[name], times[base], strict=True))
    return summary


def number(value):
    return "-" if value is None else f"{value:.{3 if value < 10 else 1 if value < 100 else 0}f}"


def table(mode, summary, facts):
    """Markdown: subjects down, by the first measure; in the ops mode, ops down and subjects across."""
    first = next(iter(summary.values()))
    details = [] if mode in ("import", "ops") else ["x floor", "x best peer"]
    details = ["min", *details] if mode == "train" else details
    extras = ["first step s", "import s", "peak MB", "loss"] if mode == "train" else []
    rows = [["", *(cell for label in summary for cell in (label, *details)), *extras]]
    for name in first if mode == "ops" else sorted(first, key=lambda name: first[name]["median"]):
        cells = [entry[name].get(key) for entry in summary.values() for key in ("median", *details)]
        rows.append([name, *map(number, cells), *(number(facts[name].get(extra)) for extra in extras)])
    rows = [list(column) for column in zip(*rows, strict=True)] if mode == "ops" else rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))} |" for row in rows)


def about(args, facts, others):
    """What the reader needs in order to trust the numbers, and to repeat them."""
    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), cpu)
    if args.gpu:
        query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        cpu += f", {subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()[0]}"
    versions = {library: version for fact in facts.values() for library, version in fact["versions"].items()}
    return {
        "date": datetime.datetime.now().isoformat(" ", "minutes"), "cpu": f"{os.cpu_count()} x {cpu}",
        "threads": args.threads, "cores used by others": round(others, 2), "versions": versions,
    }  # fmt: skip


def mnist():
    """Where arraynet finds the data, too."""
    places = [REPOSITORY / "arraynet" / "datasets", Path.home() / ".arraynet" / "datasets"]
    return next((place / "mnist.npz" for place in places if (place / "mnist.npz").exists()), places[0] / "mnist.npz")


def parse():
    summary = __doc__.partition("\n")[0]
    parser = argparse.ArgumentParser(description=summary, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add = parser.add_argument
    names = f"names (floor {' '.join(VENV)} arraynet:BACKEND arraynet-step:BACKEND) or groups (peers arraynet)"
    add("--mode", choices=CAPTION, default="train", help="what to compare")
    add("--subjects", nargs="+", default=["peers", "arraynet"], metavar="NAME", help=names)
    add("--batch", type=int, help="batch size; 128, but to predict and evaluate 32 and then 256")
    add("--optimizer", choices=("sgd", "rmsprop", "adam", "adamw", "nadam"), default="rmsprop", help="Keras's defaults")
    add("--loss", choices=("crossentropy", "mse"), default="crossentropy", help="of the labels")
    add("--hidden", type=lambda text: [int(n) for n in text.split(",")], default="512", help="units, as in 256,128,64")
    add("--rounds", type=int, default=7, help="counted rounds; one more goes before them to warm up")
    add("--steps", type=int, help="training steps in a round; some 25,600 rows' worth, 60 to 2000 steps")
    add("--threads", type=int, default=2, help="for every subject")
    add("--gpu", action="store_true", help="on the GPU: all but tensorflow and sklearn, and arraynet:cupy")
    add("--time-limit", type=float, default=600, metavar="SECONDS", help="no round starts that would end after it")
    add("--others", type=float, default=QUIET, metavar="CORES", help="what other processes may use during a round")
    add("--venvs", type=Path, default=REPOSITORY / ".asv" / "peers", metavar="DIR", help="where setup.sh put the peers")
    add("--subject-python", default=sys.executable, metavar="PATH", help="the Python that has arraynet and NumPy")
    add("--module", default="arraynet", help="import this in arraynet's place")
    add("--mnist", type=Path, default=mnist(), metavar="FILE", help="the data")
    add("--json", type=Path, metavar="FILE", help="write every number here")
    add("--verbose", action="store_true", help="let the subjects print")
    args = parser.parse_args()
    args.subjects = list(dict.fromkeys(s for name in args.subjects for s in GROUPS.get(name, [name])))
    for name in args.subjects:
        if name not in ("floor", *VENV) and name.partition(":")[0] not in ("arraynet", "arraynet-step"):
            parser.error(f"no subject {name}; {names}")
    args.batches = [args.batch] if args.batch else [32, 256] if args.mode in ("predict", "evaluate") else [128]
    args.batch = args.batches[0]
    args.steps = min(args.steps or min(max(25_600 // args.batch, 60), 2_000), 60_000 // args.batch)
    args.net = "-".join(map(str, [784, *args.hidden, 10]))
    return args


def main():
    args = parse()
    race = Race(args)
    try:
        rounds, others = race.run()
    finally:
        for name in list(race.workers):
            race.drop(name)
    names = [name for name in race.facts if name not in race.gone]
    asked = {key: value for key, value in vars(args).items() if key not in PLACES}
    report = {"args": asked, "about": about(args, race.facts, others), "gone": race.gone, "facts": race.facts}
    if names:
        report |= {"summary": summarise(rounds, names), "rounds": rounds}
        print(CAPTION[args.mode].format(**vars(args)), f"{len(rounds)} of {args.rounds} rounds.\n")
        print(table(args.mode, report["summary"], race.facts))
    notes = [f"- {name} {reason}" for name, reason in race.gone.items()]
    print(*["", *notes] if notes else [], "", "; ".join(f"{k}: {v}" for k, v in report["about"].items()), sep="\n")
    if others > QUIET:
        print(f"DISTURBED: other processes used up to {others:.2f} cores in these rounds; repeat on a quiet machine.")
    if args.json:
        args.json.write_text(json.dumps(report, indent=1, default=str))
    sys.exit(not names or any("FAILED" in reason for reason in race.gone.values()))


if __name__ == "__main__":
    main()
