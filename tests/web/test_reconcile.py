"""Runs of reconciliation over HTTP."""

from __future__ import annotations

import httpx2


def test_a_run_is_asked_for_once_and_told_of(client: httpx2.Client) -> None:
    first = client.post("/api/v1/reconcile", json={"scope": "7d", "report_only": True})
    assert first.status_code == 202
    number = first.json()["run"]
    assert first.json() == {"run": number, "joined": False}
    assert client.post("/api/v1/reconcile", json={"scope": "24h", "report_only": True}).json() == {
        "run": number,
        "joined": True,
    }
    told = client.get(f"/api/v1/reconcile/{number}").json()
    assert (told["scope"], told["cause"], told["report_only"], told["stage"]) == ("7d", "you", True, "waiting")
    assert told["found"] == {"missing": {}, "empty": {}, "stale": {}, "drifted": {}, "unknown": {}}
    listed = client.get("/api/v1/reconcile", params={"limit": 5}).json()
    assert [run["id"] for run in listed] == [number]
    assert "examples" not in listed[0]


def test_what_is_no_scope_and_no_run_is_refused_with_a_remedy(client: httpx2.Client) -> None:
    wrong = client.post("/api/v1/reconcile", json={"scope": "yesterday"})
    assert wrong.status_code == 422
    assert "'24h'" in wrong.json()["error"]
    missing = client.get("/api/v1/reconcile/999")
    assert missing.status_code == 404
    assert "reconcile --history" in missing.json()["error"]
