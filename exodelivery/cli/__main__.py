"""Floor 10: ``python -m exodelivery.cli`` is ``exo``."""

from __future__ import annotations

import sys

from exodelivery.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
