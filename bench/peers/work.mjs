/* The work that every program of bench/peers does, and how it is counted and told.
 *
 * Two nodes hold the same 100,000 records with bodies of 200 random bytes, in 100 logs or in 1,000.
 * Then some logs grow, even ones at node A and odd ones at node B, and the two meet over a duplex in memory until
 * both have everything and nothing more is said.
 *
 *   bytes     all that crossed the duplex, both ways
 *   agree     of these, what was not records: what it cost to find out what is missing
 *   overhead  bytes a record brought beside its body
 *   messages  pieces handed to the duplex, both ways, that were not records alone
 *   cpu       of the process, so of both nodes, during the meeting
 *
 * A library that keeps something about a peer it has met is measured twice: at a first meeting, and
 * when both have kept what they learned at an earlier one ("again"). */
import { appendFileSync } from 'node:fs'

export const BODY = 200

/* What the nodes hold, and the meetings that are measured with it. grown: how many records a log has
 * that only its writer's node knows. */
export const shapes = [
  {
    logs: 100,
    records: 1000,
    works: [
      { name: 'equal, 100 logs', grown: () => 0 },
      { name: '1 of 100 logs', grown: log => (log < 1 ? 1 : 0) },
      { name: '10 of 100 logs', grown: log => (log < 10 ? 1 : 0) },
      { name: '10,000 of 100,000 records', grown: () => 100 }
    ]
  },
  {
    logs: 1000,
    records: 100,
    works: [{ name: '10 of 1,000 logs', grown: log => (log < 10 ? 1 : 0) }]
  }
]
for (const shape of shapes) {
  for (const work of shape.works) work.shape = shape
}

/* Calls f for each log of a shape, and returns what it returned. */
export function perLog (shape, f) {
  return Array.from({ length: shape.logs }, (_, log) => f(log))
}

/* The logs that have grown, and by how much; side 0 writes even logs, side 1 odd ones. */
export function growth (work) {
  return perLog(work.shape, log => ({ log, side: log % 2, count: work.grown(log) })).filter(g => g.count > 0)
}

export function newRecords (work) {
  return growth(work).reduce((sum, g) => sum + g.count, 0)
}

/* What crosses the duplex. data: how much of the bytes is records with what belongs to them. */
export class Wire {
  constructor () {
    this.bytes = this.data = this.messages = 0
    this.from = process.cpuUsage()
  }

  count (bytes, data = 0) {
    this.bytes += bytes
    this.data += data
    if (data < bytes) this.messages++
  }

  end () {
    const spent = process.cpuUsage(this.from)
    this.cpu = (spent.user + spent.system) / 1000
    return this
  }
}

/* One line for people, and one JSON object a line for the file named on the command line. */
export function report (library, work, meeting, wire) {
  const records = newRecords(work)
  const overhead = records > 0 ? wire.data / records - BODY : null
  const agree = wire.bytes - wire.data
  const said = `${wire.bytes} B in all` + (overhead === null ? '' : `, ${overhead.toFixed(0)} B a record beside its body`)
  console.log(`${`${library}, ${work.name}, ${meeting}`.padEnd(58)} ${String(agree).padStart(8)} B ` +
    `${String(wire.messages).padStart(6)} messages ${wire.cpu.toFixed(1).padStart(8)} ms  ${said}`)
  if (process.argv[2] === undefined) return
  appendFileSync(process.argv[2], JSON.stringify({
    name: `${work.name}, ${meeting}`,
    value: agree,
    unit: 'B',
    library,
    work: work.name,
    meeting,
    bytes: wire.bytes,
    messages: wire.messages,
    overhead: overhead === null ? undefined : Number(overhead.toFixed(1)),
    cpu_ms: Number(wire.cpu.toFixed(2)),
    logs: work.shape.logs,
    records: work.shape.logs * work.shape.records,
    fresh: records
  }) + '\n')
}

export function must (good, what) {
  if (good) return
  console.error(`bench/peers: failed: ${what}`)
  process.exit(1)
}
