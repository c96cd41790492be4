"""What the errors of both drivers mean: to people with a remedy, and to the transaction that met them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlalchemy as sa

from plexsync.model.errors import StoreDamagedError, StoreError

#: Errors of our own making, whatever the state of the database.
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)
#: The transaction lost against another one and was undone: once more, and it sees what the other did.
_LOST_RACES = frozenset({"40001", "40P01", "23503", "23505"})
_DAMAGED_STATES = frozenset({"XX001", "XX002"})
#: SQLite's primary codes: the file is malformed, or no database at all.
_DAMAGED_CODES = frozenset({11, 26})
#: What its driver says of text that is no text; all that we write is.
_GARBLED = "Could not decode to UTF-8"
#: A statement that SQLite could not run; after any other code it may have undone the whole transaction.
_STATEMENT_CODE = 1

_SQLITE_TEXTS: Mapping[int, str] = {
    5: "is locked by another program ({what}): close what has it open, such as a backup or a database browser",
    6: "is locked by another program ({what}): close what has it open, such as a backup or a database browser",
    8: "may not be written to ({what}): let PlexSync's user write the file and its folder",
    10: "cannot be read or written ({what}): check the disk and how it is mounted",
    13: "has no room left ({what}): make room on its disk, then work goes on by itself",
    14: "cannot be opened ({what}): its folder has to be there, and PlexSync's user has to be let in",
}

_MENDED = "start PlexSync, it sets the file aside and restores what the newest backup holds"
_MEND = (
    "restore a backup of its server, or name another, empty database in store_url: PlexSync restores into it what its "
    "own newest backup holds"
)

#: By SQLSTATE, the longest beginning that fits.
_POSTGRES_TEXTS: Mapping[str, str] = {
    "25006": "only reads ({what}): name the primary server in store_url, not a standby",
    "28": "does not let PlexSync in ({what}): correct user and password in store_url",
    "3D000": "is not there ({what}): create it (`createdb`), or correct its name in store_url",
    "3F000": "does not hold PlexSync's tables ({what}): correct store_url, or restore a backup",
    "42501": "does not let PlexSync's user do its work ({what}): make that user its owner",
    "42703": "holds other tables than PlexSync made ({what}): correct store_url, or restore a backup",
    "42P01": "does not hold PlexSync's tables ({what}): correct store_url, or restore a backup",
    "53100": "has no room left ({what}): make room on the disk of its server, then work goes on by itself",
    "53300": "takes no more connections ({what}): raise max_connections of its server, or close other programs",
    "53": "is short of resources ({what}): give its server more, then work goes on by itself",
    "55P03": "is locked by another program ({what}): look for one that holds a transaction open",
    "57014": "takes too long ({what}): look what else its server is busy with",
    "57": "cannot be reached now ({what}): work goes on by itself when its server is back",
    "58": "cannot be read or written ({what}): check the disk of its server",
}
_UNREACHED = "cannot be reached ({what}): is its server running, and is store_url right?"
_UNREACHED_TEXTS: Mapping[str, str] = {
    "the database system is": _POSTGRES_TEXTS["57"],
    "password": _POSTGRES_TEXTS["28"],
    "role ": _POSTGRES_TEXTS["28"],
    "pg_hba.conf": _POSTGRES_TEXTS["28"],
    "does not exist": _POSTGRES_TEXTS["3D000"],
    "too many": _POSTGRES_TEXTS["53300"],
    "connection slots": _POSTGRES_TEXTS["53300"],
}


def store_error(error: sa.exc.SQLAlchemyError, place: str) -> StoreError | None:
    """The error for those who work with the store; None for a fault of our own, which is to be seen as it is."""
    if isinstance(error, sa.exc.TimeoutError | sa.exc.PendingRollbackError):
        return StoreError(f"The database {place} gives no free connection: {_what(error)}")
    if not isinstance(error, sa.exc.DBAPIError) or (isinstance(error, _OURS) and not _is_foreign(error)):
        return None
    what = _what(error.orig)
    if _state(error) in _DAMAGED_STATES or _code(error) in _DAMAGED_CODES or what.startswith(_GARBLED):
        remedy = _MEND if _state(error) in _DAMAGED_STATES else _MENDED
        return StoreDamagedError(f"The database {place} is damaged ({what}): {remedy}")
    return StoreError(f"The database {place} {_text(error, what).format(what=what)}")


def lost_race(error: sa.exc.SQLAlchemyError) -> bool:
    """Another transaction was first, and this one is undone for sure: it may be repeated."""
    return isinstance(error, sa.exc.DBAPIError) and _state(error) in _LOST_RACES


def cut(error: sa.exc.SQLAlchemyError) -> bool:
    """The connection is lost. Unless it was about to commit, the transaction is undone and may be repeated."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated


def ends_transaction(error: sa.exc.SQLAlchemyError) -> bool:
    """Nothing more can be done in the transaction, not even behind a savepoint."""
    code = _code(error)
    return cut(error) or (code is not None and code != _STATEMENT_CODE and not isinstance(error, _OURS))


def _is_foreign(error: sa.exc.DBAPIError) -> bool:
    """Whether PostgreSQL blames a statement for what somebody did to the database, or there was no statement yet."""
    state = _state(error)
    return error.statement is None or (state is not None and any(state.startswith(known) for known in _POSTGRES_TEXTS))


def _text(error: sa.exc.DBAPIError, what: str) -> str:
    code, state = _code(error), _state(error)
    if code is not None:
        return _SQLITE_TEXTS.get(code, "cannot be used: {what}")
    if state is not None:
        fitting = [known for known in _POSTGRES_TEXTS if state.startswith(known)]
        return _POSTGRES_TEXTS[max(fitting, key=len)] if fitting else "cannot be used: {what}"
    # While a connection is made the driver tells no state, only the server's words, where these are English.
    return next((text for words, text in _UNREACHED_TEXTS.items() if words in what), _UNREACHED)


def _code(error: sa.exc.SQLAlchemyError) -> int | None:
    """SQLite's primary result code."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _state(error: sa.exc.SQLAlchemyError) -> str | None:
    """The SQLSTATE of PostgreSQL."""
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state


def _what(error: BaseException | None) -> str:
    """The driver's words on one line, without where in the statement it was."""
    words = re.split(r"\nLINE \d|\nDETAIL:|\nCONTEXT:", str(error), maxsplit=1)[0]
    return re.sub(r"\s+", " ", words.removeprefix("connection failed: ")).strip()
