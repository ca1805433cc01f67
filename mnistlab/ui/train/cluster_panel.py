"""The Ray cluster that runs train on: its machines, what trains where, what waits and why."""

from collections import Counter

import streamlit as st

from mnistlab.cluster.overview import Overview, read_overview
from mnistlab.home import Home
from mnistlab.markup import Markup
from mnistlab.text import quantity
from mnistlab.ui.common import html

SHOWN = 20
"""Machines in the table."""


def show(home: Home) -> None:
    """The panel; nothing without a cluster."""
    if overview := read_overview(home):
        with st.container(key="cluster"):
            st.html(html.caption(summary(overview)))
            if len(overview.nodes) > 1:
                with st.expander("Machines", icon=":material/dns:"):
                    st.html(_table(overview))


def summary(overview: Overview) -> str:
    """The cluster in a sentence or two."""
    if not overview.nodes:
        return (
            f"{quantity(overview.n_waiting, 'run')} waiting for the Ray cluster: {overview.waiting}"
        )
    alive = [each for each in overview.nodes if each["alive"]]
    cores = sum(int(str(each["cores"])) for each in alive)
    text = (
        f"Ray cluster: {quantity(len(alive), 'machine')}, {quantity(cores, 'core')}, room for "
        f"{quantity(overview.room, 'run')} at once; {len(overview.runs)} training."
    )
    if overview.n_waiting:
        text += f" {overview.n_waiting} waiting: {overview.waiting}"
    return f"{text} {overview.problem}".rstrip()


def _table(overview: Overview) -> Markup:
    """A line for each machine with the runs that train there, by the machine's name."""
    runs: dict[str, list[int]] = {}
    for run, name in sorted(overview.runs.items()):
        runs.setdefault(name, []).append(run)
    machines: Counter[tuple[str, bool]] = Counter()
    cores: Counter[tuple[str, bool]] = Counter()
    for each in overview.nodes:
        key = str(each["name"]), bool(each["alive"])
        machines[key] += 1
        cores[key] += int(str(each["cores"]))
    lines = [
        (
            f"{name} ({quantity(count, 'node')})" if count > 1 else name,
            f"{cores[name, alive]}" if alive else "lost",
            ", ".join(map(str, runs.get(name, []))) if alive else "",
        )
        for (name, alive), count in list(machines.items())[:SHOWN]
    ]
    return html.rows(lines, ("Machine", "Cores", "Runs"))
