"""Names of two words that the lab draws: nothing to filter, and nothing about a person."""

import random
from collections.abc import Collection

ADJECTIVE_TEXT = """
Amber Agile Azure Bold Brave Breezy Bright Brisk Calm Candid Cheery Clever Cosmic Cozy Crisp
Curious Dapper Daring Eager Early Fabled Fair Fancy Fleet Fond Fresh Gentle Gifted Glad Golden
Grand Happy Hardy Honest Humble Jolly Keen Kind Lively Loyal Lucky Mellow Merry Mighty Modest
Nimble Noble Patient Plucky Polite Proud Quick Quiet Ready Rosy Shiny Silver Snappy Solar Steady
Sunny Swift Tidy Upbeat Valiant Velvet Vivid Warm Wise Witty Zesty
"""
ANIMAL_TEXT = """
Albatross Badger Beaver Bison Bobcat Camel Caribou Cheetah Condor Crane Cricket Dingo Dolphin
Falcon Ferret Finch Firefly Fox Gazelle Gecko Gibbon Hamster Hare Hedgehog Heron Hornet Husky Ibex
Iguana Jackdaw Jaguar Kestrel Kiwi Koala Lark Lemur Leopard Lizard Llama Lynx Magpie Manatee
Marmot Marten Meerkat Moose Narwhal Newt Ocelot Orca Osprey Otter Owl Panda Panther Pelican
Penguin Puffin Puma Quail Rabbit Raven Robin Salmon Seal Shark Sparrow Squid Stork Swan Tapir
Tiger Toucan Turtle Walrus Weasel Wolf Wombat Yak Zebra
"""
ADJECTIVES, ANIMALS = ADJECTIVE_TEXT.split(), ANIMAL_TEXT.split()
MAX_NICKNAME = 24
"""Characters: what fits into a line of the board."""


def draw_name(taken: Collection[str], rng: random.Random) -> str:
    """A name that nobody has; with a number once most are taken."""
    lower = {name.casefold() for name in taken}
    for n in range(200):
        name = f"{rng.choice(ADJECTIVES)} {rng.choice(ANIMALS)}"
        if n >= 100:
            name += f" {rng.randint(2, 9999)}"
        if name.casefold() not in lower:
            return name
    raise ValueError("every name is taken")


def nickname(text: str) -> str:
    """A nickname that a person typed, on one line and with visible characters alone; empty if none
    is left.

    Characters that change the direction of what follows or join others (Unicode's Cf) could make
    one name look like another, or a page like a different one.
    """
    visible = "".join(c for c in text if c.isprintable())
    return " ".join(visible.split())[:MAX_NICKNAME].strip()
