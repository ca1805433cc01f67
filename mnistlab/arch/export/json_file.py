"""A Spec as JSON, for other programs and for people who keep networks in files.

`text` is there to be read; the layers are what counts, and the two must agree.
"""

import json
from enum import StrEnum
from typing import Any, TypeVar

from mnistlab.arch.spec import (
    MAX_DROPOUT,
    MAX_FILTERS,
    MAX_LAYERS,
    Activation,
    Conv,
    Dropout,
    Head,
    Layer,
    Spec,
    SpecError,
    Transition,
)

FORMAT = "mnistlab/network"
VERSION = 2
# Forty layers, written as below, are 4,500 characters.
MAX_JSON = 20_000
FIELDS = (
    *("layers", "head", "batch_norm", "conv_bias", "activation"),
    *("dropout", "dropout_kind"),
)
LAYER_FIELDS = {
    "conv": ("filters", "padded", "separable", "residual"),
    "transition": ("filters", "pooled"),
    "pool": (),
}

Choice = TypeVar("Choice", bound=StrEnum)


def to_json(spec: Spec) -> str:
    """Write a field a line, and a layer a line."""
    layers = ",\n".join(f"    {json.dumps(_layer_values(layer))}" for layer in spec.layers)
    fields = {
        "format": json.dumps(FORMAT),
        "version": json.dumps(VERSION),
        "text": json.dumps(str(spec)),
        "layers": f"[\n{layers}\n  ]",
        "head": json.dumps(spec.head),
        "batch_norm": json.dumps(spec.batch_norm),
        "conv_bias": json.dumps(spec.conv_bias),
        "activation": json.dumps(spec.activation),
        "dropout": json.dumps(spec.dropout),
        "dropout_kind": json.dumps(spec.dropout_kind),
    }
    return "{\n" + ",\n".join(f'  "{name}": {value}' for name, value in fields.items()) + "\n}\n"


def _layer_values(layer: Layer) -> dict[str, Any]:
    kind = "conv" if isinstance(layer, Conv) else "transition" if layer.filters else "pool"
    return {"kind": kind} | {name: getattr(layer, name) for name in LAYER_FIELDS[kind]}


def from_json(text: str) -> Spec:
    """Read back what `to_json` wrote; `text` alone may be missing.

    Raises SpecError, naming the field, on anything else. Whether the layers fit together, the
    ledger finds out.
    """
    values = _parsed(text)
    _same("format", values, FORMAT, "choose a network that mnistlab exported.")
    _same("version", values, VERSION, "enter the file's “text” in the network field instead.")
    _fields("The network", values, (*FIELDS, "format", "version"), may=("text",))
    batch_norm, conv_bias = (_flag(name, values[name]) for name in ("batch_norm", "conv_bias"))
    if not conv_bias and not batch_norm:
        raise SpecError("conv_bias: it is false, so batch_norm must be true; change one of them.")
    spec = Spec(
        layers=_layers(values["layers"]),
        head=_choice("head", values["head"], Head),
        batch_norm=batch_norm,
        conv_bias=conv_bias,
        dropout=_rate("dropout", values["dropout"]),
        dropout_kind=_choice("dropout_kind", values["dropout_kind"], Dropout),
        activation=_choice("activation", values["activation"], Activation),
    )
    if values.get("text", str(spec)) != str(spec):
        raise SpecError(f"text: the layers say {spec}; write that, or leave the text out.")
    return spec


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > MAX_JSON:
        raise SpecError(
            f"The file has {len(text):,} characters; a network in JSON has at most {MAX_JSON:,}."
        )
    try:
        values = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise SpecError("The file is not a JSON object; choose one that the lab wrote.")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields; where one is there twice, readers of JSON differ in their choice."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise SpecError(f"{_shown(name)} is there twice; leave one out.")
        values[name] = value
    return values


def _no_number(word: str) -> None:
    raise SpecError(f"{word} is not a number that JSON knows; write one with digits.")


def _same(name: str, values: dict[str, Any], expected: str | int, what_to_do: str) -> None:
    value = values.get(name)
    if type(value) is not type(expected) or value != expected:
        raise SpecError(f"{name}: {_shown(value)} is not {expected!r}; {what_to_do}")


def _fields(
    where: str, values: dict[str, Any], must: tuple[str, ...], may: tuple[str, ...] = ()
) -> None:
    for name in must:
        if name not in values:
            raise SpecError(f"{where} has no field “{name}”; add it.")
    for name in values:
        if name not in must + may:
            raise SpecError(f"{where} has an unknown field, {_shown(name)}; leave it out.")


def _layers(values: object) -> tuple[Layer, ...]:
    if not isinstance(values, list):
        raise SpecError(f"layers: {_shown(values)} is not a list.")
    if not 1 <= len(values) <= MAX_LAYERS:
        raise SpecError(f"layers: {len(values):,} of them; the lab takes 1 to {MAX_LAYERS}.")
    return tuple(_layer(f"layers, no. {n}", value) for n, value in enumerate(values, 1))


def _layer(where: str, values: object) -> Layer:
    if not isinstance(values, dict):
        raise SpecError(f"{where}: {_shown(values)} is not an object.")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in LAYER_FIELDS:
        raise SpecError(f"{where}: kind: {_shown(kind)} is not one of {', '.join(LAYER_FIELDS)}.")
    _fields(where, values, ("kind", *LAYER_FIELDS[kind]))
    if kind == "pool":
        return Transition(None)
    filters = _whole(f"{where}: filters", values["filters"])
    flags = {name: _flag(f"{where}: {name}", values[name]) for name in LAYER_FIELDS[kind][1:]}
    return (Conv if kind == "conv" else Transition)(filters, **flags)


# To Python `true` is a whole number, so it is the exact type that counts below.


def _whole(name: str, value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_FILTERS:
        raise SpecError(
            f"{name}: {_shown(value)} is not a whole number between 1 and {MAX_FILTERS:,}."
        )
    return value


def _rate(name: str, value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MAX_DROPOUT:  # type: ignore[operator]
        raise SpecError(f"{name}: {_shown(value)} is not a number between 0 and {MAX_DROPOUT}.")
    return float(value)  # type: ignore[arg-type]


def _flag(name: str, value: object) -> bool:
    if type(value) is not bool:
        raise SpecError(f"{name}: {_shown(value)} is neither true nor false.")
    return value


def _choice(name: str, value: object, kind: type[Choice]) -> Choice:
    if not isinstance(value, str) or value not in list(kind):
        raise SpecError(f"{name}: {_shown(value)} is not one of {', '.join(kind)}.")
    return kind(value)


def _shown(value: object) -> str:
    """A value as JSON, cut short and in ASCII, so that any screen can show it."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
