"""The worker's half: running one attempt, here or elsewhere, alone or as ranks and shards."""
