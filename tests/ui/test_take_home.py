"""Where a trained network is offered as files for those without mnistlab."""

import pytest

from tests.ui.app_test import run

LABELS = {"Web page (HTML)", "PyTorch (.zip)", "Model card (.md)"}


@pytest.mark.parametrize(
    ("page", "address", "is_offered"),
    [
        ("pages/draw.py", {"checkpoint": "smallest"}, True),
        ("pages/design.py", {"net": "smallest", "tab": "Export"}, True),
        ("pages/design.py", {"net": "4-gap", "tab": "Export"}, False),
    ],
)
@pytest.mark.usefixtures("lab")
def test_a_network_with_weights_is_offered(
    page: str, address: dict[str, str], is_offered: bool
) -> None:
    at = run(page, **address)
    offered = LABELS & {button.label for button in at.button}
    assert offered == (LABELS if is_offered else set())
