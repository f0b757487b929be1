"""`python -m portal.cli`: the way the supervisor starts its children."""

from portal.cli import main

main()
