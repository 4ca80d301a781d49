"""The benchmark suite covers every op case, runs, and measures the arraynet that is meant."""

import inspect
import itertools
import json
import re
from importlib import import_module

import numpy as np
import pytest
from benchmarks import base, cases, compare, counting, counts, loops, overhead, training
from benchmarks.base import REPOSITORY, Benchmark, check_source
from benchmarks.compare import compared, extracted
from benchmarks.measure import selected, timings
from benchmarks.peers import report

from arraynet import plugins
from arraynet.testing.cases import CASES

MODULES = ("cases", "overhead", "training", "loops")
SUITE = [
    made
    for name in MODULES
    for made in vars(import_module(f"benchmarks.{name}")).values()
    if inspect.isclass(made) and issubclass(made, Benchmark) and not inspect.isabstract(made)
]
LARGE = [cases.Forward, cases.Captured, cases.Gradient]
ONCE = [training.Fit, training.Loop, training.Evaluate, overhead.Capture]  # with the first network alone


@pytest.fixture(autouse=True)
def _backend(monkeypatch):
    monkeypatch.setattr(plugins, "_default", plugins.load("numpy"))
    monkeypatch.setattr(base, "WARM_UP", 1)


def run(made, *parameters):
    benchmark = made()
    benchmark.setup("numpy", *parameters)
    benchmark.time_call("numpy", *parameters)


def test_every_op_case_is_timed():
    assert cases.Forward.params[1] == [case.id for case in CASES]
    assert len(set(cases.Forward.params[1])) == len(CASES)
    assert set(cases.Captured.params[1]) == {case.id for case in CASES if case.jit}
    assert set(cases.Gradient.params[1]) == {case.id for case in CASES if case.grad}


def test_every_native_kernel_is_timed():
    if "numba" not in plugins.available_backends():
        pytest.skip("the backend numba is not installed")
    assert {name.split(",")[0] for name in loops.NATIVE} == set(plugins.load("numba").kernels)


@pytest.mark.parametrize("made", LARGE)
def test_every_op_case_runs(made):
    for name in made.params[1]:
        run(made, name)


@pytest.mark.parametrize("made", [made for made in SUITE if made not in LARGE], ids=lambda made: made.__name__)
def test_everything_else_runs(made):
    for parameters in itertools.islice(itertools.product(*made.params[1:]), 1 if made in ONCE else None):
        run(made, *parameters)


@pytest.mark.parametrize("made", SUITE, ids=lambda made: made.__name__)
def test_the_backend_comes_first(made):
    assert made.param_names[0] == "backend"
    assert made.params[0]
    assert len(made.params) == len(made.param_names)


@pytest.mark.parametrize("name", ["naive", "numba"])
def test_the_loops_of_the_book_compute_what_numpy_does(name):
    book = loops.Book()
    book.setup("numpy", "float32")
    expected = book.call()
    if name not in plugins.available_backends():
        pytest.skip(f"the backend {name} is not installed")
    book.setup(name, "float32")
    np.testing.assert_array_equal(book.call(), expected)


def test_every_counter_is_tracked():
    tracked = counts.Counters()
    tracked.setup("numpy", "regression", "calls")
    found = {name: tracked.track_count("numpy", "regression", name) for name in counts.NAMES}
    assert found == counting.counters("numpy", "regression")
    with pytest.raises(NotImplementedError, match="numpy has no nonsense"):
        tracked.setup("numpy", "regression", "nonsense")


def test_memory_and_import_run():
    training.Memory().setup("numpy", "chapter")
    training.Memory().peakmem_fit("numpy", "regression")
    exec(overhead.Import().timeraw_import())
    exec(overhead.Import().timeraw_first_op())


def test_another_arraynet_is_refused(monkeypatch, tmp_path):
    check_source()
    monkeypatch.setenv("BENCH_SOURCE", str(tmp_path))
    with pytest.raises(RuntimeError, match="would measure"):
        run(overhead.Assign)


def test_a_backend_that_cannot_run_is_skipped():
    with pytest.raises(NotImplementedError, match="cannot run here"):
        base.runnable("no_such_module:backend")


def test_asv_finds_the_suite():
    settings = json.loads((REPOSITORY / "asv.conf.json").read_text(encoding="utf-8"))
    assert settings["benchmark_dir"] == "tests/benchmarks"
    assert (REPOSITORY / settings["benchmark_dir"] / "__init__.py").is_file()


def times(*values):
    return tuple({"a": value} for value in values)


@pytest.mark.parametrize(
    ("rounds", "words"),
    [
        ([times(1.0, 1.0, 1.01)] * 3, "not distinguishable"),
        ([times(1.0, 1.0, 1.5)] * 3, "1.50 x the time"),
        ([times(1.0, 1.0, 0.5)] * 3, "2.00 times faster"),
        ([times(1.0, 1.0, 1.5), times(1.0, 1.6, 1.95), times(1.0, 1.0, 1.5)], "not distinguishable"),
        ([times(1.0, 1.0, 1.5), times(1.0, 1.0, 0.9), times(1.0, 1.0, 1.5)], "not distinguishable"),
        ([times(1.0, 1.0, 3.0), times(2.5, 1.0, 2.0), times(1.0, 1.0, 3.0)], "not distinguishable"),
        ([times(1.0, 1.0, 0.1), times(0.6, 1.0, 0.7), times(1.0, 1.0, 0.1)], "not distinguishable"),
    ],
)
def test_a_change_within_the_noise_is_not_distinguishable(rounds, words):
    assert compared(rounds)["a"][1] == words


def test_rounds_that_agree_by_chance_are_within_the_noise_of_the_others():
    rounds = [({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1.01, "b": 1.5, "c": 0.6}, {"a": 0.8, "b": 0.3, "c": 1.0})] * 3
    words = {name: words for name, (_, words) in compared(rounds).items()}
    assert words["a"] == words["c"] == "not distinguishable"
    assert words["b"] == "4.17 times faster"
    rounds = [({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 1.0, "b": 1.0, "c": 1.5}, {"a": 1.0, "b": 1.0, "c": 1.6})] * 3
    assert compared(rounds)["c"][1] == "not distinguishable"  # its own noise counts, too


def test_rounds_take_turns_and_trees_of_one_name_length(monkeypatch, tmp_path):
    measured = []
    monkeypatch.setattr(compare, "timed", lambda tree, pattern: measured.append(tree.name) or {pattern: len(measured)})
    trees = [tmp_path / name for name in ("base", "same", "head")]
    rounds = list(compare.in_turn(trees, "a", 3))
    assert measured == ["base", "same", "head", "same", "head", "base", "head", "base", "same"]
    assert rounds[1] == ({"a": 6}, {"a": 4}, {"a": 5})
    head = compare.copied(tmp_path / "head")
    assert (head / "arraynet" / "__init__.py").is_file()
    assert not list(head.rglob("__pycache__"))


def test_what_is_timed_is_the_tree(tmp_path):
    tree = extracted("HEAD", tmp_path)
    assert list(compare.timed(tree, r"overhead.Assign\(numpy\)")) == ["overhead.Assign(numpy)"]
    (tree / "arraynet" / "__init__.py").write_text("raise ImportError('broken here')")
    with pytest.raises(SystemExit, match=r"do not run on(.|\n)*broken here"):
        compare.timed(tree, "Assign")


def test_two_rounds_are_too_few(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["compare.py", "HEAD", "--rounds", "2"])
    monkeypatch.setattr(compare, "extracted", lambda *_: pytest.fail("it went on"))
    with pytest.raises(SystemExit):
        compare.main()
    assert "--rounds must be at least 3" in capsys.readouterr().err


def test_comparing_nothing_fails():
    for nothing in ([], [({}, {}, {})], [({"a": 1.0}, {"a": 1.0}, {"b": 1.0})]):
        with pytest.raises(SystemExit, match="Nothing was measured"):
            compared(nothing)
    with pytest.raises(SystemExit, match="git knows no revision 'nowhere'"):
        extracted("nowhere", REPOSITORY)


def test_measuring_times_what_a_pattern_selects(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.LEAST", 0)
    (name,) = timings(r"overhead.Assign\(numpy\)")
    assert name == "overhead.Assign(numpy)"
    assert not list(selected("no such benchmark"))


def test_the_page_of_performance_is_what_the_script_makes_of_the_results():
    reports = report.results()
    assert report.PAGE.exists() == bool(reports)
    if reports:
        assert report.PAGE.read_text(encoding="utf-8") == report.page(reports)


def test_the_page_says_how_to_measure(monkeypatch):
    install, everything, some = re.search(r"```sh\n(.*?)```", report.HEAD, re.DOTALL)[1].splitlines()
    _, script, folder = install.split()
    assert (REPOSITORY / script).is_file()
    monkeypatch.setattr("sys.argv", ["race.py"])
    assert import_module("race").parse().venvs == REPOSITORY / folder
    assert everything == "make peers"
    assert "report.py --run $(ARGS)" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert set(re.search('ARGS="(.*)"', some)[1].split()) <= set(report.RUNS)


def test_a_small_race_makes_a_page(tmp_path, monkeypatch):
    race = [
        "--batch",
        "8",
        "--hidden",
        "16",
        "--steps",
        "60",
        "--rounds",
        "1",
        "--others",
        "99",
        "--venvs",
        str(tmp_path),
    ]
    arguments = ["report.py", "--run", "train-8", "--results", str(tmp_path), "--page", str(tmp_path / "page.md")]
    subjects = ["--venvs", str(tmp_path), "--subjects", "floor", "arraynet:numpy", "torch"]
    monkeypatch.setattr("sys.argv", [*arguments, *race, *subjects])
    report.main()
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "Training 784-16-10, batch 8, rmsprop" in text
    assert text.count("\n| floor ") == text.count("\n| arraynet:numpy ") == text.count("\n- torch: skipped") == 1
    assert str(tmp_path) not in text


def test_a_page_of_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["report.py", "--results", str(tmp_path), "--page", str(tmp_path / "page.md")])
    with pytest.raises(SystemExit, match="There are no results"):
        report.main()
