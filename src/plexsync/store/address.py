"""The address of a database as people write it: understood, shown without its password, or refused with a remedy."""

from __future__ import annotations

from urllib.parse import unquote

import sqlalchemy as sa

from plexsync.model.errors import StoreError

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_EXAMPLES = '"sqlite:////data/plexsync.db" or "postgresql://user:password@host/plexsync"'


def parsed(url: str) -> sa.URL:
    """The address with the driver that we use. StoreError, without the password, when there can be no database."""
    try:
        found = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreError(
            f"store_url is no address of a database: write it like {_EXAMPLES}; in the password write %40 for @, "
            "%2F for /, %3A for : and %25 for %"
        ) from None
    driver = _DRIVERS.get(found.drivername)
    if driver is None:
        raise StoreError(f'store_url begins with "{found.drivername}://", which PlexSync cannot use: write {_EXAMPLES}')
    # A socket's folder may stand in the place of the host, spelled so that its slashes do not end it.
    return found.set(drivername=driver, host=found.host and unquote(found.host))


def is_sqlite(address: sa.URL) -> bool:
    """Whether it is a file of this machine."""
    return address.drivername == "sqlite"


def place_of(url: str) -> str:
    """The database as a person would name it: the file, or the address without its password and options."""
    address = parsed(url)
    if is_sqlite(address):
        return str(address.database)
    where = {name: value for name, value in address.query.items() if name in {"host", "port"}}
    return address.set(drivername="postgresql", query=where).render_as_string(hide_password=True).replace("%2F", "/")
