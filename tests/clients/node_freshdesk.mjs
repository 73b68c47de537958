// Drives the unmodified node-freshdesk-api (npm, 0.1.8) through the simulated Freshdesk.
//
// Usage: node node_freshdesk.mjs FILE, where FILE holds the line of JSON that `deskgate simulate freshdesk` printed.
//
// Two of its methods cannot work anywhere: listAllConversations and listAllTimeEntries hand their callback over in the
// place of the body, so it is never called and the reply ends in an exception. Everything else is driven here, except
// listAllContactFields: contact fields are outside of what the simulator serves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import Freshdesk from 'node-freshdesk-api';

const simulator = JSON.parse(readFileSync(process.argv[2], 'utf8'));

// The client as it is, with each method as a promise.
const connect = key => {
  const client = new Freshdesk(simulator.url, key);
  return new Proxy(client, { get: (_, name) => promisify(client[name].bind(client)) });
};
const desk = connect(simulator.api_key);

const fresh = { subject: 'node: help', description: '<p>made by node</p>', email: 'node.freshdesk@example.com', status: 2, priority: 1 };
const newTicket = more => desk.createTicket({ ...fresh, ...more });

// Runs an action that has to fail with the client's own error, and hands back the reply's body (null for a blank one).
const refused = async action => {
  const error = await action().then(answer => assert.fail(`was not refused, but answered ${JSON.stringify(answer)}`), error => error);
  assert.ok(error instanceof Freshdesk.FreshdeskError, `not a FreshdeskError: ${error}`);
  return error.data;
};

// What another client would see of a ticket's conversations: the client itself cannot list them.
const conversations = async id => {
  const answer = await fetch(`${simulator.url}/api/v2/tickets/${id}/conversations`, {
    headers: { Authorization: `Basic ${Buffer.from(`${simulator.api_key}:X`).toString('base64')}` },
  });
  return answer.json();
};

const checks = {
  'listAllTickets walks all 250 live tickets in pages of 100': async () => {
    const seen = new Set();
    for (let page = 1; ; page += 1) {
      const tickets = await desk.listAllTickets({ updated_since: '1970-01-01', per_page: 100, page });
      tickets.forEach(ticket => seen.add(ticket.id));
      if (tickets.length < 100) break;
    }
    assert.equal(seen.size, 250);
  },
  'listAllTickets takes filters, orders and includes': async () => {
    assert.ok((await desk.listAllTickets({ filter: 'deleted' })).every(ticket => ticket.deleted === true));
    assert.ok((await desk.listAllTickets({ filter: 'spam' })).every(ticket => ticket.spam === true));
    const tickets = await desk.listAllTickets({ updated_since: '1970-01-01', order_by: 'updated_at', order_type: 'asc', include: 'requester,stats,description' });
    assert.equal(tickets.length, 30);
    assert.deepEqual(tickets.map(ticket => ticket.updated_at), tickets.map(ticket => ticket.updated_at).sort());
    assert.ok(tickets.every(ticket => ticket.requester.id === ticket.requester_id && ticket.stats && 'description' in ticket));
  },
  'listAllTickets without parameters shows 30 tickets of the last 30 days, without descriptions': async () => {
    const tickets = await desk.listAllTickets(null);
    assert.ok(tickets.length > 0 && tickets.length <= 30);
    assert.ok(tickets.every(ticket => !('description' in ticket) && !('attachments' in ticket)));
    assert.ok(tickets.every(ticket => Date.now() - Date.parse(ticket.created_at) < 31 * 86_400_000));
  },
  'an unknown query parameter is refused by name': async () => {
    const data = await refused(() => desk.listAllTickets({ status: 2 }));
    assert.deepEqual([data.description, data.errors[0].field, data.errors[0].code], ['Validation failed', 'status', 'invalid_field']);
  },
  'tickets are created, read and updated': async () => {
    const ticket = await newTicket({ tags: ['node'] });
    assert.deepEqual((await desk.getTicket(ticket.id)).tags, ['node']);
    const updated = await desk.updateTicket(ticket.id, { priority: 4, status: 4 });
    assert.deepEqual([updated.priority, updated.status, updated.tags], [4, 4, ['node']]);
    assert.equal((await refused(() => desk.updateTicket(ticket.id, { status: '3' }))).errors[0].code, 'datatype_mismatch');
    assert.equal((await refused(() => desk.createTicket({ subject: 'x', description: 'y' }))).errors[0].field, 'requester_id');
  },
  'deleteTicket moves to the trash, restoreTicket brings back': async () => {
    const { id } = await newTicket();
    assert.equal(await desk.deleteTicket(id), null);
    assert.equal((await desk.getTicket(id)).deleted, true);
    assert.match((await refused(() => desk.updateTicket(id, { status: 3 }))).message, /^PUT method is not allowed/);
    assert.equal(await desk.restoreTicket(id), null);
    assert.ok(!('deleted' in (await desk.getTicket(id))));
    assert.equal((await desk.updateTicket(id, { status: 3 })).status, 3);
  },
  'replies and notes are created, notes edited, both deleted': async () => {
    const { id } = await newTicket();
    const reply = await desk.createReply(id, { body: 'an answer' });
    const note = await desk.createNote(id, { body: 'between us' });
    assert.deepEqual([note.private, 'private' in reply], [true, false]);
    const edited = await desk.updateConversation(note.id, { body: 'still between us' });
    assert.match(edited.body_text, /still between us/);
    await refused(() => desk.updateConversation(reply.id, { body: 'unsent' }));
    assert.deepEqual((await conversations(id)).map(one => [one.id, one.private]), [[reply.id, false], [note.id, true]]);
    assert.equal(await desk.deleteConversation(reply.id), null);
    assert.equal(await desk.deleteConversation(note.id), null);
    assert.deepEqual(await conversations(id), []);
  },
  'ticket fields are listed': async () => {
    const fields = await desk.listAllTicketFields();
    assert.equal(fields.find(field => field.name === 'status').choices['5'][0], 'Closed');
  },
  'contacts are created, read, listed, updated and deleted': async () => {
    const contact = await desk.createContact({ name: 'Node Person', email: 'node.person@example.com' });
    assert.equal((await desk.getContact(contact.id)).name, 'Node Person');
    assert.deepEqual((await desk.listAllContacts({ email: 'node.person@example.com' })).map(one => one.id), [contact.id]);
    assert.ok((await desk.listAllContacts(null)).length <= 30);
    assert.equal((await desk.updateContact(contact.id, { job_title: 'Tester' })).job_title, 'Tester');
    const duplicate = await refused(() => desk.createContact({ name: 'Again', email: 'node.person@example.com' }));
    assert.deepEqual([duplicate.errors[0].code, duplicate.errors[0].additional_info.user_id], ['duplicate_value', contact.id]);
    assert.equal(await desk.deleteContact(contact.id), null);
    assert.deepEqual((await desk.listAllContacts({ email: 'node.person@example.com' })), []);
  },
  'makeAgent turns a contact into an agent': async () => {
    const contact = await desk.createContact({ name: 'Node Agent', email: 'node.agent@example.com' });
    assert.ok((await desk.makeAgent(contact.id)).agent.id);
    assert.equal(await refused(() => desk.getContact(contact.id)), null);
  },
  'companies are created, read, listed, updated and deleted': async () => {
    const company = await desk.createCompany({ name: 'Node Works', domains: ['node.example'] });
    assert.deepEqual((await desk.getCompany(company.id)).domains, ['node.example']);
    assert.ok((await desk.listAllCompanies()).length > 0);
    assert.equal((await desk.updateCompany(company.id, { note: 'kept' })).note, 'kept');
    assert.equal((await refused(() => desk.createCompany({ name: 'Node Works' }))).errors[0].code, 'duplicate_value');
    assert.equal(await desk.deleteCompany(company.id), null);
    assert.equal(await refused(() => desk.getCompany(company.id)), null);
  },
  'a bad key and an unknown ticket are refused': async () => {
    assert.equal((await refused(() => connect('wrong').listAllTickets(null))).code, 'invalid_credentials');
    assert.equal(await refused(() => desk.getTicket(999999999)), null);
  },
};

let failed = 0;
for (const [promise, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok   node-freshdesk-api 0.1.8: ${promise}`);
  } catch (error) {
    failed += 1;
    const line = /node_freshdesk\.mjs:(\d+)/.exec(error.stack ?? '')?.[1];
    const told = error.data ? ` ${JSON.stringify(error.data)}` : '';
    console.log(`FAIL node-freshdesk-api 0.1.8: ${promise} [line ${line}] ${String(error.message).replaceAll(/\s+/g, ' ')}${told}`);
  }
}
process.exit(failed ? 1 : 0);
