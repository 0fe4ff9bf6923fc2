"""One decision of one person, as the terminal and the HTTP API both take it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from geminivideo.errors import InvalidInput
from geminivideo.money import Money
from geminivideo.principals import Principal
from geminivideo.spend import ChangeSet, SpendChange, Verdict
from treasury.approvals import budgets_edited
from treasury.service import Treasury
from treasury.views import ApprovalView


@dataclass(frozen=True)
class Answer:
    """A verdict on the digest that was seen. `budgets` and `drop` belong to an edit, by change id."""

    verdict: Verdict
    digest: str
    reason: str = ""
    budgets: Mapping[str, Money] = field(default_factory=dict)
    drop: Collection[str] = ()


async def decide(treasury: Treasury, set_id: str, *, person: Principal, answer: Answer) -> ApprovalView:
    """Record the verdict; the set as it now is, or the new set that an edit makes.

    A run carries out its own sets. One that no run waits for (starting again after a stop) is carried out here.
    """
    account_id = await treasury.find_account(set_id)
    edited = None
    if answer.verdict == "edit":
        edited = _edited(await treasury.change_set(set_id, account_id=account_id), answer)
    view = await treasury.decide(
        set_id,
        account_id=account_id,
        principal=person,
        verdict=answer.verdict,
        digest=answer.digest,
        reason=answer.reason,
        edited=edited,
    )
    if answer.verdict == "approve" and not view.run_id:
        await treasury.execute(set_id, account_id=account_id)
        view = await treasury.show(set_id, account_id=account_id)
    return view


def _edited(change_set: ChangeSet, answer: Answer) -> tuple[SpendChange, ...]:
    currencies = {change.after.daily_budget.currency for change in change_set.changes}
    for change_id, budget in answer.budgets.items():
        if budget.currency not in currencies:
            raise InvalidInput(
                f"The budget is in {budget.currency}", where=change_id, fix=f"Use {', '.join(sorted(currencies))}."
            )
    try:
        return budgets_edited(change_set, budgets=answer.budgets, drop=answer.drop)
    except ValidationError as error:
        what = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise InvalidInput(f"The edit cannot be used: {what}", where=change_set.id, fix="Give other amounts.") from None
