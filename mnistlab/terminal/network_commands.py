"""Networks and checkpoints: summarize a network, classify an image, calibrate a checkpoint."""

import argparse
from pathlib import Path

from mnistlab import zoo
from mnistlab.arch.presets import resolve
from mnistlab.arch.summary import describe, summarize
from mnistlab.home import default_home
from mnistlab.terminal.parser import Commands, add_network
from mnistlab.terminal.watch import Bar
from mnistlab.text import percent

GROUP = "Networks and checkpoints"


def add_commands(commands: Commands) -> None:
    command = commands.add(
        GROUP, "summary", summary, "show a network's layers, parameters and MACs"
    )
    add_network(command)

    command = commands.add(GROUP, "predict", predict, "classify the digits in an image")
    command.add_argument("image_path", type=Path, metavar="IMAGE")
    command.add_argument(
        "--checkpoint",
        dest="checkpoint_path",
        type=Path,
        metavar="FILE",
        help=f"a .safetensors checkpoint; default: the pretrained {zoo.DEFAULT}",
    )

    command = commands.add(
        GROUP, "calibrate", calibrate, "fit temperature and OOD detector of a checkpoint"
    )
    command.add_argument(
        "checkpoint_path", type=Path, metavar="CHECKPOINT", help="a .safetensors checkpoint"
    )


def summary(options: argparse.Namespace) -> None:
    print(describe(summarize(resolve(options.network))))


def predict(options: argparse.Namespace) -> None:
    from mnistlab.drawing.classifier import Classifier
    from mnistlab.drawing.digit import digit_from_ink
    from mnistlab.drawing.multidigit.photo_digits import read_digits

    read = read_digits(options.image_path.read_bytes())
    inks = [each.ink for each in read.digits] or [read.photo.ink]
    digits = [digit for ink in inks if (digit := digit_from_ink(ink))]
    checkpoint_path = options.checkpoint_path or zoo.default_checkpoint()
    predictions = Classifier(checkpoint_path).predict_all(digits)
    if len(predictions) > 1:
        lines: dict[int, list[str]] = {}
        for each, prediction in zip(read.digits, predictions, strict=True):
            lines.setdefault(each.segment.line, []).append(str(prediction.digit))
        for line in lines.values():
            print(" ".join(line))
    for prediction in predictions:
        confidence = percent(prediction.confidence, 1)
        print(f"{prediction.digit}  ({confidence}, {prediction.verdict}; {checkpoint_path.stem})")
        if len(predictions) == 1:
            for label, probability in enumerate(prediction.probabilities):
                print(f"   {label} {probability:7.2%} {'█' * round(probability * 40)}")


def calibrate(options: argparse.Namespace) -> None:
    from mnistlab.data.download import download_data
    from mnistlab.data.mnist import load, split_mnist
    from mnistlab.training.checkpoint import load_checkpoint
    from mnistlab.uncertainty import model
    from mnistlab.uncertainty.features import fit_uncertainty

    bar = Bar()
    download_data(default_home().data, bar.show)
    bar.end()
    checkpoint = load_checkpoint(options.checkpoint_path)
    recipe = checkpoint.record.recipe
    splits = split_mnist(load(default_home().data), recipe.split, recipe.train_size)
    uncertainty = fit_uncertainty(checkpoint.network, splits.train, splits.validation)
    path = model.uncertainty_path(options.checkpoint_path)
    model.save_uncertainty(path, uncertainty)
    print(
        f"{path}: temperature {uncertainty.temperature:.2f}, "
        f"{uncertainty.means.shape[1]} features, OOD threshold {uncertainty.ood_threshold:.2f}"
    )
