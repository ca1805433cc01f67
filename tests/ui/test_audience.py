"""A large audience looks less often, and those who have left do not count."""

from mnistlab.ui.common.audience import GONE_SECONDS, Audience, session_id


def test_thirty_people_look_a_third_as_often() -> None:
    now = 0.0
    audience = Audience(lambda: now)
    assert [audience.stretched(1.0, f"{n}") for n in range(10)] == [1.0] * 10
    assert [audience.stretched(1.0, f"{n}") for n in range(30)][-1] == 3.0
    assert audience.stretched(1.0, "0") == 3.0, "nobody counts twice"
    assert [audience.stretched(1.0, f"{n}") for n in range(500)][-1] == 5.0


def test_who_has_left_does_not_count() -> None:
    times = iter([*[0.0] * 30, GONE_SECONDS + 1])
    audience = Audience(lambda: next(times))
    for number in range(30):
        audience.stretched(1.0, f"{number}")
    assert audience.stretched(1.0, "0") == 1.0


def test_outside_a_server_there_is_one_session() -> None:
    assert session_id() == ""
