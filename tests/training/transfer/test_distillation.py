"""Learning from a teacher: the loss against written-out formulas, the same bits however it runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistlab.arch.build import build
from mnistlab.arch.spec import parse
from mnistlab.data.mnist import DataSplits, LabeledImages, load, normalize, split_mnist
from mnistlab.data.options import Augmentation, Split
from mnistlab.errors import CheckpointError
from mnistlab.recipe.recipe import Recipe
from mnistlab.training.data_parallel import Replicas
from mnistlab.training.loop import train
from mnistlab.training.record import TrainingRecord
from mnistlab.training.resume import load_training_state, save_training_state
from mnistlab.training.state import TrainingState
from mnistlab.training.transfer.distillation import soft_label_loss, training_loss

NAME = "0123456789abcdef"
TAUGHT = Recipe(
    epochs=3, batch_size=384, teacher=NAME, soft_label_weight=0.7, distillation_temperature=3.0
)
SPEC = parse("4-p4-8-p8-gap-bn-drop0.1")


@pytest.fixture(scope="module")
def digits(mnist_folder: Path) -> LabeledImages:
    return split_mnist(load(mnist_folder), Split.HOLDOUT, 600).train


@pytest.fixture(scope="module")
def splits(digits: LabeledImages) -> DataSplits:
    return DataSplits(digits[:400], digits[400:], None)


def make_teacher() -> nn.Module:
    """A network with batch norm and dropout, which must both be off."""
    return build(parse("6-p6-6-gap-bn-drop0.3"), 5).eval().requires_grad_(False)


def make_training(text: str = str(SPEC), recipe: Recipe = TAUGHT) -> TrainingState:
    return TrainingState(build(parse(text), 0), recipe, teacher=make_teacher())


def random_logits(seed: int, count: int = 7) -> Tensor:
    return 4 * torch.randn(count, 10, generator=torch.Generator().manual_seed(seed))


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(values)
    return powers / powers.sum(1, keepdims=True)  # type: ignore[no-any-return]


class Fixed(nn.Module):
    """A teacher whose logits are given."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, images: Tensor) -> Tensor:
        return self.logits


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("temperature", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_formula_in_double_precision(
    weight: float, temperature: float, smoothing: float
) -> None:
    recipe = replace(
        TAUGHT,
        soft_label_weight=weight,
        distillation_temperature=temperature,
        label_smoothing=smoothing,
    )
    student, taught = random_logits(0), random_logits(1)
    labels = torch.arange(7)
    loss = training_loss(recipe, student, labels, torch.zeros(7), Fixed(taught))
    s, t = student.numpy().astype(np.float64), taught.numpy().astype(np.float64)
    target = (1 - smoothing) * np.eye(10)[labels.numpy()] + smoothing / 10
    hard = -(target * np.log(softmax(s))).sum()
    p, q = softmax(t / temperature), softmax(s / temperature)
    soft = temperature**2 * (p * (np.log(p) - np.log(q))).sum()
    assert loss.item() == pytest.approx((1 - weight) * hard + weight * soft, rel=1e-4)


def test_the_soft_label_loss_is_torch_s_divergence_from_probabilities() -> None:
    student, taught = random_logits(0), random_logits(1)
    divergence = nn.KLDivLoss(reduction="batchmean")
    expected = divergence((student / 4).log_softmax(1), (taught / 4).softmax(1))
    loss = soft_label_loss(student, taught, 4.0)
    assert loss.item() / 7 == pytest.approx(16 * expected.item(), rel=1e-5)
    assert soft_label_loss(taught, taught, 4.0).item() == pytest.approx(0, abs=1e-5)


def test_at_a_high_temperature_the_gradient_is_the_difference_of_the_centered_logits() -> None:
    """Hinton et al., equation 4, times T²: (z − v) / 10 for ten classes, whatever T is."""
    student, taught = random_logits(0).double().requires_grad_(), random_logits(1).double()
    (gradient,) = torch.autograd.grad(soft_label_loss(student, taught, 1e4), student)
    centered = [values - values.mean(1, keepdim=True) for values in (student.detach(), taught)]
    assert torch.allclose(gradient, (centered[0] - centered[1]) / 10, atol=1e-3)


def gradients(training: TrainingState, digits: LabeledImages) -> tuple[Tensor, list[Tensor]]:
    with Replicas(training, threads=2) as replicas:
        replicas.start_epoch()
        loss, _ = replicas.gradients(digits.images[:384], digits.labels[:384])
    return loss, [
        weight.grad for weight in training.network.parameters() if weight.grad is not None
    ]


def test_the_shards_gradients_are_those_of_the_whole_batch(digits: LabeledImages) -> None:
    recipe = replace(TAUGHT, augmentation=Augmentation.NONE)
    training = make_training("8-p8-16-p16-full", recipe)
    loss, found = gradients(training, digits)
    images = normalize(digits.images[:384])
    network = training.network
    expected = training_loss(recipe, network(images), digits.labels[:384], images, make_teacher())
    assert loss.item() == pytest.approx(expected.item() / 384, rel=1e-5)
    whole = torch.autograd.grad(expected / 384, list(network.parameters()))
    for one, other in zip(found, whole, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_with_weight_0_the_bits_are_those_without_a_teacher(digits: LabeledImages) -> None:
    loss, taught = gradients(make_training(recipe=replace(TAUGHT, soft_label_weight=0.0)), digits)
    alone = TrainingState(build(SPEC, 0), replace(TAUGHT, teacher=""))
    expected, untaught = gradients(alone, digits)
    assert torch.equal(loss, expected) and all(map(torch.equal, taught, untaught))
    _, other = gradients(make_training(), digits)
    assert not all(map(torch.equal, other, untaught)), "the test sees a teacher"


def test_teacher_and_student_see_the_same_augmented_images(digits: LabeledImages) -> None:
    seen: dict[str, list[Tensor]] = {"student": [], "teacher": []}
    training = make_training(recipe=replace(TAUGHT, augmentation=Augmentation.AFFINE))
    assert training.teacher

    def see(name: str, module: nn.Module) -> None:
        module.register_forward_pre_hook(lambda _, inputs: seen[name].append(inputs[0].clone()))

    see("student", training.network)
    see("teacher", training.teacher)
    with Replicas(training, threads=1) as replicas:
        replicas.start_epoch()
        replicas.gradients(digits.images[:384], digits.labels[:384])
    assert len(seen["teacher"]) == 3 and all(map(torch.equal, seen["student"], seen["teacher"]))
    assert not torch.equal(torch.cat(seen["teacher"]), normalize(digits.images[:384]))


def test_a_teacher_does_not_change(splits: DataSplits) -> None:
    training, before = make_training(), make_teacher().state_dict()
    list(train(training, splits, threads=2))
    assert training.teacher and not training.teacher.training
    after = training.teacher.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(weight.grad is None for weight in training.teacher.parameters())


def test_results_are_identical_on_any_number_of_threads(splits: DataSplits) -> None:
    def run(threads: int) -> list[Tensor]:
        training = make_training()
        list(train(training, splits, threads=threads))
        return list(training.state_dict().values())

    first = run(1)
    for threads in (2, 3, 8):
        assert all(map(torch.equal, first, run(threads))), f"{threads} threads"


def test_resuming_after_every_epoch_gives_identical_results(
    splits: DataSplits, tmp_path: Path
) -> None:
    alone, going = make_training(), make_training()
    list(train(alone, splits))
    path = tmp_path / "resume.safetensors"
    for _ in range(TAUGHT.epochs):
        next(train(going, splits))
        epochs = tuple(going.epochs)
        save_training_state(path, going, TrainingRecord("", SPEC, TAUGHT, epochs, len(epochs)))
        going = make_training()
        load_training_state(path, going, SPEC)
    first, second = alone.state_dict(), going.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = TrainingState(build(SPEC, 0), replace(TAUGHT, teacher="f" * 16))
    with pytest.raises(CheckpointError, match="another training"):
        load_training_state(path, other, SPEC)


def test_a_training_does_not_start_without_its_teacher(splits: DataSplits) -> None:
    with pytest.raises(AssertionError, match="teacher"):
        list(train(TrainingState(build(SPEC, 0), TAUGHT), splits))


def test_a_teacher_is_in_evaluation_mode_without_gradients() -> None:
    training = TrainingState(build(SPEC, 0), TAUGHT, teacher=build(SPEC, 1).train())
    teacher = training.teacher
    assert teacher and not teacher.training
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
