"""What all four services share: server skeleton, operations, ledger, engines, workers, and the client's channel.

Entry points for service writers: :mod:`cislex_runtime.server` and :mod:`cislex_runtime.platform`; for clients:
:mod:`cislex_runtime.client` (aio) and :mod:`cislex_runtime.connection` (without an event loop).
"""
