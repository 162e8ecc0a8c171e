// Looks at the report's pages in Chromium, as people will: large and small, light and dark, on paper, without the
// script, and made of the worst that a lake can hold.
//
//     node tests/browser/run.mjs ROUNDUP [--screenshots FOLDER]

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import * as checks from "./checks.mjs";
import { HOSTILE, makeReports } from "./reports.mjs";
import * as screens from "./screens.mjs";

const [program, flag, screenshots] = process.argv.slice(2);
if (!program || (flag && (flag !== "--screenshots" || !screenshots))) {
  console.error("usage: node tests/browser/run.mjs ROUNDUP [--screenshots FOLDER]");
  process.exit(2);
}

/** Sheets of A4, at most, of a report of seven jobs. */
const SHEETS_OF_THE_INDEX = 4;
const SHEETS_OF_A_JOB = 6;

const folder = mkdtempSync(join(tmpdir(), "roundup-browser-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
try {
  const reports = makeReports(resolve(program), folder);
  await everyPage(reports);
  await sample(reports.sample);
  await hostile(reports.hostile);
  if (screenshots) await takeScreenshots(reports.sample, screenshots);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

async function everyPage(reports) {
  let pages = 0;
  let folded = 0;
  const landed = { quote: 0, term: 0, fromIndex: 0 };
  for (const report of Object.values(reports)) {
    for (const path of checks.pagesOf(report)) {
      await checks.isAccessible(browser, path);
      await checks.isWholeWithoutScript(browser, path);
      await checks.printsWhole(browser, path, folder);
      await screens.fitsAPhone(browser, path);
      await screens.isReachedByKeyboard(browser, path);
      folded += await screens.foldsLongTables(browser, path);
      const { quote = 0, term = 0 } = await checks.linksLand(browser, path);
      landed.quote += quote;
      landed.term += term;
      pages += 1;
    }
    landed.fromIndex += await checks.linksBetweenPages(browser, report);
  }
  console.log(`${pages} pages: quiet, accessible in light and dark on screens of three sizes, whole without script and in print`);
  assert.ok(folded > 1, `${folded} long tables`);
  for (const [kind, count] of Object.entries(landed)) assert.ok(count > 20, `${count} links of the kind ${kind}`);
  console.log(`${landed.quote} links land on quotes, ${landed.term} on a keyword's evidence; ${landed.fromIndex} of the index lead there, too`);
}

async function sample(report) {
  await checks.sortsAndFilters(browser, join(report, "index.html"));
  await checks.asksForNothing(browser, report);
  await screens.findsInAllJobs(browser, join(report, "index.html"));
  let quotes = 0;
  for (const path of checks.pagesOf(report)) {
    const isIndex = basename(path) === "index.html";
    await screens.usesTheWidth(browser, path);
    if (!isIndex) quotes += await screens.findsInAJob(browser, path);
    const sheets = await checks.printsWhole(browser, path, folder);
    const most = isIndex ? SHEETS_OF_THE_INDEX : SHEETS_OF_A_JOB;
    assert.ok(sheets <= most, `${path} takes ${sheets} sheets of paper, more than ${most}`);
  }
  assert.ok(quotes > 20, `${quotes} quotes`);
  console.log("jobs, questions, keywords and quotes are found; over HTTP nothing but the page is asked for");
}

async function hostile(report) {
  const shown = new Set();
  for (const path of checks.pagesOf(report)) {
    for (const text of await checks.isHarmless(browser, path, HOSTILE)) shown.add(text);
  }
  // Those with controls are shown with signs in their place.
  const plain = HOSTILE.filter((text) => !/[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/.test(text));
  assert.deepEqual(plain.filter((text) => !shown.has(text)), [], "each form was shown as text somewhere");
  console.log(`${plain.length} forms of hostile text were shown as text; nothing ran`);
}

/** What the README shows. */
async function takeScreenshots(report, folder) {
  const jobs = checks.pagesOf(report).filter((path) => basename(path) !== "index.html");
  const largest = jobs.sort((a, b) => statSync(b).size - statSync(a).size)[0];
  for (const [name, path] of [["report-index", join(report, "index.html")], ["report-job", largest]]) {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1500 } });
    await page.goto(pathToFileURL(path).href);
    await page.screenshot({ path: join(folder, `${name}.png`), timeout: 120_000 });
    await page.close();
  }
  console.log(`screenshots are in ${folder}`);
}
