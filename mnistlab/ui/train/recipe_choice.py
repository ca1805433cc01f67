"""Which recipe trains: ours, the article's or the user's own, in the session and in the address.

The session keeps plain values: it outlives a reload of the code, objects of its classes do not.
"""

from dataclasses import asdict, dataclass

import streamlit as st

from mnistlab.arch.spec import Spec
from mnistlab.choice import Choice
from mnistlab.errors import LabError
from mnistlab.experiments.targets import TARGETS
from mnistlab.recipe.defaults import default_recipe
from mnistlab.recipe.recipe import ENUMS, Recipe, RecipeError
from mnistlab.recipe.recipe_text import parse_recipe, recipe_to_text
from mnistlab.ui.classroom.session import session_home
from mnistlab.ui.classroom.session_task import recipe_problem, session_task
from mnistlab.ui.common import current_network
from mnistlab.worker.source_search import find_source

PARAMETER = "recipe"
SOURCE = "recipe_source"
MINE = "my_recipe"
WRITTEN = "train_address"
"""Where the session keeps the source, the user's own values, and the address that is settled: the
one that this page wrote, or that the user has chosen against."""
Values = dict[str, object]
"""A recipe's fields by name; of the user's own, some may be out of bounds."""


class Source(Choice):
    """Where the recipe comes from."""

    OURS = "ours", "Ours"
    ARTICLE = "article", "The article's"
    MINE = "mine", "Mine"

    @property
    def help(self) -> str:
        match self:
            case Source.OURS:
                return "Tuned for this network, or our default."
            case Source.ARTICLE:
                return "After the article's step; what it omits (rates, epochs, dropout) is ours."
            case Source.MINE:
                return "Your own settings, which stay when you choose another network."


def article_recipe(spec: Spec) -> Recipe | None:
    """The article's recipe for one of its four networks, None for any other network.

    Target 4's preset, which drops fewer activations, is such a network too.
    """
    return next(
        (target.full for target in TARGETS if spec in (target.spec, target.preset.spec)), None
    )


def base_recipe(spec: Spec) -> Recipe:
    """What a recipe starts from: that of the class's task, or else the network's own."""
    task = session_task()
    return task.recipe if task else default_recipe(spec)


def source_label(source: Source) -> str:
    return "The task's" if source is Source.OURS and session_task() else source.label


def source_help(source: Source) -> str:
    if source is Source.OURS and session_task():
        return "What the class's task starts from."
    return source.help


def offered(spec: Spec) -> list[Source]:
    """The sources that a network has a recipe of, without an article's that the task locks."""
    article = article_recipe(spec)
    is_allowed = article is not None and not recipe_problem(article)
    return [one for one in Source if one is not Source.ARTICLE or is_allowed]


def selected(spec: Spec) -> Source:
    """The session's source; ours where the article has no recipe for the network."""
    source = Source(st.session_state.get(SOURCE, Source.OURS))
    return source if source in offered(spec) else Source.OURS


def values(spec: Spec) -> Values:
    """The fields of the selected recipe."""
    source, mine = selected(spec), st.session_state.get(MINE)
    if source is Source.MINE and mine is not None:
        return dict(mine)
    recipe = article_recipe(spec) if source is Source.ARTICLE else None
    return _plain(recipe or base_recipe(spec))


def recipe(spec: Spec) -> Recipe:
    """The selected recipe. Raises RecipeError if one of the user's own values is out of bounds."""
    fields = values(spec)
    known = {name: kind(str(fields[name])) for name, kind in ENUMS.items()}
    return Recipe(**fields | known)  # type: ignore[arg-type]


def select(spec: Spec, source: Source) -> None:
    """Select a source; the first time that it is the user's own, it starts as the present one."""
    if source is Source.MINE and MINE not in st.session_state:
        st.session_state[MINE] = values(spec)
    st.session_state[SOURCE] = str(source)
    discard_address()


def change(spec: Spec, name: str, value: object) -> None:
    """Change a field: the recipe becomes the user's own."""
    st.session_state[MINE] = values(spec) | {name: value}
    st.session_state[SOURCE] = str(Source.MINE)
    discard_address()


def _plain(recipe: Recipe) -> Values:
    return asdict(recipe) | {name: str(getattr(recipe, name)) for name in ENUMS}


@dataclass(frozen=True)
class AddressProblem:
    """What is wrong with an address; `is_error` if nothing may be started with it."""

    text: str
    is_error: bool


def read_address() -> AddressProblem | None:
    """Take network and recipe from the address, if it is not what this page wrote; the problem.

    An address with an error stays as it is until the user chooses something else.
    """
    network_text, text = _address()
    if (network_text, text) == st.session_state.get(WRITTEN):
        return None
    what = "network"
    try:
        if network_text:
            current_network.set_from_text(network_text)
        what = "recipe"
        warning = _set_from_text(current_network.current(), text) if text else ""
    except LabError as error:
        return AddressProblem(f"The {what} in the address is invalid. {error}", is_error=True)
    return AddressProblem(warning, is_error=False) if warning else None


def _set_from_text(spec: Spec, text: str) -> str:
    """Select what an address names; a warning or "".

    Raises RecipeError if it is no recipe, CheckpointError if this lab lacks a checkpoint of it.
    """
    state = st.session_state
    if text == Source.ARTICLE and article_recipe(spec) is None:
        raise RecipeError("The article has no recipe for this network. Choose another one.")
    if text in (Source.OURS, Source.ARTICLE):
        state[SOURCE] = text
        return ""
    parsed = parse_recipe(text, base_recipe(spec))
    for short in parsed.recipe.sources:
        find_source(session_home(), short)
    state[MINE], state[SOURCE] = _plain(parsed.recipe), str(Source.MINE)
    return parsed.warning


def write_address() -> None:
    """Put network and recipe into the address, so that a reload or a link keeps both."""
    spec, query = current_network.current(), st.query_params
    try:
        text = _text(spec)
    except RecipeError:
        return  # of the user's own values one is out of bounds; the last valid recipe stays
    if query.get("net") != str(spec):
        query["net"] = str(spec)
    if text and query.get(PARAMETER) != text:
        query[PARAMETER] = text
    elif not text and PARAMETER in query:
        del query[PARAMETER]
    st.session_state[WRITTEN] = (str(spec), text)


def _text(spec: Spec) -> str | None:
    match selected(spec):
        case Source.OURS:
            return None
        case Source.ARTICLE:
            return str(Source.ARTICLE)
        case Source.MINE:
            return recipe_to_text(recipe(spec), base_recipe(spec)) or str(Source.OURS)


def discard_address() -> None:
    """Let the session decide instead of the address; for choices that the user makes."""
    st.session_state[WRITTEN] = _address()


def _address() -> tuple[str | None, str | None]:
    return st.query_params.get("net"), st.query_params.get(PARAMETER)
