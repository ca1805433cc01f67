from mnistlab.ui import parts


def test_what_a_person_typed_is_escaped() -> None:
    nasty = '<img src=x onerror="alert(1)">'
    pieces = [
        parts.status("done", [nasty]),
        parts.facts([(nasty, nasty)]),
        parts.answer("1", nasty),
        *(part(nasty) for part in (parts.note, parts.mono, parts.empty)),
    ]
    for html in pieces:
        assert "<img" not in html


def test_the_gauge_turns_when_the_budget_is_passed() -> None:
    assert "2,126 left" in parts.gauge(12_874) and "lab-over" not in parts.gauge(12_874)
    assert "lab-over" not in parts.gauge(15_000)
    assert "1 over" in parts.gauge(15_001) and "lab-over" in parts.gauge(15_001)


def test_a_table_marks_the_lines_that_it_is_told_to() -> None:
    table = parts.table(("Layer", "Sees"), [("conv1", "3"), ("head2", "28")], marked={"head2"})
    assert table.count("lab-reach") == 1
    assert "head2" in table.split("lab-reach")[1].split("</tr>")[0]


def test_only_the_likeliest_bar_is_marked() -> None:
    shares = [0.05] * 9 + [0.55]
    assert parts.bars(shares).count("lab-top") == 1
    assert parts.bars(None).count("lab-top") == 0
