// Drives the unmodified node-zendesk (npm, 6.0.1) through the simulated Zendesk.
//
// Usage: node node_zendesk.mjs FILE, where FILE holds the line of JSON that `deskgate simulate zendesk` printed.
//
// Its lists follow links.next until it is null, one page further than the end: the empty page beyond must have none.
// Its uploads cannot tell their token anywhere: the answer calls itself text/plain, and the client then does not read it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zendesk from 'node-zendesk';

const simulator = JSON.parse(readFileSync(process.argv[2], 'utf8'));

// The client as it is.
const connect = token => zendesk.createClient({ username: simulator.email, token, endpointUri: `${simulator.url}/api/v2` });
const desk = connect(simulator.api_token);

const ids = list => list.map(one => one.id);
const newTicket = async more => {
  const { result } = await desk.tickets.create({ ticket: { subject: 'node: help', comment: { body: 'made by node' }, ...more } });
  return result;
};
const newUser = async (name, more) => (await desk.users.create({ user: { name, ...more } })).result;

// Runs an action that has to fail with the client's own error, which carries the status.
const refused = async (status, action) => {
  const error = await action().then(answer => assert.fail(`was not refused, but answered ${JSON.stringify(answer)}`), error => error);
  assert.match(error.message, new RegExp(`Zendesk Error \\(${status}\\)`));
  return error;
};

const checks = {
  'tickets.list walks all 250 listed tickets by cursors': async () => {
    const tickets = await desk.tickets.list();
    assert.equal(tickets.length, 250);
    assert.equal(new Set(ids(tickets)).size, 250);
    assert.ok(tickets.some(ticket => ticket.priority === null) && tickets.some(ticket => ticket.status === 'closed'));
  },
  'users.me is the admin, and nobody with a password': async () => {
    const { result } = await desk.users.me();
    assert.deepEqual([result.email, result.role], [simulator.email, 'admin']);
    const anonymous = zendesk.createClient({ username: simulator.email, password: 'any', endpointUri: `${simulator.url}/api/v2` });
    assert.equal((await anonymous.users.me()).result.id, null);
  },
  'a bad token, an unknown ticket and an unknown path are refused': async () => {
    await refused(401, () => connect('wrong').tickets.list());
    await refused(401, () => connect('wrong').users.me());
    await refused(404, () => desk.tickets.show(999999999));
    await refused(404, () => desk.views.list());
  },
  'tickets are created, read and updated': async () => {
    const ticket = await newTicket({ tags: ['node'] });
    assert.deepEqual([ticket.status, ticket.priority, ticket.description], ['new', null, 'made by node']);
    const { result } = await desk.tickets.update(ticket.id, { ticket: { priority: 'high', comment: { body: 'between us', public: false } } });
    assert.deepEqual([result.priority, result.tags], ['high', ['node']]);
    const comments = await desk.tickets.getComments(ticket.id);
    assert.deepEqual(comments.map(one => [one.body, one.public]), [['made by node', true], ['between us', false]]);
    await refused(422, () => desk.tickets.update(ticket.id, { ticket: { status: 'solved' } }));
    const wrong = await refused(400, () => desk.tickets.update(ticket.id, { ticket: { assignee_id: 'me' } }));
    assert.match(wrong.message, /Invalid attribute: .*assignee_id/);
  },
  'sideloaded people are put into the tickets': async () => {
    const other = connect(simulator.api_token);
    other.tickets.setSideLoad(['users']);
    const ticket = await newTicket({ requester: { name: 'Node Person', email: 'node.person@example.com' } });
    const { result } = await other.tickets.show(ticket.id);
    assert.equal(result.requester.email, 'node.person@example.com');
    assert.equal(result.submitter.id, (await desk.users.me()).result.id);
  },
  'tickets.showMany orders by id and drops unknown ones': async () => {
    const [first, second] = [await newTicket(), await newTicket()];
    const { result } = await desk.tickets.showMany([second.id, 999999999, first.id]);
    assert.deepEqual(ids(result), [first.id, second.id]);
  },
  'tickets of a person and of an organization are listed': async () => {
    const ticket = await newTicket({ requester: { email: 'node.person@example.com' } });
    assert.ok(ids(await desk.tickets.listByUserRequested(ticket.requester_id)).includes(ticket.id));
    const [organization] = await desk.organizations.list();
    const tickets = await desk.tickets.listByOrganization(organization.id);
    assert.ok(tickets.length > 0 && tickets.every(one => one.organization_id === organization.id));
  },
  'many tickets become jobs': async () => {
    const queued = await desk.tickets.createMany({ tickets: [1, 2].map(number => ({ subject: `node ${number}`, comment: { body: 'b' } })) });
    assert.equal(queued.result.job_status.status, 'queued');
    const done = await desk.jobstatuses.watch(queued.result.job_status.id, 50, 5);
    assert.deepEqual([done.status, done.results.length], ['completed', 2]);
    const made = ids(done.results);
    const updated = await desk.tickets.updateMany(made, { ticket: { additional_tags: ['node_many'] } });
    const update = await desk.jobstatuses.watch(updated.result.job_status.id, 50, 5);
    assert.ok(update.results.every(one => one.action === 'update' && one.success === true));
    const deleted = await desk.tickets.deleteMany(made);
    await desk.jobstatuses.watch(deleted.result.job_status.id, 50, 5);
    assert.deepEqual((await desk.tickets.showMany(made)).result, []);
  },
  'a deleted ticket is gone': async () => {
    const { id } = await newTicket();
    assert.equal((await desk.tickets.delete(id)).response.status, 204);
    await refused(404, () => desk.tickets.show(id));
    await refused(404, () => desk.tickets.delete(id));
  },
  'merged tickets are closed': async () => {
    const [target, source] = [await newTicket(), await newTicket()];
    const merged = await desk.tickets.merge(target.id, { ids: [source.id], target_comment: 'merged' });
    await desk.jobstatuses.watch(merged.result.job_status.id, 50, 5);
    assert.equal((await desk.tickets.show(source.id)).result.status, 'closed');
    await refused(422, () => desk.tickets.update(source.id, { ticket: { tags: ['late'] } }));
  },
  'tags are added and set': async () => {
    const { id } = await newTicket({ tags: ['one'] });
    await desk.tickets.addTags(id, { tags: ['two'] });
    assert.deepEqual((await desk.tickets.show(id)).result.tags, ['one', 'two']);
    await desk.tickets.updateTags(id, { tags: ['three'] });
    assert.deepEqual((await desk.tickets.show(id)).result.tags, ['three']);
  },
  'search finds, counts and exports': async () => {
    const ticket = await newTicket({ subject: 'node flux capacitor', tags: ['node_flux'] });
    const { result } = await desk.search.query('type:ticket tags:node_flux "flux capacitor"');
    assert.deepEqual(result.map(one => [one.id, one.result_type]), [[ticket.id, 'ticket']]);
    const all = await desk.search.queryAll('type:ticket status<solved');
    const count = (await desk.search.showResultsCount('type:ticket status<solved')).result.count;
    assert.equal(all.length, count);
    const exported = await desk.search.exportResults('status:closed', 'ticket', 7);
    assert.equal(new Set(ids(exported)).size, exported.length);
    assert.ok(exported.length > 0 && exported.every(one => one.status === 'closed'));
    await refused(400, () => desk.search.query(''));
  },
  'incremental exports answer': async () => {
    const tickets = await desk.tickets.incremental(1);
    assert.ok(tickets.length > 250 && tickets.some(ticket => ticket.status === 'deleted'));
    assert.ok((await desk.users.incremental(1)).length > 30);
    assert.ok((await desk.organizations.incremental(1)).length >= 3);
    const { result } = await desk.ticketexport.exportCursor(1, '');
    assert.ok(result.end_of_stream === true && result.after_cursor);
    await refused(400, () => desk.tickets.incremental(Math.floor(Date.now() / 1000)));
  },
  'users are managed': async () => {
    const user = await newUser('Node User', { email: 'node.user@example.com', external_id: 'node-1' });
    await refused(422, () => newUser('Again', { email: 'NODE.user@example.com' }));
    await refused(422, () => newUser(''));
    assert.deepEqual(ids(await desk.users.search({ query: 'email:"node.user@example.com"' })), [user.id]);
    assert.deepEqual(ids(await desk.users.search({ external_id: 'node-1' })), [user.id]);
    assert.equal((await desk.users.update(user.id, { user: { notes: 'kept' } })).result.notes, 'kept');
    const same = await desk.users.createOrUpdate({ user: { name: 'Node User', email: 'node.user@example.com', details: 'more' } });
    assert.deepEqual([same.response.status, same.result.id], [200, user.id]);
    assert.equal((await desk.users.suspend(user.id)).result.suspended, true);
    const deleted = await desk.users.delete(user.id);
    assert.deepEqual([deleted.response.status, deleted.result.active], [200, false]);
    assert.ok(!ids(await desk.users.list()).includes(user.id));
  },
  'users are listed by role, and tagged': async () => {
    const agents = await desk.users.listWithFilter('role', 'agent');
    assert.ok(agents.length > 0 && agents.every(user => user.role === 'agent'));
    const user = await newUser('Tagged');
    await desk.users.setTags(user.id, { tags: ['one'] });
    await desk.users.addTags(user.id, { tags: ['two'] });
    assert.deepEqual((await desk.users.show(user.id)).result.tags, ['one', 'two']);
  },
  'identities are managed': async () => {
    const user = await newUser('Two Addresses', { email: 'node.first@example.com' });
    const { result } = await desk.useridentities.create(user.id, { type: 'email', value: 'node.second@example.com' });
    assert.equal((await desk.users.show(user.id)).result.email, 'node.first@example.com');
    await desk.useridentities.makePrimary(user.id, result.id);
    assert.equal((await desk.users.show(user.id)).result.email, 'node.second@example.com');
    assert.equal((await desk.useridentities.list(user.id)).length, 2);
  },
  'groups and their members are managed': async () => {
    const group = (await desk.groups.create({ group: { name: 'node group' } })).result;
    const me = (await desk.users.me()).result;
    const member = (await desk.groupmemberships.create({ group_membership: { user_id: me.id, group_id: group.id } })).result;
    await refused(422, () => desk.groupmemberships.create({ group_membership: { user_id: me.id, group_id: group.id } }));
    assert.deepEqual(ids(await desk.groupmemberships.listByGroup(group.id)), [member.id]);
    assert.equal((await desk.groupmemberships.delete(member.id)).response.status, 204);
    assert.equal((await desk.groups.delete(group.id)).response.status, 204);
    assert.equal((await desk.groups.show(group.id)).result.deleted, true);
    assert.ok((await desk.groups.list()).length >= 2);
  },
  'organizations are managed, one and many': async () => {
    const organization = (await desk.organizations.create({ organization: { name: 'Node Works', external_id: '69420' } })).result;
    await refused(422, () => desk.organizations.create({ organization: { name: 'Node Works' } }));
    assert.deepEqual(ids(await desk.organizations.search('69420')), [organization.id]);
    assert.deepEqual(ids(await desk.organizations.autocomplete({ name: 'node w' })), [organization.id]);
    assert.equal((await desk.organizations.update(organization.id, { organization: { notes: 'kept' } })).result.notes, 'kept');
    assert.equal((await desk.organizations.delete(organization.id)).response.status, 204);
    await refused(404, () => desk.organizations.show(organization.id));
    const queued = await desk.organizations.createMany({ organizations: [1, 2, 3].map(number => ({ name: `Node ${number}` })) });
    const done = await desk.jobstatuses.watch(queued.result.job_status.id, 50, 5);
    assert.deepEqual(done.results.map(one => one.status), ['Created', 'Created', 'Created']);
    const removed = await desk.organizations.bulkDelete(ids(done.results));
    const gone = await desk.jobstatuses.watch(removed.result.job_status.id, 50, 5);
    assert.deepEqual(gone.results.map(one => [one.action, one.status]), Array(3).fill(['delete', 'Deleted']));
  },
  'memberships of organizations are managed': async () => {
    const [organization] = await desk.organizations.list();
    const user = await newUser('Node Member');
    const member = (await desk.organizationmemberships.create({ user_id: user.id, organization_id: organization.id })).result;
    assert.equal((await desk.users.show(user.id)).result.organization_id, organization.id);
    assert.ok(ids(await desk.users.listByOrganization(organization.id)).includes(user.id));
    assert.equal((await desk.organizationmemberships.delete(member.id)).response.status, 204);
  },
  'an upload is taken, unread': async () => {
    const folder = mkdtempSync(join(tmpdir(), 'node-zendesk-'));
    try {
      writeFileSync(join(folder, 'note.txt'), 'hello');
      assert.deepEqual(await desk.attachments.upload(join(folder, 'note.txt'), { filename: 'note.txt', binary: false }), {});
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  'mails in quarantine are recovered and deleted': async () => {
    const [first, second] = await desk.suspendedtickets.list();
    assert.equal((await desk.suspendedtickets.recover(first.id)).response.status, 200);
    assert.equal((await desk.suspendedtickets.delete(second.id)).response.status, 204);
    await refused(404, () => desk.suspendedtickets.show(first.id));
  },
  'history is read': async () => {
    const { id } = await newTicket();
    await desk.tickets.update(id, { ticket: { priority: 'low' } });
    const events = (await desk.tickets.exportAudit(id)).flatMap(audit => audit.events);
    assert.ok(events.some(event => event.type === 'Change' && event.field_name === 'priority' && event.value === 'low'));
  },
  'the account is described': async () => {
    assert.ok((await desk.ticketfields.list()).some(field => field.type === 'tagger' && field.custom_field_options.length > 0));
    assert.ok((await desk.ticketforms.list()).length === 1);
    assert.ok((await desk.tags.list()).length > 0);
    assert.ok((await desk.accountsettings.show()).result.tickets);
    assert.equal((await desk.brand.list()).result.length, 1);
    assert.deepEqual((await desk.oauthtokens.list())[0].tokens, []);
    assert.ok((await desk.oauthclients.list()).length > 0);
  },
};

let failed = 0;
for (const [promise, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok   node-zendesk 6.0.1: ${promise}`);
  } catch (error) {
    failed += 1;
    const line = /node_zendesk\.mjs:(\d+)/.exec(error.stack ?? '')?.[1];
    console.log(`FAIL node-zendesk 6.0.1: ${promise} [line ${line}] ${String(error.message).replaceAll(/\s+/g, ' ')}`);
  }
}
process.exit(failed ? 1 : 0);
