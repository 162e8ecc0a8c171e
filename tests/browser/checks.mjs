// What must hold for every page of a report, asked of a real browser.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 375, height: 812 };
export const WIDE = { width: 1920, height: 1080 };

export function pagesOf(report) {
  const jobs = readdirSync(report, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));
  return jobs.sort().map((path) => join(report, path));
}

/** Opens a page, lets `look` at it, and fails for any message, error, dialog or request that leaves the files. */
export async function open(browser, path, settings, look) {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: "reduce", ...settings });
  // A page is there at once; what takes long is a machine that does other work.
  context.setDefaultTimeout(120_000);
  try {
    const page = await context.newPage();
    const trouble = [];
    page.on("console", (message) => trouble.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => { trouble.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on("request", (request) => {
      if (!/^(file:|data:,$)/.test(request.url())) trouble.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href, { waitUntil: "load" });
    const result = await look(page);
    assert.deepEqual(trouble, [], path);
    return result;
  } finally {
    await context.close();
  }
}

/** Nothing is said against the page by axe, and it is never wider than the screen: light and dark, large and small. */
export async function isAccessible(browser, path) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [DESKTOP, PHONE, WIDE]) {
      await open(browser, path, { colorScheme, viewport }, async (page) => {
        await page.evaluate(() => {
          document.querySelectorAll("details").forEach((one) => { one.open = true; });
          document.querySelectorAll(".more input").forEach((one) => { one.checked = true; });
        });
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")}`);
        assert.deepEqual(found, [], `${path}, ${colorScheme}, ${viewport.width} wide`);
        assert.ok(passes.length > 10, "axe looked at the page");
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= viewport.width, `${path} is ${width} wide on a screen of ${viewport.width}`);
      });
    }
  }
}

/** The words of a page, in order, without those of what only the script can use. */
const words = (page) => page.evaluate(() => {
  const body = document.body.cloneNode(true);
  body.querySelectorAll("script, [data-tools], [data-find]").forEach((one) => one.remove());
  return body.textContent.replace(/\s+/g, " ").trim();
});

export async function isWholeWithoutScript(browser, path) {
  const look = async (page) => ({
    words: await words(page),
    pictures: await page.locator("svg:visible").count(),
    tools: await page.locator("[data-tools]:visible, [data-find]:visible, [role=button]").count(),
  });
  const [without, withScript] = [
    await open(browser, path, { javaScriptEnabled: false }, look),
    await open(browser, path, {}, look),
  ];
  assert.equal(without.words, withScript.words, path);
  assert.equal(without.pictures, withScript.pictures, path);
  assert.equal(without.tools, 0, `${path} shows controls that do nothing`);
}

export async function sortsAndFilters(browser, path) {
  await open(browser, path, {}, async (page) => {
    const table = page.locator("#jobs-table");
    const column = async (at) => table.locator("tbody tr:visible").evaluateAll(
      (rows, at) => rows.map((row) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim()), at);
    const titles = await column(0);
    assert.ok(titles.length > 3, "there are jobs to sort");

    const header = table.getByRole("button", { name: "Completed", exact: true });
    const cell = header.locator("xpath=ancestor::th");
    const numbers = async () => (await column(2)).filter((value) => value !== "").map(Number);
    await header.click();
    assert.equal(await cell.getAttribute("aria-sort"), "descending");
    assert.deepEqual(await numbers(), (await numbers()).sort((a, b) => b - a));
    await header.focus();
    await page.keyboard.press("Enter");
    assert.equal(await cell.getAttribute("aria-sort"), "ascending");
    assert.deepEqual(await numbers(), (await numbers()).sort((a, b) => a - b));
    assert.ok((await column(2)).join().replace(/(^|,)+$/, "") === (await numbers()).join(), "jobs without figures come last");
    await table.getByRole("button", { name: "Job", exact: true }).click();
    assert.deepEqual(await column(0), titles.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })));

    const search = page.getByLabel("Find a job", { exact: true });
    const word = titles[0].split(" ").at(-1).toLowerCase();
    await search.fill(word);
    const found = await column(0);
    assert.ok(found.length > 0 && found.length < titles.length, `${found.length} jobs for ${word}`);
    assert.ok((await page.locator("output:not(#found-count)").textContent()).startsWith(`${found.length} of ${titles.length}`));
    await search.fill("");
    const departments = page.locator("[data-tools=jobs-table]").getByRole("combobox");
    const names = await departments.locator("option").allTextContents();
    await departments.selectOption(names[1]);
    assert.deepEqual([...new Set(await column(1))], [names[1]]);
    await departments.selectOption("");
    assert.equal((await column(0)).length, titles.length);
  });
}

/** Follows every link within the page, and looks whether its target is in view and is what it says. */
export async function linksLand(browser, path) {
  return open(browser, path, {}, async (page) => {
    const landed = await page.evaluate(async () => {
      const wrong = [];
      const kinds = {};
      for (const link of document.querySelectorAll("a[href^='#']")) {
        const anchor = link.getAttribute("href").slice(1);
        const target = document.getElementById(anchor);
        link.click();
        await new Promise(requestAnimationFrame);
        const box = target?.getBoundingClientRect();
        const inView = box && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
        const kind = anchor.replace(/-.*/, "");
        const isQuote = target?.querySelector("blockquote mark")?.textContent.length > 0;
        if (!inView || location.hash !== `#${anchor}` || (kind === "quote" && !isQuote) || (kind === "term" && !isQuote)) wrong.push(anchor);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }
      return { wrong, kinds };
    });
    assert.deepEqual(landed.wrong, [], path);
    return landed.kinds;
  });
}

/** Every link to another page names a file of the report and an anchor in it. */
export async function linksBetweenPages(browser, report) {
  const known = new Map();
  const links = [];
  for (const path of pagesOf(report)) {
    await open(browser, path, {}, async (page) => {
      const { ids, targets } = await page.evaluate(() => ({
        ids: [...document.querySelectorAll("[id]")].map((one) => one.id),
        targets: [...document.links].map((link) => link.href),
      }));
      known.set(pathToFileURL(path).href, new Set(ids));
      links.push(...targets.map((target) => [relative(report, path), target]));
    });
  }
  let toEvidence = 0;
  for (const [from, target] of links) {
    const [file, anchor] = target.split("#");
    assert.ok(known.has(file), `${from} leads out of the report, to ${target}`);
    assert.ok(!anchor || known.get(file).has(anchor), `${from} leads to ${target}, which is not there`);
    toEvidence += /#term-/.test(target) && from === "index.html" ? 1 : 0;
  }
  return toEvidence;
}

/** On paper there is every table, also those that are folded on a screen: whole, or with how many rows it has. Returns the number of pages. */
export async function printsWhole(browser, path, folder) {
  return open(browser, path, {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    // The width of A4 between the margins, in CSS pixels.
    await page.setViewportSize({ width: Math.floor(((210 - 20) / 25.4) * 96), height: 1000 });
    const cut = await page.evaluate(() => {
      const wrong = [...document.querySelectorAll("table")].filter((table) => {
        const box = table.getBoundingClientRect();
        return box.width === 0 || box.height === 0 || box.right > innerWidth + 1;
      });
      return wrong.map((table) => `${table.textContent.trim().slice(0, 60)}: ${table.getBoundingClientRect().right} of ${innerWidth}`);
    });
    assert.deepEqual(cut, [], path);
    const file = join(folder, "page.pdf");
    const cells = await page.evaluate(() => [...document.querySelectorAll("table")].map((table) => {
      const rows = [...table.rows].filter((row) => row.checkVisibility());
      const more = table.closest(".scroll")?.nextElementSibling?.querySelector(".more span");
      return [...[rows[0], rows.at(-1)].map((row) => row.cells[0].innerText), more?.textContent ?? ""];
    }));
    writeFileSync(file, await page.pdf({ format: "A4" }));
    // Marks of direction are for the layout; what reads the file writes them as it likes.
    const squeezed = (text) => text.normalize("NFKC").replace(/[\s\p{Cf}]+/gu, "");
    const printed = squeezed(execFileSync("pdftotext", ["-raw", file, "-"], { encoding: "utf8", maxBuffer: 1 << 28 }));
    for (const cell of cells.flat()) assert.ok(printed.includes(squeezed(cell)), `${path}: “${cell}” is not in print`);
    return Number(/^Pages: +([0-9]+)$/m.exec(execFileSync("pdfinfo", [file], { encoding: "utf8" }))[1]);
  });
}

/** Hostile text is text: nothing ran, nothing became an element, and what hides is seen. */
export async function isHarmless(browser, path, hostile) {
  const shown = await open(browser, path, {}, async (page) => {
    for (const link of await page.locator("[onerror], [onload], [onmouseover], img, iframe, object, embed, form, base").all()) {
      assert.fail(`${path} holds ${await link.evaluate((one) => one.outerHTML.slice(0, 100))}`);
    }
    await page.locator("body").hover();
    const { ran, scripts, links, text } = await page.evaluate(() => ({
      ran: window.ran,
      scripts: [...document.scripts].filter((one) => one.type !== "application/json").length,
      links: [...document.links].filter((link) => link.protocol !== "file:").length,
      text: document.body.textContent,
    }));
    assert.equal(ran, undefined, `something ran in ${path}`);
    assert.ok(scripts <= 1, `${path} holds a script that is not its own`);
    assert.equal(links, 0, `${path} holds a link that is not its own`);
    // Bidirectional controls, and controls but line breaks and tabs.
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b\u000c\u000e-\u001f]/, path);
    return hostile.filter((one) => text.includes(one));
  });
  return new Set(shown);
}

/** Served over HTTP, a page asks for itself and for nothing else, not even an icon. */
export async function asksForNothing(browser, report) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("Content-Type", "text/html; charset=utf-8").end(readFileSync(join(report, "index.html")));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/index.html`, { waitUntil: "networkidle" });
    assert.deepEqual(asked, ["/index.html"]);
  } finally {
    await context.close();
    server.close();
  }
}
