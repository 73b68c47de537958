"""Drives the unmodified Kloudless SDK (PyPI kloudless 2.0.1) through a running gateway.

Usage: kloudless_sdk.py FILE, where FILE holds the line of JSON that `deskgate demo --json` printed.
What the simulated help desk behind the gateway holds is read directly, to compare.
"""

from checks import Checks
from sdk import accounts, comments, options, reading, refusals, writing

checks = Checks("kloudless 2.0.1")
# Reading comes before writing: it counts the tickets that the demo starts with.
for part in (accounts, reading, writing, comments, options, refusals):
    checks.run(*part.CHECKS)
checks.finish()
