// The report of a run in a real browser: it draws, plays, pauses, jumps, answers a click on a node, and
// asks the network for nothing. Run by tests/sim/report.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.PLAYWRIGHT, "x.js"))("playwright-core");
const pictures = process.env.PICTURES;
let passed = 0, failed = 0;
async function test(name, run) {
  try { await run(); passed++; console.log(`ok   ${name}`); }
  catch (e) { failed++; console.log(`FAIL ${name}: ${e.message}`); }
}
function check(holds, what) { if (!holds) throw new Error(what); }

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
for (const dir of process.argv.slice(2)) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage(), asked = [], broken = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => { if (m.type() === "error") broken.push(m.text()); });
  page.on("pageerror", (e) => broken.push(String(e)));
  await page.goto(`file://${dir}/report.html`);
  const pixels = (id) => page.evaluate((i) => {
    const c = document.getElementById(i), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, seen = new Set();
    for (let k = 0; k < d.length; k += 4) if (d[k + 3]) seen.add(d[k] << 16 | d[k + 1] << 8 | d[k + 2]);
    return seen.size;
  }, id);
  const clock = () => page.locator("#clock").textContent();
  const name = dir.split("/").pop();

  // A page that shows an empty frame says that nothing happened.
  await test(`${name}: every_picture_has_something_on_it`, async () => {
    for (const id of ["map", "spread", "delay", "heat", "gantt", "lamport"]) check(await pixels(id) > 3, `${id} is empty`);
  });
  // What moves must stop when told, or nobody can look at a moment.
  await test(`${name}: animation_plays_and_pauses`, async () => {
    const before = await clock();
    await page.selectOption("#speed", "8");
    await page.click("#play");
    await page.waitForFunction((b) => document.getElementById("clock").textContent !== b, before, { timeout: 5000 });
    await page.click("#play");
    const held = await clock();
    await page.evaluate(() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r))));
    check(await clock() === held, "it went on");
  });
  // The end of a run is the first thing one wants to see.
  await test(`${name}: slider_jumps_in_time`, async () => {
    await page.locator("#time").fill("0");
    const first = await clock();
    await page.locator("#time").press("End");
    check(await clock() !== first, "the clock did not move");
  });
  // A node that cannot be asked is a dot.
  await test(`${name}: click_on_a_node_tells_its_numbers`, async () => {
    const spot = await page.evaluate(() => { const [x, y] = where(view, 0, at), f = view.c.clientWidth / view.wide; return { x: x * f, y: y * f }; });
    await page.locator("#map").click({ position: spot });
    const told = await page.locator("#node").textContent();
    const first = await page.evaluate(() => run.nodes.map((n) => n.name));
    check(first.some((n) => told.includes(n)) && told.includes("records"), told);
    await page.locator("#map").press("ArrowRight");
    check(await page.locator("#node").textContent() !== told, "the arrow key chose no other node");
  });
  // Reports go by mail into networks that have none.
  await test(`${name}: page_asks_the_network_for_nothing`, async () => {
    check(asked.length === 1, asked.join(" "));
    check(broken.length === 0, broken.join(" "));
  });
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    await page.evaluate(() => { at = (steps - 1) / 2; draw(); });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  }
  await context.close();
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
