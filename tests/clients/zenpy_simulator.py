"""Drives the unmodified zenpy (PyPI, 2.0.57) through the simulated Zendesk.

Usage: zenpy_simulator.py FILE, where FILE holds the line of JSON that `deskgate simulate zendesk` printed.
The client insists on https and on a subdomain, so it is pointed at the simulator by the two variables it has for that.
"""

import io
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

with open(sys.argv[1], encoding="utf-8") as file:
    SIMULATOR = json.load(file)

os.environ["ZENPY_FORCE_SCHEME"] = "http"
os.environ["ZENPY_FORCE_NETLOC"] = urlsplit(SIMULATOR["url"]).netloc

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Group, GroupMembership, Identity, Organization, OrganizationMembership, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException, TooManyValuesException

from checks import Checks, equal, holds, refused


def connect(token):
    """The client as it is. Without its cache every read is a call."""
    return Zenpy(subdomain="simulated", email=SIMULATOR["email"], token=token, disable_cache=True)


zenpy = connect(SIMULATOR["api_token"])
# The export begins a minute ago; the seeded world is older than that.
LONG_AGO = 1


def new_ticket(**more):
    """Makes a ticket to work on."""
    return zenpy.tickets.create(Ticket(**{"subject": "zenpy: help", "comment": Comment(body="made by zenpy"), **more})).ticket


def new_user(name, **more):
    """Makes a user to work on."""
    return zenpy.users.create(User(name=name, **more))


def all_tickets_are_listed():
    """tickets() walks all 250 listed tickets by cursors, each once, in the order of their numbers."""
    tickets = list(zenpy.tickets())
    ids = [ticket.id for ticket in tickets]
    equal(len(ids), 250, "tickets")
    equal(ids, sorted(set(ids)), "order")
    holds("new" in {ticket.status for ticket in tickets} and None in {ticket.priority for ticket in tickets}, "variety")
    holds(all(ticket.url.endswith(f"/api/v2/tickets/{ticket.id}.json") for ticket in tickets), "url")


def numbered_pages_count():
    """tickets(cursor_pagination=False) counts, and gives the same tickets by number."""
    tickets = zenpy.tickets(cursor_pagination=False)
    equal(len(tickets), 250, "count")
    equal(len({ticket.id for ticket in tickets}), 250, "different tickets")
    part = zenpy.tickets(cursor_pagination=False, sort_by="updated_at", sort_order="desc")[0:5]
    times = [ticket.updated_at for ticket in part]
    equal(times, sorted(times, reverse=True), "order")


def me_is_the_admin():
    """users.me() is the admin whose address was given."""
    equal((zenpy.users.me().email, zenpy.users.me().role), (SIMULATOR["email"], "admin"), "me")


def ticket_is_created_with_an_audit():
    """tickets.create gives ticket and audit; status is new, priority and type are null."""
    made = zenpy.tickets.create(Ticket(subject="zenpy: one", comment=Comment(body="hello"), tags=["b", "a"]))
    ticket = made.ticket
    equal((ticket.status, ticket.priority, ticket.type, ticket.tags), ("new", None, None, ["a", "b"]), "ticket")
    equal(ticket.description, "hello", "description")
    events = made.audit.events
    comment = next(event for event in events if event["type"] == "Comment")
    holds(any(event["type"] == "Create" and event["field_name"] == "subject" for event in events), "no Create event")
    equal([one.id for one in zenpy.tickets.comments(ticket.id)], [comment["id"]], "comment")
    equal(zenpy.tickets(id=ticket.id).subject, "zenpy: one", "subject")


def requester_is_made_once():
    """A requester is made by name and address, and found again by the address."""
    first = new_ticket(requester=User(name="Zenpy Person", email="zenpy.person@example.com"))
    second = new_ticket(requester=User(name="Somebody Else", email="ZENPY.person@example.com"))
    equal(first.requester_id, second.requester_id, "requester_id")
    equal(second.requester.name, "Zenpy Person", "name")
    error = refused(APIException, lambda: new_ticket(requester=User(email="nameless@example.com")))
    equal(error.response.status_code, 422, "status")


def comments_are_added():
    """A comment is added by an update, in the visibility that was asked for."""
    ticket = new_ticket()
    ticket.comment = Comment(body="between us", public=False)
    audit = zenpy.tickets.update(ticket).audit
    equal([event["public"] for event in audit.events if event["type"] == "Comment"], [False], "public")
    comments = list(zenpy.tickets.comments(ticket.id))
    equal([(one.body, one.public) for one in comments], [("made by zenpy", True), ("between us", False)], "comments")
    redacted = zenpy.tickets.comment_redact(ticket.id, comments[1].id, "us")
    holds("us" not in redacted.body and "between" in redacted.body, redacted.body)


def status_rules_hold():
    """Solving needs an agent, an agent opens, and closed is final."""
    ticket = new_ticket()
    ticket.status = "solved"
    error = refused(APIException, lambda: zenpy.tickets.update(ticket))
    holds("Assignee: is required when solving a ticket" in str(error), str(error))
    ticket = zenpy.tickets(id=ticket.id)
    ticket.assignee_id = zenpy.users.me().id
    equal(zenpy.tickets.update(ticket).ticket.status, "open", "status")
    ticket.status = "closed"
    zenpy.tickets.update(ticket)
    ticket.tags = ["late"]
    error = refused(APIException, lambda: zenpy.tickets.update(ticket))
    holds("closed prevents ticket update" in str(error), str(error))


def tags_are_a_resource():
    """add_tags, set_tags and delete_tags work."""
    ticket = new_ticket(tags=["one"])
    zenpy.tickets.add_tags(ticket.id, ["two"])
    equal(zenpy.tickets(id=ticket.id).tags, ["one", "two"], "after add")
    zenpy.tickets.set_tags(ticket.id, ["three", "four"])
    zenpy.tickets.delete_tags(ticket.id, ["four"])
    equal(zenpy.tickets(id=ticket.id).tags, ["three"], "after delete")


def tickets_are_deleted_restored_and_purged():
    """A deleted ticket is gone, listed as deleted, comes back, and can be deleted for good."""
    ticket = new_ticket()
    zenpy.tickets.delete(ticket)
    refused(RecordNotFoundException, lambda: zenpy.tickets(id=ticket.id))
    refused(RecordNotFoundException, lambda: zenpy.tickets.delete(ticket))
    holds(ticket.id in [one.id for one in zenpy.tickets.deleted()], "not among the deleted")
    zenpy.tickets.restore(ticket.id)
    equal(zenpy.tickets(id=ticket.id).id, ticket.id, "id")
    zenpy.tickets.delete(ticket)
    job = zenpy.tickets.permanently_delete(ticket)
    done = zenpy.job_status(id=job.id)
    equal((done.status, done.total), ("completed", None), "job")
    holds(ticket.id not in [one.id for one in zenpy.tickets.deleted()], "still among the deleted")


def many_become_jobs():
    """Many tickets are made and changed by jobs; a job that is done may hold failures."""
    job = zenpy.tickets.create([Ticket(subject=f"zenpy: {number}", description="many") for number in range(3)])
    done = zenpy.job_status(id=job.id)
    equal((job.status, done.status, len(done.results)), ("queued", "completed", 3), "jobs")
    ids = sorted(result.id for result in done.results)
    tickets = list(zenpy.tickets(ids=list(reversed(ids)) + [999999999]))
    equal([ticket.id for ticket in tickets], ids, "show_many")
    for ticket in tickets:
        ticket.priority = "low"
    done = zenpy.job_status(id=zenpy.tickets.update(tickets).id)
    equal({result.success for result in done.results}, {True}, "success")
    equal({ticket.priority for ticket in zenpy.tickets(ids=ids)}, {"low"}, "priority")
    zenpy.tickets.delete(tickets)
    equal(list(zenpy.tickets(ids=ids)), [], "after delete")


def too_many_are_refused():
    """More than a hundred users in one call raise the client's own error."""
    refused(TooManyValuesException, lambda: zenpy.users.create([User(name=str(number)) for number in range(101)]))


def tickets_are_merged():
    """merge closes the source."""
    target, source = new_ticket(), new_ticket()
    done = zenpy.job_status(id=zenpy.tickets.merge(target, source, target_comment="merged").id)
    equal(done.status, "completed", "job")
    equal(zenpy.tickets(id=source.id).status, "closed", "status")


def search_finds():
    """search understands types, comparisons, dates and words; results say what they are."""
    ticket = new_ticket(subject="Flux capacitor is broken", priority="urgent", tags=["zenpy_flux"])
    found = list(zenpy.search(type="ticket", tags="zenpy_flux", priority_greater_than="normal"))
    equal([one.id for one in found], [ticket.id], "by tag and priority")
    found = list(zenpy.search("flux capacitor", type="ticket", minus="tags:other"))
    equal([one.id for one in found], [ticket.id], "by words")
    equal(list(zenpy.search(type="ticket", tags="zenpy_flux", status_greater_than="open")), [], "by status")
    today = datetime.now(timezone.utc)
    times = [today - timedelta(days=1), today + timedelta(days=1)]
    found = list(zenpy.search(type="ticket", tags="zenpy_flux", created_between=times))
    equal([one.id for one in found], [ticket.id], "by time")
    holds(zenpy.search.count(type="ticket") > 250, "count")
    kinds = {type(one).__name__ for one in zenpy.search("acme")}
    holds("Organization" in kinds, f"kinds {kinds}")


def search_export_walks_everything():
    """search_export gives each ticket once, archived ones too."""
    ids = [ticket.id for ticket in zenpy.search_export(type="ticket", cursor_pagination=50)]
    equal(len(ids), len(set(ids)), "different tickets")
    holds(set(ids) > {ticket.id for ticket in zenpy.tickets()}, "archived ones are missing")


def incremental_exports_end():
    """Both incremental exports of tickets end, with deleted and archived ones among them."""
    by_cursor = {ticket.id: ticket.status for ticket in zenpy.tickets.incremental(start_time=LONG_AGO)}
    by_time = {ticket.id for ticket in zenpy.tickets.incremental(start_time=LONG_AGO, paginate_by_time=True)}
    holds(len(by_cursor) > 250 and "deleted" in by_cursor.values(), f"{len(by_cursor)} tickets")
    equal(by_time, set(by_cursor), "tickets by time")
    holds(len(list(zenpy.users.incremental(start_time=LONG_AGO))) > 30, "users")
    holds(len(list(zenpy.organizations.incremental(start_time=LONG_AGO))) >= 3, "organizations")
    error = refused(APIException, lambda: list(zenpy.tickets.incremental(start_time=datetime.now(timezone.utc))))
    holds("StartTimeTooRecent" in str(error), str(error))


def users_are_managed():
    """Users are made, found, changed, deleted with an answer, and deleted for good."""
    user = new_user("Zenpy User", email="zenpy.user@example.com", external_id="zenpy-1", tags=["vip"])
    error = refused(APIException, lambda: new_user("Again", email="zenpy.user@example.com"))
    holds("is already being used by another user" in str(error), str(error))
    equal([one.id for one in zenpy.users.search(query='email:"Zenpy.User@example.com"')], [user.id], "search")
    equal([one.id for one in zenpy.users.search(external_id="zenpy-1")], [user.id], "search by own id")
    equal([one.id for one in zenpy.users(external_ids=["zenpy-1"])], [user.id], "show_many")
    user.notes = "kept"
    equal(zenpy.users.update(user).notes, "kept", "notes")
    same = zenpy.users.create_or_update(User(name="Zenpy User", email="zenpy.user@example.com", details="more"))
    equal((same.id, same.details, same.notes), (user.id, "more", "kept"), "create_or_update")
    zenpy.users.delete(user)
    equal(zenpy.users(id=user.id).active, False, "active")
    holds(user.id in [one.id for one in zenpy.users.deleted()], "not among the deleted")
    zenpy.users.permanently_delete(user)
    refused(RecordNotFoundException, lambda: zenpy.users(id=user.id))


def users_are_listed_by_role():
    """users(role=...) lists agents and customers, page by page."""
    agents = {user.role for user in zenpy.users(role=["agent", "admin"])}
    equal(agents, {"agent", "admin"}, "roles")
    equal({user.role for user in zenpy.users(role="end-user")}, {"end-user"}, "role")


def many_users_become_a_job():
    """users.create of a list is a job, and create_or_update of a list another."""
    done = zenpy.job_status(id=zenpy.users.create([User(name="One"), User(name="Two")]).id)
    equal([result.status for result in done.results], ["Created", "Created"], "results")
    users = [User(name="Again", email="zenpy.person@example.com"), User(name="Three")]
    done = zenpy.job_status(id=zenpy.users.create_or_update(users).id)
    equal([result.status for result in done.results], ["Updated", "Created"], "results")


def identities_are_managed():
    """A second address is added, and becomes the main one only when asked for."""
    user = new_user("Two Addresses", email="first@example.com")
    added = zenpy.users.identities.create(user, Identity(type="email", value="second@example.com"))
    equal(zenpy.users(id=user.id).email, "first@example.com", "email")
    zenpy.users.identities.make_primary(user, added)
    equal(zenpy.users(id=user.id).email, "second@example.com", "email")
    first = next(one for one in zenpy.users.identities(id=user.id) if one.value == "first@example.com")
    zenpy.users.identities.delete(user, first)
    equal([one.value for one in zenpy.users.identities(id=user.id)], ["second@example.com"], "identities")


def users_are_merged():
    """merge moves the tickets of one user to another."""
    kept, gone = new_user("Kept"), new_user("Gone")
    ticket = new_ticket(requester_id=gone.id)
    equal(zenpy.users.merge(gone, kept).id, kept.id, "id")
    equal(zenpy.tickets(id=ticket.id).requester_id, kept.id, "requester_id")


def groups_are_managed():
    """Groups and their members are made and deleted; a member is taken once."""
    group = zenpy.groups.create(Group(name="zenpy group"))
    me = zenpy.users.me()
    membership = zenpy.group_memberships.create(GroupMembership(user_id=me.id, group_id=group.id))
    twice = GroupMembership(user_id=me.id, group_id=group.id)
    error = refused(APIException, lambda: zenpy.group_memberships.create(twice))
    equal(error.response.status_code, 422, "status")
    holds(group.id in [one.id for one in zenpy.users.groups(me)], "not a group of mine")
    zenpy.group_memberships.delete(membership)
    group.name = "zenpy renamed"
    equal(zenpy.groups.update(group).name, "zenpy renamed", "name")
    zenpy.groups.delete(group)
    equal(zenpy.groups(id=group.id).deleted, True, "deleted")
    holds(len(list(zenpy.groups())) >= 2 and len(list(zenpy.group_memberships())) >= 3, "lists")


def organizations_are_managed():
    """Organizations and their members are made, found and deleted; a name is taken once."""
    organization = zenpy.organizations.create(Organization(name="zenpy works", external_id="zenpy-works"))
    error = refused(APIException, lambda: zenpy.organizations.create(Organization(name="zenpy works")))
    holds("has already been taken" in str(error), str(error))
    user = new_user("Member")
    membership = OrganizationMembership(user_id=user.id, organization_id=organization.id)
    zenpy.organization_memberships.create(membership)
    equal([one.id for one in zenpy.organizations.users(organization)], [user.id], "users")
    equal(zenpy.users(id=user.id).organization.name, "zenpy works", "organization")
    # organizations.external() cannot work anywhere: it puts a second question mark into the address.
    equal([one.id for one in zenpy.organizations(external_ids=["zenpy-works"])], [organization.id], "by own id")
    organization.details = "kept"
    equal(zenpy.organizations.update(organization).details, "kept", "details")
    zenpy.organizations.delete(organization)
    refused(RecordNotFoundException, lambda: zenpy.organizations(id=organization.id))
    equal(zenpy.users(id=user.id).organization_id, None, "organization_id")


def files_go_up_and_down():
    """An upload becomes an attachment of a comment, which can be fetched and redacted."""
    content = bytes(range(256))
    upload = zenpy.attachments.upload(io.BytesIO(content), target_name="all bytes.bin")
    more = zenpy.attachments.upload(io.BytesIO(b"text"), target_name="note.txt", token=upload.token)
    equal(more.token, upload.token, "token")
    ticket = new_ticket(comment=Comment(body="with files", uploads=[upload.token]))
    comment = next(iter(zenpy.tickets.comments(ticket.id)))
    equal([(one.file_name, one.size) for one in comment.attachments], [("all bytes.bin", 256), ("note.txt", 4)], "files")
    file_id = comment.attachments[0].id
    equal(zenpy.attachments.download(file_id).getvalue(), content, "content")
    zenpy.attachments.redact(ticket, comment, file_id)
    dropped = zenpy.attachments.upload(io.BytesIO(b"x"), target_name="x.txt")
    zenpy.attachments.delete(dropped.token)
    refused(RecordNotFoundException, lambda: zenpy.attachments.delete(dropped.token))


def quarantine_is_emptied():
    """Suspended mails are listed, recovered and deleted."""
    mails = list(zenpy.suspended_tickets())
    holds(len(mails) >= 3, f"{len(mails)} mails")
    recovered = zenpy.suspended_tickets.recover(mails[0])
    equal(recovered.subject, mails[0].subject, "subject")
    zenpy.suspended_tickets.recover(mails[1:2])
    zenpy.suspended_tickets.delete(mails[2])
    left = {mail.id for mail in zenpy.suspended_tickets()}
    holds(not left & {mail.id for mail in mails[:3]}, "still there")


def history_is_read():
    """Audits tell what changed."""
    ticket = new_ticket()
    ticket.priority = "high"
    zenpy.tickets.update(ticket)
    audits = list(zenpy.tickets.audits(ticket))
    changes = [event for audit in audits for event in audit.events if event["type"] == "Change"]
    holds(any(one["field_name"] == "priority" and one["value"] == "high" for one in changes), f"{changes}")


def imports_keep_times():
    """ticket_import keeps created_at."""
    ticket = Ticket(subject="zenpy: old", created_at="2020-02-03T04:05:06Z", comments=[Comment(body="long ago")])
    equal(zenpy.ticket_import.create(ticket).ticket.created_at, "2020-02-03T04:05:06Z", "created_at")


def the_account_is_described():
    """Fields, forms, statuses, brands, tags, locales and activities answer."""
    holds({"status", "priority", "tagger"} <= {field.type for field in zenpy.ticket_fields()}, "field types")
    holds(len(list(zenpy.ticket_forms())) == 1 and len(list(zenpy.brands())) == 1, "forms, brands")
    labels = {status.agent_label for status in zenpy.custom_statuses()}
    holds("Waiting on engineering" in labels, f"{labels}")
    holds(len(list(zenpy.tags())) > 0, "tags")
    equal(list(zenpy.activities()), [], "activities")


def an_oauth_token_lets_in():
    """A bearer token lets in as far as its scopes go, and no longer than until it is revoked."""
    body = {"grant_type": "client_credentials", "client_id": "deskgate", "client_secret": "simulated-client-secret", "scope": "read"}
    answer = requests.post(SIMULATOR["url"] + "/oauth/tokens", json=body, timeout=30)
    equal(answer.status_code, 201, "status")
    reader = Zenpy(subdomain="simulated", oauth_token=answer.json()["access_token"], disable_cache=True)
    equal(reader.users.me().email, SIMULATOR["email"], "me")
    error = refused(APIException, lambda: reader.tickets.create(Ticket(description="by a reader")))
    holds("missing the following required scopes: write" in str(error), str(error))
    admin = (SIMULATOR["email"] + "/token", SIMULATOR["api_token"])
    for token in requests.get(SIMULATOR["url"] + "/api/v2/oauth/tokens", auth=admin, timeout=30).json()["tokens"]:
        requests.delete(token["url"], auth=admin, timeout=30)
    error = refused(APIException, lambda: reader.users.me())
    holds("invalid_token" in str(error), str(error))


def errors_are_mapped():
    """A bad token, an unknown ticket and an unknown path raise the client's own errors."""
    error = refused(APIException, lambda: list(connect("wrong").tickets()))
    equal((error.response.status_code, "Couldn't authenticate you" in str(error)), (401, True), "401")
    refused(RecordNotFoundException, lambda: zenpy.tickets(id=999999999))
    error = refused(APIException, lambda: zenpy.topics())
    holds("InvalidEndpoint" in str(error), str(error))


checks = Checks("zenpy 2.0.57")
# Those that count what the simulator starts with come first.
checks.run(
    all_tickets_are_listed, numbered_pages_count, me_is_the_admin, ticket_is_created_with_an_audit, requester_is_made_once,
    comments_are_added, status_rules_hold, tags_are_a_resource, tickets_are_deleted_restored_and_purged, many_become_jobs,
    too_many_are_refused, tickets_are_merged, search_finds, search_export_walks_everything, incremental_exports_end,
    users_are_managed, users_are_listed_by_role, many_users_become_a_job, identities_are_managed, users_are_merged,
    groups_are_managed, organizations_are_managed, files_go_up_and_down, quarantine_is_emptied, history_is_read,
    imports_keep_times, the_account_is_described, an_oauth_token_lets_in,
    errors_are_mapped,
)
checks.finish()
