"""Telling a plugin elsewhere where the daemon is, through Stash itself."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec

from plexsync.app import IDENTITY_FILE, PLUGIN_ID
from plexsync.cli.call import Call, Failed
from plexsync.cli.screen import Screen
from plexsync.config import Config

_OPERATION = "mutation($id: ID!, $args: Map) { runPluginOperation(plugin_id: $id, args: $args) }"
_PATIENCE = 30.0


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
    answer = _run(config, {"mode": "connect", "url": address, "token": _events_token(config)})
    screen.facts(answer)
    screen.say(str(answer.get("text", "The plugin answered without a word; look into Stash's log.")))


def _events_token(config: Config) -> str:
    path = config.data_dir / IDENTITY_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Token).events_token
    except FileNotFoundError:
        raise Failed(f"{path} is missing: the daemon makes it at its first start. Run `plexsync run` once") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise Failed(f"{path} cannot be read ({error})") from error


def _run(config: Config, arguments: dict[str, Any]) -> dict[str, Any]:
    key = config.stash_api_key
    headers = {"ApiKey": key.get_secret_value()} if key is not None else {}
    body = {"query": _OPERATION, "variables": {"id": PLUGIN_ID, "args": arguments}}
    try:
        answer = httpx2.post(
            f"{(config.stash_url or '').rstrip('/')}/graphql",
            json=body,
            headers=headers,
            timeout=_PATIENCE,
            trust_env=False,
            verify=config.tls_verify,
        )
        told = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        raise Failed(f"Stash at {config.stash_url} does not answer ({error})") from error
    if not isinstance(told, dict) or told.get("errors") or not told.get("data"):
        errors = told.get("errors") if isinstance(told, dict) else None
        reason = errors[0].get("message", "") if errors else f"answer {answer.status_code}"
        raise Failed(f"Stash did not run the plugin ({reason}): is it installed and switched on?")
    found = told["data"]["runPluginOperation"]
    return found if isinstance(found, dict) else {"text": str(found)}
