"""The written file against `build`: the same names, shapes, first weights and outputs."""

import ast
import re
import shutil
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mnistlab.arch.build import build
from mnistlab.arch.export.pytorch import pytorch_source
from mnistlab.arch.presets import ARTICLE_PRESETS, PRESETS
from mnistlab.arch.spec import Conv, Dropout, Spec, SpecError, Transition, parse
from mnistlab.arch.summary import summarize
from mnistlab.data.mnist import normalize
from mnistlab.training import checkpoint
from mnistlab.zoo import checkpoints
from tests.random_specs import possible

SPECS = [p.spec for p in PRESETS] + [result.spec for result in possible(60, 3000)]
SPECS += [parse("8-8r-p-12d-12dr-p-16ds-gap-bn-gelu-drop0.1"), parse("8d-8r-leaky-cdrop0.1")]
# Without any 3×3, without any 1×1, without either.
SPECS += [parse(text) for text in ("p4-t5-full", "4-gap", "p-gap-bn-drop0.5")]


KINDS = "6-6r-p-10d-10dr-p-12ds-gap-bn-gelu-drop0.05"


def execute(source: str) -> dict[str, Any]:
    """The file's names, as an import would leave them; any warning is an error."""
    names: dict[str, Any] = {"__name__": "written"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(source, "written.py", "exec"), names)
    return names


def disturbed(network: nn.Module) -> nn.Module:
    """Running statistics as after some training, so that forgetting them would show."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network


def test_there_are_sixty_networks_to_try() -> None:
    assert len(SPECS) >= 60


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_file_is_the_network_that_mnistlab_builds(spec: Spec) -> None:
    torch.manual_seed(0)
    written, built = execute(pytorch_source(spec))["network"](), build(spec, seed=0)
    ours, theirs = built.state_dict(), written.state_dict()
    assert list(theirs) == list(ours)
    # The shapes, and He's draws in mnistlab's order.
    assert all(torch.equal(theirs[key], ours[key]) for key in ours)
    written.load_state_dict(disturbed(built).state_dict())
    images = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        expected = built.eval()(images)
        assert expected.shape == (2, 10)
        # The head of full size sums in another order than a convolution.
        torch.testing.assert_close(written.eval()(images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_dropout_stands_where_the_spec_has_it(spec: Spec) -> None:
    network = execute(pytorch_source(spec))["network"]()
    kind = nn.Dropout2d if spec.dropout_kind is Dropout.CHANNEL else nn.Dropout
    blocks = [network.get_submodule(n) for n, _ in network.named_children() if "conv" in n]
    assert len(blocks) == sum(isinstance(layer, Conv) for layer in spec.layers)
    dropping = [m for m in network.modules() if "Dropout" in type(m).__name__]
    assert len(dropping) == (len(blocks) if spec.dropout else 0)
    for block, dropout in zip(blocks, dropping, strict=False):
        assert list(dict(block.named_children()))[-2:] == [spec.activation.value, "dropout"]
        assert block.dropout is dropout
        assert type(dropout) is kind and dropout.p == spec.dropout and dropout.training


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_comments_have_every_layer_s_output(spec: Spec) -> None:
    source = pytorch_source(spec)
    comments = re.findall(r"^ {8}(\w+)=.*, +# +([\d×]+) +(\d+) +([\d,]+)$", source, re.MULTILINE)
    network = execute(source)["network"]().eval()
    rows = {row.name: row for row in summarize(spec).rows}
    assert [name for name, *_ in comments] == [name for name, _ in network.named_children()]
    x = torch.zeros(1, 1, 28, 28)
    for name, shape, sees, count in comments:
        layer = network.get_submodule(name)
        x = layer(x)
        assert shape == "×".join(map(str, x.shape[1:])), name
        numbers = [v for k, v in layer.state_dict().items() if "num_batches" not in k]
        assert int(count.replace(",", "")) == sum(v.numel() for v in numbers), name
        if name != "flatten":
            assert int(sees) == rows[name].receptive_field, name


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_a_preset_s_file_is_short_and_formatted(preset: Any) -> None:
    source = pytorch_source(preset.spec)
    assert max(map(len, source.splitlines())) <= 100
    docstring = ast.get_docstring(ast.parse(source)) or ""
    assert str(preset.spec) in docstring
    assert f"{summarize(preset.spec).total:,} parameters" in docstring
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert modules == {"torch", "collections"}


def test_a_long_network_s_text_is_broken_and_still_reads() -> None:
    spec = Spec((Conv(20, padded=True), Transition(20, pooled=False)) * 20)
    source = pytorch_source(spec)
    assert max(map(len, source.splitlines())) <= 100
    assert parse((ast.get_docstring(ast.parse(source)) or "").split("\n\n")[1]) == spec


def test_an_impossible_network_is_not_written() -> None:
    with pytest.raises(SpecError, match=r"^pool5: "):
        pytorch_source(parse("8-p-p-p-p-p"))


@pytest.mark.parametrize(
    "text", [str(ARTICLE_PRESETS[3].spec), str(ARTICLE_PRESETS[1].spec), KINDS]
)
def test_the_file_runs_as_a_program(text: str, tmp_path: Path) -> None:
    path = tmp_path / "network.py"
    path.write_text(pytorch_source(parse(text)), "utf-8")
    done = subprocess.run(
        [sys.executable, path.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    total = f"{summarize(parse(text)).total:,}"
    assert total == {KINDS: "1,242"}.get(text, "12,874" if "bn" in text else "12,490")
    assert done.stdout.splitlines() == [f"{total} parameters", "output (2, 10) for two images"]
    assert done.stderr == ""


@pytest.mark.parametrize("path", checkpoints(), ids=lambda p: p.stem)
def test_the_docstring_s_lines_load_a_pretrained_checkpoint(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(path, tmp_path / "best.safetensors")
    monkeypatch.chdir(tmp_path)
    loaded = checkpoint.load_checkpoint(path)
    source = pytorch_source(loaded.record.spec)
    docstring = ast.get_docstring(ast.parse(source)) or ""
    recipe = "\n".join(line for line in docstring.splitlines() if line.startswith("    "))
    names = execute(source)
    images = torch.randint(256, (16, 1, 28, 28), dtype=torch.uint8)
    names["images"] = images
    exec(textwrap.dedent(recipe), names)
    with torch.no_grad():
        expected = loaded.network(normalize(images[:, 0]))
        torch.testing.assert_close(names["images"], normalize(images[:, 0]))
        torch.testing.assert_close(names["model"](names["images"]), expected, rtol=1e-4, atol=1e-4)
    assert names["predictions"].tolist() == expected.argmax(1).tolist()
    assert not names["model"].training
