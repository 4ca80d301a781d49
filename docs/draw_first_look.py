"""Draws the picture of the README and of the landing page: python docs/draw_first_look.py, after training on MNIST."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import arraynet as keras
from arraynet import layers, utils
from arraynet.datasets import mnist

TARGET = Path(__file__).parent / "_static" / "first_look.png"
INK, ACCENT = "#1f2933", "#2f6f9f"


def trained(epochs: int) -> tuple[Any, Any, Any, Any]:
    """Return a trained network, its history, the test images and their labels."""
    utils.set_random_seed(7)
    (x_train, y_train), (images, labels) = mnist.load_data()
    rows, tests = (x.reshape((-1, 784)).astype("float32") / 255 for x in (x_train, images))
    model = keras.Sequential(
        [layers.Input((784,)), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(rows, y_train, epochs=epochs, batch_size=128, validation_data=(tests, labels), verbose=0)
    return model, history, images, labels


def picture(model: Any, history: Any, images: Any, labels: Any) -> Figure:
    """Return digit, patterns, answer and curves, side by side."""
    figure = Figure(figsize=(10.5, 2.9), layout="constrained", facecolor="white")
    digit, patterns, answer, curves = figure.subplots(1, 4, width_ratios=[1, 1.25, 1.25, 1.45])
    digit.imshow(images[0], cmap="gray_r")
    digit.set_title("784 pixels in", color=INK)
    draw_patterns(patterns, model, images[0])
    draw_answer(answer, model.predict(images[:1].reshape((1, 784)).astype("float32") / 255, verbose=0)[0])
    draw_curves(curves, history.history)
    for axis in (digit, patterns):
        axis.set(xticks=[], yticks=[])
    return figure


def draw_patterns(axis: Any, model: Any, image: Any) -> None:
    """Draw the weights of the 25 units that answer this image most strongly, as images."""
    kernel = model.layers[0].kernel.numpy()
    strongest = np.argsort(image.reshape(784) @ kernel)[::-1][:25]
    tiles = np.pad(kernel.T[strongest].reshape((5, 5, 28, 28)), [(0, 0), (0, 0), (1, 1), (1, 1)])
    mosaic = tiles.transpose((0, 2, 1, 3)).reshape((5 * 30, 5 * 30))
    bound = np.quantile(np.abs(mosaic), 0.99)
    axis.imshow(mosaic, cmap="RdBu_r", vmin=-bound, vmax=bound)
    axis.set_title("the patterns it found in them", color=INK)


def draw_answer(axis: Any, scores: Any) -> None:
    """Draw the ten probabilities."""
    axis.bar(range(10), scores, color=ACCENT)
    axis.set(xticks=range(10), ylim=(0, 1.05), xlabel="digit", ylabel="probability")
    axis.set_title("ten probabilities out", color=INK)


def draw_curves(axis: Any, curves: Any) -> None:
    """Draw accuracy by epoch, in training and in the test."""
    epochs = range(1, len(curves["accuracy"]) + 1)
    axis.plot(epochs, curves["accuracy"], "o-", color=INK, label="training")
    axis.plot(epochs, curves["val_accuracy"], "s-", color=ACCENT, label="test")
    axis.set(xticks=epochs, xlabel="epoch", ylabel="accuracy")
    axis.set_title(f"{curves['val_accuracy'][-1]:.1%} of 10,000 test digits", color=INK)
    axis.legend()


def main(target: Path = TARGET, epochs: int = 5) -> None:
    """Train and draw."""
    picture(*trained(epochs)).savefig(target, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
