"""numba's cache of a container image: compiled when the image was built, copied to a writable place when it is needed.

numba wants to write where it reads (it refuses a cache folder that it cannot write), and the file system of a container
is read-only. An image therefore sets

    NUMBA_CACHE_LOCATOR_CLASSES=cislex_runtime.working.numba_seed.SeededCacheLocator
    CISLEX_NUMBA_SEED=/opt/cislex/numba     what was compiled at build
    NUMBA_CACHE_DIR=/tmp/cislex-numba       where it is copied to, one folder per package, at first use

Only numba imports this module.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator


class SeededCacheLocator(UserProvidedCacheLocator):
    """``NUMBA_CACHE_DIR``, each folder of which starts as a copy of the one in ``CISLEX_NUMBA_SEED``."""

    def ensure_cache_path(self) -> None:
        """Make the folder, from the seed where there is one. Raises OSError when it cannot be written."""
        folder = Path(self.get_cache_path())
        seed = os.environ.get("CISLEX_NUMBA_SEED", "")
        if seed and not folder.exists() and (Path(seed) / folder.name).is_dir():
            _copy_whole(Path(seed) / folder.name, folder)
        super().ensure_cache_path()


def _copy_whole(source: Path, target: Path) -> None:
    """Copy a folder so that nobody sees half of it; another process may do the same at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=target.parent, prefix=".seed-"))
    try:
        shutil.copytree(source, staged, dirs_exist_ok=True, copy_function=shutil.copyfile)
        staged.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
