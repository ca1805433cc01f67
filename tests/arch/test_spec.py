import pytest

from mnistlab.arch.presets import PRESETS, resolve
from mnistlab.arch.spec import Activation, Conv, Dropout, Head, Spec, SpecError, Transition, parse
from tests.random_specs import random_spec


def test_a_network_string_is_parsed_to_the_same_network() -> None:
    for seed in range(400):
        spec = random_spec(seed)
        parsed = parse(str(spec))
        # A kind without a rate drops nothing and leaves no trace in the text.
        assert str(parsed) == str(spec)
        assert parsed.layers == spec.layers
        assert (parsed.head, parsed.dropout) == (spec.head, spec.dropout)
        assert (parsed.batch_norm, parsed.conv_bias) == (spec.batch_norm, spec.conv_bias)
        assert parsed.activation is spec.activation


def test_every_element_of_a_network_string() -> None:
    assert parse("8 16s, p10 t12 P gap BN nobias cdrop.1") == Spec(
        layers=(
            Conv(8),
            Conv(16, padded=True),
            Transition(10),
            Transition(12, pooled=False),
            Transition(None),
        ),
        head=Head.GAP,
        batch_norm=True,
        conv_bias=False,
        dropout=0.1,
        dropout_kind=Dropout.CHANNEL,
    )


def test_the_elements_of_the_other_layers_and_activations() -> None:
    assert parse("16r 16D 8ds 8dr LEAKY") == Spec(
        layers=(
            Conv(16, padded=True, residual=True),
            Conv(16, separable=True),
            Conv(8, padded=True, separable=True),
            Conv(8, padded=True, separable=True, residual=True),
        ),
        activation=Activation.LEAKY,
    )
    assert parse("8-gelu").activation is Activation.GELU
    assert parse("8-relu") == parse("8"), "ReLU is understood, and never written"
    assert str(parse("8-8r-gelu-bn-drop0.1")) == "8-8r-full-bn-gelu-drop0.1"


def test_a_network_string_needs_no_escaping_in_a_link() -> None:
    from urllib.parse import quote

    for preset in PRESETS:
        assert quote(str(preset.spec), safe="") == str(preset.spec)


def test_find_preset_takes_a_name() -> None:
    assert resolve(" Target-2 ") == PRESETS[1].spec


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no layers"),
        ("bn", "no layers"),
        ("8-sixteen", "sixteen"),
        ("8-t", "“t”"),
        ("8-0", "conv2"),
        ("999999999", "conv1"),
        ("8-p2000", "transition1"),
        ("8-full-gap", "gap"),
        ("8-gelu-leaky", "“leaky”"),
        ("8-gelu-gelu", "“gelu”"),
        ("8-8sd", "“8sd”"),
        ("8-8rs", "“8rs”"),
        ("8-p8r", "“p8r”"),
        ("8-0dr", "conv2"),
        ("8-bn-bn", "bn"),
        ("8-drop0.05-cdrop0.05", "drop"),
        ("8-drop0.95", "dropout"),
        ("8-drop1", "drop1"),
        ("8-dropnan", "dropnan"),
        ("8-nobias", "nobias"),
        ("8-" * 41, "41 layers"),
        ("8-" * 10_000, "characters"),
        ("8-<script>alert(1)</script>", "<script>"),
        ("٨-8", "٨"),
    ],
)
def test_an_invalid_network_is_an_error_that_names_the_element(text: str, named: str) -> None:
    with pytest.raises(SpecError, match=named):
        parse(text)


@pytest.mark.parametrize("rate", [float("nan"), -0.1, 1.0, 0.00001])
def test_a_dropout_rate_without_a_network_string_is_refused(rate: float) -> None:
    with pytest.raises(SpecError, match="dropout"):
        Spec((Conv(8),), dropout=rate)


def test_a_residual_connection_needs_padding() -> None:
    with pytest.raises(SpecError, match=r"^conv2: .* add padding"):
        Spec((Conv(8), Conv(8, residual=True)))
