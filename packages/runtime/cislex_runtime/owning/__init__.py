"""What the one owner of a ledger does: reconcile, start, end, collect."""
