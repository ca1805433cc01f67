"""Temperature, the detector's formula, and its file, against samples whose truth is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load as load_numpy
from safetensors.numpy import save as save_numpy

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.atomic import write_atomic
from mnistlab.data.mnist import normalize
from mnistlab.errors import CheckpointError
from mnistlab.uncertainty import model
from mnistlab.uncertainty.features import logits_and_features
from mnistlab.uncertainty.model import Detector, UncertaintyModel
from tests.uncertainty.digits import random_digits

SPEC = parse("4-p-8-p8-gap-bn")
N_FEATURES = 2 * (4 + 8)


@pytest.fixture
def fitted() -> UncertaintyModel:
    draw = np.random.default_rng(0)

    def normal(*shape: int) -> model.Floats:
        return draw.normal(size=shape).astype(np.float16).astype(np.float32)

    scale = draw.uniform(0.5, 2, 24).astype(np.float32)
    detector = Detector(normal(24), scale, normal(24, 6), normal(6), normal(6), -1.5)
    return UncertaintyModel(1.25, detector)


@pytest.mark.parametrize("true_label", [0.5, 1.0, 2.5])
def test_the_fit_returns_the_temperature_that_drew_the_labels(true_label: float) -> None:
    draw = torch.Generator().manual_seed(0)
    scores = torch.randn(20_000, 10, generator=draw) * 4
    labels = torch.multinomial((scores / true_label).softmax(1), 1, generator=draw)[:, 0]
    assert model.fit_temperature(scores.numpy(), labels.numpy()) == pytest.approx(
        true_label, rel=0.06
    )


def test_features_are_each_map_s_mean_and_sd_and_logits_the_network_s() -> None:
    network, digits = build(SPEC, 0).eval(), random_digits(7)
    scores, features = logits_and_features(network, digits.images)
    with torch.inference_mode():
        images = normalize(digits.images)
        np.testing.assert_allclose(scores, network(images), rtol=1e-4, atol=1e-5)
        maps = dict(network.named_children())["conv1"](images).numpy()
    assert features.shape == (7, N_FEATURES)
    np.testing.assert_allclose(features[:, :4], maps.mean((2, 3)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(features[:, 4:8], maps.std((2, 3), ddof=1), rtol=1e-4, atol=1e-5)


def test_the_ood_score_is_the_odds_of_pytorch_s_layers_in_units_of_the_threshold_s(
    fitted: UncertaintyModel,
) -> None:
    detector = fitted.detector
    assert detector is not None
    first, second = torch.nn.Linear(24, 6), torch.nn.Linear(6, 1)
    with torch.no_grad():
        first.weight[:], first.bias[:] = (
            torch.from_numpy(detector.hidden.T),
            torch.from_numpy(detector.hidden_bias),
        )
        second.weight[:], second.bias[:] = torch.from_numpy(detector.output), 0.0
        features = np.random.default_rng(1).normal(size=(50, 24)).astype(np.float32)
        inputs = torch.from_numpy((features - detector.mean) / detector.scale)
        is_digit = second(torch.relu(first(inputs)))[:, 0].numpy()
    scores = fitted.ood_scores(features)
    assert scores is not None
    np.testing.assert_allclose(scores, np.exp(detector.threshold - is_digit), rtol=1e-3)
    assert (is_digit < detector.threshold).any() and (is_digit > detector.threshold).any()


def test_a_feature_beyond_all_bounds_counts_as_one_at_the_bound(fitted: UncertaintyModel) -> None:
    detector = fitted.detector
    assert detector is not None
    far = np.stack([detector.mean + factor * detector.scale for factor in (8, 1e6)])
    scores = fitted.ood_scores(far)
    assert scores is not None and np.isfinite(scores).all()
    np.testing.assert_allclose(scores[0], scores[1], rtol=1e-3)


def test_a_file_has_every_bit_and_is_small(tmp_path: Path, fitted: UncertaintyModel) -> None:
    path = model.uncertainty_path(tmp_path / "best.safetensors")
    model.save_uncertainty(path, fitted)
    back = model.load_uncertainty(path, SPEC)
    assert back and back.detector and fitted.detector and path.stat().st_size < 3000
    assert back.temperature == fitted.temperature
    assert back.detector.threshold == fitted.detector.threshold
    for name in ("mean", "scale", "hidden", "hidden_bias", "output"):
        assert (getattr(back.detector, name) == getattr(fitted.detector, name)).all(), name


def test_without_a_detector_there_is_no_ood_score(tmp_path: Path) -> None:
    model.save_uncertainty(tmp_path / "wide.uncertainty", UncertaintyModel(0.75))
    back = model.load_uncertainty(tmp_path / "wide.uncertainty", parse("300-gap"))
    assert back and back.temperature == 0.75
    assert back.ood_scores(np.zeros((1, 600), np.float32)) is None


def test_of_a_file_of_the_first_format_the_temperature_remains(tmp_path: Path) -> None:
    path, odd = tmp_path / "x.uncertainty", np.ones((10, 24), np.float16)
    first = {"temperature": np.array([0.5]), "ood_threshold": np.array([1.5]), "means": odd}
    write_atomic(path, save_numpy(first | {"whitening": np.ones(300, np.float16)}))
    back = model.load_uncertainty(path, SPEC)
    assert back and back.temperature == 0.5 and back.detector is None


def test_a_missing_file_is_none_and_a_damaged_one_an_error(
    tmp_path: Path, fitted: UncertaintyModel
) -> None:
    path = tmp_path / "x.uncertainty"
    assert model.load_uncertainty(path, SPEC) is None
    model.save_uncertainty(path, fitted)
    whole = path.read_bytes()
    truncated = (b"", whole[:-1], whole[:40], b"\0" * 200)
    renamed = (whole.replace(b"mean", b"meam"), whole.replace(b"temperature", b"temperatura"))
    for content in (*truncated, *renamed, b"\0" * (model.MAX_BYTES + 1)):
        write_atomic(path, content)
        with pytest.raises(CheckpointError, match=r"x\.uncertainty.*Delete"):
            model.load_uncertainty(path, SPEC)
    tensors = load_numpy(whole)
    for name, value in (
        ("threshold", np.array([float("nan")])),
        ("threshold", np.zeros(2)),
        ("temperature", np.array([1e-300])),
        ("temperature", np.zeros(0)),
        ("format", np.array([3.0])),
        ("format", np.array([2])),
        ("mean", tensors["mean"][:-1]),
        ("mean", np.zeros((24, 1))),
        ("scale", np.zeros(24, np.float32)),
        ("hidden", tensors["hidden"].T.copy()),
        ("hidden", np.zeros((24, 0), np.float16)),
        ("hidden", np.zeros((24, model.MAX_HIDDEN + 1), np.float16)),
        ("hidden", np.zeros(24)),
        ("hidden", np.full((24, 6), np.inf, np.float16)),
        ("output", tensors["output"][:-1]),
        ("output", np.zeros(6, np.int64)),
    ):
        write_atomic(path, save_numpy(tensors | {name: value}))
        with pytest.raises(CheckpointError):
            model.load_uncertainty(path, SPEC)


def test_another_network_s_uncertainty_model_is_refused(
    tmp_path: Path, fitted: UncertaintyModel
) -> None:
    model.save_uncertainty(tmp_path / "x.uncertainty", replace(fitted, temperature=1.0))
    with pytest.raises(CheckpointError, match="another network"):
        model.load_uncertainty(tmp_path / "x.uncertainty", parse("4-p-9-p8-gap-bn"))


@pytest.mark.parametrize(
    "text", ["4-p-8-p8-gap-bn", "8s-gap", "12-16-p-16-20-20-p-20-gap", "p-p4-full"]
)
def test_the_number_of_features_is_as_computed(text: str) -> None:
    spec = parse(text)
    features = logits_and_features(build(spec, 0).eval(), random_digits(3).images)[1]
    assert features.shape == (3, model.feature_count(spec))
