"""Training: start, pause, resume and stop runs, and benchmark the machine."""

import argparse
from dataclasses import fields, replace

from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.summary import summarize
from mnistlab.errors import LabError
from mnistlab.home import default_home
from mnistlab.store import queue
from mnistlab.store.run import Request, State
from mnistlab.store.store import Store
from mnistlab.terminal.parser import Commands, Parser, add_network, add_owner, add_run
from mnistlab.terminal.run_commands import get_run
from mnistlab.terminal.watch import Bar, watch
from mnistlab.text import duration, percent
from mnistlab.training.defaults import default_recipe
from mnistlab.training.recipe import ENUMS, Recipe, choice
from mnistlab.worker.benchmark import run_benchmark
from mnistlab.worker.processes import ensure_workers, kill_worker, submit

GROUP = "Training"
RECIPE_HELP = {
    "learning_rate": "the schedule's peak",
    "train_size": "training images, from 64 to all; default: all",
    "patience": "early stopping: epochs without improvement; default: off",
    "target_accuracy": "stop at this validation accuracy, such as 0.994; default: off",
    "label_smoothing": "fraction of the target spread over all classes",
    "norm_batch_size": "images that batch norm normalizes together, at least",
}
"""Help for the recipe's fields whose names do not say enough."""


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


def add_recipe(command: Parser) -> None:
    """The run's name and owner, and an option for every field of the recipe."""
    command.usage = "%(prog)s [options] NETWORK"
    command.add_argument("--name", default="", help="name of the run; default: NETWORK")
    add_owner(command)
    recipe = command.add_argument_group("recipe (default: the network's own)")
    for field in fields(Recipe):
        name = f"--{field.name.replace('_', '-')}"
        if values := ENUMS.get(field.name):
            recipe.add_argument(name, metavar="NAME", help=", ".join(values))
        else:
            recipe.add_argument(name, metavar="NUMBER", help=RECIPE_HELP.get(field.name))


def train(options: argparse.Namespace) -> int:
    spec = resolve(options.network)
    recipe = recipe_from(options, default_recipe(spec))
    run_id = submit(default_home(), options.name or options.network, spec, recipe, options.owner)
    if options.queue:
        print(f"Queued run {run_id}. Check it with `python -m mnistlab show {run_id}`.")
        return 0
    return _wait(Store(default_home().runs), run_id)


def recipe_from(options: argparse.Namespace, default: Recipe) -> Recipe:
    """The default recipe with the values from the command line."""
    values: dict[str, object] = {}
    for field in fields(Recipe):
        text = getattr(options, field.name)
        if text is None:
            continue
        if field.name in ENUMS:
            values[field.name] = choice(field.name, text, ENUMS[field.name])
        else:
            values[field.name] = _number(text, is_float="float" in str(field.type))
    return replace(default, **values)  # type: ignore[arg-type]


def _number(text: str, is_float: bool) -> object:
    """A number, or the text itself, which Recipe rejects with the name of the field."""
    try:
        return float(text) if is_float else int(text)
    except ValueError:
        return text


def _wait(store: Store, run_id: int, n_known_epochs: int = 0) -> int:
    """Show a run's progress until it ends; the exit status."""
    state = watch(store, run_id, n_known_epochs)
    checkpoint_path = store.best_checkpoint_path(run_id)
    if checkpoint_path.is_file():
        print(f"run {run_id}: {state}; {checkpoint_path}")
    return 0 if state in (State.DONE, State.STOPPED, State.PAUSED) else 2


def resume(options: argparse.Namespace) -> int:
    store = Store(default_home().runs)
    run = get_run(store, options.run_id)
    queue.resume(store, run.id)
    ensure_workers(default_home())
    return 0 if options.queue else _wait(store, run.id, len(run.epochs))


def request(options: argparse.Namespace) -> None:
    """Pause or stop a run, as the command's name says; stop also ends a paused run."""
    store, request = Store(default_home().runs), Request(options.command)
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
