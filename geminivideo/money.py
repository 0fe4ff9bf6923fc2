"""Money is an integer number of minor units and a currency. There is no float on the way."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Self

from pydantic import Field, StrictInt, field_validator

from geminivideo.errors import InvalidInput
from geminivideo.model import Noun

# ISO 4217 minor units where they are not 2. Currencies that are not in EXPONENTS are refused.
_ZERO = ("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "XPF", "PYG", "RWF", "DJF", "GNF", "KMF")
_THREE = ("BHD", "KWD", "OMR", "JOD", "TND", "IQD", "LYD")
_TWO = """
AED ARS AUD BGN BRL CAD CHF CNY COP CRC CZK DKK EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR KES MAD
MOP MXN MYR NGN NIO NOK NZD PEN PHP PKR PLN QAR RON RSD SAR SEK SGD THB TRY TWD UAH USD UYU ZAR
""".split()  # noqa: SIM905
EXPONENTS: dict[str, int] = {code: digits for digits, codes in ((0, _ZERO), (2, _TWO), (3, _THREE)) for code in codes}
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "AUD": "A$", "CAD": "C$"}
_LIMIT = 2**53 - 1

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]
Minor = Annotated[StrictInt, Field(ge=-_LIMIT, le=_LIMIT)]


def check_currency(code: str) -> str:
    """The code in upper case; unknown currencies are refused."""
    upper = code.strip().upper()
    if upper not in EXPONENTS:
        raise InvalidInput(
            f"Unknown currency {code[:12]!r}",
            where="currency",
            fix="Use an ISO 4217 code such as USD or EUR.",
        )
    return upper


class Money(Noun):
    """An amount in integer minor units (cents for USD, yen for JPY)."""

    minor: Minor
    currency: Currency

    @field_validator("currency")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in EXPONENTS:
            raise ValueError(f"unknown currency {value!r}")
        return value

    @classmethod
    def parse(cls, amount: str | int | Decimal, *, currency: str) -> Self:
        """From major units (`"12.50"`); more decimals than the currency has are refused."""
        code = check_currency(currency)
        try:
            scaled = Decimal(str(amount).strip()).scaleb(EXPONENTS[code])
        except InvalidOperation:
            raise InvalidInput(f"{str(amount)[:40]!r} is not an amount", fix="Write it as 300 or 299.50.") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value() or abs(scaled) > _LIMIT:
            raise InvalidInput(f"{str(amount)[:40]!r} is not an amount of {code}", fix="Write it as 300 or 299.50.")
        return cls(minor=int(scaled), currency=code)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def __add__(self, other: Money) -> Money:
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def times(self, count: int) -> Money:
        """The amount taken `count` times."""
        return Money(minor=self.minor * count, currency=self.currency)

    def __str__(self) -> str:
        sign = "-" if self.minor < 0 else ""
        text = f"{abs(self.major):,.{EXPONENTS[self.currency]}f}"
        symbol = _SYMBOLS.get(self.currency)
        return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InvalidInput(f"{other.currency} and {self.currency} cannot be added or compared")
        return other.minor


def split_exactly(total: int, *, weights: Sequence[float]) -> list[int]:
    """Split `total` minor units by non-negative weights; the parts sum to `total` (largest remainder)."""
    scale = sum(weights)
    if total < 0 or not weights or not scale > 0 or min(weights) < 0:
        raise InvalidInput("A split needs a non-negative total and non-negative weights that are not all zero")
    exact = [total * weight / scale for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
