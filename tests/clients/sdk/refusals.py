"""Mistakes of a caller, and the exceptions that the SDK makes of them."""

import kloudless
from kloudless.exceptions import APIException, AuthorizationException, NotFoundException

from checks import holds, refused
from sdk.world import ACCOUNT, DEMO, NEW, by_token, check_error, new_ticket


def not_found_is_mapped():
    """What does not exist is NotFoundException."""
    for path in ("helpdesk/tickets/ticket_OTk5OTk5OTk5", "helpdesk/tickets/nonsense", "helpdesk/nonsense",
                 "helpdesk/tickets/ticket_OTk5OTk5OTk5/comments"):
        error = refused(APIException, lambda path=path: by_token.get(path))
        check_error(error, 400 if path.endswith("tickets/nonsense") and error.status == 400 else 404)
    stranger = kloudless.Account(api_key=DEMO["api_key"], account_id="1")
    check_error(refused(NotFoundException, lambda: stranger.get("helpdesk/tickets")), 404, "not_found")


def bad_credentials_are_mapped():
    """A bad token, a bad key and 'me' with a key are refused; the first two as AuthorizationException."""
    for account in (kloudless.Account(token="nonsense"), kloudless.Account(token=ACCOUNT["token"][:-2] + "AA"),
                    kloudless.Account(api_key="nonsense", account_id=ACCOUNT["id"])):
        check_error(refused(AuthorizationException, lambda account=account: account.get("helpdesk/tickets")), 401,
                    "unauthorized", "invalid_token")
    keyed = kloudless.Account(api_key=DEMO["api_key"], account_id="me")
    error = refused(APIException, lambda: keyed.get("helpdesk/tickets"))
    holds(400 <= error.status < 500, f"status {error.status}")


def bad_requests_are_mapped():
    """Bad input is APIException with 400 in the one shape."""
    ticket = new_ticket()
    for params in ({"page_size": 0}, {"page_size": 1001}, {"page_size": "many"}, {"page": "nonsense"}, {"page": "2"}):
        check_error(refused(APIException, lambda params=params: by_token.get("helpdesk/tickets", params=params)), 400)
    for missing in NEW:
        body = {key: value for key, value in NEW.items() if key != missing}
        error = refused(APIException, lambda body=body: by_token.post("helpdesk/tickets", json=body))
        check_error(error, 400)
        holds(missing in error.error_data["message"], f"message {error.error_data['message']!r} without {missing}")
    for body in ({"status": "exploded"}, {"priority": 7}, {"subject": 7}, {"due_at": "tomorrow"}, {"tags": "one"}):
        check_error(refused(APIException, lambda body=body: ticket.patch(json=body)), 400)
    check_error(refused(APIException, lambda: ticket.post("comments", json={"public": False})), 400)
    malformed = {"Content-Type": "application/json"}
    check_error(refused(APIException, lambda: ticket.patch(data="{\"status\":", headers=malformed)), 400)


def forms_are_refused():
    """patch(data={...}), which the SDK sends as a form, is refused as a client's mistake."""
    ticket = new_ticket()
    error = refused(APIException, lambda: ticket.patch(data={"status": "closed"}))
    holds(error.status in (400, 415), f"status {error.status}")
    check_error(error, error.status)


def wrong_verb_is_mapped():
    """A verb that a path does not have is APIException with 405."""
    error = refused(APIException, lambda: new_ticket().put(json={"status": "closed"}))
    check_error(error, 405, "method_not_allowed")


CHECKS = (
    not_found_is_mapped,
    bad_credentials_are_mapped,
    bad_requests_are_mapped,
    forms_are_refused,
    wrong_verb_is_mapped,
)
