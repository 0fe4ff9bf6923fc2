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
    assert house.platform.journal == [("budget", "s1", "12000", change_set.changes[0].id)]


async def test_a_new_ad_is_made_paused_and_its_ad_set_goes_live_last(house: House) -> None:
    change_set = await house.approved(create(5_000), create(6_000, name="Hot taps"))
    totals: list[int] = []
    house.platform.on_effect = lambda _row, _before, after: totals.append(after)
    report = await house.execute(change_set)
    assert [change.state for change in report.changes] == ["verified", "verified"]
    assert [row[:2] for row in house.platform.journal[:9]] == [
        ("create", "campaign"),
        ("status", report.changes[0].campaign_external_id),
        ("create", "video"),
        ("create", "video"),
        ("create", "creative"),
        ("create", "ad_set"),
        ("create", "ad"),
        ("status", report.changes[0].ad_external_id),
        ("status", report.changes[0].ad_set_external_id),
    ]
    assert totals[:8] == [0] * 8
    assert len(house.platform.effects("create")) == 1 + 2 * 5
    assert house.platform.live_total() == 11_000


async def test_every_step_and_every_commit_passes_a_named_boundary(house: House) -> None:
    house.platform.seed("s1", 10_000)
    await house.execute(await house.approved(house.budget("s1", 12_000)))
    assert house.boundaries == [
        "ledger.proposed",
        "ledger.decided",
        "ledger.leased",
        "ledger.sent",
        "platform.send",
        "platform.received",
        "ledger.applied",
        "ledger.verified",
        "ledger.done",
    ]
