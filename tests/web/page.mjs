// The page of a real node, in a real browser: it shows what the node knows, hears of changes without
// a reload, and puts acts on record. Run by tests/web/run, which says where hop and playwright are.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.env.PLAYWRIGHT, "x.js"))("playwright-core");
const hop = process.env.HOP, room = mkdtempSync(join(tmpdir(), "hop-web-"));
const dir = join(room, "a"), pass = join(room, "pw"), pictures = process.env.PICTURES;
const beaconPort = String(20000 + process.pid % 20000); // of this run only, on loopback
let passed = 0, failed = 0, node, browser;

function cliOf(of, ...args) {
  return execFileSync(hop, ["--dir", of, "--passphrase-file", pass, "--lang", "vi", ...args], { encoding: "utf8" });
}
const cli = (...args) => cliOf(dir, ...args);
// Ports of discovery that no other test or program is likely to use.
const ports = [20000 + process.pid % 20000, 40000 + process.pid % 20000].map(String);
async function test(name, run) {
  try { await run(); passed++; console.log(`ok   ${name}`); }
  catch (e) { failed++; console.log(`FAIL ${name}: ${e.message}`); }
}
function check(holds, what) { if (!holds) throw new Error(what); }
const until = (page, text) => page.getByText(text).first().waitFor({ timeout: 5000 });

async function start() {
  writeFileSync(pass, "mot hai ba bon nam\n");
  cli("init", "--kdf-memory", "64");
  cli("cell", "new", "Chi bộ Bản Mù", "--as", "Nguyễn Văn An");
  cli("meeting", "new", "Họp thường kỳ", "--when", "04/12/2026 19:30", "--place", "Nhà văn hóa",
      "--agenda", "Báo cáo", "--agenda", "<b>Nghị quyết</b><script>window.bad=1</script>");
  node = spawn(hop, ["--dir", dir, "--passphrase-file", pass, "run", "--no-open",
    "--bind", "127.0.0.1", "--beacon-port", beaconPort], { stdio: "ignore" });
  for (let i = 0; i < 200 && !existsSync(join(dir, "link")); i++) await new Promise((r) => setTimeout(r, 50));
  return readFileSync(join(dir, "link"), "utf8").trim();
}

/* A second device with a page of its own comes in by what run does; then it is a member for both. */
let joiners = 0;
async function pairUp(context, page, run) {
  const name = `Trần Thị Bình ${++joiners}`, there = join(room, `j${joiners}`);
  const at = (...args) => execFileSync(hop, ["--dir", there, "--passphrase-file", pass, "--lang", "vi", ...args], { encoding: "utf8" });
  at("init", "--kdf-memory", "64");
  const second = spawn(hop, ["--dir", there, "--passphrase-file", pass, "run", "--no-open", "--bind", "127.0.0.1", "--beacon-port", beaconPort], { stdio: "ignore" });
  try {
    for (let i = 0; i < 200 && !existsSync(join(there, "link")); i++) await new Promise((r) => setTimeout(r, 50));
    const other = await context.browser().newContext({ locale: "vi-VN" }).then((c) => c.newPage());
    await other.goto(readFileSync(join(there, "link"), "utf8").trim());
    await other.getByRole("heading", { name: "Vào chi bộ", exact: true }).waitFor({ timeout: 5000 });
    if (pictures) await other.screenshot({ path: join(pictures, `page-join-${joiners}.png`), fullPage: true });
    await page.getByLabel("Họ tên người được mời").fill(name);
    await run(other);
    await page.locator("#invite [data-state=joined]", { hasText: name }).waitFor({ timeout: 10000 });
    if (pictures) await page.screenshot({ path: join(pictures, `page-invite-${joiners}.png`), fullPage: true });
    await other.getByText("Chi bộ Bản Mù").first().waitFor({ timeout: 5000 });
    await page.locator("#members", { hasText: name }).waitFor({ timeout: 5000 });
    await other.context().close();
  } finally { second.kill(); }
}

async function tests(link) {
  const context = await browser.newContext({ locale: "vi-VN", viewport: { width: 1200, height: 900 } });
  const page = await context.newPage(), asked = [], broken = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => { if (m.type() === "error") broken.push(m.text()); });
  page.on("pageerror", (e) => broken.push(String(e)));
  await page.goto(link);

  // The token must not stay where a photograph of the screen or the history would give it away.
  await test("page_forgets_token_in_its_address", async () => {
    await until(page, "Chi bộ Bản Mù");
    check(!page.url().includes("token"), page.url());
  });
  // A page that must be reloaded would let a chair close a vote on old numbers.
  await test("page_shows_change_by_command_line_without_reload", async () => {
    await page.evaluate(() => { window.loadedOnce = true; });
    cli("send", "1");
    await until(page, "đã triệu tập");
    cli("meeting", "open", "1");
    await page.locator("#stage", { hasText: "đang họp" }).waitFor({ timeout: 5000 });
    cli("motion", "put", "1", "--item", "2", "Thông qua nghị quyết");
    await until(page, "Thông qua nghị quyết");
    check(await page.evaluate(() => window.loadedOnce === true), "the page was loaded again");
  });
  // A button that did nothing would lose a vote.
  await test("page_puts_attendance_and_vote_on_record", async () => {
    await page.getByRole("button", { name: "Tôi có mặt" }).click();
    await page.getByRole("button", { name: "Xác nhận có mặt" }).click();
    await page.locator("#quorum", { hasText: "Có mặt 1/1" }).waitFor({ timeout: 5000 });
    await page.getByRole("button", { name: "đồng ý", exact: true }).click();
    await page.getByText("đ/c Nguyễn Văn An: đồng ý").waitFor({ timeout: 5000 });
    const motions = JSON.parse(cli("--json", "motion", "list", "1")).motions;
    check(motions[0].agree === 1, "the node did not record the vote");
  });
  // Updates while somebody types must not take words or focus away.
  await test("page_keeps_what_is_being_typed_while_it_changes", async () => {
    await page.locator("#opinion").fill("Tôi đang viết");
    await page.locator("#opinion").focus();
    cli("say", "1", "--item", "1", "Ý kiến từ dòng lệnh");
    await until(page, "Ý kiến từ dòng lệnh");
    check(await page.locator("#opinion").inputValue() === "Tôi đang viết", "the words are gone");
    check(await page.evaluate(() => document.activeElement.id) === "opinion", "the focus is gone");
    await page.getByRole("button", { name: "Ghi ý kiến" }).click();
    await page.getByText("Tôi đang viết").first().waitFor({ timeout: 5000 });
  });
  // A text somebody wrote into a meeting must not become a script.
  await test("page_shows_markup_of_people_as_text", async () => {
    await page.getByText("<b>Nghị quyết</b>").first().waitFor({ timeout: 5000 });
    check(await page.evaluate(() => window.bad === undefined), "a script ran");
  });
  // What a device does not do, and what a person has to do, must be on the page as soon as it is so:
  // papers that wait for room, are not fetched or cannot be had, and room that others' papers take.
  await test("page_shows_notices_when_they_come_and_as_text", async () => {
    const notices = ["1 tài liệu đang chờ chỗ trống: <b>Phim</b><img src=x onerror='window.bad=1'>",
                     "2 tài liệu không được tải về", "Không thể nhận 3 tài liệu", "Máy này đang giữ hộ 4 MiB tài liệu"];
    const place = page.locator("#notices");
    check(await place.getAttribute("role") === "status", "not read out");
    check(await place.isHidden(), "shown though there is none");
    let said = notices, listed = false;
    await page.route("**/api/status?*", async (route) => {
      const real = await route.fetch(), body = await real.json();
      listed = Array.isArray(body.notices) && body.notices.length === 0;
      await route.fulfill({ response: real, json: { ...body, notices: said } });
    });
    cli("say", "1", "--item", "1", "Có thông báo");
    for (const n of notices) await place.getByText(n, { exact: true }).waitFor({ timeout: 5000 });
    check(await page.evaluate(() => window.bad === undefined), "a script ran");
    check(listed, "the node gives no list of notices");
    check(await place.locator("p").count() === notices.length, "one line for each");
    said = [];
    cli("say", "1", "--item", "1", "Hết thông báo");
    await place.waitFor({ state: "hidden", timeout: 5000 });
    await page.unroute("**/api/status?*");
  });
  // Half of the people read the other language, or none of it on this machine.
  await test("page_speaks_both_languages", async () => {
    await page.getByRole("button", { name: "English" }).click();
    await until(page, "Roll call");
    check(await page.evaluate(() => document.documentElement.lang) === "en", "lang attribute");
    if (pictures) await page.screenshot({ path: join(pictures, "page-en.png"), fullPage: true });
    await page.getByRole("button", { name: "Tiếng Việt" }).click();
    await until(page, "Điểm danh");
  });
  // A code that is not shown, or does not let anybody in, would send people back to reading secrets aloud.
  await test("page_invites_and_joins_by_code", () => pairUp(context, page, async (other) => {
    await page.getByRole("button", { name: "Bằng mã số ngắn" }).click();
    const code = await page.locator(".code").innerText();
    check(/^\d{3}-\d{3}-\d{4}$/.test(code), code);
    await other.getByLabel("Mã trên màn hình người mời").fill(code.slice(0, -1) + (Number(code.at(-1)) + 1) % 10);
    await other.getByRole("button", { name: "Vào bằng mã" }).click();
    await other.locator("#trouble", { hasText: "chưa mất lượt thử nào" }).waitFor({ timeout: 5000 });
    await other.getByLabel("Mã trên màn hình người mời").fill(code);
    await other.getByRole("button", { name: "Vào bằng mã" }).click();
  }));
  // Reading both screens is the safest way: it must work where people click.
  await test("page_invites_and_joins_face_to_face", () => pairUp(context, page, async (other) => {
    await page.getByRole("button", { name: "Trực tiếp, hai máy quét QR của nhau" }).click();
    await other.getByRole("button", { name: "Vào trực tiếp" }).click();
    const cardOf = (p, place) => p.locator(`${place} .shown`).innerText();
    const shown = await cardOf(page, "#invite"), answer = await cardOf(other, "#join");
    check(shown.startsWith("HOPF-") && answer.startsWith("HOPF-") && shown !== answer, shown + answer);
    await page.getByLabel("Nội dung màn hình máy kia").fill(answer);
    await page.locator("#invite").getByRole("button", { name: "Đã đọc xong" }).click();
    await page.locator("#invite [data-state=open]").waitFor({ timeout: 5000 });
    await other.getByLabel("Nội dung màn hình máy kia").fill(shown);
    await other.getByRole("button", { name: "Đã đọc xong" }).click();
  }));
  // The old way stays: a text, for a stick or a piece of paper.
  await test("page_shows_an_invitation_as_text_and_qr", async () => {
    await page.getByLabel("Họ tên người được mời").fill("Lê Giấy");
    await page.getByRole("button", { name: "Bằng dòng chữ" }).click();
    await page.locator("#invitation .shown", { hasText: "HOP1-" }).waitFor({ timeout: 5000 });
    check(await page.locator("#invitation svg path").getAttribute("d").then((d) => d.length > 1000), "no QR code");
    await page.getByRole("button", { name: "Cất đi" }).last().click();
  });
  // A slip of the finger would shut somebody out for ever, or do it without saying what it means.
  await test("page_says_what_a_removal_means_and_asks", async () => {
    const other = join(room, "b"), text = JSON.parse(cli("invite", "Trần Thị Lan", "--address", `127.0.0.1:${beaconPort}`, "--json")).invitation;
    cliOf(other, "init", "--kdf-memory", "64");
    cliOf(other, "join", text, "--wait", "15", "--bind", "127.0.0.1", "--beacon-port", ports[1], "--no-multicast");
    const line = page.locator("details", { hasText: "Trần Thị Lan" });
    await line.waitFor({ timeout: 5000 });
    await line.locator("summary").click();
    check((await line.textContent()).includes("do đ/c Nguyễn Văn An tiếp nhận"), await line.textContent());
    const remove = line.getByRole("button", { name: "Đưa ra khỏi danh sách" }), box = page.locator("#sure");
    await remove.click();
    check((await box.textContent()).includes("vĩnh viễn"), await box.textContent());
    await box.getByRole("button", { name: "Thôi" }).click();
    check(await remove.isVisible(), "she was removed all the same");
    await remove.click();
    await box.getByRole("button", { name: "Đồng ý" }).click();
    await until(page, "Không còn trong chi bộ");
    check(cli("member", "list").includes("Không còn trong chi bộ"), "the page says so alone");
  });
  // On the smallest telephone nothing may need sideways scrolling, and type stays large.
  await test("page_fits_360_pixels_in_large_type", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, parseFloat(getComputedStyle(document.body).fontSize),
      Math.min(...[...document.querySelectorAll("button")].map((b) => b.getBoundingClientRect().height).filter((h) => h > 0))]);
    check(size[0] <= 360, `${size[0]} pixels wide`);
    check(size[1] >= 18, `type of ${size[1]} pixels`);
    check(size[2] >= 48, `a button only ${size[2]} pixels high`);
    if (pictures) await page.screenshot({ path: join(pictures, "page-360.png"), fullPage: true });
  });
  // A control without a name is silent in a screen reader.
  await test("page_names_every_control", async () => {
    const silent = await page.evaluate(() => [...document.querySelectorAll("button, select, textarea, input, a")]
      .filter((e) => !(e.textContent.trim() || e.labels?.length || e.getAttribute("aria-label"))).map((e) => e.outerHTML));
    check(silent.length === 0, silent.join(" "));
  });
  // Nothing of a meeting may leave the machine, and nothing may come from elsewhere.
  await test("page_asks_nobody_but_its_node", () => {
    const origin = new URL(link).origin;
    const others = asked.filter((url) => !url.startsWith(origin) && !url.startsWith("data:"));
    check(others.length === 0, others.join(" "));
    check(broken.length === 0, broken.join("; "));
  });
  // Somebody else's browser tab on this machine must see nothing.
  await test("page_without_token_says_what_to_do", async () => {
    const stranger = await (await browser.newContext({ locale: "vi-VN" })).newPage();
    await stranger.goto(new URL(link).origin);
    await stranger.getByText("Hãy mở đường dẫn mà").waitFor({ timeout: 5000 });
    check(!(await stranger.content()).includes("Bản Mù"), "it shows the cell");
  });
  // Who walks up to a locked laptop must see nothing of the cell, and the owner must get it back.
  await test("page_locks_and_unlocks", async () => {
    await page.locator("#lock").click();
    await page.locator("#passphrase").waitFor({ timeout: 10000 });
    check(!(await page.content()).includes("Bản Mù"), "the locked page still shows the cell");
    await page.locator("#passphrase").fill("khong phai mat khau nay");
    await page.locator("#locked button").click();
    await until(page, "Mật khẩu không đúng");
    await page.locator("#passphrase").fill("mot hai ba bon nam");
    await page.locator("#locked button").click();
    await until(page, "Chi bộ Bản Mù");
    check((await page.locator("#passphrase").count()) === 0, "it still asks");
  });
}

// The dossier is opened years later, on a machine without a network, by whatever browser is there.
async function dossierTests() {
  const words = "Điều 1. Chuẩn bị điểm sơ tán.\n", file = join(room, "nghi-quyet.txt"), out = join(room, "dossier.html");
  writeFileSync(file, words);
  cli("doc", "add", "1", file);
  cli("motion", "close", "1");
  cli("meeting", "close", "1");
  cli("minutes", "1", "--sign");
  cli("dossier", "1", "-o", out);
  const context = await browser.newContext({ locale: "vi-VN", offline: true, acceptDownloads: true, viewport: { width: 360, height: 740 } });
  const page = await context.newPage(), asked = [], broken = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => { if (m.type() === "error") broken.push(m.text()); });
  page.on("pageerror", (e) => broken.push(String(e)));
  await page.goto(`file://${out}`);
  // Who cannot read it has nothing to verify.
  await test("dossier_is_read_without_a_network", async () => {
    for (const text of ["BIÊN BẢN", "I. THÀNH PHẦN", "Thông qua nghị quyết", "<b>Nghị quyết</b>", "THƯ KÝ"])
      await until(page, text);
    const cell = JSON.parse(cli("--json", "status")).cell.id;
    await until(page, cell);
    check(asked.length === 1 && broken.length === 0, asked.join(" ") + broken.join("; "));
    if (pictures) await page.screenshot({ path: join(pictures, "dossier-360.png"), fullPage: true });
  });
  // A dossier that runs what people wrote could show anything.
  await test("dossier_runs_no_script", async () => {
    check(await page.evaluate(() => window.bad === undefined), "a script ran");
    check(await page.evaluate(() => document.querySelectorAll("script:not([type='application/x-hop-dossier'])").length) === 0, "there is a script");
  });
  // On a telephone the lines that machines read must not make it wide.
  await test("dossier_fits_360_pixels", async () => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= 360, `${wide} pixels wide`);
  });
  await test("dossier_has_minutes_as_plain_text_too", async () => {
    await page.getByText("Biên bản dạng văn bản thuần").click();
    check((await page.locator("pre").innerText()).includes("I. THÀNH PHẦN"), "no plain text");
  });
  // What was decided on must be there for whoever opens the file, and be what was laid before the meeting.
  await test("dossier_gives_back_its_documents", async () => {
    const [saved] = await Promise.all([page.waitForEvent("download", { timeout: 5000 }), page.locator("ol a").first().click()]);
    check(saved.suggestedFilename() === "nghi-quyet.txt", saved.suggestedFilename());
    check(readFileSync(await saved.path(), "utf8") === words, "other bytes");
  });
}

try {
  if (pictures) mkdirSync(pictures, { recursive: true });
  const link = await start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  await tests(link);
  await dossierTests();
} catch (e) {
  failed++;
  console.log(`FAIL page: ${e.message}`);
} finally {
  await browser?.close();
  const gone = node?.exitCode === null ? new Promise((r) => node.once("exit", r)) : null;
  try { cli("stop"); } catch { node?.kill(); }
  await gone;
  rmSync(room, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
