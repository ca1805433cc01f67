"""A Spec as a PyTorch file that needs nothing of the lab.

It says what `build` makes, in plain layers and with the same names, so that the lab's checkpoints
load into it.
"""

import textwrap
from collections.abc import Iterable

from mnistlab.arch.ledger import INPUT_SIZE, Kind, Ledger, Row, ledger
from mnistlab.arch.spec import Conv, Dropout, Spec

# `normalise` has the same two; it imports torch.
MEAN, STD = 0.1307, 0.3081
WIDTH = 100
HEADING = ("output", "sees", "parameters")


def module_source(spec: Spec) -> str:
    """Write the file, to be saved as UTF-8. Raises SpecError where the ledger does."""
    result = ledger(spec)
    kinds = {row.kind for row in result.rows}
    parts = [
        _head(result),
        _conv3x3(spec) if Kind.CONV in kinds else "",
        CONV1X1 if Kind.TRANSITION in kinds else "",
        INITIALISE,
        _network(result),
        _main(result),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _head(result: Ledger) -> str:
    return f'''
"""A network for MNIST's digits, written by mnistlab.

{_folded(result.spec)}

{_counts(result)}

A checkpoint of the lab, such as a run's best.safetensors, is loaded (pip install safetensors) with

    from safetensors.torch import load_file

    model = network()
    model.load_state_dict(load_file("best.safetensors"))
    model.eval()

Images are white on black, the digit centred as MNIST has it. From uint8 of shape (N, 1, 28, 28)
they are normalised, and read, with

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


def _counts(result: Ledger) -> str:
    if not result.running:
        return f"{result.total:,} parameters, all of them trained."
    return (
        f"{result.total:,} parameters: {result.trainable:,} trained, and {result.running:,} "
        "running means and variances of batch norm."
    )


def _conv3x3(spec: Spec) -> str:
    padded = any(isinstance(layer, Conv) and layer.padded for layer in spec.layers)
    options = ", padding=padding" * padded + ", bias=False" * (not spec.conv_bias)
    layers = {"3×3 convolution": f"conv=nn.Conv2d(inputs, outputs, 3{options}),"}
    if spec.batch_norm:
        layers["batch norm"] = "norm=nn.BatchNorm2d(outputs),"
    layers["ReLU"] = "relu=nn.ReLU(inplace=True),"
    if spec.dropout and spec.dropout_kind is Dropout.CHANNEL:
        layers["dropout of whole maps"] = f"dropout=nn.Dropout2d({spec.dropout:g}),"
    elif spec.dropout:
        layers["dropout"] = f"dropout=nn.Dropout({spec.dropout:g}),"
    return f'''
def conv3x3(inputs: int, outputs: int{", padding: int = 0" * padded}) -> nn.Sequential:
    """{", ".join(layers)}."""
    return nn.Sequential(
        OrderedDict(
{_indented(layers.values(), 12)}
        )
    )
'''


CONV1X1 = '''
def conv1x1(inputs: int, outputs: int) -> nn.Sequential:
    """1×1 convolution, ReLU."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, 1),
            relu=nn.ReLU(inplace=True),
        )
    )
'''

INITIALISE = '''
def initialise(module: nn.Module) -> None:
    """He's uniform initialisation (2015), biases at nought.

    PyTorch's own shrinks the signal in every layer; a deep, narrow network without batch norm then
    never begins to learn.
    """
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
'''


def _network(result: Ledger) -> str:
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
    """(N, 1, {INPUT_SIZE}, {INPUT_SIZE}) normalised images to (N, 10) scores, before softmax.

    Beside each layer: its output's channels × height × width, its receptive field in pixels of the
    image, its parameters.
    """
{"    layers = OrderedDict(".ljust(code + 8)}{heading}
{_indented(layers, 8)}
    )
    return nn.Sequential(layers).apply(initialise)
'''


def _lines(row: Row) -> list[tuple[str, tuple[str, str, str]]]:
    """A row's code, and its comment's cells under HEADING; flattening has no row of its own."""
    inputs, outputs = row.in_channels, row.out_channels
    maps = f"{outputs}×{row.out_size}×{row.out_size}"
    match row.kind:
        case Kind.CONV:
            call = f"conv3x3({inputs}, {outputs}{f', padding={row.padding}' * (row.padding > 0)})"
        case Kind.TRANSITION:
            call = f"conv1x1({inputs}, {outputs})"
        case Kind.POOL:
            call = f"nn.MaxPool2d({row.kernel})"
        case Kind.FULL:
            call = f"nn.Conv2d({inputs}, {outputs}, {row.kernel})"
        case Kind.AVERAGE:
            call = f"nn.AvgPool2d({row.kernel})"
        case Kind.LINEAR:
            call, maps = f"nn.Linear({inputs}, {outputs})", f"{outputs}"
    sees = f"{row.receptive_field}"
    line = (f"{row.name}={call},", (maps, sees, f"{row.total:,}"))
    if row.kind is Kind.FULL:
        return [line, ("flatten=nn.Flatten(),", (f"{outputs}", sees, "0"))]
    if row.kind is Kind.LINEAR:
        return [("flatten=nn.Flatten(),", (f"{inputs}", sees, "0")), line]
    return [line]


def _main(result: Ledger) -> str:
    count = "    total = sum(p.numel() for p in model.parameters())"
    if result.running:
        count = """\
    trained = sum(p.numel() for p in model.parameters())
    running = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    total = trained + running"""
    return f"""
if __name__ == "__main__":
    model = network().eval()
{count}
    with torch.no_grad():
        scores = model(torch.zeros(2, 1, {INPUT_SIZE}, {INPUT_SIZE}))
    print(f"{{total:,}} parameters")
    print(f"output {{tuple(scores.shape)}} for two images")
"""


def _indented(lines: Iterable[str], by: int) -> str:
    return textwrap.indent("\n".join(lines), " " * by)
