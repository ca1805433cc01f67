"""The buttons that download a trained network as files that need no mnistlab."""

from functools import partial
from pathlib import Path

from mnistlab.takehome.formats import FORMATS, NetworkFormat
from mnistlab.takehome.trained_network import load_trained
from mnistlab.ui.downloads.buttons import Download, download_buttons

OFFERED = ("html", "pytorch", "card")
"""ONNX takes seconds and much memory to write, which a server for many does not have."""


def downloads(checkpoint: Path, name: str, stem: str) -> None:
    """A button for each format; `name` is for people, `stem` the files'."""

    def content(one: NetworkFormat) -> bytes:
        return one.write(load_trained(checkpoint, name))

    download_buttons(
        *(
            Download(
                one.label,
                partial(content, one),
                one.file_name(stem),
                key=f"take-home-{option}",
                icon=one.icon,
                help=f"{one.help[0].upper()}{one.help[1:]}.",
            )
            for option, one in FORMATS.items()
            if option in OFFERED
        )
    )
