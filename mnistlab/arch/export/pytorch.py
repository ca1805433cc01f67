"""A Spec as a PyTorch file that does not import mnistlab.

It has the layers that `build` makes, from torch.nn alone and with the same names, so that our
checkpoints load into it.
"""

import textwrap
from collections.abc import Iterable

from mnistlab.arch.operation import Shape
from mnistlab.arch.spec import INPUT_SIZE, Spec
from mnistlab.arch.summary import LayerSummary, NetworkSummary, summarize

# The constants of `data.mnist.normalize`, whose module imports torch.
MEAN, STD = 0.1307, 0.3081
WIDTH = 100
HEADING = ("output", "field", "parameters")


def pytorch_source(spec: Spec) -> str:
    """The file's text, to be saved as UTF-8. Raises SpecError where `summarize` does."""
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
"""A network for MNIST, exported by mnistlab.

{_folded(result.spec)}

{_counts(result)}

Load a checkpoint of mnistlab, such as a run's best.safetensors (pip install safetensors):

    from safetensors.torch import load_file

    model = network()
    model.load_state_dict(load_file("best.safetensors"))
    model.eval()

Images are white on black, the digit centered as in MNIST. Normalize and classify uint8 images of
shape (N, 1, 28, 28):

    images = (images / 255 - {MEAN}) / {STD}
    predictions = model(images).argmax(1)
"""

from collections import OrderedDict

import torch
from torch import nn
'''


def _folded(spec: Spec) -> str:
    """The network string on as many lines as it needs; `parse` accepts the line breaks."""
    lines = textwrap.wrap(str(spec).replace("-", "- "), WIDTH, break_on_hyphens=False)
    return "\n".join(line.replace("- ", "-") for line in lines)


def _counts(result: NetworkSummary) -> str:
    if not result.non_trainable:
        return f"{result.total:,} parameters, all trainable."
    return (
        f"{result.total:,} parameters: {result.trainable:,} trainable and {result.non_trainable:,} "
        "non-trainable: batch norm's running statistics."
    )


RESIDUAL = '''
class Add(nn.Module):
    """The block's input added to feature maps of the same shape."""

    def forward(self, maps, inputs):
        return maps + inputs


class Residual(nn.Sequential):
    """Sequential layers; Add also receives the block's input."""

    def forward(self, inputs):
        maps = inputs
        for layer in self:
            maps = layer(maps, inputs) if isinstance(layer, Add) else layer(maps)
        return maps
'''


def _function(row: LayerSummary) -> str:
    """The source of a function that makes a row's block for any number of channels."""
    description = ", ".join(one.description for one in row.operations)
    layers = (f"{one.child}={one.call(symbolic=True)}," for one in row.operations)
    return f'''
def {row.function}(inputs: int, outputs: int) -> nn.Sequential:
    """{description[0].upper()}{description[1:]}."""
    return {"Residual" if row.residual else "nn.Sequential"}(
        OrderedDict(
{_indented(layers, 12)}
        )
    )
'''


INITIALIZE = '''
def initialize(module: nn.Module) -> None:
    """He's uniform initialization (2015), biases 0.

    PyTorch's default shrinks the signal in every layer; a deep, narrow network without batch norm
    then fails to train.
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

    The comments give each layer's output (channels × height × width), its receptive field in
    pixels of the image, and its parameters.
    """
{"    layers = OrderedDict(".ljust(code + 8)}{heading}
{_indented(layers, 8)}
    )
    return nn.Sequential(layers).apply(initialize)
'''


def _lines(row: LayerSummary) -> list[tuple[str, tuple[str, str, str]]]:
    """A row's code with the comment's cells under HEADING, one line per child of the network."""
    field = f"{row.receptive_field}"
    if row.function:
        call = f"{row.name}={row.function}({row.in_channels}, {row.out_channels}),"
        return [(call, (_product(row.output), field, f"{row.total:,}"))]
    return [
        (f"{one.name}={one.call()},", (_product(one.output), field, f"{one.parameters:,}"))
        for one in row.operations
    ]


def _product(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _main(result: NetworkSummary) -> str:
    count = "    total = sum(p.numel() for p in model.parameters())"
    if result.non_trainable:
        count = """\
    trainable = sum(p.numel() for p in model.parameters())
    non_trainable = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    total = trainable + non_trainable"""
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
