"""Distributions: the same bits on every backend, the promised recipe, and the right shape of a histogram."""

import statistics
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import arraynet
from arraynet import ops, random
from arraynet.normals import host_normals, normal_quantile
from arraynet.random import choices
from arraynet.words import host_words

DRAWS = {
    "uniform": lambda: random.uniform((7, 3), -2.0, 5.0, seed=1),
    "uniform64": lambda: random.uniform((7,), dtype="float64", seed=1),
    "normal": lambda: random.normal((7, 3), 1.0, 2.0, seed=1),
    "truncated_normal": lambda: random.truncated_normal((50,), seed=1),
    "randint": lambda: random.randint((9,), -3, 4, seed=1),
    "permutation": lambda: random.permutation(20, seed=1),
    "shuffle": lambda: random.shuffle(np.arange(12).reshape(2, 6), axis=1, seed=1),
    "categorical": lambda: random.categorical(np.float32([[0, 1, 2], [2, 1, -9]]), 9, seed=1),
    "dropout": lambda: random.dropout(np.ones((5, 7), "float32"), 0.3, seed=1),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_bits_on_every_backend(name):
    found = []
    for backend in ("numpy", "strict"):
        with arraynet.use_backend(backend):
            drawn = DRAWS[name]()
            assert drawn.backend.name == backend
            found.append(drawn.numpy())
    assert found[0].dtype == found[1].dtype
    assert found[0].tobytes() == found[1].tobytes()


def test_float32_takes_the_upper_24_bits_of_32_bit_words_low_half_first(backend):
    words = np.random.Philox(key=np.array([9, 0], np.uint64), counter=0).random_raw(3)
    halves = np.stack([words & 0xFFFFFFFF, words >> np.uint64(32)], axis=1).ravel()
    expected = (halves >> np.uint64(8)).astype("float32") * np.float32(2.0**-24)
    np.testing.assert_array_equal(random.uniform((6,), seed=9).numpy(), expected)


def test_float64_takes_the_upper_53_bits_of_64_bit_words(backend):
    words = np.random.Philox(key=np.array([9, 0], np.uint64), counter=0).random_raw(3)
    found = random.uniform((3,), dtype="float64", seed=9).numpy()
    np.testing.assert_array_equal(found, (words >> np.uint64(11)) * 2.0**-53)


@pytest.mark.parametrize("bits", [16, 32, 64])
def test_words_of_a_stream_are_the_same_from_any_start(bits):
    whole = host_words((3, 4), 0, 100, bits)
    for start in (0, 1, 15, 16, 33):
        np.testing.assert_array_equal(host_words((3, 4), start, 50, bits), whole[start : start + 50])


def test_streams_that_threads_share_are_the_same():
    expected = [host_words((5, 6), 16 * i, 32, 16).tolist() for i in range(50)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: host_words((5, 6), 16 * i, 32, 16).tolist(), range(50)))
    assert found == expected


def test_the_upper_bound_is_never_drawn(backend):
    found = random.uniform((100_000,), 1.0, 1.0 + 2.0**-22, seed=0).numpy()  # two float32 steps wide
    assert found.min() == 1
    assert found.max() < 1 + 2.0**-22
    assert random.uniform((3,), 2.0, 2.0, seed=0).numpy().tolist() == [2, 2, 2]


def test_float16_is_exact(backend):
    if backend == "strict":
        pytest.skip("array-api-strict has no float16")
    found = random.uniform((10_000,), dtype="float16", seed=0).numpy()
    assert found.dtype == np.float16
    assert found.max() < 1
    np.testing.assert_array_equal(found * 2048 % 1, 0)


def test_uniform_numbers_are_even():
    found = random.uniform((100_000,), -1.0, 3.0, seed=2).numpy()
    counts = np.histogram(found, bins=16, range=(-1, 3))[0]
    assert ((counts - 6250) ** 2 / 6250).sum() < 37.7  # chi square, 15 degrees of freedom, one in a thousand


def test_the_normal_quantile_is_accurate_to_float64():
    p = np.concatenate([np.logspace(-16, -1, 200), np.linspace(0.01, 0.99, 197), 1 - np.logspace(-15, -1, 100)])
    expected = np.array([statistics.NormalDist().inv_cdf(x) for x in p])
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=1e-14, atol=1e-16)


def test_normal_numbers_are_these_bits_on_every_machine_and_numpy():
    expected = "-0x1.f13c1cbffdb03p-2 -0x1.ff8e39d9451a5p-1 0x1.9a1bde76700a1p-1 -0x1.16d8b40099358p+0"
    assert [x.hex() for x in host_normals((7, 11), 0, 4)] == expected.split()
    drawn = random.normal((4,), dtype="float64", seed=7 + (11 << 64)).numpy()
    assert [x.hex() for x in drawn] == expected.split()
    tails = [x.hex() for x in normal_quantile(np.array([1e-300, 1e-9, 0.07, 0.93]))]
    assert tails == ["-0x1.286074064c26ep+5", "-0x1.7fdc11f44b5a7p+2", "-0x1.79cd70d9c27f0p+0", "0x1.79cd70d9c27f3p+0"]


def test_normal_numbers_have_their_mean_and_deviation():
    found = random.normal((100_000,), 3.0, 2.0, dtype="float64", seed=2).numpy()
    assert abs(found.mean() - 3) < 4 * 2 / np.sqrt(1e5)
    assert abs(found.std() - 2) < 0.02
    assert abs((np.abs(found - 3) > 4).mean() - 0.0455) < 0.003


def test_truncated_normal_numbers_stay_within_two_deviations():
    found = random.truncated_normal((100_000,), 1.0, 0.5, seed=2).numpy()
    assert np.abs(found - 1).max() <= 1
    assert np.abs(found - 1).max() > 0.99
    assert abs(found.std() - 0.5 * 0.87962566103423978) < 0.005


def test_integers_cover_their_range_evenly():
    found = random.randint((70_000,), -3, 4, seed=2).numpy()
    assert found.dtype == np.int32
    values, counts = np.unique(found, return_counts=True)
    assert values.tolist() == list(range(-3, 4))
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5  # 6 degrees of freedom
    assert random.randint((3,), 0, np.int64(256), "uint8", seed=1).dtype == np.uint8


def test_a_permutation_is_one(backend):
    found = random.permutation(1000, seed=2).numpy()
    assert sorted(found) == list(range(1000))
    assert found.dtype == np.int32
    assert (found != np.arange(1000)).any()
    np.testing.assert_array_equal(found, random.host_permutation((2, 0), 1000))


def test_shuffling_moves_whole_slices(backend):
    x = np.arange(30).reshape(10, 3)
    found = random.shuffle(x, seed=1).numpy()
    np.testing.assert_array_equal(np.diff(found, axis=1), 1)
    assert sorted(found[:, 0]) == x[:, 0].tolist()


def test_classes_come_by_their_probabilities(backend):
    logits = np.log(np.float32([[0.1, 0.2, 0.7], [1e-30, 1.0, 1e-30]]))
    found = random.categorical(logits, 20_000, seed=3).numpy()
    assert found.shape == (2, 20_000)
    np.testing.assert_allclose(np.bincount(found[0], minlength=3) / 20_000, [0.1, 0.2, 0.7], atol=0.012)
    assert (found[1] == 1).all()


def test_a_class_without_probability_is_never_drawn(monkeypatch):
    monkeypatch.setattr(choices, "uniform", lambda shape, **_: ops.zeros(shape))
    assert random.categorical([[-np.inf, 0.0, -np.inf]], 1).numpy().tolist() == [[1]]


def test_choices_are_made_where_the_array_is(other):
    with arraynet.use_backend(other):
        x = ops.convert_to_tensor(np.arange(8, dtype="float32"))
    for choose in (lambda x: random.dropout(x, 0.5, seed=1), lambda x: random.shuffle(x, seed=1)):
        found = choose(x)
        assert found.backend.name == other
        np.testing.assert_array_equal(found.numpy(), choose(x.numpy()).numpy())


def test_dropout_keeps_a_share_and_the_mean(backend):
    found = random.dropout(np.ones((100, 1000), "float32"), 0.25, seed=1).numpy()
    assert np.unique(found).tolist() == [0, np.float32(1 / 0.75)]
    assert abs((found == 0).mean() - 0.25) < 0.006


@pytest.mark.parametrize(("rate", "dropped"), [(2.6 * 2**-16, 3), (0.5, 2**15), (0.9999, 2**16 - 7)])
def test_dropout_scales_by_the_share_that_it_keeps(rate, dropped, backend):
    found = random.dropout(np.ones(100_000, "float32"), rate, seed=1).numpy()
    assert np.unique(found).tolist() == [0, np.float32(2**16 / (2**16 - dropped))]


def test_dropout_reads_16_bit_lanes(backend):
    lanes = host_words((1, 0), 0, 2**18, 16)
    assert 2**15 in lanes
    found = random.dropout(np.ones(2**18, "float32"), 0.5, seed=1).numpy()
    np.testing.assert_array_equal(found, np.where(lanes >= 2**15, 2, 0))


def test_dropout_at_its_ends(backend):
    x = np.float32([1, 2])
    np.testing.assert_array_equal(random.dropout(x, 0.0, seed=1).numpy(), x)
    np.testing.assert_array_equal(random.dropout(x, 1.0, seed=1).numpy(), [0, 0])
    with pytest.raises(ValueError, match="from 0 to 1"):
        random.dropout(x, 1.5)
    assert {random.dropout([1, 2], rate, seed=1).dtype.name for rate in (0.0, 0.5, 1.0)} == {"float32"}


def test_a_dropped_infinity_is_nan_as_the_page_of_deviations_says(backend):
    found = random.dropout(np.full(100, np.inf, "float32"), 0.5, seed=1).numpy()
    assert set(np.isnan(found)) == {True, False}
    assert np.isposinf(found[~np.isnan(found)]).all()


@pytest.mark.parametrize("shape", [(2, 3), (4, 5), (None, 1, 1), (None, 1, None), 5, "ab", (0.5, 3), (-1, 1), (0, 1)])
def test_a_noise_shape_that_does_not_fit_is_named(shape):
    with pytest.raises(ValueError, match=r"^dropout: noise_shape .*\(4, 3\), received ") as caught:
        random.dropout(np.ones((4, 3), "float32"), 0.5, shape)
    assert repr(shape) in str(caught.value)
    with pytest.raises(ValueError, match="noise_shape"):
        random.dropout(np.ones((1, 3), "float32"), 0.5, (4, 3))  # it had made four rows of one


def test_a_noise_shape_drops_along_whole_axes(backend):
    found = random.dropout(np.ones((50, 4, 3), "float32"), 0.5, noise_shape=(None, 1, 3), seed=1).numpy()
    assert (found == found[:, :1]).all()
    assert (found[:, 0] == 0).any()
    assert (found[:, 0] != 0).any()


def test_the_gradient_of_dropout_is_its_own_mask(backend):
    x = ops.convert_to_tensor(np.float32([1, 2, 3, 4]))
    y, pull = arraynet.vjp(lambda x: random.dropout(x, 0.5, seed=1), x)
    (g,) = pull(ops.ones((4,)))
    np.testing.assert_array_equal(g.numpy(), y.numpy() / x.numpy())


def test_empty_shapes(backend):
    assert random.uniform((0, 3), seed=1).shape == (0, 3)
    assert random.normal((), seed=1).shape == ()


@pytest.mark.parametrize(("call", "message"), [
    (lambda: random.uniform((2,), dtype="int32"), "floating"),
    (lambda: random.normal((2,), dtype="int32"), "floating"),
    (lambda: random.randint((2,), 0, 5, dtype="float32"), "integer dtype"),
    (lambda: random.randint((2,), 5, 5), "below maxval"),
    (lambda: random.uniform((2,), 1.0, 0.5), "minval=1.0, maxval=0.5"),
    (lambda: random.randint((2,), 0, 0.5), "both whole numbers"),
    (lambda: random.randint((2,), 0, 1.5), "both whole numbers"),
    (lambda: random.randint((2,), 0, 257, "uint8"), "within uint8, 0 to 255"),
    (lambda: random.randint((2,), -1, 2, "uint8"), "minval=-1"),
    (lambda: random.dropout(np.ones(2), "half"), "dropout: rate must be a number"),
    (lambda: random.categorical(np.zeros(3, "float32"), 2), "batch"),
])  # fmt: skip
def test_what_cannot_be_drawn(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("draw", "argument"), [
    (random.normal, "mean"), (random.truncated_normal, "stddev"), (random.uniform, "minval"), (random.uniform, "maxval")
])  # fmt: skip
def test_a_tensor_for_a_parameter_is_refused(draw, argument, backend):
    with pytest.raises(ValueError, match=f"{draw.__name__}: {argument} must be a number"):
        draw((2,), **{argument: ops.array(0.5)})  # its gradient had been 0


def test_an_axis_that_is_none_is_named(backend):
    for x, axis in ((np.arange(6), 1), (3, 0)):
        with pytest.raises(ValueError, match=f"axis={axis} is out of range"):
            random.shuffle(x, axis=axis)
