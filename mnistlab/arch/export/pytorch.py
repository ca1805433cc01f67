"""A Spec as a PyTorch file that needs nothing of the lab.

It says what `build` makes, in plain layers and with the same names, so that the lab's checkpoints
load into it.
"""

import textwrap
from collections.abc import Iterable

from mnistlab.arch.operation import Shape
from mnistlab.arch.spec import INPUT_SIZE, Spec
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize

# `normalize` has the same two; it imports torch.
MEAN, STD = 0.1307, 0.3081
WIDTH = 100
HEADING = ("output", "sees", "parameters")


def pytorch_source(spec: Spec) -> str:
    """Write the file, to be saved as UTF-8. Raises SpecError where the ledger does."""
    result = summarize(spec)
    functions = {row.function: row for row in result.rows if row.function}
    parts = [
        _head(result),
        RESIDUAL if any(row.residual for row in result.rows) else "",
        *(_function(row) for row in functions.values()),
        INITIALIZE,
        _network(result),
        _main(result),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _head(result: NetworkSummary) -> str:
    return f'''
"""A network for MNIST's digits, written by mnistlab.

{_folded(result.spec)}

{_counts(result)}

A checkpoint of the lab, such as a run's best.safetensors, is loaded (pip install safetensors) with

    from safetensors.torch import load_file

    model = network()
    model.load_state_dict(load_file("best.safetensors"))
    model.eval()

Images are white on black, the digit centered as in MNIST. From uint8 of shape (N, 1, 28, 28)
they are normalized and classified with

    images = (images / 255 - {MEAN}) / {STD}
    digits = model(images).argmax(1)
"""

from collections import OrderedDict

import torch
from torch import nn
'''


def _folded(spec: Spec) -> str:
    """The text form on as many lines as it needs; the lab reads it with the breaks in it."""
    lines = textwrap.wrap(str(spec).replace("-", "- "), WIDTH, break_on_hyphens=False)
    return "\n".join(line.replace("- ", "-") for line in lines)


def _counts(result: NetworkSummary) -> str:
    if not result.non_trainable:
        return f"{result.total:,} parameters, all of them trained."
    return (
        f"{result.total:,} parameters: {result.trainable:,} trained, and {result.non_trainable:,} "
        "running means and variances of batch norm."
    )


RESIDUAL = '''
class Add(nn.Module):
    """The block's input added to feature maps of the same shape."""

    def forward(self, maps, inputs):
        return maps + inputs


class Residual(nn.Sequential):
    """Layers one after the other, of which Add is given the block's input as well."""

    def forward(self, inputs):
        maps = inputs
        for layer in self:
            maps = layer(maps, inputs) if isinstance(layer, Add) else layer(maps)
        return maps
'''


def _function(row: LayerSummary) -> str:
    """The function that makes blocks like a row's, for any number of channels."""
    words = ", ".join(one.words for one in row.operations)
    layers = (f"{one.child}={one.call(symbolic=True)}," for one in row.operations)
    return f'''
def {row.function}(inputs: int, outputs: int) -> nn.Sequential:
    """{words[0].upper()}{words[1:]}."""
    return {"Residual" if row.residual else "nn.Sequential"}(
        OrderedDict(
{_indented(layers, 12)}
        )
    )
'''


INITIALIZE = '''
def initialize(module: nn.Module) -> None:
    """He's uniform initialization (2015), biases 0.

    PyTorch's own shrinks the signal in every layer; a deep, narrow network without batch norm then
    does not start to learn.
    """
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
'''


def _network(result: NetworkSummary) -> str:
    lines = [line for row in result.rows for line in _lines(row)]
    code = max(len(call) for call, _ in lines)
    table = [HEADING, *(cells for _, cells in lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    heading, *comments = ("  # " + "  ".join(map(str.rjust, cells, widths)) for cells in table)
    layers = [
        call.ljust(code) + comment for (call, _), comment in zip(lines, comments, strict=True)
    ]
    return f'''
def network() -> nn.Sequential:
    """(N, 1, {INPUT_SIZE}, {INPUT_SIZE}) normalized images to (N, 10) logits, before softmax.

    Beside each layer: its output's channels × height × width, its receptive field in pixels of the
    image, its parameters.
    """
{"    layers = OrderedDict(".ljust(code + 8)}{heading}
{_indented(layers, 8)}
    )
    return nn.Sequential(layers).apply(initialize)
'''


def _lines(row: LayerSummary) -> list[tuple[str, tuple[str, str, str]]]:
    """A row's code, and its comment's cells under HEADING; flattening has a line of its own."""
    sees = f"{row.receptive_field}"
    if row.function:
        call = f"{row.name}={row.function}({row.in_channels}, {row.out_channels}),"
        return [(call, (_product(row.output), sees, f"{row.total:,}"))]
    return [
        (f"{one.name}={one.call()},", (_product(one.output), sees, f"{one.parameters:,}"))
        for one in row.operations
    ]


def _product(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _main(result: NetworkSummary) -> str:
    count = "    total = sum(p.numel() for p in model.parameters())"
    if result.non_trainable:
        count = """\
    trained = sum(p.numel() for p in model.parameters())
    running = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    total = trained + running"""
    return f"""
if __name__ == "__main__":
    model = network().eval()
{count}
    with torch.no_grad():
        logits = model(torch.zeros(2, 1, {INPUT_SIZE}, {INPUT_SIZE}))
    print(f"{{total:,}} parameters")
    print(f"output {{tuple(logits.shape)}} for two images")
"""


def _indented(lines: Iterable[str], by: int) -> str:
    return textwrap.indent("\n".join(lines), " " * by)
