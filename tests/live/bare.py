"""The least that any hook in Python costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from live.house import House


@contextmanager
def bare_plugin(house: House) -> Iterator[None]:
    """An interpreter that does nothing, in place of our plugin."""
    folder = house.plugins / "BareInterpreter"
    folder.mkdir(exist_ok=True)
    manifest = folder / "BareInterpreter.yml"
    manifest.write_text(
        "name: Bare\nexec: [python3, -S, -E, -c, pass]\ninterface: raw\n"
        "hooks:\n  - name: nothing\n    description: nothing\n    triggeredBy: [Scene.Update.Post]\n"
    )
    house.stash.plugin_is_on(False)
    house.stash.ask("mutation { reloadPlugins }")
    try:
        yield
    finally:
        manifest.unlink()
        folder.rmdir()
        house.stash.ask("mutation { reloadPlugins }")
        house.stash.plugin_is_on(True)
