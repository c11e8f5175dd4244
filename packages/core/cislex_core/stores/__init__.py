"""Stores of artifacts and files: what each can do (``Store``), and how one is opened (``open_store``)."""

from __future__ import annotations

from cislex_core.stores.opening import open_store
from cislex_core.stores.port import PresignedUpload, Store, Stored

__all__ = ["PresignedUpload", "Store", "Stored", "open_store"]
