"""Ids of rows in addresses: what no database could look for is not there."""

from typing import Final

from werkzeug.routing import IntegerConverter, ValidationError

ID_MAX: Final = 2**63 - 1


class RowId(IntegerConverter):
    """`<int:...>` in a route: a whole number that fits a BIGINT, else the address leads nowhere."""

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number > ID_MAX:
            raise ValidationError
        return number
