"""The report's panels: each module has ``panel(results) -> Section`` and reads only what the result folder holds."""
