"""Drives the unmodified python-freshdesk (PyPI, 1.3.9) through the simulated Freshdesk.

Usage: python_freshdesk.py FILE, where FILE holds the line of JSON that `deskgate simulate freshdesk` printed.
The client insists on a freshdesk.com domain, so its private `_api_prefix` is pointed at the simulator.
"""

import contextlib
import io
import json
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import requests
from freshdesk.api import API
from freshdesk.v2.errors import FreshdeskBadRequest, FreshdeskError, FreshdeskNotFound, FreshdeskUnauthorized

from checks import Checks, equal, holds, refused

with open(sys.argv[1], encoding="utf-8") as file:
    SIMULATOR = json.load(file)


def connect(key):
    """The client as it is, pointed at the simulator."""
    api = API("simulated.freshdesk.com", key)
    api._api_prefix = SIMULATOR["url"] + "/api/v2/"
    return api


api = connect(SIMULATOR["api_key"])
ALL = {"filter_name": None, "updated_since": "1970-01-01"}
NEW = {"description": "<p>made by python-freshdesk</p>", "email": "python.freshdesk@example.com"}


def quietly(action, *arguments, **options):
    """Calls what prints: the client's delete writes its reply to standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        return action(*arguments, **options)


def new_ticket(**more):
    """Makes a ticket to work on."""
    return api.tickets.create_ticket("python-freshdesk: help", **{**NEW, **more})


def all_tickets_are_listed():
    """list_tickets walks all 250 live tickets, each once, by its own paging."""
    tickets = api.tickets.list_tickets(**ALL)
    equal(len(tickets), 250, "tickets")
    equal(len({ticket.id for ticket in tickets}), 250, "different tickets")
    for ticket in tickets:
        repr(ticket)
        holds(ticket.priority in ("low", "medium", "high", "urgent") and ticket.status and ticket.source, "codes")
        equal(ticket.created_at.tzinfo.utcoffset(None).total_seconds(), 0.0, "zone of created_at")


def list_without_updated_since_ends_at_30_days():
    """list_tickets without updated_since shows the last 30 days only."""
    tickets = api.tickets.list_tickets(filter_name=None)
    holds(0 < len(tickets) < 250, f"{len(tickets)} tickets")
    for ticket in tickets:
        holds((datetime.now(timezone.utc) - ticket.created_at).days <= 30, f"ticket {ticket.id} is older")


def one_page_on_demand():
    """list_tickets(page=2, per_page=20) gives that page only, though it names both twice."""
    pages = [api.tickets.list_tickets(**ALL, page=page, per_page=20) for page in (1, 2)]
    equal([len(page) for page in pages], [20, 20], "tickets")
    holds(not {one.id for one in pages[0]} & {one.id for one in pages[1]}, "the pages overlap")


def named_filters_work():
    """The four named filters answer, and what is in the trash or spam says so."""
    api.tickets.list_new_and_my_open_tickets()
    api.tickets.list_watched_tickets()
    api.tickets.list_deleted_tickets()
    # Without updated_since these, too, show only tickets of the last 30 days.
    deleted, spam = (api.tickets.list_tickets(filter_name=name, updated_since="1970-01-01") for name in ("deleted", "spam"))
    holds(deleted and spam, f"{len(deleted)} in the trash, {len(spam)} in spam")
    equal({ticket.deleted for ticket in deleted}, {True}, "deleted")
    equal({(ticket.spam, hasattr(ticket, "deleted")) for ticket in spam}, {(True, False)}, "spam, deleted")


def unknown_parameters_are_refused():
    """What Freshdesk's list does not know is 400 invalid_field, with its name."""
    error = refused(FreshdeskBadRequest, lambda: api.tickets.list_tickets(**ALL, status=2))
    holds("status" in str(error) and "invalid_field" in str(error), str(error))
    refused(FreshdeskBadRequest, lambda: api.tickets.list_tickets(filter_name="all_tickets"))


def requester_filter():
    """list_tickets(email=...) shows one person's tickets; an unknown e-mail is 400."""
    ticket = new_ticket()
    found = api.tickets.list_tickets(**ALL, email=NEW["email"])
    holds(ticket.id in [one.id for one in found], "the ticket is not there")
    equal({one.requester_id for one in found}, {ticket.requester_id}, "requesters")
    error = refused(FreshdeskBadRequest, lambda: api.tickets.list_tickets(**ALL, email="nobody@example.invalid"))
    holds("There is no contact matching the given email" in str(error), str(error))


def ticket_is_read_with_includes():
    """get_ticket takes all four includes."""
    plain = api.tickets.get_ticket(new_ticket().id)
    holds(not hasattr(plain, "requester") and not hasattr(plain, "conversations"), "embeds without include")
    ticket = api.tickets.get_ticket(plain.id, "stats", "conversations", "requester", "company")
    equal(ticket.requester["email"], NEW["email"], "requester")
    equal(ticket.conversations, [], "conversations")
    holds("resolved_at" in ticket.stats and isinstance(ticket.company, dict), "stats, company")


def ticket_is_created_and_updated():
    """create_ticket and update_ticket keep what is sent, and update_ticket is partial."""
    ticket = new_ticket(priority=3, tags=["one", "two"], cc_emails=["copy@example.com"])
    equal((ticket.status, ticket.priority, ticket.tags, ticket.cc_emails), ("open", "high", ["one", "two"], ["copy@example.com"]),
          "status, priority, tags, cc_emails")
    equal(ticket.description_text, "made by python-freshdesk", "description_text")
    updated = api.tickets.update_ticket(ticket.id, status=3, tags=["three"])
    equal((updated.status, updated.priority, updated.tags), ("pending", "high", ["three"]), "status, priority, tags")
    refused(FreshdeskBadRequest, lambda: api.tickets.update_ticket(ticket.id, status="3"))
    refused(FreshdeskBadRequest, lambda: api.tickets.update_ticket(ticket.id, assignee_id=1))


def requester_is_required():
    """create_ticket without a requester is refused as Freshdesk refuses it."""
    error = refused(FreshdeskBadRequest, lambda: api.tickets.create_ticket("nobody", description="asks"))
    holds("Please fill at least 1 of requester_id" in str(error), str(error))


def ticket_with_attachments():
    """create_ticket with attachments goes as multipart; the files can be fetched without credentials."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, "one.txt"), Path(folder, "two ü.bin")]
        paths[0].write_text("the first", encoding="utf-8")
        paths[1].write_bytes(bytes(range(256)))
        ticket = new_ticket(tags=["file", "files"], attachments=[str(path) for path in paths])
    equal([one["name"] for one in ticket.attachments], ["one.txt", "two ü.bin"], "names")
    equal([one["size"] for one in ticket.attachments], [9, 256], "sizes")
    equal(sorted(ticket.tags), ["file", "files"], "tags")
    url = ticket.attachments[1]["attachment_url"]
    equal(requests.get(url, timeout=30).content, bytes(range(256)), "content")
    equal(requests.get(url, auth=("key", "X"), timeout=30).status_code, 400, "status with an Authorization header")


def ticket_is_deleted():
    """delete_ticket moves to the trash: still readable, not listed, and not writable."""
    ticket = new_ticket()
    quietly(api.tickets.delete_ticket, ticket.id)
    equal(api.tickets.get_ticket(ticket.id).deleted, True, "deleted")
    holds(ticket.id not in [one.id for one in api.tickets.list_tickets(**ALL)], "still listed")
    holds(ticket.id in [one.id for one in api.tickets.list_deleted_tickets()], "not in the trash")
    error = refused(FreshdeskError, lambda: api.tickets.update_ticket(ticket.id, status=3))
    holds("405" in str(error), str(error))
    error = refused(FreshdeskError, lambda: quietly(api.tickets.delete_ticket, ticket.id))
    holds("405" in str(error), str(error))


def search_works():
    """filter_tickets finds by the search grammar, in pages of 30, and refuses what cannot be searched."""
    for query in ("priority:4", "status:2 OR status:3", "(priority:1 OR priority:4) AND status:5"):
        found = api.tickets.filter_tickets(query)
        holds(found, f"nothing for {query}")
        equal(len(found), len({one.id for one in found}), f"different tickets for {query}")
    for ticket in api.tickets.filter_tickets("priority:4"):
        equal(ticket.priority, "urgent", "priority")
    new_ticket(tags=["searched-for"])
    equal(len(api.tickets.filter_tickets("tag:'searched-for'")), 1, "tickets by tag")
    refused(FreshdeskBadRequest, lambda: api.tickets.filter_tickets("subject:'help'"))
    refused(FreshdeskBadRequest, lambda: api.tickets.filter_tickets("priority:4", page=11))


def comments_work():
    """create_note and create_reply are listed oldest first, each with its true visibility."""
    ticket = new_ticket()
    private = api.comments.create_note(ticket.id, "private by default")
    public = api.comments.create_note(ticket.id, "public on demand", private=False)
    reply = api.comments.create_reply(ticket.id, "an answer", cc_emails=["copy@example.com"])
    equal((private.private, public.private, hasattr(reply, "private")), (True, False, False), "private")
    holds(not hasattr(reply, "source") and not hasattr(private, "source"), "a 201 of a comment has no source")
    listed = api.comments.list_comments(ticket.id)
    equal([one.id for one in listed], [private.id, public.id, reply.id], "comments")
    equal([(one.private, one.source) for one in listed], [(True, "note"), (False, "note"), (False, "reply")],
          "private and source")
    equal([one.body_text.strip() for one in listed], ["private by default", "public on demand", "an answer"], "body_text")
    equal(len(api.comments.list_comments(ticket.id, page=2, per_page=2)), 1, "comments of page 2")
    refused(FreshdeskBadRequest, lambda: api.comments.create_reply(ticket.id, "x", private=True))


def contacts_work():
    """Contacts are created, read, listed, updated, deleted softly, restored and deleted for good."""
    contact = api.contacts.create_contact(name="Py Thon", email="py.thon@example.com")
    equal((contact.name, contact.active), ("Py Thon", False), "name, active")
    equal(api.contacts.get_contact(contact.id).email, "py.thon@example.com", "email")
    equal([one.id for one in api.contacts.list_contacts(email="py.thon@example.com")], [contact.id], "by email")
    equal(api.contacts.list_contacts(email="nobody@example.invalid"), [], "by an unknown email")
    everyone = api.contacts.list_contacts()
    holds(contact.id in [one.id for one in everyone], "not in the list of all")
    recent = api.contacts.list_contacts(_updated_since="2199-01-01T00:00:00Z")
    equal(recent, [], "updated in the future")
    equal(api.contacts.update_contact(contact.id, job_title="Tester").job_title, "Tester", "job_title")
    error = refused(FreshdeskError, lambda: api.contacts.create_contact(name="Again", email="py.thon@example.com"))
    holds("409" in str(error) and "duplicate_value" in str(error) and str(contact.id) in str(error), str(error))
    quietly(api.contacts.soft_delete_contact, contact.id)
    holds(contact.id not in [one.id for one in api.contacts.list_contacts()], "still listed")
    holds(contact.id in [one.id for one in api.contacts.list_contacts(state="deleted")], "not among the deleted")
    api.contacts.restore_contact(contact.id)
    holds(contact.id in [one.id for one in api.contacts.list_contacts()], "not restored")
    quietly(api.contacts.permanently_delete_contact, contact.id)
    refused(FreshdeskNotFound, lambda: api.contacts.get_contact(contact.id))


def contact_becomes_agent():
    """make_agent turns a contact into an agent."""
    contact = api.contacts.create_contact(name="Future Agent", email="future.agent@example.com")
    agent = api.contacts.make_agent(contact.id)
    equal((agent.contact["email"], agent.ticket_scope), ("future.agent@example.com", 2), "email, ticket_scope")
    refused(FreshdeskNotFound, lambda: api.contacts.get_contact(contact.id))


def companies_work():
    """Companies are created, read, listed, updated and deleted."""
    company = api.companies.create_company(name="Python Works", domains=["python.example"])
    equal(api.companies.get_company(company.id).domains, ["python.example"], "domains")
    holds(company.id in [one.id for one in api.companies.list_companies()], "not listed")
    equal(api.companies.update_company(company.id, note="kept").note, "kept", "note")
    refused(FreshdeskError, lambda: api.companies.create_company(name="Python Works"))
    quietly(api.companies.delete_company, company.id)
    refused(FreshdeskNotFound, lambda: api.companies.get_company(company.id))


def agents_work():
    """Agents are listed and read; agents/me owns the key."""
    me = api.agents.currently_authenticated_agent()
    equal(api.agents.get_agent(me.id).contact["email"], me.contact["email"], "email")
    agents = api.agents.list_agents()
    holds(me.id in [agent.id for agent in agents] and len(agents) > 1, "agents")
    equal([one.id for one in api.agents.list_agents(email=me.contact["email"])], [me.id], "by email")


def groups_and_roles_work():
    """Groups and roles are listed and read."""
    groups = api.groups.list_groups()
    equal(api.groups.get_group(groups[0].id).name, groups[0].name, "group")
    roles = api.roles.list_roles()
    equal(api.roles.get_role(roles[0].id).name, roles[0].name, "role")


def ticket_fields_work():
    """Ticket fields are listed, with all four shapes of choices, and filtered by type."""
    fields = {field.name: field for field in api.ticket_fields.list_ticket_fields()}
    equal(fields["status"].choices["2"][0], "Open", "status choices")
    equal(fields["priority"].choices["Urgent"], 4, "priority choices")
    holds(isinstance(fields["ticket_type"].choices, list), "ticket_type choices")
    nested = next(field for field in fields.values() if field.type == "nested_field")
    holds(isinstance(nested.choices, dict), "nested choices")
    equal({field.type for field in api.ticket_fields.list_ticket_fields(type="custom_text")}, {"custom_text"}, "types")


def time_entries_work():
    """Time entries are listed, for one ticket and for all."""
    ticket = new_ticket()
    agent = api.agents.currently_authenticated_agent().id
    api._post(f"tickets/{ticket.id}/time_entries", data=json.dumps({"time_spent": "01:30", "agent_id": agent, "note": "py"}))
    entries = api.time_entries.list_time_entries(ticket.id)
    equal([(entry.time_spent, entry.note) for entry in entries], [("01:30", "py")], "entries")
    holds(entries[0].id in [entry.id for entry in api.time_entries.list_time_entries()], "not among all entries")


def errors_are_mapped():
    """A bad key, an unknown ticket and an unknown path raise the client's own errors."""
    refused(FreshdeskUnauthorized, lambda: connect("wrong").tickets.list_tickets())
    refused(FreshdeskNotFound, lambda: api.tickets.get_ticket(999999999))
    refused(FreshdeskNotFound, lambda: api._get("nonsense"))


checks = Checks("python-freshdesk 1.3.9")
# The two that count what the simulator starts with come first.
checks.run(
    all_tickets_are_listed, list_without_updated_since_ends_at_30_days, one_page_on_demand, named_filters_work,
    unknown_parameters_are_refused, requester_filter, ticket_is_read_with_includes, ticket_is_created_and_updated,
    requester_is_required, ticket_with_attachments, ticket_is_deleted, search_works, comments_work,
    contacts_work, contact_becomes_agent, companies_work, agents_work, groups_and_roles_work, ticket_fields_work,
    time_entries_work, errors_are_mapped,
)
checks.finish()
