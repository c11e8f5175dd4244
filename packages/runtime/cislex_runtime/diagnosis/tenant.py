"""What a tenant has used of its quota."""

from __future__ import annotations

from math import inf

from cislex_runtime import states
from cislex_runtime.diagnosis.finding import Finding, note, ok, size_text
from cislex_runtime.ledger import Ledger
from cislex_runtime.security.quotas import Quotas, today

NEARLY = 0.9


def check_quota(tenant: str, quotas: Quotas, ledger: Ledger) -> Finding | None:
    """Use and limit of everything that is limited; None when nothing is."""
    quota = quotas.of(tenant)
    used: list[tuple[str, float, float]] = []
    if quota.max_running < inf:
        used.append(("running", ledger.count_operations(tenant, states.ACTIVE), quota.max_running))
    if quota.max_queued < inf:
        used.append(("waiting", ledger.count_operations(tenant, states.PENDING), quota.max_queued))
    if quota.gpu_seconds_per_day < inf:
        used.append(("GPU seconds today", ledger.usage_of(tenant, today())["gpu_s"], quota.gpu_seconds_per_day))
    if quota.max_bytes < inf:
        used.append(("stored", ledger.stored_bytes(tenant), quota.max_bytes))
    if not used:
        return None
    text = f"{tenant}: " + ", ".join(f"{what} {_text(what, n)} of {_text(what, limit)}" for what, n, limit in used)
    # As many running as may run is what a queue is for.
    if nearly := [what for what, n, limit in used if n >= NEARLY * limit and what != "running"]:
        return note(text, f"nearly used up: {', '.join(nearly)}; delete results, wait, or ask for more")
    return ok(text)


def _text(what: str, amount: float) -> str:
    return size_text(amount) if what == "stored" else f"{amount:.0f}"
