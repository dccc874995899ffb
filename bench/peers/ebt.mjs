#!/usr/bin/env node
/* Epidemic broadcast trees, as Secure Scuttlebutt replicates feeds: a vector of {feed: sequence},
 * then messages, all as JSON (what muxrpc puts around each is not counted).
 *
 * Feeds bear names as long as SSB's. Messages have SSB's fields, a real chain and real signatures;
 * the body is its private form, base64 of 200 bytes. Old records are never read by the protocol, so
 * only the number and the name of each feed's last one are made. */
import { createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import createEBT from 'epidemic-broadcast-trees'
import { BODY, Wire, growth, must, perLog, report, shapes } from './work.mjs'

const LIBRARY = 'ebt'

const sha256 = text => createHash('sha256').update(text).digest('base64')

function makeFeed () {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  return { id: `@${raw.toString('base64')}.ed25519`, publicKey, privateKey, head: `%${sha256(raw)}.sha256` }
}

function compose (feed, previous, sequence) {
  const msg = {
    previous,
    sequence,
    author: feed.id,
    timestamp: 1700000000000 + sequence,
    hash: 'sha256',
    content: `${randomBytes(BODY).toString('base64')}.box`
  }
  msg.signature = `${sign(null, Buffer.from(JSON.stringify(msg, null, 2)), feed.privateKey).toString('base64')}.sig.ed25519`
  return msg
}

const nameOf = msg => `%${sha256(JSON.stringify(msg, null, 2))}.sha256`

function isGood (msg, feed, head) {
  const { signature, ...signed } = msg
  return msg.previous === head.name && msg.sequence === head.sequence + 1 &&
    verify(null, Buffer.from(JSON.stringify(signed, null, 2)), feed.publicKey,
      Buffer.from(signature.replace('.sig.ed25519', ''), 'base64'))
}

function makeNode (id, clocks, feeds, records) {
  const known = new Map(feeds.map(feed => [feed.id, feed]))
  const node = {
    heads: new Map(feeds.map(feed => [feed.id, { name: feed.head, sequence: records }])),
    messages: new Map(),
    reading: 0,
    keep (msg) {
      node.messages.set(`${msg.author}:${msg.sequence}`, msg)
      node.heads.set(msg.author, { name: nameOf(msg), sequence: msg.sequence })
    }
  }
  node.ebt = createEBT({
    id,
    getClock: (peer, cb) => cb(null, { ...clocks[peer] }),
    setClock: (peer, clock) => { clocks[peer] = clock },
    getAt: ({ id: feed, sequence }, cb) => {
      node.reading++
      setImmediate(() => {
        node.reading--
        const msg = node.messages.get(`${feed}:${sequence}`)
        cb(msg === undefined ? new Error('not here') : null, msg)
      })
    },
    append: (msg, cb) => {
      if (!isGood(msg, known.get(msg.author), node.heads.get(msg.author))) return cb(new Error('not the next of its feed'))
      node.keep(msg)
      node.ebt.onAppend(msg)
      cb(null, msg)
    }
  })
  return node
}

/* What the nodes knew before they met. */
function begin (nodes) {
  for (const node of nodes) {
    node.ebt.state.clock = Object.fromEntries([...node.heads].map(([feed, head]) => [feed, head.sequence]))
    for (const feed of node.heads.keys()) node.ebt.request(feed, true)
  }
}

function grow (nodes, feeds, work) {
  for (const { log, side, count } of growth(work)) {
    for (let n = 0; n < count; n++) {
      const head = nodes[side].heads.get(feeds[log].id)
      nodes[side].keep(compose(feeds[log], head.name, head.sequence + 1))
    }
  }
}

async function meet (nodes, names, wire) {
  const streams = nodes.map((node, side) => node.ebt.createStream(names[1 - side], 3, side === 1))
  const queue = []
  streams.forEach((stream, side) => {
    stream.sink = {
      paused: false,
      write: what => {
        const json = JSON.stringify(what)
        const size = Buffer.byteLength(json)
        wire.count(size, what.author === undefined ? 0 : size)
        queue.push([1 - side, json])
      },
      end () {}
    }
  })
  streams.forEach(stream => stream.resume())
  for (let idle = 0; idle < 3; idle++) {
    while (queue.length > 0) {
      const [to, json] = queue.shift()
      streams[to].write(JSON.parse(json))
      idle = 0
    }
    if (nodes.some(node => node.reading > 0)) idle = 0
    await turn()
  }
  wire.end()
  streams.forEach(stream => stream.end())
}

async function run (feeds, work, meeting) {
  const names = ['a', 'b']
  const clocks = names.map(() => ({}))
  const make = () => names.map((name, side) => makeNode(name, clocks[side], feeds, work.shape.records))
  if (meeting === 'again') {
    const before = make()
    begin(before)
    await meet(before, names, new Wire())
  }
  const nodes = make()
  grow(nodes, feeds, work)
  begin(nodes)
  const wire = new Wire()
  await meet(nodes, names, wire)
  must(feeds.every(({ id }) => nodes[0].heads.get(id).name === nodes[1].heads.get(id).name), 'ebt: equal heads')
  report(LIBRARY, work, meeting, wire)
}

for (const shape of shapes) {
  const feeds = perLog(shape, makeFeed)
  for (const work of shape.works) {
    for (const meeting of ['first', 'again']) await run(feeds, work, meeting)
  }
}
process.exit(0) /* its timers do not end by themselves */
