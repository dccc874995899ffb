#!/usr/bin/env node
/* Automerge's sync protocol: heads, and a Bloom filter of what is new since the last meeting.
 *
 * One document; each log is an actor that appends to a list of its own and never hears the others,
 * so that the document has 100 heads, as 100 logs have. Records are changes of one string of 200
 * random 7-bit characters: the encoder used to make them takes no bytes. */
import * as A from '@automerge/automerge'
import { randomBytes } from 'node:crypto'
import { BODY, Wire, growth, must, perLog, report, shapes } from './work.mjs'

const LIBRARY = 'automerge'

/* The next change of an actor. Its first also makes the list, as operation 1. */
function append (actor, log) {
  const list = `1@${actor.id}`
  const first = actor.seq === 0
  const ops = first ? [{ action: 'makeList', obj: '_root', key: `log ${log}`, pred: [] }] : []
  ops.push({
    action: 'set',
    obj: list,
    elemId: first ? '_head' : `${actor.seq + 1}@${actor.id}`,
    insert: true,
    value: randomBytes(BODY).map(b => b & 127).toString('latin1'),
    pred: []
  })
  const change = A.encodeChange({
    actor: actor.id,
    seq: ++actor.seq,
    startOp: first ? 1 : actor.seq + 1,
    time: 1700000000 + actor.seq,
    message: null,
    deps: actor.deps,
    ops
  })
  actor.deps = [A.decodeChange(change).hash]
  return change
}

function history (shape) {
  const changes = []
  const actors = perLog(shape, () => ({ id: randomBytes(16).toString('hex'), seq: 0, deps: [] }))
  actors.forEach((actor, log) => {
    for (let n = 0; n < shape.records; n++) changes.push(append(actor, log))
  })
  return { actors, doc: A.applyChanges(A.init(), changes)[0] }
}

/* Lets node from say what it has to say. False: nothing. */
function say (from, to, wire) {
  let message
  ;[from.state, message] = A.generateSyncMessage(from.doc, from.state)
  if (message === null) return false
  if (wire !== null) {
    const { changes } = A.decodeSyncMessage(message)
    wire.count(message.length, changes.reduce((sum, change) => sum + change.length, 0))
  }
  ;[to.doc, to.state] = A.receiveSyncMessage(to.doc, to.state, message)
  return true
}

function meet (nodes, wire) {
  for (let turn = 0, silent = 0; silent < 2; turn = 1 - turn) {
    silent = say(nodes[turn], nodes[1 - turn], wire) ? 0 : silent + 1
  }
}

/* What a node that stays keeps of another: what encodeSyncState keeps. */
function remember (node) {
  node.state = A.decodeSyncState(A.encodeSyncState(node.state))
}

function run (base, work, meeting) {
  const nodes = [0, 1].map(() => ({ doc: A.clone(base.doc), state: A.initSyncState() }))
  if (meeting === 'again') {
    meet(nodes, null)
    nodes.forEach(remember)
  }
  const fresh = [[], []]
  for (const { log, side, count } of growth(work)) {
    const actor = { ...base.actors[log] }
    for (let n = 0; n < count; n++) fresh[side].push(append(actor, log))
  }
  nodes.forEach((node, side) => { node.doc = A.applyChanges(node.doc, fresh[side])[0] })
  const wire = new Wire()
  meet(nodes, wire)
  wire.end()
  must(String(A.getHeads(nodes[0].doc).sort()) === String(A.getHeads(nodes[1].doc).sort()), 'automerge: equal heads')
  report(LIBRARY, work, meeting, wire)
  nodes.forEach(node => A.free(node.doc))
}

for (const shape of shapes) {
  const base = history(shape)
  for (const work of shape.works) {
    for (const meeting of ['first', 'again']) run(base, work, meeting)
  }
  A.free(base.doc)
}
