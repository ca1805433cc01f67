"""Tokens are unguessable; names have nothing hidden in them; rules survive any text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.classroom.names import ADJECTIVES, ANIMALS, MAX_NICKNAME, draw_name, nickname
from mnistlab.classroom.rules import Rules, checked, rules_from_json, rules_to_json
from mnistlab.classroom.tokens import N_CHARACTERS, make_token, read_token
from mnistlab.errors import LabError

SECRET = bytes(range(32))


def test_a_token_is_read_by_its_own_secret_alone() -> None:
    token = make_token(SECRET, 7, 12345)
    assert read_token(SECRET, token) == (7, 12345)
    assert read_token(bytes(32), token) is None
    assert make_token(SECRET, 8, 12345)[-20:] != token[-20:] != make_token(SECRET, 7, 12346)[-20:]


def test_no_change_of_a_token_is_valid() -> None:
    token = make_token(SECRET, 7, 12345)
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    for place in range(N_CHARACTERS):
        for letter in letters:
            if letter != token[place]:
                forged = token[:place] + letter + token[place + 1 :]
                # The last character has bits that stand for nothing.
                assert read_token(SECRET, forged) in (None, *[(7, 12345)] * (place == 38)), place


@given(st.text(max_size=60) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=39, max_size=39))
def test_any_text_is_no_token(text: str) -> None:
    assert read_token(SECRET, text) is None


def test_drawn_names_differ_until_all_are_taken() -> None:
    rng, taken = random.Random(0), list[str]()
    for _ in range(300):
        taken.append(draw_name(taken, rng))
    assert len({name.casefold() for name in taken}) == 300
    everything = [f"{one} {other}" for one in ADJECTIVES for other in ANIMALS]
    assert len(everything) > 4000
    late = draw_name(everything, rng)
    assert late not in everything and late.split()[-1].isdecimal()
    assert max(map(len, everything)) <= MAX_NICKNAME


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada \n Lovelace ", "Ada Lovelace"),
        ("a\u202eb\u200bc\x00", "abc"),
        ("\ufeff\u200b", ""),
        ("x" * 99, "x" * MAX_NICKNAME),
        ("Zoë 中", "Zoë 中"),
    ],
)
def test_a_nickname_is_one_line_of_visible_characters(typed: str, kept: str) -> None:
    assert nickname(typed) == kept


def test_rules_are_kept_and_damaged_ones_are_the_defaults() -> None:
    rules = Rules(max_queued=5, is_paused=True)
    assert rules_from_json(rules_to_json(rules)) == rules
    for text in ("", "[]", "{", '{"max_queued": 0}', '{"max_queued": true, "later": 1}', "null"):
        assert rules_from_json(text) == Rules(), text
    with pytest.raises(LabError, match="max_epochs"):
        checked(Rules(max_epochs=0))
