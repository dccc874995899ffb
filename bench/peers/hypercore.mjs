#!/usr/bin/env node
/* Hypercore: a core per log, all over one encrypted stream (Noise and a multiplexer, both counted),
 * stored in RocksDB in a temporary directory. A core has one writer, so even logs are written at
 * node A and odd ones at node B, and what is remembered of a peer is nothing: there is no "again".
 *
 * What a "data" message of its wire format holds (the block, its Merkle proof, the signed upgrade)
 * is counted as records; the rest is agreement. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Hypercore from 'hypercore'
import crypto from 'hypercore-crypto'
import messages from 'hypercore/lib/messages.js'
import { BODY, Wire, growth, must, report, shapes } from './work.mjs'

const LIBRARY = 'hypercore'
const QUIET_MS = 150 /* so long after the last byte a meeting is over */

let dataBytes = 0
const encodeData = messages.wire.data.encode
messages.wire.data.encode = (state, message) => {
  const from = state.start
  encodeData(state, message)
  dataBytes += state.start - from
}

const bodies = count => Array.from({ length: count }, () => randomBytes(BODY))

/* cores[side][log]. The side that does not write a log holds a copy without its secret key; its
 * history is appended, not synced, with the same key pair and so the same signature: fetching
 * 100,000 blocks first would take this library a minute. */
async function open (dirs, shape) {
  const storages = dirs.map(dir => Hypercore.defaultStorage(dir))
  const cores = [[], []]
  for (let log = 0; log < shape.logs; log++) {
    const keyPair = crypto.keyPair()
    const manifest = { version: 1, signers: [{ publicKey: keyPair.publicKey }] }
    const key = Hypercore.key(manifest)
    const history = bodies(shape.records)
    for (const side of [0, 1]) {
      const own = side === log % 2 ? { keyPair } : {}
      const core = new Hypercore(storages[side], key, { ...own, manifest, compat: false })
      await core.ready()
      await core.append(history, { keyPair })
      cores[side][log] = core
    }
  }
  return cores
}

const equal = cores => cores[0].every((core, log) => {
  const other = cores[1][log]
  return core.length === other.length && core.contiguousLength === core.length &&
    other.contiguousLength === other.length
})

async function meet (cores) {
  const wire = new Wire()
  const streams = [true, false].map(first => Hypercore.createProtocolStream(first, { keepAlive: false }))
  let last = performance.now()
  dataBytes = 0
  for (const stream of streams) {
    stream.on('error', () => {}) /* the other end goes first, in the end */
    stream.noiseStream.on('error', () => {})
    stream.on('data', bytes => {
      wire.count(bytes.length)
      last = performance.now()
    })
  }
  streams[0].pipe(streams[1]).pipe(streams[0])
  const downloads = cores.flatMap((side, i) => side.map(core => {
    core.replicate(streams[i], { keepAlive: false })
    return core.download({ start: 0, end: -1 })
  }))
  const until = performance.now() + 60e3
  while (!(equal(cores) && performance.now() - last > QUIET_MS)) {
    must(performance.now() < until, 'hypercore: equal cores within a minute')
    await pause(20)
  }
  wire.end().data = dataBytes
  downloads.forEach(download => download.destroy())
  streams.forEach(stream => stream.destroy())
  await pause(50)
  return wire
}

async function append (cores, { log, count }) {
  await cores[log % 2][log].append(bodies(count))
}

function makeDir () {
  const dir = mkdtempSync(join(tmpdir(), 'hop-hypercore-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  return dir
}

for (const shape of shapes) {
  const cores = await open([makeDir(), makeDir()], shape)
  for (const work of shape.works) {
    for (const grown of growth(work)) await append(cores, grown)
    report(LIBRARY, work, 'first', await meet(cores))
  }
}
process.exit(0) /* hundreds of open cores are not worth closing: their files go with the process */
