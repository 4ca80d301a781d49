"""The scale and offset that every normalisation ends with."""

from typing import Any

from arraynet import initializers, regularizers
from arraynet.checks import flag
from arraynet.layers.elementwise import Elementwise

__all__ = ["Affine"]


class Affine(Elementwise):
    """A layer with a learnt scale, `gamma`, and offset, `beta`; either may be left out."""

    gamma: Any = None
    beta: Any = None

    def set_affine(
        self,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
    ) -> None:
        """Store whether there is an offset and a scale, what they start from, and the penalties on them."""
        kind = type(self).__name__
        self.center, self.scale = flag(f"{kind}: center", center), flag(f"{kind}: scale", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)

    def add_affine(self, shape: tuple[int, ...]) -> None:
        """Make the weights in a shape, scale first."""
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, regularizer=self.gamma_regularizer, name="gamma"
            )
        if self.center:
            self.beta = self.add_weight(shape, self.beta_initializer, regularizer=self.beta_regularizer, name="beta")
