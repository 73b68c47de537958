"""Accounts, tokens, and connecting an account."""

import re

import kloudless
from kloudless.exceptions import APIException, NotFoundException, TokenVerificationFailed

from checks import equal, holds, refused
from sdk.world import ACCOUNT, BASE, DEMO, application, by_key, by_token, check_error, check_ticket


def token_account_is_read():
    """Account(token).get() reads the token's account, whose href has the id, and chaining from it works."""
    account = by_token.get()
    equal(str(account.data["id"]), str(ACCOUNT["id"]), "id")
    equal((account.data["api"], account.data["type"]), ("core", "account"), "api and type")
    equal(account.data["service"], ACCOUNT["service"], "service")
    equal(account.data["href"], f"{BASE}/v1/accounts/{ACCOUNT['id']}", "href")
    equal(account.response.headers["Content-Type"], "application/json", "Content-Type")
    holds(ACCOUNT["upstream_api_key"] not in account.text, "the account shows its credential")
    tickets = account.get("helpdesk/tickets", params={"page_size": 1})
    equal(len(tickets.objects), 1, "tickets by chaining from the account")
    repr(account)


def key_account_is_read():
    """Account(api_key, account_id).get() reads the same account as the token does."""
    equal(by_key.get().data, by_token.get().data, "account")


def account_with_trailing_slash():
    """GET accounts/me/ answers as without the slash."""
    got = kloudless.Client(token=ACCOUNT["token"]).get("accounts/me/", params={"retrieve_full": "False"})
    equal(str(got.data["id"]), str(ACCOUNT["id"]), "id")
    equal(got.history, [], "redirects")


def token_with_its_own_id():
    """A token may name its own account by id."""
    account = kloudless.Account(token=ACCOUNT["token"], account_id=ACCOUNT["id"])
    check_ticket(account.get("helpdesk/tickets", params={"page_size": 1}).objects[0].data, ACCOUNT["id"])


def accounts_are_listed():
    """Client(api_key).get('accounts') lists the account, and its objects can be chained and refreshed."""
    accounts = application.get("accounts")
    equal(accounts.type, "object_list", "type")
    own = next(one for one in accounts if str(one.data["id"]) == str(ACCOUNT["id"]))
    equal(own.url, f"{BASE}/v1/accounts/{ACCOUNT['id']}", "url")
    equal(len(own.get("helpdesk/tickets", params={"page_size": 2}).objects), 2, "tickets by chaining")
    own.refresh()
    equal(str(own.data["id"]), str(ACCOUNT["id"]), "id after refresh")


def token_is_verified():
    """verify_token and get_verified_account accept the application's token and refuse another application."""
    told = kloudless.verify_token(DEMO["application_id"], ACCOUNT["token"])
    equal(told["client_id"], DEMO["application_id"], "client_id")
    equal(str(told["account_id"]), str(ACCOUNT["id"]), "account_id")
    kloudless.get_verified_account(DEMO["application_id"], ACCOUNT["token"]).get()
    refused(TokenVerificationFailed, lambda: kloudless.verify_token("another-application", ACCOUNT["token"]))


def bad_token_fails_verification():
    """The token check answers 400 for a bad token, which the SDKs read as 'not valid'."""
    error = refused(APIException, lambda: kloudless.verify_token(DEMO["application_id"], "nonsense"))
    check_error(error, 400)


def account_is_connected_and_removed():
    """An account is connected with its credential tried, renamed, used and removed."""
    body = {"service": "freshdesk", "url": ACCOUNT["upstream_url"], "api_key": ACCOUNT["upstream_api_key"], "name": "SDK"}
    created = application.post("accounts", json=body)
    equal(created.status_code, 201, "status")
    holds(re.fullmatch(r"\d+", str(created.data["id"])), f"id {created.data['id']!r}")
    holds(ACCOUNT["upstream_api_key"] not in created.text, "the answer shows the credential")
    account = kloudless.Account(api_key=DEMO["api_key"], account_id=created.data["id"])
    equal(len(account.get("helpdesk/tickets", params={"page_size": 3}).objects), 3, "tickets of the new account")
    equal(account.patch(json={"name": "SDK, renamed"}).status_code, 200, "PATCH")
    stranger = kloudless.Account(token=ACCOUNT["token"], account_id=created.data["id"])
    check_error(refused(NotFoundException, lambda: stranger.get("helpdesk/tickets")), 404, "not_found")
    equal(created.delete().status_code, 204, "DELETE")
    check_error(refused(NotFoundException, account.get), 404, "not_found")
    check_error(refused(NotFoundException, lambda: account.get("helpdesk/tickets")), 404, "not_found")


def wrong_credential_is_not_stored():
    """A credential that the help desk refuses is not stored; verify=false stores it untried."""
    body = {"service": "freshdesk", "url": ACCOUNT["upstream_url"], "api_key": "wrong-key", "name": "SDK, wrong"}
    before = len(list(application.get("accounts").get_paging_iterator()))
    error = refused(APIException, lambda: application.post("accounts", json=body))
    check_error(error, error.status, "service_unauthorized")
    equal(len(list(application.get("accounts").get_paging_iterator())), before, "accounts")
    created = application.post("accounts", json=body, params={"verify": "false"})
    account = kloudless.Account(api_key=DEMO["api_key"], account_id=created.data["id"])
    error = refused(APIException, lambda: account.get("helpdesk/tickets"))
    check_error(error, error.status, "service_unauthorized")
    equal(account.delete().status_code, 204, "DELETE")


CHECKS = (
    token_account_is_read,
    key_account_is_read,
    account_with_trailing_slash,
    token_with_its_own_id,
    accounts_are_listed,
    token_is_verified,
    bad_token_fails_verification,
    account_is_connected_and_removed,
    wrong_credential_is_not_stored,
)
