"""The subjects, a small class per library: the same net, the same rows, and Keras's defaults everywhere.

A subject has `train(rows)`, one pass over the first `rows` rows in shuffled batches, which returns the seconds that
took, `predict(x, batch)`, which returns probabilities, or the labels of a digit's ten columns with the loss "mse", and
`evaluate(x, y, batch)`, which returns the share of digits that are right.
"""

from functools import cache
from importlib import import_module
from itertools import pairwise
from time import perf_counter

import numpy as np

RATE = {"sgd": 1e-2, "rmsprop": 1e-3, "adam": 1e-3, "adamw": 1e-3, "nadam": 1e-3}
CLASS = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam"}
DECAY = {"adamw": {"weight_decay": 4e-3}}


class UnsupportedError(Exception):
    """The library lacks what the configuration asks for."""


def load(config):
    """Rows to train on and rows to predict: MNIST, or noise for the script that --mode import times."""
    rows = config["batch"] * (config["steps"] if config["mode"] == "train" else 1)
    if config["mode"] == "import":
        rng = np.random.default_rng(0)
        return rng.random((rows, 784), "float32"), rng.integers(0, 10, rows, "int32"), None
    with np.load(config["mnist"]) as mnist:
        pixels = mnist["x_train"][:rows], mnist["x_test"]
        x, test = (np.divide(p.reshape(-1, 784), 255, dtype="float32") for p in pixels)
        return x, mnist["y_train"][:rows].astype("int32"), (test, mnist["y_test"].astype("int32"))


class Subject:
    """A library that is driven step by step: `build`, `step`, `sync` and `forward` are its own."""

    modes = ("train", "predict", "evaluate", "import", "ops")

    def __init__(self, config, x, y):
        self.x, self.y, self.batch, self.optimizer = x, y, config["batch"], config["optimizer"]
        self.squared = config["loss"] == "mse"  # of ten linear outputs, against one 1 and nine 0
        self.gpu = config["gpu"]
        self.sizes, self.rng = [x.shape[1], *config["hidden"], 10], np.random.default_rng(0)
        self.build(config)

    def kernels(self):
        """What Keras would start from, with biases of zero."""
        for n, m in pairwise(self.sizes):
            limit = (6 / (n + m)) ** 0.5
            yield self.rng.uniform(-limit, limit, (n, m)).astype("float32")

    def shuffled(self, rows):
        return self.rng.permutation(rows)

    def train(self, rows):
        start = perf_counter()
        order = self.shuffled(rows)
        for i in range(0, rows, self.batch):
            self.step(self.picked(order, i))
        self.sync()
        return perf_counter() - start

    def picked(self, order, i):
        """What names the rows of a batch."""
        return order[i : i + self.batch]

    def sync(self):
        """Wait for work that is under way."""

    def predict(self, x, batch):
        return np.concatenate([self.fetched(self.forward(x[i : i + batch])) for i in range(0, len(x), batch)])

    def fetched(self, out):
        """An output on the host."""
        return np.asarray(out.get() if hasattr(out, "get") else out.cpu() if hasattr(out, "cpu") else out)

    def evaluate(self, x, y, batch):
        """Loss and accuracy of a batch are its own `score`, and are asked for once, at the end."""
        scores = [self.score(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]
        return sum(float(right) for _, right in scores) / len(x)


class Floor(Subject):
    """The matrix products that the work cannot do without, into buffers that exist already."""

    def build(self, config):
        self.xp = xp = import_module("cupy" if self.gpu else "numpy")
        self.weights = list(map(xp.asarray, self.kernels()))
        self.gradients = [xp.empty_like(w) for w in self.weights]
        self.buffers = cache(lambda rows: [[xp.ones((rows, n), "float32") for n in self.sizes] for _ in range(2)])

    def sync(self):
        if self.gpu:
            self.xp.cuda.get_current_stream().synchronize()

    def forward(self, x):
        x = self.xp.asarray(x)
        for w, out in zip(self.weights, self.buffers(len(x))[0][1:], strict=True):
            x = self.xp.matmul(x, w, out=out)
        return x

    def score(self, x, y):
        self.forward(x)
        return 0, 0

    def step(self, pick):
        values, deltas = self.buffers(len(pick))
        delta = self.forward(values[0])
        xp = self.xp  # NumPy's matmul does not give an outer product to BLAS
        product = xp.multiply if len(pick) == 1 and not self.gpu else xp.matmul
        for k in reversed(range(len(self.weights))):
            product(values[k].T, delta, out=self.gradients[k])
            if k:
                delta = xp.matmul(delta, self.weights[k].T, out=deltas[k])


class Jax(Subject):
    """A jitted step with the gather inside and the state donated; optax."""

    def build(self, config):
        import jax
        import optax

        rule = getattr(optax, self.optimizer)(RATE[self.optimizer], **DECAY.get(self.optimizer, {}))

        def logits(params, x):
            for w, b in params[:-1]:
                x = jax.nn.relu(x @ w + b)
            return x @ params[-1][0] + params[-1][1]

        def loss(params, x, y):
            if self.squared:
                return jax.numpy.square(logits(params, x) - jax.nn.one_hot(y, 10)).mean()
            return optax.softmax_cross_entropy_with_integer_labels(logits(params, x), y).mean()

        def score(params, x, y):
            return loss(params, x, y), (logits(params, x).argmax(-1) == y).sum()

        def step(params, slots, x, y, pick):
            if self.gpu:  # the order of all rows lies there, too
                pick = jax.lax.dynamic_slice_in_dim(*pick, self.batch)
            value, gradients = jax.value_and_grad(loss)(params, x[pick], y[pick])
            updates, slots = rule.update(gradients, slots, params)
            return optax.apply_updates(params, updates), slots, value

        self.place = jax.device_put
        self.x, self.y = jax.device_put((self.x, self.y))
        self.params = jax.device_put([(w, np.zeros(w.shape[1], "float32")) for w in self.kernels()])
        self.slots, self.run = rule.init(self.params), jax.jit(step, donate_argnums=(0, 1))
        last = (lambda z: z) if self.squared else jax.nn.softmax
        self.outputs, self.wait = jax.jit(lambda *inputs: last(logits(*inputs))), jax.block_until_ready
        self.scores = jax.jit(score)

    def shuffled(self, rows):
        order = self.rng.permutation(rows).astype("int32")
        return self.place(order) if self.gpu else order

    def picked(self, order, i):
        return (order, i) if self.gpu else super().picked(order, i)

    def step(self, pick):
        self.params, self.slots, self.loss = self.run(self.params, self.slots, self.x, self.y, pick)

    def sync(self):
        self.wait(self.params)

    def forward(self, x):
        return self.outputs(self.params, x)

    def score(self, x, y):
        return self.scores(self.params, x, y)


class Torch(Subject):
    """Eager mode."""

    fused = False

    def build(self, config):
        import torch

        options = DECAY.get(self.optimizer, {}) | ({"alpha": 0.9} if self.optimizer == "rmsprop" else {})
        if self.fused:
            options["fused"] = True
        torch.set_num_threads(config["threads"])
        layers = []
        for w in self.kernels():
            layers += [torch.nn.Linear(*w.shape), torch.nn.ReLU()]
            layers[-2].weight.data, layers[-2].bias.data = torch.from_numpy(w.T.copy()), torch.zeros(w.shape[1])
        self.device = "cuda" if self.gpu else "cpu"
        self.torch, self.model = torch, torch.nn.Sequential(*layers[:-1]).to(self.device)
        self.loss = torch.nn.MSELoss() if self.squared else torch.nn.CrossEntropyLoss()
        self.x, self.y = torch.from_numpy(self.x).to(self.device), torch.from_numpy(self.y).long().to(self.device)
        self.y = torch.eye(10, device=self.device)[self.y] if self.squared else self.y
        rule = getattr(torch.optim, CLASS[self.optimizer].replace("Nadam", "NAdam"))
        self.rule = rule(self.model.parameters(), lr=RATE[self.optimizer], **options)

    def shuffled(self, rows):
        return self.torch.randperm(rows, device=self.device)

    def sync(self):
        if self.gpu:
            self.torch.cuda.synchronize()

    def step(self, pick):
        x, y = self.x.index_select(0, pick), self.y.index_select(0, pick)  # faster than self.x[pick]
        self.rule.zero_grad()
        self.loss(self.model(x), y).backward()
        self.rule.step()

    def forward(self, x):
        with self.torch.inference_mode():
            z = self.model(self.torch.as_tensor(x, device=self.device))
            return z if self.squared else z.softmax(-1)

    def score(self, x, y):
        with self.torch.inference_mode():
            z = self.model(self.torch.as_tensor(x, device=self.device))
            y = self.torch.as_tensor(y, device=self.device).long()
            return self.loss(z, y), (z.argmax(-1) == y).sum()


class TorchFused(Torch):
    """Eager mode with a fused optimizer."""

    modes, fused = ("train",), True

    def build(self, config):
        if self.optimizer in ("rmsprop", "nadam"):
            raise UnsupportedError(f"PyTorch has no fused {self.optimizer}")
        super().build(config)


class Sklearn(Subject):
    """MLPClassifier: one partial_fit is one pass over the rows."""

    modes = ("train", "predict", "import")

    def build(self, config):
        from sklearn.neural_network import MLPClassifier

        if self.squared:
            raise UnsupportedError("MLPRegressor is another network")
        solver = self.optimizer if config["mode"] == "train" else "adam"
        if solver not in ("sgd", "adam"):
            raise UnsupportedError(f"scikit-learn has no {solver}")
        options = {"solver": solver, "learning_rate_init": RATE[solver], "momentum": 0, "alpha": 0}
        self.model = MLPClassifier(config["hidden"], batch_size=self.batch, **options)

    def train(self, rows):
        start = perf_counter()
        self.model.partial_fit(self.x[:rows], self.y[:rows], classes=range(10))
        return perf_counter() - start

    def forward(self, x):
        return self.model.predict_proba(x)


def sequential(net, sizes, last="softmax"):
    """The seeds' net, in any library that has Keras's names."""
    hidden = [net.layers.Dense(units, activation="relu") for units in sizes[1:-1]]
    return net.Sequential([net.Input((sizes[0],)), *hidden, net.layers.Dense(sizes[-1], activation=last)])


class Fit(Subject):
    """compile and fit, as in Keras; a callback times the epoch."""

    def build(self, config):
        net = import_module(config["module"])
        self.model = sequential(net, self.sizes, "linear" if self.squared else "softmax")
        if self.squared:
            self.model.compile(self.optimizer, loss="mse")
            self.y = np.eye(10, dtype="float32")[self.y]
        else:
            self.model.compile(self.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

        class Timer(net.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.start = perf_counter()

            def on_epoch_end(self, epoch, logs=None):
                self.seconds = perf_counter() - self.start

        self.timer = Timer()

    def train(self, rows):
        epochs = 2 if self.gpu else 1  # the last one counts: the others have their rows on the device from the start
        options = {"batch_size": self.batch, "epochs": epochs, "verbose": 0, "callbacks": [self.timer]}
        self.model.fit(self.x[:rows], self.y[:rows], **options)
        return self.timer.seconds

    def predict(self, x, batch):
        return np.asarray(self.model.predict(x, batch_size=batch, verbose=0))

    def evaluate(self, x, y, batch):
        return self.model.evaluate(x, y, batch_size=batch, verbose=0)[1]


class Tape(Subject):
    """A training loop by hand with GradientTape, and nothing jitted."""

    modes = ("train", "import")

    def build(self, config):
        if self.squared:
            raise UnsupportedError("made for crossentropy")
        self.net = import_module(config["module"])
        self.model = sequential(self.net, self.sizes)
        self.rule = getattr(self.net.optimizers, CLASS[self.optimizer])()
        self.loss = self.net.losses.SparseCategoricalCrossentropy()

    def step(self, pick):
        with self.net.GradientTape() as tape:
            loss = self.loss(self.y[pick], self.model(self.x[pick], training=True))
        variables = self.model.trainable_variables
        self.rule.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def sync(self):
        np.asarray(self.model.trainable_variables[-1])

    def forward(self, x):
        return self.model(x)


KINDS = {
    "floor": Floor, "jax": Jax, "torch": Torch, "torch-fused": TorchFused, "sklearn": Sklearn, "keras": Fit,
    "arraynet": Fit, "arraynet-step": Tape,
}  # fmt: skip
