// An upstream that takes its time: the answers of a folder, later.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'

const [folder, port, delay] = process.argv.slice(2)
const read = name => readFileSync(`${folder}/${name}`)
const bodies = { list: read('list.json'), fields: read('fields.json') }
const kept = new Map()
const tickets = number => {
  if (!kept.has(number)) kept.set(number, read(`tickets/${number}.json`))
  return kept.get(number)
}
const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const path = request.url.split('?')[0]
  const one = path.match(/\/tickets\/(\d+)$/)
  const body = one ? tickets(one[1]) : path.endsWith('/ticket_fields') ? bodies.fields : bodies.list
  const late = path.endsWith('/ticket_fields') ? 0 : Number(delay)
  setTimeout(() => {
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8', 'content-length': body.length, 'x-ratelimit-total': '1000000000', 'x-ratelimit-remaining': '999999999',
      link: '<https://acme.example/next>; rel="next"'
    })
    response.end(body)
  }, late)
})
server.listen(Number(port), '127.0.0.1')
