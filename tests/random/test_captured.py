"""Captured draws: a replay draws what comes next, unless a seed was given as an int."""

import numpy as np
import pytest

from arraynet import random
from arraynet.program import jit
from arraynet.utils import set_random_seed


@pytest.mark.parametrize("draw", [
    lambda generator: random.uniform((4,), seed=generator),
    lambda generator: random.normal((4,), seed=generator),
    lambda generator: random.truncated_normal((4,), seed=generator),
    lambda generator: random.randint((4,), 0, 100, seed=generator),
    lambda generator: random.permutation(6, seed=generator),
    lambda generator: random.dropout(np.ones(40, "float32"), 0.5, seed=generator),
    lambda generator: random.categorical(np.zeros((2, 5), "float32"), 6, seed=generator),
])  # fmt: skip
def test_a_replayed_draw_is_the_next_one(draw, backend):
    captured, eager = random.SeedGenerator(3), random.SeedGenerator(3)
    replayed = jit(lambda: (draw(captured), draw(captured)))
    for _ in range(3):
        for found in replayed():
            np.testing.assert_array_equal(found.numpy(), draw(eager).numpy())
    assert replayed.captures == 1
    assert not replayed.reason
    assert captured.counter == eager.counter


def test_a_seeded_draw_is_the_same_at_every_replay():
    drawn = jit(lambda: random.uniform((4,), seed=3))
    assert len({drawn().numpy().tobytes() for _ in range(3)}) == 1


def test_the_global_stream_starts_anew_in_programs_too():
    draw = lambda: random.uniform((4,))  # noqa: E731
    drawn = jit(draw)
    for seed in (3, 4, 3):
        set_random_seed(seed)
        found = [drawn().numpy().tobytes() for _ in range(3)]
        set_random_seed(seed)
        assert found == [draw().numpy().tobytes() for _ in range(3)]
        assert len(set(found)) == 3
