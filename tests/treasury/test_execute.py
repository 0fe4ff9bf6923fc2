"""From proposal to verified change, and what stops it on the way."""

from __future__ import annotations

from tests.treasury.house import House, create


async def test_an_approved_budget_change_reaches_the_platform_once_and_is_verified(house: House) -> None:
    house.platform.seed("s1", 10_000)
    change_set = await house.approved(house.budget("s1", 12_000))
    first = await house.execute(change_set)
    second = await house.execute(change_set)
    assert [change.state for change in first.changes] == ["verified"]
    assert first.state == second.state == "done"
    assert house.platform.journal == [("budget", "s1", "12000")]


async def test_a_new_ad_is_made_paused_and_goes_live_last(house: House) -> None:
    change_set = await house.approved(create(5_000), create(6_000, name="Hot taps"))
    report = await house.execute(change_set)
    assert [change.state for change in report.changes] == ["verified", "verified"], report
    first = report.changes[0]
    own = [row for row in house.platform.journal if change_set.changes[1].id not in row[2]]
    assert own[-1] != own[0]
    assert house.platform.journal[0] == ("create", "campaign", "Northbrew run 1")
    assert len(house.platform.effects("create")) == 1 + 2 * 5
    assert ("status", first.ad_set_external_id, "ACTIVE") in house.platform.journal
    assert first.campaign_external_id and first.ad_external_id
    assert house.platform.live_total() == 11_000
