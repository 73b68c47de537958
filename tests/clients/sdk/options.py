"""Options of the SDK, and the forms of a path."""

from urllib.parse import urlsplit

from kloudless.exceptions import ServerException

from checks import equal, holds, refused
from sdk.world import ACCOUNT, BASE, NEW, by_key, by_token, check_error, new_ticket, upstream_id, upstream_tickets


def raw_data_is_added():
    """get_raw_data=True adds raw.object everywhere, lists and pages too, without a credential."""
    ticket = by_token.post("helpdesk/tickets", json=NEW, get_raw_data=True)
    listed = by_token.get("helpdesk/tickets", params={"page_size": 30}, get_raw_data=True)
    note = ticket.post("comments", json={"content": "x", "public": False}, get_raw_data=True)
    patched = ticket.patch(json={"priority": "high"}, get_raw_data=True)
    answers = [ticket, ticket.get(get_raw_data=True), patched, listed, listed.get_next_page(), note,
               note.patch(json={"content": "y"}, get_raw_data=True), ticket.get("comments", get_raw_data=True)]
    for answer in answers:
        for resource in getattr(answer, "objects", [answer]):
            equal(set(resource.data["raw"]), {"object"}, "raw")
            equal(str(resource.data["raw"]["object"]["id"]), upstream_id(resource.data["id"]), "raw.object.id")
        holds(ACCOUNT["upstream_api_key"] not in answer.text, "an answer shows the credential")


def raw_data_only_on_demand():
    """get_raw_data=False, or nothing, adds no raw."""
    for options in ({}, {"get_raw_data": False}):
        listed = by_token.get("helpdesk/tickets", params={"page_size": 2}, **options)
        holds(all("raw" not in ticket.data for ticket in listed), "raw is there")


def as_user_is_refused():
    """impersonate_user_id is refused with 501 before anything happens."""
    before = upstream_tickets()
    for action in (lambda: by_token.get("helpdesk/tickets", impersonate_user_id=42),
                   lambda: by_key.get("helpdesk/tickets/ticket_MQ", impersonate_user_id=42),
                   lambda: by_token.post("helpdesk/tickets", json=NEW, impersonate_user_id="42")):
        check_error(refused(ServerException, action), 501, "not_implemented")
    equal(upstream_tickets(), before, "tickets")


def raw_headers_are_refused():
    """raw_headers are refused with 501 before anything happens."""
    before = upstream_tickets()
    for action in (lambda: by_token.get("helpdesk/tickets", raw_headers={"X-Up": "1"}),
                   lambda: by_token.post("helpdesk/tickets", json=NEW, raw_headers={"X-Up": "1"})):
        check_error(refused(ServerException, action), 501, "not_implemented")
    equal(upstream_tickets(), before, "tickets")


def trailing_slashes_work():
    """Every path works with a trailing slash, without a redirect."""
    listed = by_token.get("helpdesk/tickets/", params={"page_size": 2})
    equal([listed.history, len(listed.objects)], [[], 2], "list")
    ticket = by_token.post("helpdesk/tickets/", json=NEW)
    equal([ticket.status_code, ticket.history], [201, []], "create")
    path = f"helpdesk/tickets/{ticket.data['id']}/"
    equal(by_token.get(path).data["id"], ticket.data["id"], "get")
    equal(by_token.patch(path, json={"priority": "high"}).data["priority"], "high", "patch")
    note = by_token.post(path + "comments/", json={"content": "x", "public": False})
    equal([note.status_code, note.history], [201, []], "comment")
    equal(by_token.get(path + f"comments/{note.data['id']}/").data["id"], note.data["id"], "get a comment")
    equal(by_token.delete(path + f"comments/{note.data['id']}/").status_code, 204, "delete a comment")
    equal(by_token.delete(path).status_code, 204, "delete")


def alias_works():
    """The paths without helpdesk/ are the same resources."""
    ticket = new_ticket()
    equal(by_token.get("tickets/" + ticket.data["id"]).data, ticket.get().data, "ticket")
    equal(by_token.get(f"tickets/{ticket.data['id']}/comments/").objects, [], "comments")
    equal(len(by_token.get("tickets", params={"page_size": 2}).objects), 2, "list")
    equal(by_token.delete("tickets/" + ticket.data["id"]).status_code, 204, "delete")


def unknown_query_is_ignored():
    """Query parameters that the API does not know are ignored."""
    ticket = by_token.get("helpdesk/tickets", params={"active": "True", "page_size": 1}).objects[0]
    equal(by_token.get("helpdesk/tickets/" + ticket.data["id"], params={"page_size": "2"}).status_code, 200, "status")


def hrefs_stay_on_the_gateway():
    """Every href is on the configured public origin, so the SDK never sends a token elsewhere."""
    for resource in (by_token.get(), *by_token.get("helpdesk/tickets", params={"page_size": 5})):
        equal("{0.scheme}://{0.netloc}".format(urlsplit(resource.data["href"])), BASE, "origin")


CHECKS = (
    raw_data_is_added,
    raw_data_only_on_demand,
    as_user_is_refused,
    raw_headers_are_refused,
    trailing_slashes_work,
    alias_works,
    unknown_query_is_ignored,
    hrefs_stay_on_the_gateway,
)
