"""Random networks for the oracles: mostly possible, now and then not."""

import contextlib
import random

from mnistlab.arch.spec import Activation, Conv, Dropout, Head, Layer, Spec, SpecError, Transition
from mnistlab.arch.summary import NetworkSummary, summarize


def random_spec(seed: int) -> Spec:
    """Draw one Spec; its maps may run out, which is the ledger's business to notice."""
    rng = random.Random(seed)
    layers: list[Layer] = []
    channels = 1
    for _ in range(rng.randint(1, 9)):
        if rng.random() < 0.7:
            separable = rng.random() < 0.25
            if rng.random() < 0.2:
                # Now and then its filters are not as many as the channels that come in.
                filters = channels if rng.random() < 0.9 else channels + 1
                layers.append(Conv(filters, padded=True, separable=separable, residual=True))
            else:
                layers.append(Conv(rng.randint(1, 24), rng.random() < 0.3, separable))
        elif rng.random() < 0.3:
            layers.append(Transition(None))
        else:
            layers.append(Transition(rng.randint(1, 16), pooled=rng.random() < 0.5))
        channels = layers[-1].filters or channels
    batch_norm = rng.random() < 0.5
    return Spec(
        layers=tuple(layers),
        head=rng.choice(list(Head)),
        batch_norm=batch_norm,
        conv_bias=not batch_norm or rng.random() < 0.5,
        dropout=rng.choice([0.0, 0.05, 0.5, 0.125]),
        dropout_kind=rng.choice(list(Dropout)),
        activation=rng.choice(list(Activation)),
    )


def possible(count: int, first_seed: int = 0) -> list[NetworkSummary]:
    """The first so many random networks that can be built, from a seed on."""
    found: list[NetworkSummary] = []
    while len(found) < count:
        with contextlib.suppress(SpecError):
            found.append(summarize(random_spec(first_seed)))
        first_seed += 1
    return found
