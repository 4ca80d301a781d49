"""Streams: who draws the same numbers, who draws others, and what a seed fixes."""

import copy
import os
import random as python_random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from arraynet import config, layers, random
from arraynet.random import SeedGenerator, path_scope, stream_key, streams
from arraynet.utils import set_random_seed

KEY = (13593183142103666381, 4954324979444398307)


def bits(x):
    return x.numpy().tobytes()


def test_an_int_is_pure_and_a_generator_moves_on(backend):
    assert bits(random.uniform((5,), seed=3)) == bits(random.uniform((5,), seed=3))
    assert bits(random.uniform((5,), seed=3)) != bits(random.uniform((5,), seed=4))
    generator = SeedGenerator(3)
    first, second = random.uniform((5,), seed=generator), random.uniform((5,), seed=generator)
    assert bits(first) == bits(random.uniform((5,), seed=3))
    assert bits(second) != bits(first)


def test_draws_of_one_generator_never_overlap():
    generator = SeedGenerator(3)
    drawn = [random.randint((n,), 0, 2**62, "int64", seed=generator).numpy() for n in (1, 4, 5, 3)]
    assert generator.counter == 1 + 1 + 2 + 1
    assert len(np.unique(np.concatenate(drawn))) == 13
    random.normal((256,), seed=generator)
    assert generator.counter == 5 + 64


def test_draws_of_whole_blocks_are_one_long_draw():
    generator = SeedGenerator(3)
    drawn = [random.uniform((8,), seed=generator).numpy() for _ in range(3)]
    np.testing.assert_array_equal(np.concatenate(drawn), random.uniform((24,), seed=3).numpy())


def test_next_tells_the_position_and_moves_on():
    generator = SeedGenerator(3)
    assert (generator.next(), generator.next(4), generator.counter) == (0, 1, 5)
    generator.set_counter(1)
    again = SeedGenerator(3)
    again.next()
    assert bits(random.uniform((3,), seed=generator)) == bits(random.uniform((3,), seed=again))


def test_threads_never_draw_the_same_numbers(request):
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)
    generator = SeedGenerator(3)
    with ThreadPoolExecutor(4) as pool:
        drawn = pool.map(lambda _: [generator.next() for _ in range(20_000)], range(4))
    assert len(set().union(*drawn)) == generator.counter == 80_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
def test_a_process_forked_while_a_thread_draws_can_draw():
    code = """
import os, signal, threading, time, warnings
from arraynet.random import SeedGenerator, streams
warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forking beside threads
drawing = threading.Event()
def draw():
    with streams._moving:
        drawing.set()
        time.sleep(0.2)
threading.Thread(target=draw).start()
drawing.wait()
child = os.fork()
if not child:
    signal.alarm(9)
    os._exit(SeedGenerator(3).next())
assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
def test_a_process_forked_while_a_thread_makes_words_makes_the_same():
    code = """
import os, signal, threading, time, warnings
from arraynet.words import host_words
warnings.simplefilter("ignore", DeprecationWarning)
expected = host_words((1, 2), 0, 8, 64).copy()
def draw():
    while True:
        host_words((1, 2), 0, 2_000_000, 64)
threading.Thread(target=draw, daemon=True).start()
for _ in range(5):
    time.sleep(0.02)
    child = os.fork()
    if not child:
        signal.alarm(9)
        os._exit(int((host_words((1, 2), 0, 8, 64) != expected).any()))
    assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_seed_draws_from_one_stream_of_the_default_seed(backend):
    set_random_seed(5)
    first, second = random.uniform((5,)), random.normal((5,))
    set_random_seed(5)
    assert bits(random.uniform((5,))) == bits(first)
    assert bits(random.normal((5,))) == bits(second)
    set_random_seed(6)
    assert bits(random.uniform((5,))) != bits(first)


def test_streams_without_a_seed_belong_to_their_path():
    def weights(*paths):
        found = []
        for path in paths:
            with path_scope(path):
                found.append(bits(random.uniform((3,), seed=SeedGenerator())))
        return found

    kernel, bias = weights("dense/kernel", "dense/bias")
    assert kernel != bias
    assert weights("dense_1/kernel", "dense/bias", "dense/kernel")[1:] == [bias, kernel]
    config.set_seed(99)
    assert weights("dense/kernel") != [kernel]


def test_streams_without_seed_or_path_all_differ_and_come_again_after_seeding():
    set_random_seed(5)
    keys = [SeedGenerator().key for _ in range(3)]
    assert len(set(keys)) == 3
    set_random_seed(5)
    assert [SeedGenerator().key for _ in range(3)] == keys


def test_keys_are_the_same_in_every_process():
    assert stream_key(1, "dense/kernel") == KEY
    assert stream_key(2**200, "a") != stream_key(2**200 + 1, "a")
    config.set_seed(1)
    with path_scope("dense/kernel"):
        assert SeedGenerator().key == KEY


def test_all_128_bits_of_a_seed_count():
    assert SeedGenerator(2**128 - 1).key == (2**64 - 1, 2**64 - 1)
    assert SeedGenerator(2**64 + 3).key == (3, 1)
    with pytest.raises(ValueError, match=r"below 2\*\*128"):
        SeedGenerator(2**128)


def test_the_global_stream_is_no_layers_whoever_asks_first(monkeypatch):
    monkeypatch.setattr(streams, "_default", None)
    for start in (config.set_seed, set_random_seed):
        start(5)
        with path_scope("dense/kernel"):
            assert streams.default_generator().key == stream_key(5, "global")


def test_seeding_fixes_python_and_numpy_too():
    drawn = []
    for _ in range(2):
        set_random_seed(8)
        drawn.append((python_random.random(), np.random.random()))  # noqa: NPY002 (users' code draws from it)
    assert drawn[0] == drawn[1]
    assert config.seed() == 8


@pytest.mark.parametrize("seed", [-1, 1.5, "3", True, 2**32])
def test_seeds_that_cannot_be(seed):
    with pytest.raises(ValueError, match="seed must be"):
        set_random_seed(seed)


@pytest.mark.parametrize("seed", [-1, 1.5, "3", True, 2**128])
def test_seeds_of_draws_that_cannot_be(seed):
    with pytest.raises(ValueError, match="seed must be"):
        random.uniform((2,), seed=seed)
    with pytest.raises(ValueError, match="seed must be"):
        SeedGenerator(seed)


def test_numpy_integers_are_seeds():
    assert bits(random.uniform((2,), seed=np.int64(4))) == bits(random.uniform((2,), seed=4))


def test_a_copy_goes_its_own_way():
    generator = SeedGenerator(3)
    other = copy.deepcopy(generator)
    generator.next()
    assert (generator.counter, other.counter) == (1, 0)


def test_configurations_keep_what_was_given():
    assert SeedGenerator.from_config(SeedGenerator(3, "mine").get_config()).get_config() == {"seed": 3, "name": "mine"}
    assert SeedGenerator().get_config()["seed"] is None


def test_equal_words_keep_their_order(monkeypatch):
    words = np.array([5, 1, 5, 1, 0] * 50, np.uint64)
    monkeypatch.setattr(streams, "host_words", lambda *given: words)
    np.testing.assert_array_equal(streams.host_permutation((0, 0), words.size), np.argsort(words, kind="stable"))


def test_a_layer_of_the_users_own_draws_from_its_own_stream(backend):
    class Noise(layers.Layer):
        def __init__(self, seed=None, **kwargs):
            super().__init__(**kwargs)
            self.add_seed_generator(seed)

        def call(self, inputs):
            return inputs + random.normal(inputs.shape, seed=self.seed_generator)

    layer, same, other = Noise(3), Noise(3), Noise(4)
    first, zeros = layer(np.zeros((2, 3))), np.zeros((2, 3))
    assert layer.seed_generators == [layer.seed_generator]
    np.testing.assert_array_equal(first, same(zeros))
    assert not np.array_equal(first, other(zeros))
    assert not np.array_equal(first, layer(zeros))
    layer.seed_generator.restart()
    np.testing.assert_array_equal(first, layer(zeros))
