"""Tables of what stands above the ops: a line for every layer, loss, metric and optimizer, and five networks."""

from arraynet.testing.parts.layers import LAYERS
from arraynet.testing.parts.losses import LOSSES
from arraynet.testing.parts.metrics import METRICS
from arraynet.testing.parts.networks import NETWORKS
from arraynet.testing.parts.optimizers import OPTIMIZERS
from arraynet.testing.parts.part import Part

__all__ = ["LAYERS", "LOSSES", "METRICS", "NETWORKS", "OPTIMIZERS", "PARTS", "Part"]

PARTS: list[Part] = [*LAYERS, *LOSSES, *METRICS, *OPTIMIZERS, *NETWORKS]
