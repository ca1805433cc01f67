"""A recipe as a short text for addresses: `epochs=8,rate=0.05` is what differs from a default."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from mnistlab.recipe.recipe import ENUMS, Recipe, RecipeError, choice

FIELDS = {
    "optimizer": "optimizer",
    "rate": "learning_rate",
    "schedule": "schedule",
    "batch": "batch_size",
    "epochs": "epochs",
    "decay": "weight_decay",
    "augmentation": "augmentation",
    "split": "split",
    "images": "train_size",
    "seed": "seed",
    "patience": "patience",
    "target": "target_accuracy",
    "smoothing": "label_smoothing",
    "norm": "norm_batch_size",
    "statistics": "norm_statistics",
    "teacher": "teacher",
    "soft": "soft_label_weight",
    "temperature": "distillation_temperature",
    "initial": "initial",
    "interpolation": "interpolation",
}
"""The recipe's fields by their words in the text."""
OFF = "off"
"""The text of None: all images, no patience, no target accuracy, automatic norm batch size; and of
no teacher and no initial checkpoint."""
MAX_TEXT = 1000
MAX_QUOTED = 40


@dataclass(frozen=True)
class ParsedRecipe:
    """A recipe, and a sentence about the words that were ignored; empty if there are none."""

    recipe: Recipe
    warning: str = ""


def recipe_to_text(recipe: Recipe, default: Recipe) -> str:
    """What differs from the default, empty if nothing does."""
    return ",".join(
        f"{word}={_value_text(getattr(recipe, name))}"
        for word, name in FIELDS.items()
        if getattr(recipe, name) != getattr(default, name)
    )


def parse_recipe(text: str, default: Recipe) -> ParsedRecipe:
    """The default with the text's changes; unknown words are ignored, with a warning.

    Raises RecipeError if the text is no list of settings, or a value is out of bounds.
    """
    values, unknown = dict[str, object](), list[str]()
    for part in filter(None, (part.strip() for part in text[:MAX_TEXT].split(","))):
        word, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise RecipeError(
                f"recipe: {part[:MAX_QUOTED]!r} is not a setting. Write for example "
                "epochs=8,rate=0.05."
            )
        if name := FIELDS.get(word.lower()):
            values[name] = _parse_value(name, value)
        else:
            unknown.append(word[:MAX_QUOTED])
    return ParsedRecipe(replace(default, **values), _warning(unknown))  # type: ignore[arg-type]


def _warning(unknown: list[str]) -> str:
    if not unknown:
        return ""
    return (
        f"The recipe in the address has unknown settings, which are ignored: {', '.join(unknown)}. "
        f"Use {', '.join(FIELDS)}."
    )


def _value_text(value: object) -> str:
    if value in (None, ""):
        return OFF
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _parse_value(name: str, text: str) -> object:
    if name in ENUMS:
        return choice(name.replace("_", " "), text.lower(), ENUMS[name])
    if text.lower() == OFF:
        if name in OPTIONAL:
            return OPTIONAL[name]
        raise RecipeError(f"{name.replace('_', ' ')}: it cannot be switched off.")
    if KINDS[name] is str:
        return text.lower()[:MAX_QUOTED]
    kind = int if KINDS[name] is int else float
    try:
        return kind(text[:MAX_QUOTED])
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise RecipeError(
            f"{name.replace('_', ' ')}: {text[:MAX_QUOTED]!r} is not {wanted}."
        ) from None


def _kinds() -> Mapping[str, type]:
    """Each field's type but an enum's; that of one that may be None is what it is otherwise."""
    types = {int: int, int | None: int, float: float, float | None: float, str: str}
    return {f.name: types[f.type] for f in fields(Recipe) if f.type in types}  # type: ignore[index]


KINDS = _kinds()
OPTIONAL = {field.name: field.default for field in fields(Recipe) if field.default in (None, "")}
"""The fields that can be switched off, each with the value that does it."""
