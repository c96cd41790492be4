"""Column types that mean the same on every database."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from plexsync.model.errors import StoreDamagedError
from plexsync.model.fields import Value
from plexsync.store.values import plain, value_of

#: Lone surrogates have no UTF-8 and PostgreSQL refuses NUL: one such title must not stop the intake.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class PlainText(TypeDecorator[str]):
    """Text in which what no database can hold is replaced by U+FFFD, on writing and when comparing."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


class JsonText(TypeDecorator[Any]):
    """Any JSON value as text; None is NULL. Escaped to ASCII, so every Python string comes back as it was."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        try:
            return None if value is None else json.loads(value)
        except (ValueError, TypeError) as error:
            raise _damaged(value) from error


class ValueText(TypeDecorator[Value]):
    """A field's value; comes back equal and of the same type."""

    impl = JsonText
    cache_ok = True

    def process_bind_param(self, value: Value, dialect: Dialect) -> Any:  # noqa: ARG002
        return plain(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Value:  # noqa: ARG002
        try:
            return value_of(value)
        except (KeyError, TypeError) as error:
            raise _damaged(value) from error


def _damaged(value: object) -> StoreDamagedError:
    return StoreDamagedError(f"the database holds {str(value)[:100]!r} where PlexSync wrote something else")
