"""The command line: training without writing a script, and asking what is installed and whether it works."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import numpy as np

from arraynet import config, plugins
from arraynet.release import __version__

__all__ = ["main"]

PATIENCE = 10.0  # seconds that a step may take to be timed; interpreted loops take minutes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, ``sys.argv``'s without `arguments`; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        print(end="", flush=True)
        return status
    except BrokenPipeError:  # whoever reads, such as head, has seen enough; the interpreter's last flush would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _refused(error: Exception) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong, and where help is, instead of the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"Error: {message}\nFor help: {self.prog} --help\n")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Tells the default of what has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("python -m arraynet", description="Neural networks on any array library.")
    parser.add_argument(
        "--version", action="version", version=f"arraynet {__version__}", help="show arraynet's version and exit"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_train(commands)
    _add_bench(commands)
    _added(commands, "backends", _backends, "list the installed backends, and why one cannot run")
    command = _added(commands, "check-backend", _check_backend, "run the conformance kit on a backend")
    command.add_argument("name", type=_backend, help="an installed backend's name, or module:attribute")
    text = "run every layer, loss, metric and optimizer, and train five networks, besides the ops"
    command.add_argument("--parts", action="store_true", help=text)
    command.add_argument("--verbose", action="store_true", help="print a line for every case, not for failures alone")
    _add_compare(commands)
    return parser


def _added(commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", formatter_class=_Help
    )
    command.set_defaults(run=run)
    return command


def _add_train(commands: Any) -> None:
    command = _added(commands, "train", _train, "train a network on a data set, save it and draw its curves")
    add = command.add_argument
    add("dataset", choices=["mnist"], help="what to train on")
    add("--backend", type=_backend, default=config.environment("ARRAYNET_BACKEND") or "numpy", help="where to compute")
    add("--epochs", type=_positive, default=5, help="passes over the training set")
    add("--batch-size", type=_positive, default=128, help="images in a step")
    add("--hidden", type=_widths, default="512", help="units of the hidden layers, as in 512 or 256,128")
    add("--optimizer", default="rmsprop", help="its name, such as sgd or adam")
    add("--learning-rate", type=float, help="the optimizer's own without it")
    add("--seed", type=int, help="fixes all random numbers; else ARRAYNET_SEED's or any")
    add("--output", type=Path, default=Path("runs", "mnist"), help="folder for weights, model and curves")


def _add_bench(commands: Any) -> None:
    command = _added(commands, "bench", _bench, "time a training step of a network on the installed backends")
    add = command.add_argument
    add("names", nargs="*", metavar="BACKEND", help="all that are installed without it")
    add("--batch-size", type=_positive, default=128, help="rows in a step")
    add("--hidden", type=_widths, default="512", help="units of the hidden layers, as in 512 or 256,128")


def _add_compare(commands: Any) -> None:
    text = "find the first op that another backend computes differently, in a script or a saved model"
    add = _added(commands, "compare", _compare, text).add_argument
    add("file", type=_file, help="a script, .py, or a model, .arraynet")
    add("--backends", type=_backends_named, required=True, help="comma-separated: the reference, then the others")
    add("--data", type=_file, help="an .npz file with a model's x, and perhaps y; made-up inputs without it")
    add("--captured", action="store_true", help="compare whole results of captured programs, on a model")
    add("--limit", type=_positive, help="after how many results to stop")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive whole number, received {text!r}")
    return int(text)


def _widths(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


def _backend(name: str) -> Any:
    try:
        return plugins.load(name)
    except (Exception, SystemExit) as error:  # a plugin may fail in any way; say how
        raise argparse.ArgumentTypeError(_reason(error)) from error


def _file(name: str) -> Path:
    if not Path(name).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name!r}")
    return Path(name)


def _backends_named(names: str) -> list[Any]:
    known = [_backend(name) for name in names.split(",")]
    if len(known) < 2:
        raise argparse.ArgumentTypeError(f"expected at least two names, the reference and another, received {names!r}")
    return known


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _train(options: argparse.Namespace) -> int:
    from arraynet import optimizers, utils
    from arraynet.datasets import mnist

    try:  # what may be wrong comes before the training
        if options.seed is not None:
            utils.set_random_seed(options.seed)
        optimizer = optimizers.get(options.optimizer)
        if options.learning_rate is not None:
            optimizer.learning_rate = options.learning_rate
        options.output.mkdir(parents=True, exist_ok=True)
        seed, data = config.seed(), mnist.load_data()
    except (OSError, ValueError) as error:
        return _refused(error)
    with plugins.use_backend(options.backend):
        print(f"Backend {options.backend.describe()}, seed {seed}")
        train, test = ((_rows(x), y) for x, y in data)
        model = _network(options.hidden)
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(*train, epochs=options.epochs, batch_size=options.batch_size)
        loss, accuracy = model.evaluate(*test, batch_size=options.batch_size, verbose=0)
        print(f"Test accuracy {accuracy:.2%}, loss {loss:.4f}")
        scores = model.predict(test[0][:1], verbose=0)[0]
    print(f"First test digit: predicted {scores.argmax()} ({scores.max():.1%} sure), labelled {test[1][0]}")
    _write(model, history, options.output)
    return 0


def _rows(images: np.ndarray) -> np.ndarray:
    """Images as rows of floats from 0 to 1."""
    return images.reshape(len(images), -1).astype("float32") / 255


def _network(hidden: Sequence[int]) -> Any:
    from arraynet import layers
    from arraynet.models import Sequential

    inner = [layers.Dense(units, activation="relu") for units in hidden]
    return Sequential([layers.Input((784,)), *inner, layers.Dense(10, activation="softmax")])


def _write(model: Any, history: Any, folder: Path) -> None:
    """Write the weights, the whole model and, where matplotlib is installed, the training curves."""
    from arraynet.utils import training_curves

    model.save_weights(folder / "weights.safetensors")
    model.save(folder / "model.arraynet")
    written = ["weights.safetensors", "model.arraynet"]
    try:
        training_curves(history).savefig(folder / "curves.png", dpi=120)
        written.append("curves.png")
    except ImportError as error:
        print(f"No picture of the training curves: {error}")
    print(f"Wrote {', '.join(written)} to {folder}")


def _backends(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    names = "name", "version and device", "threads", "dtypes", "native kernels"
    table = Table(*(Column(name, overflow="fold") for name in names), show_lines=True)  # no kernel's name is cut short
    for name in plugins.available_backends():
        try:
            backend = plugins.load(name)
            native = ", ".join(sorted(backend.kernels)) or "none: generic forms"
            row = backend.describe(), _threads(backend), str(len(backend.dtypes)), native
        except (Exception, SystemExit) as error:  # a plugin may fail in any way; the table says how
            row = f"cannot run: {_reason(error)}{_remedy(name, error)}", "-", "-", "-"
        table.add_row(*map(escape, (name, *row)))
    Console().print(table)
    return 0


def _threads(backend: Any) -> str:
    """The threads that a backend on host arrays computes with, which are those of BLAS."""
    import threadpoolctl

    counts = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    return str(max(counts, default=1)) if np.ndarray in backend.array_types else "-"


def _remedy(name: str, error: BaseException) -> str:
    """What to do where a plugin's own error need not say it."""
    if isinstance(error, ImportError) and name in plugins.INSTALL:
        return f" Reinstall it with what it needs: {plugins.INSTALL[name]}"
    ours = name in ("numpy", *plugins.INSTALL)
    return "" if ours else " Ask the plugin's author, or uninstall it; other backends work."


def _check_backend(options: argparse.Namespace) -> int:
    from arraynet.testing import check_backend
    from arraynet.testing.parts import PARTS

    report = check_backend(options.name, parts=PARTS if options.parts else ())
    if options.verbose:
        from rich.console import Console

        Console().print(report.table())
    print(report)
    return 0 if report.ok else 1


def _bench(options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("backend", "first step, s", "step, ms", "rows a second")
    failed = False
    for name in options.names or plugins.available_backends():
        try:
            row = _step_timed(plugins.load(name), options.batch_size, options.hidden)
        except (Exception, SystemExit) as error:  # a plugin may fail in any way; the table says how
            row, failed = (f"cannot run: {_reason(error)}",), True
        table.add_row(*map(escape, (name, *row)))
    Console().print(table)
    return int(bool(options.names) and failed)


def _step_timed(backend: Any, batch: int, hidden: Sequence[int]) -> tuple[str, ...]:
    """What a step on rows of noise takes, the first and the least of those that follow for a second."""
    rng = np.random.default_rng(0)
    x, y = rng.random((batch, 784), "float32"), rng.integers(0, 10, batch)
    with plugins.use_backend(backend):
        model = _network(hidden)
        model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")

        def seconds(rows: int) -> float:
            start = perf_counter()
            model.train_on_batch(x[:rows], y[:rows])
            backend.synchronize()
            return perf_counter() - start

        expected = min(seconds(1) for _ in range(4)) * batch
        if expected > PATIENCE:
            return (f"too slow: some {expected:.0f} s a step",)
        first, later, end = seconds(batch), [seconds(batch)], perf_counter() + 1
        while perf_counter() < end:
            later.append(seconds(batch))
    return f"{first:.2f}", f"{1e3 * min(later):.3f}", f"{batch / min(later):,.0f}"


def _compare(options: argparse.Namespace) -> int:
    from arraynet.testing.files import compare_file

    try:
        found = compare_file(options.file, options.backends, options.data, options.captured, options.limit)
    except ValueError as error:
        if options.file.suffix == ".py" and not (options.captured or options.data):
            raise  # the script's own
        return _refused(error)
    print(found)
    return 0 if found.ok else 1
