#!/usr/bin/env node
/* Yjs with the messages of y-protocols/sync: each side sends its state vector (step 1) and answers
 * the other's with all it lacks (step 2). Each log is a client with a random 32-bit number, as the
 * library draws them, that appends to an array of its own. Nothing is signed or chained. */
import { randomBytes, randomInt } from 'node:crypto'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { BODY, Wire, growth, must, perLog, report, shapes } from './work.mjs'

const LIBRARY = 'yjs'
const EMPTY = 2 /* bytes of an update that brings nothing */

function append (doc, client, log, count) {
  doc.clientID = client
  doc.getArray(`log ${log}`).push(Array.from({ length: count }, () => new Uint8Array(randomBytes(BODY))))
}

function history (shape) {
  const doc = new Y.Doc()
  const clients = perLog(shape, () => randomInt(2 ** 32))
  clients.forEach((client, log) => append(doc, client, log, shape.records))
  return { clients, update: Y.encodeStateAsUpdate(doc) }
}

/* A message of y-protocols: its type, then its bytes with their length. */
function message (type, bytes) {
  const e = encoding.createEncoder()
  encoding.writeVarUint(e, type)
  encoding.writeVarUint8Array(e, bytes)
  return encoding.toUint8Array(e)
}

function meet (nodes, wire) {
  const vectors = nodes.map(doc => Y.encodeStateVector(doc))
  vectors.forEach(vector => wire.count(message(0, vector).length))
  const updates = nodes.map((doc, side) => Y.encodeStateAsUpdate(doc, vectors[1 - side]))
  updates.forEach(update => wire.count(message(1, update).length, update.length - EMPTY))
  nodes.forEach((doc, side) => Y.applyUpdate(doc, updates[1 - side]))
}

function run (base, work) {
  const nodes = [new Y.Doc(), new Y.Doc()]
  nodes.forEach(doc => Y.applyUpdate(doc, base.update))
  for (const { log, side, count } of growth(work)) append(nodes[side], base.clients[log], log, count)
  const wire = new Wire()
  meet(nodes, wire)
  wire.end()
  const [a, b] = nodes.map(doc => Y.decodeStateVector(Y.encodeStateVector(doc)))
  must(a.size === work.shape.logs && [...a].every(([client, clock]) => b.get(client) === clock), 'yjs: equal vectors')
  report(LIBRARY, work, 'first', wire)
}

for (const shape of shapes) {
  const base = history(shape)
  for (const work of shape.works) run(base, work)
}
