from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.demo.ending import ending

SAMPLE = Path(__file__).with_name("sample_result.json")


@pytest.fixture
def result() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    found.update(report="/demo/report.html", contact_sheet="/demo/contact_sheet.png")
    return found


def shown(result: dict[str, Any]) -> list[str]:
    """The lines as a terminal would print them, without colour and without wrapping."""
    screen = Console(file=io.StringIO(), width=1000, highlight=False)
    for line in ending(result):
        screen.print(line)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def test_made_spent_gained_and_what_waits_come_first_and_in_this_order(result: dict[str, Any]) -> None:
    lines = shown(result)
    assert [line.split()[0] for line in lines[:4]] == ["Made", "Spent", "Gained", "Decide"]
    assert "3 ads and 1 replacement" in lines[0] and "8 files in" in lines[0]
    assert "$4,152.00 of simulated money" in lines[1]
    assert "$1,420 more than an even split" in lines[2] and "between $380 and $2,510" in lines[2] and "72%" in lines[2]
    assert "counted too, the range is -$910 to $3,720." in lines[2]
    assert "set_15" in lines[3]


def test_the_last_lines_are_the_report_and_the_next_command(result: dict[str, Any]) -> None:
    lines = shown(result)
    assert lines[-3].split() == ["Report", "/demo/report.html"]
    assert lines[-1].endswith("geminivideo run examples/briefs/whitening_clinic.yaml")


def test_the_named_example_brief_is_there() -> None:
    assert (Path(__file__).parents[2] / "examples" / "briefs" / "whitening_clinic.yaml").exists()


def test_the_chart_shows_each_ads_budget_from_the_first_day_to_the_last(result: dict[str, Any]) -> None:
    rows = {line.split("$")[0].strip(): line.split() for line in shown(result) if line.startswith("  ") and "$" in line}
    assert rows["The line at the coffee machine"][-3:] == ["$110", "▅▅▅▅▄▄▄▄▃▃····", "$0"]
    assert rows["Fresh keg every Monday"][-3:] == ["$0", "··········▃▃▄▄", "$90"]
    assert any("day 11:" in line and "was paused" in line for line in shown(result))


@pytest.mark.parametrize(
    ("mean", "low", "high", "said"),
    [
        (9_000, -20_000, 41_000, "On average $90 more than an even split, but luck alone could explain it."),
        (-9_000, -41_000, 20_000, "On average $90 less than an even split, but luck alone could explain it."),
        (-30_000, -50_000, -10_000, "$300 less than an even split of the same budget: these days' evidence pointed"),
        (0, -10_000, 10_000, "On average the same as an even split."),
    ],
)
def test_luck_and_loss_are_said_plainly(result: dict[str, Any], mean: int, low: int, high: int, said: str) -> None:
    result["simulation"]["gain_over_even_split"] = {"mean": mean, "low": low, "high": high}
    line = shown(result)[2]
    assert said in line
    if mean <= 0:
        assert "%" not in line


def test_a_share_of_a_possible_gain_that_is_not_there_is_not_given(result: dict[str, Any]) -> None:
    result["simulation"]["share_of_possible"] = None
    assert "best plan" not in shown(result)[2]


def test_nothing_waiting_is_said_too(result: dict[str, Any]) -> None:
    for item in result["approvals"]:
        item["state"] = "done"
    assert shown(result)[3] == "Decide   Nothing waits for you now."


def test_a_declined_campaign_ends_without_a_chart(result: dict[str, Any]) -> None:
    result.update(simulation={}, daily=[], ledger=[], approvals=[], outcome="Declined: nothing was published.")
    lines = shown(result)
    assert "$0.00: nothing was delivered. Declined: nothing was published." in lines[1]
    assert not any("Daily budget per ad" in line for line in lines)


def test_markup_in_texts_is_printed_as_it_is(result: dict[str, Any]) -> None:
    result["variants"][1]["title"] = "[bold]50% off[/bold] [link=x]here"
    assert any("[bold]50% off[/bold] [link=x]here" in line for line in shown(result))
