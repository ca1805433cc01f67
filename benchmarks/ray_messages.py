"""What a thousand nodes would ask of one dispatcher: `python benchmarks/ray_messages.py`.

Nodes of a real cluster of this machine that train nothing: each says at once what a run says in
some minutes, statuses or epochs with the files of a real one. The dispatcher's processor time for a
message, the bytes of one, and from these how many nodes keep it busy for half of a core, which
leaves the other half to whatever comes at the same moment.
MNIST is taken from the cache of the tests, so run them once before.
"""

import argparse
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SHARE = 0.5
"""Of a core, that the dispatcher may need in the long run."""
EPOCH_SECONDS = (10, 120)


@dataclass(frozen=True)
class Cost:
    """A message: the dispatcher's processor seconds for it, and its bytes."""

    seconds: float
    n_bytes: int


def example_epochs(n_epochs: int) -> list[Any]:
    """The messages of a real training of target 4's network on few images."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.cluster.messages import Trained
    from mnistlab.cluster.node import Node
    from mnistlab.data.mnist import load
    from mnistlab.home import Home
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.store import Store

    folder = Path(tempfile.mkdtemp())
    store = Store(Home(folder).runs)
    store.add("", PRESETS[3].spec, Recipe(epochs=n_epochs, train_size=64))
    run = store.claim()
    assert run
    node = Node(load(ROOT / ".cache" / "data"))
    return [each for each in node.train(run, {}, {}, 60.0) if isinstance(each, Trained)]


def measure(messages: list[Any], n_nodes: int, n_epochs: int) -> Cost:
    """Let every node say all of the messages."""
    from mnistlab.arch.presets import PRESETS
    from mnistlab.cluster import cluster
    from mnistlab.cluster.dispatcher import Dispatcher
    from mnistlab.cluster.messages import Ended
    from mnistlab.cluster.node import Node
    from mnistlab.data.mnist import load
    from mnistlab.home import Home
    from mnistlab.recipe.recipe import Recipe
    from mnistlab.store.run import State
    from mnistlab.store.store import Store
    from mnistlab.worker.cluster_setting import OWN

    module: Any = cluster
    about: dict[str, str] = module.versions() | {"name": "a"}

    class Talker(Node):
        """Says what it was made with."""

        def train(self, *_: Any) -> Iterator[Any]:
            # Not `yield from`, which Ray's executor does not know.
            for message in messages:  # noqa: UP028
                yield message
            yield Ended(State.STOPPED, "", None, {}, True)

        def describe(self) -> dict[str, str]:
            return about

    real_node, real_cores = module.Node, module.cores
    module.Node, module.cores = Talker, lambda: n_nodes
    home = Home(Path(tempfile.mkdtemp()))
    store = Store(home.runs)
    try:
        with module.connected(OWN, load(ROOT / ".cache" / "data")) as nodes:
            dispatcher = Dispatcher(home, nodes)
            # The nodes start before there are runs, so that their start is not in the figure.
            while len(nodes.free()) < n_nodes:
                nodes.grow(n_nodes)
                time.sleep(0.1)
            recipe = Recipe(epochs=n_epochs, train_size=64)
            # All alike: an epoch of another training is refused.
            runs = [store.add("", PRESETS[3].spec, recipe) for _ in range(n_nodes)]
            before = time.process_time()
            while any(run.state.active for run in store.runs(runs)):
                for _ in range(20):
                    dispatcher.step()
            spent = time.process_time() - before
    finally:
        module.Node, module.cores = real_node, real_cores
    assert all(run.state is State.STOPPED for run in store.runs(runs))
    return Cost(spent / (n_nodes * len(messages)), len(pickle.dumps(messages[0])))


def main() -> None:
    from mnistlab.cluster.cluster import STATUSES_A_SECOND
    from mnistlab.cluster.messages import Status
    from mnistlab.cluster.node import STATUS_SECONDS
    from mnistlab.training.epoch import Progress

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=6)
    parser.add_argument("--statuses", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    os.environ |= {"MNISTLAB_THREADS": "1", "MNISTLAB_NICE": "0"}
    progress = Progress(1, 64, 64 * options.statuses, 5000.0)
    statuses = [Status("Training", replace(progress, done=64 * n)) for n in range(options.statuses)]
    status = measure(statuses, options.nodes, 1)
    print(f"a status: {1000 * status.seconds:.2f} ms, {status.n_bytes} B", flush=True)
    epochs = example_epochs(options.epochs)
    epoch = measure(epochs, options.nodes, options.epochs)
    print(f"an epoch: {1000 * epoch.seconds:.1f} ms, {epoch.n_bytes / 1000:.0f} kB", flush=True)
    for n_nodes in (10, 100, 1000):
        n_statuses = min(n_nodes / STATUS_SECONDS, STATUSES_A_SECOND)
        for seconds in EPOCH_SECONDS:
            share = n_statuses * status.seconds + n_nodes / seconds * epoch.seconds
            rate = n_nodes / seconds * epoch.n_bytes + n_statuses * status.n_bytes
            print(
                f"{n_nodes} nodes, epochs of {seconds} s: {100 * share:.0f}% of a core, "
                f"{rate / 1e6:.2f} MB/s, {n_statuses + n_nodes / seconds:.0f} writes a second"
                f"{'' if share <= SHARE else ': too many'}"
            )


if __name__ == "__main__":
    main()
