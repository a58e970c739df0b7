"""`python -m polaris_core`: the same as `polaris`."""

from polaris_core.cli import main

raise SystemExit(main())
