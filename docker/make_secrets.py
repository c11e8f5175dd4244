"""Make the passwords of compose.yaml, once: files in docker/secrets/ that only their owner can read.

An existing folder is left alone: the passwords are also in the databases. ``python3 docker/make_secrets.py [folder]``.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def texts() -> dict[str, str]:
    """File name → content."""
    postgres, password = secrets.token_hex(24), secrets.token_hex(24)
    user = f"cislex-{secrets.token_hex(4)}"  # S3 servers take 3 to 20 characters
    return {
        "postgres-password": postgres,
        "s3-user": user,
        "s3-password": password,
        "bucket.env": f"MC_HOST_s3=http://{user}:{password}@s3:9000\n",
        "cislex.env": f"CISLEX_LEDGER_URL=postgresql+psycopg://cislex:{postgres}@postgres:5432/cislex\n"
        f"AWS_ACCESS_KEY_ID={user}\nAWS_SECRET_ACCESS_KEY={password}\nAWS_REGION=us-east-1\n",
    }


def main(folder: Path) -> None:
    """Write the files with mode 0600."""
    if folder.exists():
        raise SystemExit(f"{folder} is there already; its passwords are in use. Remove it to start from nothing")
    folder.mkdir(mode=0o700)
    for name, text in texts().items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    print(f"wrote {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "secrets")
