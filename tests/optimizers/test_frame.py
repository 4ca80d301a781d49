"""What all optimizers share: rates, clipping, decay, averages, accumulation, state, errors."""

import copy

import numpy as np
import pytest

import arraynet
from arraynet import Variable, optimizers
from arraynet.dispatch import op
from arraynet.optimizers import SGD, Adam, AdamW, Lion, RMSprop, schedules


def stepped(optimizer, gradients, start=(1.0, -2.0)):
    w = Variable(np.asarray(start, "float32"), name="w")
    for g in gradients:
        optimizer.apply([np.asarray(g, "float32")], [w])
    return w.numpy()


@pytest.mark.parametrize("rate", [1, True, "0.1", None])
def test_a_rate_that_is_no_float_is_refused(rate):
    with pytest.raises(ValueError, match="learning_rate must be a float"):
        SGD(rate)
    with pytest.raises(ValueError, match="learning_rate must be a float"):
        SGD().learning_rate = rate


def test_the_error_for_an_int_rate_says_how_to_write_it():
    with pytest.raises(ValueError, match=r"Write 1\.0"):
        SGD(1)


def test_the_rate_reads_and_is_assigned_as_a_float(backend):
    optimizer = SGD(0.5)
    assert optimizer.learning_rate == 0.5
    assert isinstance(optimizer.learning_rate, float)
    optimizer.learning_rate = np.float32(0.25)
    assert optimizer.learning_rate == 0.25
    np.testing.assert_array_equal(stepped(optimizer, [[1.0, 2.0]]), [0.75, -2.5])


def test_a_rate_of_zero_is_one():
    """Weights stand still, as for a part of a network that is not to learn for a while."""
    optimizer = SGD(0.5)
    optimizer.learning_rate = 0.0
    np.testing.assert_array_equal(stepped(optimizer, [[1.0, 2.0]]), [1.0, -2.0])


def test_an_optimizer_of_ones_own_may_call_its_numbers_as_it_likes():
    class Own(SGD):
        hyper = (*SGD.hyper, "lr")

    optimizer = Own()
    optimizer.lr = 0.5
    assert optimizer.get_config()["lr"] == 0.5
    with pytest.raises(AttributeError, match="Did you mean 'learning_rate'"):
        SGD().lr = 0.5


def test_a_schedule_sees_the_count_before_the_step():
    class Counted(schedules.LearningRateSchedule):
        seen = ()

        def __call__(self, step):
            self.seen = (*self.seen, step)
            return 0.1

    rate = Counted()
    stepped(SGD(rate), [[1.0, 1.0]] * 3)
    assert rate.seen == (0, 1, 2)


def test_a_scheduled_rate_cannot_be_set_to_a_float():
    optimizer = SGD(schedules.ExponentialDecay(1.0, 1, 0.5))
    assert optimizer.learning_rate == 1.0
    with pytest.raises(TypeError, match="ExponentialDecay"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = schedules.ExponentialDecay(4.0, 1, 0.5)
    assert optimizer.learning_rate == 4.0


def test_a_callable_rate_is_asked_at_every_step():
    rates = iter([1.0, 0.5])
    np.testing.assert_allclose(stepped(SGD(lambda: next(rates)), [[1.0, 0.0]] * 2), [-0.5, -2.0])


def test_clipnorm_shortens_each_gradient(backend):
    a, b = Variable([0.0, 0.0]), Variable([0.0])
    SGD(1.0, clipnorm=2.0).apply([np.float32([3, 4]), np.float32([0.5])], [a, b])
    np.testing.assert_allclose(a.numpy(), [-1.2, -1.6], rtol=1e-6)
    np.testing.assert_allclose(b.numpy(), [-0.5])


def test_clipvalue_bounds_each_element(backend):
    np.testing.assert_allclose(stepped(SGD(1.0, clipvalue=0.5), [[3.0, -0.25]]), [0.5, -1.75])


def test_global_clipnorm_shortens_all_gradients_alike(backend):
    a, b = Variable([0.0]), Variable([0.0])
    SGD(1.0, global_clipnorm=2.0).apply([np.float32([3]), np.float32([4])], [a, b])
    np.testing.assert_allclose([a.numpy()[0], b.numpy()[0]], [-1.2, -1.6], rtol=1e-6)
    SGD(1.0, global_clipnorm=2.0).apply([np.float32([0.9]), np.float32([1.2])], [a, b])  # not longer than that
    np.testing.assert_allclose([a.numpy()[0], b.numpy()[0]], [-2.1, -2.8], rtol=1e-6)


def test_global_clipnorm_shows_a_gradient_that_is_not_finite(backend):
    a, b = Variable([0.0]), Variable([0.0])
    with np.errstate(all="ignore"):
        SGD(1.0, global_clipnorm=1.0).apply([np.float32([np.inf]), np.float32([4])], [a, b])
    assert np.isnan(b.numpy()).all()


@pytest.mark.parametrize("bounds", [{"clipnorm": 1.0, "clipvalue": 1.0}, {"clipnorm": 1.0, "global_clipnorm": 1.0}])
def test_two_ways_of_clipping_are_refused(bounds):
    with pytest.raises(ValueError, match="At most one"):
        SGD(**bounds)


def test_weights_decay_before_the_update_and_by_the_rate(backend):
    np.testing.assert_allclose(stepped(SGD(0.5, weight_decay=0.1), [[1.0, 0.0]]), [0.45, -1.9], rtol=1e-6)


def test_decay_spares_variables_by_themselves_and_by_name():
    optimizer = SGD(0.5, weight_decay=0.1)
    named = [Variable([1.0], name=name) for name in ("kernel", "bias", "gamma")]
    optimizer.exclude_from_weight_decay(var_list=[named[2]], var_names=["bia"])
    optimizer.apply([np.float32([0])] * 3, named)
    assert [v.numpy()[0] for v in named] == pytest.approx([0.95, 1.0, 1.0])
    with pytest.raises(ValueError, match="before the first step"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_one_name_may_come_without_a_list():
    optimizer = SGD(0.5, weight_decay=0.1)
    named = [Variable([1.0], name=name) for name in ("kernel", "bias", "gamma", "b")]
    optimizer.exclude_from_weight_decay(var_names="bias")
    optimizer.apply([np.float32([0])] * 4, named)
    assert [v.numpy()[0] for v in named] == pytest.approx([0.95, 1.0, 0.95, 0.95])


def test_adamw_needs_a_decay():
    with pytest.raises(ValueError, match="weight_decay"):
        AdamW(weight_decay=None)


def test_the_average_starts_at_the_first_weights_and_replaces_them(backend):
    w = Variable([1.0])
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        optimizer.apply([np.float32([1])], [w])  # 0, -1, -2
    optimizer.finalize_variable_values([w])
    assert w.numpy()[0] == (0.5 * (0.5 * 0 + 0.5 * -1) + 0.5 * -2)


def test_the_average_overwrites_at_its_frequency(backend):
    w, optimizer = Variable([1.0]), SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2)
    seen = []
    for _ in range(3):
        optimizer.apply([np.float32([1])], [w])
        seen.append(w.numpy()[0])
    assert seen == [0.0, -0.5, -1.5]


def test_averages_count_updates_and_not_calls(backend):
    w = Variable([0.0])
    settings = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}
    optimizer, seen = SGD(1.0, gradient_accumulation_steps=2, **settings), []
    for _ in range(8):
        optimizer.apply([np.float32([1])], [w])
        seen.append(w.numpy()[0])
    assert seen == [0, -1, -1, -1.5, -1.5, -2.5, -2.25, -2.75]


@pytest.mark.parametrize("cls", [SGD, Adam, RMSprop])
def test_accumulated_gradients_step_as_their_mean(cls, backend):
    gradients = [[0.5, 1.0], [1.5, -3.0], [0.25, 0.5], [0.75, 0.5]]
    means = [[1.0, -1.0], [0.5, 0.5]]
    optimizer = cls(0.1, gradient_accumulation_steps=2, weight_decay=0.01)
    np.testing.assert_array_equal(stepped(optimizer, gradients), stepped(cls(0.1, weight_decay=0.01), means))
    assert optimizer.iterations == 2
    optimizer.iterations = 5
    assert optimizer.iterations == 5
    np.testing.assert_array_equal(stepped(cls(0.1, gradient_accumulation_steps=2), gradients[:1]), [1.0, -2.0])


def test_a_bad_gradient_does_not_outlive_its_round(backend):
    optimizer = SGD(0.5, gradient_accumulation_steps=2)
    w = Variable([1.0])
    for g in (np.inf, 1.0):
        optimizer.apply([np.float32([g])], [w])
    w.assign([1.0])
    for g in (1.0, 1.0):
        optimizer.apply([np.float32([g])], [w])
    np.testing.assert_array_equal(w.numpy(), [0.5])


def test_scaled_losses_give_the_same_step(backend):
    optimizer = SGD(0.5, loss_scale_factor=4.0)
    assert optimizer.scale_loss(2.0) == 8.0
    np.testing.assert_array_equal(stepped(optimizer, [[4.0, 8.0]]), [0.5, -3.0])


def test_missing_gradients_are_named_once_and_leave_their_variables(backend):
    a, b = Variable([1.0], name="a"), Variable([1.0], name="b")
    with pytest.warns(UserWarning, match="No gradients for b"):
        SGD(0.5).apply([np.float32([1]), None], [a, b])
    assert (a.numpy()[0], b.numpy()[0]) == (0.5, 1.0)


def test_no_gradient_at_all_is_an_error():
    w = Variable([1.0], name="w")
    with pytest.raises(ValueError, match="No gradients provided for any variable: w"):
        SGD().apply([None], [w])


def test_an_unknown_variable_is_an_error_that_says_what_to_do():
    optimizer, a, b = SGD(), Variable([1.0], name="a"), Variable([1.0], name="b")
    optimizer.apply([np.float32([1])], [a])
    with pytest.raises(ValueError, match="does not know b"):
        optimizer.apply([np.float32([1])], [b])


def test_unequal_numbers_and_shapes_are_errors():
    w = Variable([1.0, 2.0], name="w")
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        SGD().apply([np.float32([1, 1])] * 2, [w])
    with pytest.raises(ValueError, match="gradient of w has shape"):
        SGD().apply([np.float32([[1, 1]])], [w])
    with pytest.raises(ValueError, match="pass the variables"):
        SGD().apply([np.float32([1, 1])])


def test_apply_gradients_takes_pairs_and_returns_the_count(backend):
    w, optimizer = Variable([1.0]), SGD(0.5)
    assert optimizer.apply_gradients([(np.float32([1]), w)]) == 1
    assert optimizer.apply_gradients(zip([np.float32([1])], [w], strict=True)) == 2
    assert w.numpy()[0] == 0.0


def test_a_built_optimizer_needs_no_variables(backend):
    w, optimizer = Variable([1.0]), SGD(0.5)
    optimizer.build([w])
    optimizer.apply([np.float32([1])])
    assert w.numpy()[0] == 0.5
    optimizer.apply([])
    assert optimizer.iterations == 1


def test_what_can_be_walked_once_will_do():
    w, optimizer = Variable([1.0]), SGD(0.5)
    optimizer.build(iter([w]))
    optimizer.apply(iter([np.float32([1])]), iter([w]))
    assert w.numpy()[0] == 0.5


def test_slots_are_named_after_their_variables():
    w = Variable([1.0], name="kernel")
    w._path = "dense/kernel"
    optimizer = RMSprop()
    optimizer.build([w])
    assert [slot.path for slot in optimizer.variables] == ["rmsprop/dense_kernel_velocity"]


def test_the_dtype_of_a_weight_stays(backend):
    w = Variable(np.ones(2, "float64"))
    optimizer = Adam()
    optimizer.apply([np.ones(2, "float32")], [w])
    assert {w.dtype.name, *(slot.dtype.name for slot in optimizer.variables)} == {"float64"}


def test_state_goes_into_named_arrays_and_back(backend):
    w, optimizer = Variable([1.0, 2.0]), Adam(0.25)
    optimizer.apply([np.float32([1, 2])], [w])
    store = {}
    optimizer.save_own_variables(store)
    assert sorted(store) == ["0/momentum", "0/velocity", "iterations", "learning_rate"]
    again, copied = Adam(), Variable(w.numpy())
    again.build([copied])
    again.load_own_variables(store)
    for variable, o in ((w, optimizer), (copied, again)):
        o.apply([np.float32([3, 1])], [variable])
    np.testing.assert_array_equal(copied.numpy(), w.numpy())
    assert again.iterations == 2
    with pytest.raises(ValueError, match="do not fit"):
        Adam().load_own_variables(store)
    del store["learning_rate"]  # it followed a schedule
    again.load_own_variables(store)
    assert again.learning_rate == 0.25


def test_a_deep_copy_trains_its_own_variables():
    w, optimizer = Variable([1.0]), Adam()
    optimizer.apply([np.float32([1])], [w])
    other, variable = copy.deepcopy((optimizer, w))
    other.apply([np.float32([1])], [variable])
    assert (optimizer.iterations, other.iterations) == (1, 2)
    assert variable.numpy()[0] < w.numpy()[0]


def test_slots_move_with_the_weights():
    w, optimizer = Variable([1.0]), Adam(0.5)
    optimizer.apply([np.float32([1])], [w])
    w.move("strict")
    optimizer.move("strict")
    optimizer.apply([np.float32([1])], [w])
    assert w.backend.name == "strict"
    Adam(0.5, use_ema=True, gradient_accumulation_steps=2).apply([np.float32([1])], [w])  # made there at once


def test_a_setting_changed_later_gets_its_slot():
    w, optimizer = Variable([1.0]), SGD(0.5)
    optimizer.apply([np.float32([1])], [w])
    optimizer.momentum = 0.5
    for _ in range(2):
        optimizer.apply([np.float32([1])], [w])
    assert w.numpy()[0] == 0.5 - 0.5 - 0.75


def test_only_hyper_parameters_make_programs_stale():
    optimizer = RMSprop()
    version = optimizer._version
    optimizer.learning_rate = 0.5
    stepped(optimizer, [[1.0, 1.0]])
    assert optimizer._version == version
    optimizer.rho = 0.5
    assert optimizer._version > version


@pytest.mark.parametrize("name", ["sgd", "RMSprop", "ADAM", "adamw", "nadam", "adamax", "adagrad", "adadelta", "lion",
                                  "lamb", "ftrl"])  # fmt: skip
def test_names_in_any_case_and_configurations(name):
    optimizer = optimizers.get(name)
    assert type(optimizer).__name__.lower() == name.lower()
    optimizer.learning_rate = 0.125
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_a_schedule_survives_serialization():
    rate = schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3)
    again = optimizers.get(optimizers.serialize(Lion(rate)))
    assert again._learning_rate == rate


@pytest.mark.parametrize("identifier", ["adm", 3, {"class_name": "Foo", "config": {}}])
def test_what_cannot_be_an_optimizer(identifier):
    with pytest.raises(ValueError, match=r"Could not interpret optimizer.*RMSprop"):
        optimizers.get(identifier)


def test_custom_optimizers_by_their_own_names():
    class Mine(SGD):
        pass

    again = optimizers.deserialize(optimizers.serialize(Mine(0.5)), custom_objects={"Mine": Mine})
    assert type(again) is Mine


def test_an_optimizer_of_ones_own(backend, monkeypatch):
    monkeypatch.setattr("arraynet.dispatch.OPS", {})

    @op(promote=None)
    def halving_step(xp, w, g, seen, /, learning_rate, share, t):
        return w - g * (learning_rate * share / t), seen + 1

    class Halving(optimizers.Optimizer):
        step = halving_step
        hyper = ("share",)

        def __init__(self, learning_rate=1.0, share=0.5, **options):
            super().__init__(learning_rate, **options)
            self.share = share

        def slots(self):
            return {"seen": 10.0}

        def step_scalars(self, iteration):
            return super().step_scalars(iteration) | {"t": self.step_number(iteration)}

    optimizer = Halving()
    np.testing.assert_array_equal(stepped(optimizer, [[1.0, 2.0]] * 2), [0.25, -3.5])
    assert optimizer.variables[0].numpy().tolist() == [12, 12]
    assert Halving.from_config(optimizer.get_config()).share == 0.5


def test_a_gradient_step_on_a_loss(backend):
    w, optimizer = Variable([3.0]), SGD(0.1)
    for _ in range(60):
        with arraynet.GradientTape() as tape:
            loss = w * w
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    assert abs(w.numpy()[0]) < 1e-4
