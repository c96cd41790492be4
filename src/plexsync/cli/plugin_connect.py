"""Telling a plugin elsewhere where the daemon is, through Stash itself."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import msgspec

from plexsync.app.sources import PLUGIN_ID
from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.config import Config
from plexsync.stash.client import StashClient
from plexsync.store.identity import FILE_NAME


class _Token(msgspec.Struct):
    events_token: str


def connect(call: Call, url: str | None, screen: Screen) -> None:
    """Store address and events token with the plugin; it tries them and says how that went."""
    config = call.config()
    if config.stash_url is None:
        raise Failed("stash_url is not set: where does Stash answer?")
    address = url or config.url_from_stash
    if address is None:
        raise Failed("How does Stash reach the daemon? Name it with --url, or set url_from_stash")
    answer = asyncio.run(_run(config, {"mode": "connect", "url": address, "token": _events_token(config)}))
    screen.facts(answer)
    screen.say(str(answer.get("text", "The plugin answered without a word; look into Stash's log.")))


def _events_token(config: Config) -> str:
    path = config.data_dir / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Token).events_token
    except FileNotFoundError:
        raise Failed(f"{path} is missing: the daemon makes it at its first start. Run `plexsync run` once") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise Failed(f"{path} cannot be read ({error})") from error


async def _run(config: Config, arguments: dict[str, Any]) -> dict[str, Any]:
    key = config.stash_api_key
    stash = StashClient(
        config.stash_url or "",
        key.get_secret_value() if key is not None else None,
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
        verify=_verify(config),
    )
    try:
        found = await stash.run_operation(PLUGIN_ID, arguments)
    finally:
        await stash.close()
    return found if isinstance(found, dict) else {"text": str(found)}


def _verify(config: Config) -> bool | ssl.SSLContext:
    if not config.tls_verify or config.ca_file is None:
        return config.tls_verify
    return ssl.create_default_context(cafile=str(config.ca_file))
