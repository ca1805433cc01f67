"""The lab from a terminal: `python -m mnistlab --help`."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import NoReturn

from mnistlab import zoo
from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.summary import describe, summarize
from mnistlab.data.options import Split
from mnistlab.errors import LabError
from mnistlab.experiments.targets import TARGETS
from mnistlab.home import home
from mnistlab.store.store import Store
from mnistlab.terminal import run_commands, target_commands
from mnistlab.terminal.handwriting_commands import handwriting
from mnistlab.terminal.seed_commands import study
from mnistlab.terminal.watch import Bar
from mnistlab.text import duration, percent
from mnistlab.training.defaults import default_recipe
from mnistlab.training.recipe import ENUMS, Recipe, choice
from mnistlab.worker.benchmark import run_benchmark
from mnistlab.worker.processes import submit

NETWORK_HELP = f"a preset ({', '.join(p.name for p in PRESETS)}) or a network's text"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it went well, 2 with a line on standard error if not."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options) or 0)
    except (LabError, OSError) as error:
        print(f"mnistlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise LabError(f"{message} (try {self.prog} --help)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m mnistlab", description="How small can a network read digits?")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")

    data = commands.add_parser("data", help="fetch MNIST, unless it is there already")
    data.set_defaults(run=_data)

    show = commands.add_parser("ledger", help="a network's layers, parameters and cost")
    show.add_argument("network", help=NETWORK_HELP)
    show.set_defaults(run=lambda options: print(describe(summarize(resolve(options.network)))))

    train = commands.add_parser("train", help="train a network in the background and watch it")
    _add_training(train, "the run")
    train.add_argument("--queue", action="store_true", help="do not watch it")
    train.set_defaults(run=_train)
    study = commands.add_parser("study", help="train a network with several seeds: mean and spread")
    _add_training(study, "its runs")
    study.add_argument("--seeds", type=run_commands.number, default=5, help="how many; default: 5")
    study.set_defaults(run=_study)
    _add_ladder_commands(commands)
    _add_runs_commands(commands)

    calibrate = commands.add_parser("calibrate", help="time this machine, to foretell epochs")
    calibrate.set_defaults(run=_calibrate)

    doubted = commands.add_parser(
        "doubt", help="fit, and keep beside a checkpoint, how far its answers can be trusted"
    )
    doubted.add_argument("checkpoint", type=Path, help="a .safetensors file of the lab")
    doubted.set_defaults(run=_doubt)

    predict = commands.add_parser("predict", help="read the digit in a picture")
    predict.add_argument("image", type=Path)
    predict.add_argument("--checkpoint", type=Path, help="a checkpoint; default: the shipped one")
    predict.set_defaults(run=_predict)
    _add_handwriting(commands)
    return parser


def _add_training(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("network", help=NETWORK_HELP)
    command.add_argument("--name", default="", help=f"what to call {what}")
    command.add_argument("--owner", default="", help="who trains")
    for field in fields(Recipe):
        values = f"one of {', '.join(ENUMS[field.name])}" if field.name in ENUMS else "a number"
        command.add_argument(f"--{field.name.replace('_', '-')}", metavar="VALUE", help=values)


def _add_ladder_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """The commands that `mnistlab.terminal.target_commands` carries out."""
    reproduction = commands.add_parser(
        "ladder", help="train the article's four targets, or go on with it"
    )
    reproduction.set_defaults(run=target_commands.reproduce)
    ablate = commands.add_parser("ablate", help="a target with one choice switched: what it does")
    ablate.add_argument("target", help=", ".join(each.preset.name for each in TARGETS))
    ablate.add_argument("variant", help="such as dropout; another word lists them all")
    ablate.set_defaults(run=target_commands.ablate)
    for command, count in ((reproduction, 1), (ablate, 3)):
        _add_conditions(command, count)
        command.add_argument("--owner", default="", help="who trains")
        command.add_argument("--report", type=Path, metavar="FILE", help="a report: .html or .md")
    report = commands.add_parser("report", help="runs, or the ladder, as HTML or Markdown")
    report.add_argument(
        "run_ids", type=run_commands.number, nargs="*", metavar="RUN", help="runs' numbers"
    )
    report.add_argument("--ladder", action="store_true", help="the ladder instead")
    report.add_argument("--out", type=Path, required=True, metavar="FILE", help=".html or .md")
    _add_conditions(report, 1)
    report.set_defaults(run=target_commands.report)


def _add_conditions(command: argparse.ArgumentParser, seeds: int) -> None:
    """How the ladder's runs were trained, or shall be."""
    command.add_argument("--quick", action="store_true", help="a tenth of the digits; minutes")
    command.add_argument(
        "--seeds", type=run_commands.number, default=seeds, help=f"how many; default: {seeds}"
    )
    command.add_argument(
        "--split",
        default=Split.ARTICLE,
        choices=[Split.ARTICLE, Split.HOLDOUT],
        help="which images choose the epoch; default: the article's",
    )


def _add_runs_commands(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """The commands that `mnistlab.terminal.run_commands` carries out."""

    def add(name: str, run: Callable[..., int | None], say: str, *numbers: str) -> _Parser:
        command = commands.add_parser(name, help=say)
        for number in numbers:
            command.add_argument(
                number, type=run_commands.number, metavar="RUN", help="a run's number"
            )
        command.set_defaults(run=run)
        return command

    listed = add("runs", run_commands.list_runs, "the newest runs, or those that hold some words")
    listed.add_argument("words", nargs="*", help="in name, network, tags, notes or person")
    listed.add_argument("--number", type=run_commands.number, default=50, help="how many at most")
    add("show", run_commands.show, "all about a run", "run_id")
    resumed = add("resume", run_commands.resume, "go on with a paused or interrupted run", "run_id")
    resumed.add_argument("--queue", action="store_true", help="do not watch it")
    add("pause", run_commands.request, "let a run wait until it is resumed", "run_id")
    stop = add("stop", run_commands.request, "end a run; its best epoch is kept", "run_id")
    stop.add_argument("--force", action="store_true", help="kill its process if it hangs")
    compared = add("compare", run_commands.compare, "what differs between runs, and by how much")
    compared.add_argument(
        "run_ids", type=run_commands.number, nargs="+", metavar="RUN", help="runs' numbers"
    )
    export = add("export", run_commands.export, "a run as a zip, or the table of all runs as CSV")
    export.add_argument(
        "run_id", type=run_commands.number, nargs="?", metavar="RUN", help="a run's number"
    )
    export.add_argument("--csv", action="store_true", help="the run's epochs as CSV instead")
    export.add_argument("--record", action="store_true", help="its record without weights, JSON")
    export.add_argument("--tensorboard", action="store_true", help="event files instead")
    export.add_argument("--out", type=Path, help="the file, or TensorBoard's folder")
    imported = add("import", run_commands.import_runs, "take in runs that were exported")
    imported.add_argument("archives", type=Path, nargs="+", metavar="ZIP", help="exported runs")


def _add_handwriting(commands: "argparse._SubParsersAction[_Parser]") -> None:
    command = commands.add_parser("handwriting", help="the drawings that were kept with labels")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--export", type=Path, metavar="FILE", help="write them as JSON")
    what.add_argument(
        "--import", dest="take_in", type=Path, metavar="FILE", help="take in what was exported"
    )
    what.add_argument(
        "--score",
        type=Path,
        nargs="?",
        const=zoo.default_checkpoint(),
        metavar="CHECKPOINT",
        help="hold a checkpoint against them; without one, the shipped one",
    )
    command.add_argument("--writer", metavar="NAME", help="export or score this person's alone")
    command.set_defaults(run=handwriting)


def _data(options: argparse.Namespace) -> None:
    from mnistlab.data.download import download_data

    bar = Bar()
    download_data(home().data, bar.show)
    bar.end()
    print(f"MNIST is in {home().data}")


def _calibrate(options: argparse.Namespace) -> None:
    bar = Bar()
    known = run_benchmark(home(), bar.show)
    bar.end()
    print(f"Foretold with a typical error of {percent(known.error, 0)}; an epoch of its recipe:")
    for preset in PRESETS:
        recipe = default_recipe(preset.spec)
        seconds = known.epoch_seconds(summarize(preset.spec), recipe)
        print(f"  {preset.name:<14} {duration(seconds):>12}  (batch {recipe.batch_size})")


def _train(options: argparse.Namespace) -> int:
    spec = resolve(options.network)
    recipe = _recipe(options, default_recipe(spec))
    run_id = submit(home(), options.name or options.network, spec, recipe, options.owner)
    if options.queue:
        print(f"run {run_id} is queued; `python -m mnistlab show {run_id}` says how it is.")
        return 0
    return run_commands.report_end(Store(home().runs), run_id)


def _study(options: argparse.Namespace) -> int:
    spec = resolve(options.network)
    recipe = _recipe(options, default_recipe(spec))
    seeds = range(recipe.seed, recipe.seed + options.seeds)
    return study(options.name or options.network, spec, recipe, seeds, options.owner)


def _recipe(options: argparse.Namespace, start: Recipe) -> Recipe:
    """The suggested recipe with what was given on the command line put in."""
    given: dict[str, object] = {}
    for field in fields(Recipe):
        text = getattr(options, field.name)
        if text is None:
            continue
        if field.name in ENUMS:
            given[field.name] = choice(field.name, text, ENUMS[field.name])
        else:
            given[field.name] = _number(text, whole="float" not in str(field.type))
    return replace(start, **given)  # type: ignore[arg-type]


def _number(text: str, whole: bool) -> object:
    """A number, or the text itself: the recipe then refuses it and names its field."""
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _doubt(options: argparse.Namespace) -> None:
    from mnistlab.data.download import download_data
    from mnistlab.data.mnist import load, split_mnist
    from mnistlab.training import checkpoint
    from mnistlab.uncertainty import model
    from mnistlab.uncertainty.features import fit_uncertainty

    bar = Bar()
    download_data(home().data, bar.show)
    bar.end()
    found = checkpoint.load_checkpoint(options.checkpoint)
    parts = split_mnist(
        load(home().data), found.record.recipe.split, found.record.recipe.train_size
    )
    fitted = fit_uncertainty(found.network, parts.train, parts.validation)
    model.save_uncertainty(model.uncertainty_path(options.checkpoint), fitted)
    print(
        f"{model.uncertainty_path(options.checkpoint)}: temperature {fitted.temperature:.2f}, "
        f"{fitted.means.shape[1]} features, limit {fitted.ood_threshold:.2f}"
    )


def _predict(options: argparse.Namespace) -> None:
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.photo.ink import digit_from_file

    digit = digit_from_file(options.image.read_bytes())
    path = options.checkpoint or zoo.default_checkpoint()
    prediction = Classifier(path).predict(digit)
    confidence = percent(prediction.confidence, 1)
    print(f"{prediction.digit}  ({confidence}, {prediction.verdict}, read by {path.stem})")
    for number, probability in enumerate(prediction.probabilities):
        print(f"   {number} {probability:7.2%} {'█' * round(probability * 40)}")


if __name__ == "__main__":
    sys.exit(main())
