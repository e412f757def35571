"""What a receipt is, and when it is one."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from receipts.rates import tax_rate

CENT = Decimal("0.01")
Money = Annotated[Decimal, Field(ge=0, decimal_places=2)]


class Line(BaseModel):
    """One thing that was bought, at its price before tax."""

    model_config = ConfigDict(frozen=True)

    item: Annotated[str, Field(min_length=1)]
    price: Money
    quantity: Annotated[int, Field(gt=0)] = 1
    category: str = "food"

    @property
    def net(self) -> Decimal:
        return self.price * self.quantity

    @property
    def tax(self) -> Decimal:
        return (self.net * tax_rate(self.category)).quantize(CENT, ROUND_HALF_UP)


class Receipt(BaseModel):
    """A receipt; if it states a total, the total must be right."""

    model_config = ConfigDict(frozen=True)

    shop: str
    issued: dt.date
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[Line], Field(min_length=1)]
    stated_total: Money | None = None

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """Read a receipt; pydantic's ValidationError says what is wrong with it."""
        return cls.model_validate_json(text)

    @property
    def total(self) -> Decimal:
        """The sum of all lines with tax."""
        return sum((line.net + line.tax for line in self.lines), Decimal(0)).quantize(CENT)

    @model_validator(mode="after")
    def _total_is_right(self) -> Receipt:
        if self.stated_total not in (None, self.total):
            raise ValueError(f"the lines add up to {self.total}, not {self.stated_total}")
        return self
