"""Pages while a cluster trains: `python benchmarks/ray_pages.py [--reruns 30]`.

A real server, a cluster of this machine alone that trains a run on one core, and a client that
speaks the server's protocol as a browser does. How long Train and Runs take from a rerun to their
last message, with the panel of the cluster drawn. Beside it the same with a local worker.
MNIST is taken from the cache of the tests, so run them once before.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
PAUSE = 0.5
PAGES = ("train", "runs")


def measure(address: str, n_reruns: int) -> None:
    from protocol import visit
    from server import training

    from mnistlab.cluster.overview import read_overview
    from mnistlab.worker.cluster_setting import VARIABLE, has_dispatcher
    from tests.browser.conftest import serve

    os.environ |= {VARIABLE: address, "MNISTLAB_THREADS": "1", "MNISTLAB_IDLE": "0"}
    folder = Path(tempfile.mkdtemp())
    (folder / "data").symlink_to(ROOT / ".cache" / "data")
    app = serve(folder, root=ROOT)
    try:
        with training(app.home):
            for page in PAGES:
                with visit(app.url, page) as session:
                    times = []
                    for _ in range(n_reruns):
                        time.sleep(PAUSE)
                        session.text = ""  # a rerun may show what was shown before
                        times.append(1000 * session.run())
                    assert not address or read_overview(app.home)
                    assert ("Ray cluster" in session.text) == bool(address), "the panel"
                times.sort()
                print(
                    f"{page} while {'the cluster' if address else 'a local worker'} trains: median "
                    f"{statistics.median(times):.0f} ms, slowest of {n_reruns} {times[-1]:.0f} ms",
                    flush=True,
                )
        while has_dispatcher(app.home):
            time.sleep(0.1)
    finally:
        app.process.terminate()
        app.process.wait(30)


def main() -> None:
    from mnistlab.worker.cluster_setting import OWN

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reruns", type=int, default=30)
    options = parser.parse_args()
    for address in (OWN, ""):
        measure(address, options.reruns)


if __name__ == "__main__":
    main()
