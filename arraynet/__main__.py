"""``python -m arraynet``: see `arraynet.cli`."""

import sys

from arraynet.cli import main

if __name__ == "__main__":
    sys.exit(main())
