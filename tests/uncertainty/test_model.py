"""Temperature and strangeness, against numpy's linear algebra and samples whose truth is known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load as load_numpy
from safetensors.numpy import save as save_numpy

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.atomic import write_atomic
from mnistlab.data.mnist import LabeledImages, load
from mnistlab.errors import CheckpointError
from mnistlab.uncertainty import model
from mnistlab.uncertainty.features import fit_uncertainty, logits_and_features

SPEC, WIDE = parse("4-p-8-p8-gap-bn"), parse("300-gap")


def random_digits(count: int, seed: int = 0) -> LabeledImages:
    draw = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 28, 28), generator=draw).byte()
    return LabeledImages(images, torch.arange(count) % 10)


@pytest.fixture
def fitted() -> model.UncertaintyModel:
    return fit_uncertainty(build(SPEC, 0).eval(), random_digits(400), random_digits(400, 1))


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
    from mnistlab.data.mnist import normalize

    with torch.inference_mode():
        images = normalize(digits.images)
        np.testing.assert_allclose(scores, network(images), rtol=1e-4, atol=1e-5)
        maps = dict(network.named_children())["conv1"](images).numpy()
    assert features.shape == (7, 2 * (4 + 8))
    np.testing.assert_allclose(features[:, :4], maps.mean((2, 3)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(features[:, 4:8], maps.std((2, 3), ddof=1), rtol=1e-4, atol=1e-5)


def test_with_all_directions_the_distance_is_mahalanobis_to_the_nearest_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "DIRECTIONS", model.MAX_FEATURES)
    network, train, held = build(SPEC, 0).eval(), random_digits(400), random_digits(400, 1)
    fitted = fit_uncertainty(network, train, held)
    known = logits_and_features(network, train.images)[1].astype(float)
    features = logits_and_features(network, held.images)[1]
    labels, val_labels = train.labels.numpy(), held.labels.numpy()
    classes = [known[labels == digit] for digit in range(10)]
    own = np.stack([np.cov(each.T, ddof=0) for each in classes])
    shared = own.mean(0)
    floor = model.SHRINKAGE * max(np.diag(shared).mean(), 1e-5) * np.eye(len(shared))
    ratios = []
    for digit in range(10):
        covariance = 0.5 * own[digit] + 0.5 * shared + floor
        offsets = features.astype(float) - classes[digit].mean(0)
        distances = np.einsum("nd,de,ne->n", offsets, np.linalg.inv(covariance), offsets)
        limit = np.quantile(distances[val_labels == digit], 1 - model.REJECTION_RATE)
        ratios.append(distances / limit)
    scores = fitted.ood_scores(features)
    assert scores is not None
    expected = np.min(ratios, 0)
    # The unit is free: only distances relative to each other and to the threshold count.
    np.testing.assert_allclose(scores / scores.mean(), expected / expected.mean(), rtol=0.03)
    assert (scores > 1).mean() == pytest.approx(model.REJECTION_RATE, abs=0.003)


def test_a_file_of_an_earlier_version_has_one_covariance_for_all_classes(
    tmp_path: Path, fitted: model.UncertaintyModel
) -> None:
    path = tmp_path / "x.uncertainty"
    model.save_uncertainty(path, fitted)
    tensors = load_numpy(path.read_bytes())
    for name in ("directions", "gains", "scale"):
        del tensors[name]
    write_atomic(path, save_numpy(tensors))
    back = model.load_uncertainty(path, SPEC)
    assert back is not None and back.directions.shape == (10, 0, 24)
    scores = back.ood_scores(np.zeros((3, 24), np.float32))
    assert scores is not None and scores.shape == (3,)


def test_noise_has_a_higher_ood_score_than_digits(mnist_folder: Path) -> None:
    train = load(mnist_folder).train
    network = build(SPEC, 0).eval()
    fitted = fit_uncertainty(network, train[:2000], train[50_000:52_000])
    noise = logits_and_features(network, random_digits(200).images)[1]
    real = logits_and_features(network, train.images[52_000:53_000])[1]
    strange, usual = fitted.ood_scores(noise), fitted.ood_scores(real)
    assert strange is not None and usual is not None
    assert (strange > 1).all() and (usual > 1).mean() < 0.03


def test_a_file_has_every_bit_and_is_small(tmp_path: Path, fitted: model.UncertaintyModel) -> None:
    path = model.uncertainty_path(tmp_path / "best.safetensors")
    model.save_uncertainty(path, fitted)
    back = model.load_uncertainty(path, SPEC)
    assert back is not None and path.stat().st_size < 8000
    assert (back.means == fitted.means).all() and (back.whitening == fitted.whitening).all()
    assert back.ood_threshold == fitted.ood_threshold and back.temperature == fitted.temperature


def test_a_wide_network_has_a_temperature_only(tmp_path: Path) -> None:
    wide = build(WIDE, 0).eval()
    fitted = fit_uncertainty(wide, random_digits(30), random_digits(30, 1))
    model.save_uncertainty(tmp_path / "wide.uncertainty", fitted)
    back = model.load_uncertainty(tmp_path / "wide.uncertainty", WIDE)
    assert back and back.ood_scores(np.zeros((1, 600), np.float32)) is None and back.temperature > 0


def test_a_network_without_output_has_a_finite_uncertainty_model() -> None:
    dead = build(SPEC, 0).eval()
    for weights in dead.parameters():
        torch.nn.init.zeros_(weights)
    fitted = fit_uncertainty(dead, random_digits(100), random_digits(100, 1))
    assert np.isfinite(fitted.whitening).all() and fitted.ood_threshold > 0


def test_a_missing_file_is_none_and_a_damaged_one_an_error(
    tmp_path: Path, fitted: model.UncertaintyModel
) -> None:
    path = tmp_path / "x.uncertainty"
    assert model.load_uncertainty(path, SPEC) is None
    model.save_uncertainty(path, fitted)
    whole = path.read_bytes()
    for content in (b"", whole[:-1], whole[:40], b"\0" * 200, whole.replace(b"means", b"meanz")):
        write_atomic(path, content)
        with pytest.raises(CheckpointError, match=r"x\.uncertainty.*Delete"):
            model.load_uncertainty(path, SPEC)
    tensors = load_numpy(whole)
    for name, value in (
        ("ood_threshold", np.array([float("nan")])),
        ("temperature", np.array([1e-300])),
        ("means", tensors["means"][:, :-1]),
        ("whitening", np.zeros(5)),
        ("whitening", np.zeros((3, 300))),
        ("means", np.zeros(10)),
    ):
        write_atomic(path, save_numpy(tensors | {name: value}))
        with pytest.raises(CheckpointError):
            model.load_uncertainty(path, SPEC)


def test_maps_beyond_half_precision_still_have_a_temperature(tmp_path: Path) -> None:
    loud = build(parse("4-p-8-gap"), 0).eval()
    for weights in loud.parameters():
        weights.data.mul_(1e4)
    fitted = fit_uncertainty(loud, random_digits(100), random_digits(100, 1))
    model.save_uncertainty(tmp_path / "loud.uncertainty", fitted)
    back = model.load_uncertainty(tmp_path / "loud.uncertainty", parse("4-p-8-gap"))
    assert back and back.ood_threshold == 0


def test_another_network_s_uncertainty_model_is_refused(
    tmp_path: Path, fitted: model.UncertaintyModel
) -> None:
    model.save_uncertainty(tmp_path / "x.uncertainty", fitted)
    with pytest.raises(CheckpointError, match="another network"):
        model.load_uncertainty(tmp_path / "x.uncertainty", parse("4-p-9-p8-gap-bn"))


@pytest.mark.parametrize(
    "text", ["4-p-8-p8-gap-bn", "8s-gap", "12-16-p-16-20-20-p-20-gap", "p-p4-full"]
)
def test_the_number_of_features_is_as_computed(text: str) -> None:
    spec = parse(text)
    features = logits_and_features(build(spec, 0).eval(), random_digits(3).images)[1]
    assert features.shape == (3, model.feature_count(spec))
