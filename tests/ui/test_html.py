from mnistlab.ui.common import html


def test_user_input_is_escaped() -> None:
    nasty = '<img src=x onerror="alert(1)">'
    pieces = [
        html.status("done", [nasty]),
        html.metrics([(nasty, nasty)]),
        html.answer("1", nasty),
        *(part(nasty) for part in (html.caption, html.mono, html.empty)),
    ]
    for piece in pieces:
        assert "<img" not in piece


def test_the_budget_bar_changes_above_the_budget() -> None:
    assert "2,126" in html.budget_bar(12_874) and "lab-over" not in html.budget_bar(12_874)
    assert "lab-over" not in html.budget_bar(15_000)
    assert ">1 over" in html.budget_bar(15_001) and "lab-over" in html.budget_bar(15_001)


def test_a_table_marks_the_given_lines() -> None:
    table = html.table(("Layer", "Sees"), [("conv1", "3"), ("head2", "28")], marked={"head2"})
    assert table.count("lab-reach") == 1
    assert "head2" in table.split("lab-reach")[1].split("</tr>")[0]


def test_only_the_bar_of_the_highest_probability_is_marked() -> None:
    shares = [0.05] * 9 + [0.55]
    assert html.bars(shares).count("lab-top") == 1
    assert html.bars(None).count("lab-top") == 0


def test_an_empty_cell_in_a_table_s_head_is_no_header() -> None:
    text = html.table(["", "Run 1"], [["seed", "0"], ["total", ""]])
    assert text.count("<th") == 1 and "<th>Run 1</th>" in text
