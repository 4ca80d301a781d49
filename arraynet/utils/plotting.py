"""Pictures of data and of training. Figures are returned, never shown: a notebook shows its cell's result itself."""

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np

__all__ = ["image_grid", "new_figure", "training_curves"]


def image_grid(images: Any, labels: Any = None, columns: int | None = None, cmap: str = "gray_r") -> Any:
    """Return a figure with images in rows and columns, each below its label.

    Parameters
    ----------
    images : array
        Shape (n, height, width), or (n, height, width, channels) with 1, 3 or 4 channels.
    labels : sequence of n, optional
        What to write above each.
    columns : int, optional
        Images in a row; as many as make the grid about square without it.
    cmap : str
        Matplotlib's colours for images of one channel.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        The images have another shape, or there are more or fewer labels than images.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not len(images):
        raise ValueError(
            f"image_grid needs images of shape (n, height, width) or (n, height, width, channels), "
            f"received {images.shape}."
        )
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"image_grid received {len(images)} images and {len(labels)} labels.")
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    figure = new_figure((1.2 * columns, 1.4 * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for k, (axis, image) in enumerate(zip(axes, images, strict=False)):
        axis.imshow(image[..., 0] if image.shape[2:] == (1,) else image, cmap=cmap)
        if labels is not None:
            axis.set_title(str(labels[k]), fontsize=9)
    return figure


def training_curves(history: Any) -> Any:
    """Return a figure with one panel a metric over the epochs, validation beside training.

    Parameters
    ----------
    history : History or dict
        What `fit` returned, or its ``history``: lists of numbers by name.

    Returns
    -------
    matplotlib.figure.Figure
        Which shows itself in a notebook.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    """
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    epochs = getattr(history, "_epochs", {})
    names = [name for name in curves if not name.startswith("val_")]
    figure = new_figure((4.5 * max(1, len(names)), 3.2))
    for axis, name in zip(figure.subplots(1, max(1, len(names)), squeeze=False)[0], names, strict=False):
        for curve, marker in ((name, "o"), (f"val_{name}", "s")):
            if curve in curves:
                values, places = curves[curve], epochs.get(curve, ())
                places = places if len(places) == len(values) else range(len(values))  # a history may be added to
                axis.plot(np.add(places, 1), values, marker=marker, label=curve)
        axis.set(title=name, xlabel="epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend()
    return figure


def new_figure(size: tuple[float, float], layout: Any = "constrained") -> Any:
    """Return a figure of its own, so that no window, backend or global list of figures is touched.

    A notebook asks it for its picture; that of matplotlib would need pyplot to have drawn something before.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Pictures need matplotlib: pip install 'arraynet[plot]'.") from error

    class ShownFigure(Figure):  # type: ignore[misc, unused-ignore]
        def _repr_png_(self) -> bytes:
            stream = BytesIO()
            self.savefig(stream, format="png", bbox_inches="tight")
            return stream.getvalue()

    return ShownFigure(figsize=size, layout=layout)
