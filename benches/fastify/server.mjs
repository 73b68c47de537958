// A careful service that does the same by hand: it checks the token, asks Freshdesk and answers the same objects. The credential is at
// hand, connections are kept, answers are written by a schema.
import Fastify from 'fastify'
import { createVerifier } from 'fast-jwt'
import { Pool } from 'undici'

const { PORT, UPSTREAM, TOKEN_KEY, API_KEY } = process.env
const pool = new Pool(UPSTREAM, { connections: 1024, pipelining: 1 })
const verify = createVerifier({ key: Buffer.from(TOKEN_KEY, 'hex'), algorithms: ['HS256'], allowedIss: 'deskgate', allowedAud: 'deskgate', cache: true })
const authorization = `Basic ${Buffer.from(`${API_KEY}:X`).toString('base64')}`
const priorities = { 1: 'low', 2: 'normal', 3: 'high', 4: 'urgent' }
const statuses = { 2: 'open', 3: 'pending', 4: 'resolved', 5: 'closed' }
const labels = { 2: 'Open', 3: 'Pending', 4: 'Resolved', 5: 'Closed' }

const text = { type: ['string', 'null'] }
const person = {
  type: ['object', 'null'],
  properties: { user_id: text, email: text, name: text }
}
const ticketSchema = {
  type: 'object',
  properties: {
    api: { type: 'string' }, type: { type: 'string' }, href: { type: 'string' }, id: { type: 'string' }, ticket_type: text,
    subject: text, description: text, priority: text, status: text,
    native_status: { type: 'object', properties: { id: { type: 'string' }, label: text } },
    tags: { type: 'array', items: { type: 'string' } }, public: { type: 'boolean' }, due_at: text,
    custom_properties: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' }, value: {} } } },
    group: text, company: text, requester: person, submitter: text, assignee: text,
    email_ccs: { type: 'array', items: person }, followers: { type: 'array', items: person },
    created_at: text, modified_at: text, deleted: { type: 'boolean' }, spam: { type: 'boolean' }
  }
}
const listSchema = {
  type: 'object',
  properties: {
    api: { type: 'string' }, type: { type: 'string' }, count: { type: 'integer' }, page: { type: 'string' }, next_page: text,
    objects: { type: 'array', items: ticketSchema }
  }
}

const string = value => (value === null || value === undefined ? null : String(value))

function ticket (t, base) {
  const id = `ticket_${Buffer.from(String(t.id)).toString('base64url')}`
  return {
    api: 'helpdesk',
    type: 'ticket',
    href: `${base}/${id}`,
    id,
    ticket_type: t.type,
    subject: t.subject,
    description: t.description ?? null,
    priority: priorities[t.priority] ?? null,
    status: statuses[t.status] ?? null,
    native_status: { id: String(t.status), label: labels[t.status] ?? null },
    tags: t.tags ?? [],
    public: true,
    due_at: t.due_by,
    custom_properties: Object.entries(t.custom_fields ?? {}).map(([id, value]) => ({ id, value })),
    group: string(t.group_id),
    company: string(t.company_id),
    requester: t.requester_id === null ? null : { user_id: string(t.requester_id), email: t.requester?.email ?? null, name: t.requester?.name ?? null },
    submitter: null,
    assignee: string(t.responder_id),
    email_ccs: (t.cc_emails ?? []).map(email => ({ user_id: null, email, name: null })),
    followers: [],
    created_at: t.created_at,
    modified_at: t.updated_at,
    deleted: t.deleted ?? false,
    spam: t.spam ?? false
  }
}

async function ask (method, path, body) {
  const headers = { authorization, accept: 'application/json' }
  if (body) headers['content-type'] = 'application/json'
  const answer = await pool.request({ method, path, headers, body })
  return { status: answer.statusCode, body: await answer.body.json() }
}

const app = Fastify({ logger: { level: 'info' } })
app.addHook('onRequest', async (request, reply) => {
  try {
    request.claims = verify((request.headers.authorization ?? '').slice('Bearer '.length))
  } catch {
    return reply.code(401).send({ error_code: 'unauthorized' })
  }
})
const base = `http://127.0.0.1:${PORT}/v1/accounts/me/helpdesk/tickets`
app.get('/v1/accounts/me/helpdesk/tickets/:id', { schema: { response: { 200: ticketSchema } } }, async request => {
  const id = Buffer.from(request.params.id.slice('ticket_'.length), 'base64url').toString()
  const { body } = await ask('GET', `/api/v2/tickets/${encodeURIComponent(id)}?include=requester`)
  return ticket(body, base)
})
app.get('/v1/accounts/me/helpdesk/tickets', { schema: { response: { 200: listSchema } } }, async () => {
  const { body } = await ask('GET', '/api/v2/tickets?include=description,requester&order_by=updated_at&order_type=asc&per_page=100')
  return { api: 'helpdesk', type: 'object_list', count: body.length, page: '1', next_page: null, objects: body.map(t => ticket(t, base)) }
})
app.post('/v1/accounts/me/helpdesk/tickets', { schema: { response: { 201: ticketSchema } } }, async (request, reply) => {
  const { subject, description, requester } = request.body
  const body = JSON.stringify({ subject, description, email: requester.email, priority: 1, status: 2, source: 2 })
  const made = await ask('POST', '/api/v2/tickets', body)
  return reply.code(201).send(ticket(made.body, base))
})
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
