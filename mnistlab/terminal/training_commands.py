"""Training: start, pause, resume and stop runs, and benchmark the machine."""

import argparse

from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.recipe.defaults import default_recipe
from mnistlab.store import queue
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.terminal.parser import Commands, add_network, add_run, get_run
from mnistlab.terminal.recipe_options import add_recipe, recipe_from
from mnistlab.terminal.watch import Bar, watch
from mnistlab.text import duration, percent
from mnistlab.worker.benchmark import run_benchmark
from mnistlab.worker.processes import ensure_workers, kill_worker, submit

GROUP = "Training"


def add_commands(commands: Commands) -> None:
    command = commands.add(GROUP, "train", train, "train a network and show its progress")
    add_network(command)
    add_recipe(command)
    command.add_argument("--queue", action="store_true", help="return without waiting for the run")

    add_run(commands.add(GROUP, "pause", request, "pause a run"))
    command = commands.add(GROUP, "resume", resume, "resume a run")
    add_run(command)
    command.add_argument("--queue", action="store_true", help="return without waiting for the run")
    command = commands.add(GROUP, "stop", request, "stop a run; its best epoch is saved")
    add_run(command)
    command.add_argument("--force", action="store_true", help="kill its worker if it hangs")

    commands.add(GROUP, "benchmark", benchmark, "time this machine to estimate epochs")


def train(options: argparse.Namespace) -> int:
    spec = resolve(options.network)
    recipe = recipe_from(options, default_recipe(spec))
    run_id = submit(default_home(), options.name or options.network, spec, recipe, options.owner)
    if options.queue:
        print(f"Queued run {run_id}. Check it with `python -m mnistlab show {run_id}`.")
        return 0
    return _wait(Store.of(default_home()), run_id)


def _wait(store: Store, run_id: int, n_known_epochs: int = 0) -> int:
    """Show a run's progress until it ends; the exit status."""
    state = watch(store, run_id, n_known_epochs)
    checkpoint_path = store.best_checkpoint_path(run_id)
    if checkpoint_path.is_file():
        print(f"run {run_id}: {state}; {checkpoint_path}")
    return 0 if state in (State.DONE, State.STOPPED, State.PAUSED) else 2


def resume(options: argparse.Namespace) -> int:
    store = Store.of(default_home())
    run = get_run(store, options.run_id)
    queue.resume(store, run.id)
    ensure_workers(default_home())
    return 0 if options.queue else _wait(store, run.id, len(run.epochs))


def request(options: argparse.Namespace) -> None:
    """Pause or stop a run, as the command's name says; stop also ends a paused run."""
    store, request = Store.of(default_home()), Request(options.command)
    run = get_run(store, options.run_id)
    if not (run.state.active or (run.state.resumable and request is Request.STOP)):
        raise LabError(f"Run {run.id} is already {run.state}.")
    if run.state is State.RUNNING and getattr(options, "force", False):
        kill_worker(default_home(), run.id)
    else:
        store.request(run.id, request)
    ensure_workers(default_home())


def benchmark(options: argparse.Namespace) -> None:
    bar = Bar()
    speed_model = run_benchmark(default_home(), bar.show)
    bar.end()
    print(f"Estimated time per epoch (typical error {percent(speed_model.error, 0)}):")
    for preset in PRESETS:
        recipe = default_recipe(preset.spec)
        seconds = speed_model.epoch_seconds(summarize(preset.spec), recipe)
        print(f"  {preset.name:<14} {duration(seconds):>12}  (batch size {recipe.batch_size})")
