"""What all four services share: server skeleton, operations, ledger, engines, workers, and the client's channel.

Entry points for service writers: :mod:`cislex_runtime.serving.server` and :mod:`cislex_runtime.serving.platform`; for
clients: :mod:`cislex_runtime.calling.client` (aio) and :mod:`cislex_runtime.calling.connection` (no event loop).
"""
