"""Walks 1,000 tickets with the unmodified Kloudless SDK while a writer changes some of them.

Usage: kloudless_walk.py FILE, where FILE holds the line of JSON that `deskgate demo --json --tickets 1000` printed.
"""

import requests

from checks import Checks, equal, holds
from sdk.world import ACCOUNT, by_token, upstream_id, upstream_tickets


def change(number, subject):
    """Changes a ticket in the help desk itself, past the gateway."""
    answer = requests.put(f"{ACCOUNT['upstream_url']}/api/v2/tickets/{number}", json={"subject": subject},
                          auth=(ACCOUNT["upstream_api_key"], "X"), timeout=30)
    answer.raise_for_status()


def nothing_is_missed():
    """The paging iterator over 1,000 tickets, some changed meanwhile, misses none and shows each change"""
    numbers = upstream_tickets()
    equal(len(numbers), 1000, "tickets of the demo")
    seen, changed = {}, {}
    walk = by_token.get("helpdesk/tickets", params={"page_size": 40}).get_paging_iterator()
    for position, ticket in enumerate(walk):
        seen.setdefault(upstream_id(ticket.data["id"]), []).append(ticket.data["subject"])
        holds(position < 3000, "the walk does not end")
        # Tickets that were shown already and ones that were not, spread over the whole help desk.
        if position % 25 == 0 and position < 900:
            number = numbers[(position * 7) % 1000]
            changed[number] = f"changed at {position}"
            change(number, changed[number])
    equal(sorted(seen), sorted(numbers), "tickets that were seen")
    equal({number: seen[number][-1] for number in changed}, changed, "the last that was seen of a changed ticket")
    twice = [number for number, subjects in seen.items() if len(subjects) > 1 and number not in changed]
    equal(twice, [], "tickets that did not change and were seen twice")


checks = Checks("kloudless 2.0.1, walking")
checks.run(nothing_is_missed)
checks.finish()
