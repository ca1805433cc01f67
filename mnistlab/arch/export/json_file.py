"""A Spec as JSON, for other programs and for networks kept in files.

`text` is the network string, for people; the layers are authoritative, and the two must agree.
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
# Forty layers in this form take 4,500 characters.
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

Member = TypeVar("Member", bound=StrEnum)


def to_json(spec: Spec) -> str:
    """A network as JSON, with one line per field and per layer."""
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
    """Parse the output of `to_json`; only `text` may be missing.

    Raises SpecError, naming the field, for anything else. `summarize` checks whether the layers
    fit together.
    """
    values = _parse_object(text)
    _check_equal("format", values, FORMAT, "choose a network that mnistlab exported.")
    _check_equal(
        "version", values, VERSION, "enter the file's “text” in the network field instead."
    )
    _check_fields("The network", values, (*FIELDS, "format", "version"), optional=("text",))
    batch_norm, conv_bias = (
        _parse_bool(name, values[name]) for name in ("batch_norm", "conv_bias")
    )
    if not conv_bias and not batch_norm:
        raise SpecError("conv_bias: it is false, so batch_norm must be true; change one of them.")
    spec = Spec(
        layers=_parse_layers(values["layers"]),
        head=_parse_enum("head", values["head"], Head),
        batch_norm=batch_norm,
        conv_bias=conv_bias,
        dropout=_parse_rate("dropout", values["dropout"]),
        dropout_kind=_parse_enum("dropout_kind", values["dropout_kind"], Dropout),
        activation=_parse_enum("activation", values["activation"], Activation),
    )
    if values.get("text", str(spec)) != str(spec):
        raise SpecError(f"text: it must be {spec}, like the layers; change or remove it.")
    return spec


def _parse_object(text: str) -> dict[str, Any]:
    if len(text) > MAX_JSON:
        raise SpecError(
            f"The file has {len(text):,} characters; a network in JSON has at most {MAX_JSON:,}."
        )
    try:
        values = json.loads(text, object_pairs_hook=_unique_fields, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise SpecError("The file is not a JSON object; choose a network that mnistlab exported.")
    return values


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields without duplicates, which JSON parsers treat differently."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise SpecError(f"{_preview(name)} appears twice; remove one.")
        values[name] = value
    return values


def _reject_constant(word: str) -> None:
    raise SpecError(f"{word} is not valid JSON; use a number.")


def _check_equal(name: str, values: dict[str, Any], expected: str | int, fix: str) -> None:
    value = values.get(name)
    if type(value) is not type(expected) or value != expected:
        raise SpecError(f"{name}: {_preview(value)} is not {expected!r}; {fix}")


def _check_fields(
    where: str, values: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> None:
    for name in required:
        if name not in values:
            raise SpecError(f"{where} has no field “{name}”; add it.")
    for name in values:
        if name not in required + optional:
            raise SpecError(f"{where} has an unknown field, {_preview(name)}; remove it.")


def _parse_layers(values: object) -> tuple[Layer, ...]:
    if not isinstance(values, list):
        raise SpecError(f"layers: {_preview(values)} is not a list.")
    if not 1 <= len(values) <= MAX_LAYERS:
        raise SpecError(f"layers: {len(values):,} of them; use 1 to {MAX_LAYERS}.")
    return tuple(_parse_layer(f"layers, no. {n}", value) for n, value in enumerate(values, 1))


def _parse_layer(where: str, values: object) -> Layer:
    if not isinstance(values, dict):
        raise SpecError(f"{where}: {_preview(values)} is not an object.")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in LAYER_FIELDS:
        raise SpecError(f"{where}: kind: {_preview(kind)} is not one of {', '.join(LAYER_FIELDS)}.")
    _check_fields(where, values, ("kind", *LAYER_FIELDS[kind]))
    if kind == "pool":
        return Transition(None)
    filters = _parse_filters(f"{where}: filters", values["filters"])
    flags = {name: _parse_bool(f"{where}: {name}", values[name]) for name in LAYER_FIELDS[kind][1:]}
    return (Conv if kind == "conv" else Transition)(filters, **flags)


# In Python `True` is an int, so the checks below compare exact types.


def _parse_filters(name: str, value: object) -> int:
    if type(value) is not int or not 1 <= value <= MAX_FILTERS:
        raise SpecError(
            f"{name}: {_preview(value)} is not a whole number between 1 and {MAX_FILTERS:,}."
        )
    return value


def _parse_rate(name: str, value: object) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MAX_DROPOUT:  # type: ignore[operator]
        raise SpecError(f"{name}: {_preview(value)} is not a number between 0 and {MAX_DROPOUT}.")
    return float(value)  # type: ignore[arg-type]


def _parse_bool(name: str, value: object) -> bool:
    if type(value) is not bool:
        raise SpecError(f"{name}: {_preview(value)} is neither true nor false.")
    return value


def _parse_enum(name: str, value: object, kind: type[Member]) -> Member:
    if not isinstance(value, str) or value not in list(kind):
        raise SpecError(f"{name}: {_preview(value)} is not one of {', '.join(kind)}.")
    return kind(value)


def _preview(value: object) -> str:
    """A value as short ASCII JSON, safe to show in an error message."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
