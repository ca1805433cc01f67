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
    from mnistlab.drawing.multidigit.number_text import digit_text, number_lines
    from mnistlab.drawing.multidigit.photo_digits import read_digits
    from mnistlab.drawing.photo.ink import no_digit_error
    from mnistlab.drawing.prediction import Verdict

    read = read_digits(options.image_path.read_bytes())
    # Ink that is only a few specks gives no digit: it is in no line of the number either.
    found = [(digit, each.segment) for each in read.digits if (digit := digit_from_ink(each.ink))]
    main = None if found else digit_from_ink(read.photo.ink)
    digits = [digit for digit, _ in found] or ([main] if main else [])
    if not digits:
        raise no_digit_error()
    checkpoint_path = options.checkpoint_path or zoo.default_checkpoint()
    predictions = Classifier(checkpoint_path).predict_all(digits)
    if len(predictions) > 1:
        print("\n".join(number_lines(predictions, [segment for _, segment in found])))
    for prediction in predictions:
        about = f"{percent(prediction.confidence, 1)}, {prediction.verdict}"
        if prediction.verdict is Verdict.NOT_A_DIGIT:
            about = f"{prediction.verdict}, closest: {prediction.digit}"
        print(f"{digit_text(prediction)}  ({about}; {checkpoint_path.stem})")
        if len(predictions) == 1:
            for label, probability in enumerate(prediction.probabilities):
                print(f"   {label} {probability:7.2%} {'█' * round(probability * 40)}")


def calibrate(options: argparse.Namespace) -> None:
    from mnistlab.data.download import download_data
    from mnistlab.data.mnist import load, split_mnist
    from mnistlab.training.checkpoint import load_checkpoint
    from mnistlab.uncertainty import model
    from mnistlab.uncertainty.fit import THOROUGH, fit_uncertainty

    bar = Bar()
    download_data(default_home().data, bar.show)
    bar.end()
    checkpoint = load_checkpoint(options.checkpoint_path)
    recipe = checkpoint.record.recipe
    splits = split_mnist(load(default_home().data), recipe.split, recipe.train_size)
    uncertainty = fit_uncertainty(
        checkpoint.network, splits.train, splits.validation, size=THOROUGH
    )
    path = model.uncertainty_path(options.checkpoint_path)
    model.save_uncertainty(path, uncertainty)
    detector = uncertainty.detector
    about = f"{len(detector.mean)} features" if detector else "no OOD detector: it is too wide"
    print(f"{path}: temperature {uncertainty.temperature:.2f}, {about}")
