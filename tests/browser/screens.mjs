// What the pages are on a phone, on a wide screen and by keyboard, and what their search finds.

import assert from "node:assert/strict";
import { DESKTOP, PHONE, WIDE, open } from "./checks.mjs";

/** Rows that a long table shows at once. */
const SEEN = 15;

/** On a phone each row of a table is seen whole, or its table can be scrolled and says so; charts can be read. */
export async function fitsAPhone(browser, path) {
  await open(browser, path, { viewport: PHONE }, async (page) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    const wrong = await page.evaluate(() => {
      const wrong = [];
      for (const cell of document.querySelectorAll("td, th, figcaption, blockquote, li, dd, p")) {
        if (!cell.checkVisibility() || cell.getBoundingClientRect().width === 0) continue;
        const box = cell.getBoundingClientRect();
        const scroll = cell.closest(".scroll");
        const hasCue = scroll && scroll.scrollWidth > scroll.clientWidth && getComputedStyle(scroll).backgroundImage.includes("gradient");
        if (box.right > innerWidth + 1 && !hasCue) wrong.push(`off the screen: ${cell.textContent.trim().slice(0, 60)}`);
      }
      for (const table of document.querySelectorAll(".rows")) {
        const scroll = table.closest(".scroll");
        if (scroll.scrollWidth > scroll.clientWidth + 1) wrong.push(`a table of rows is ${scroll.scrollWidth} wide`);
      }
      for (const text of document.querySelectorAll(".chart text")) {
        const pixels = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
        if (pixels < 12) wrong.push(`“${text.textContent}” is ${pixels} px`);
      }
      return [...new Set(wrong)];
    });
    assert.deepEqual(wrong, [], path);
  });
}

/** A wide screen is used: the content reaches from one side to the other. */
export async function usesTheWidth(browser, path) {
  await open(browser, path, { viewport: WIDE }, async (page) => {
    const widest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("main section")].map((one) => one.getBoundingClientRect().width)));
    assert.ok(widest > WIDE.width * 0.9, `${path} uses ${widest} of ${WIDE.width}`);
  });
}

/** Long tables show some rows, all at a key, and those that a link leads to. Returns how many there are. */
export async function foldsLongTables(browser, path) {
  return open(browser, path, {}, async (page) => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    const boxes = page.locator(".scroll:has(+ .more)");
    const count = await boxes.count();
    for (let at = 0; at < count; at += 1) {
      const rows = boxes.nth(at).locator("tbody tr");
      const shown = boxes.nth(at).locator("tbody tr:visible");
      assert.equal(await shown.count(), SEEN, path);
      const box = page.locator(".scroll + .more input").nth(at);
      assert.match(await box.evaluate((one) => one.parentElement.textContent.trim()), new RegExp(`^Show all ${await rows.count()} `));
      await box.focus();
      await page.keyboard.press("Space");
      assert.equal(await shown.count(), await rows.count(), path);
      await page.keyboard.press("Space");
      assert.equal(await shown.count(), SEEN, path);
    }
    const longest = await page.evaluate(() => Math.max(0, ...[...document.querySelectorAll(".scroll:not(:has(+ .more)) tbody")].map((one) => one.rows.length)));
    assert.ok(longest <= SEEN, `${path} has a table of ${longest} rows that does not fold`);
    return count;
  });
}

/** The search of all jobs finds jobs, questions and keywords, and each link leads to what was looked for. */
export async function findsInAllJobs(browser, path) {
  for (const viewport of [DESKTOP, PHONE]) {
    await open(browser, path, { viewport }, async (page) => {
      const field = page.getByRole("searchbox", { name: "Find a job, a question or a keyword" });
      const found = page.locator("#found");
      const job = await page.locator("#jobs-table tbody th a").last().textContent();
      await field.fill(job.toUpperCase());
      const link = found.getByRole("link", { name: job }).first();
      assert.match(await link.getAttribute("href"), /^jobs\/[a-z0-9-]+\.html$/);
      const index = JSON.parse(await page.locator("#search-index").textContent());
      assert.ok(JSON.stringify(index).length <= 150_000);
      for (const [text] of [index.questions.at(-1), index.keywords.at(-1)]) {
        await field.fill(text);
        assert.ok((await found.textContent()).includes(text), text);
      }
      assert.match(await page.locator("#found-count").textContent(), /^[1-9][0-9]* found$/);
      await field.press("Escape");
      assert.equal(await found.textContent(), "");

      // By keyboard alone: from the field to the first result, and on to its page.
      await field.fill(index.questions[0][0]);
      await field.press("Tab");
      const target = await page.evaluate(() => document.activeElement.href);
      await Promise.all([page.waitForURL(target), page.keyboard.press("Enter")]);
      const row = page.locator("tr:target");
      assert.ok((await row.textContent()).includes(index.questions[0][0]));
      assert.ok(await row.isVisible());
    });
  }
}

/** The search of a job finds its questions, keywords and quotes; a keyword leads to its quotes, and they lead back. */
export async function findsInAJob(browser, path) {
  return open(browser, path, {}, async (page) => {
    const quotes = await page.locator(".quote[id]").count();
    if (quotes === 0) return 0;
    const field = page.getByRole("searchbox");
    const found = page.locator("#found");
    const words = await page.locator(".quote blockquote").last().evaluate((one) => one.textContent.trim().split(/\s+/).slice(1, 6).join(" "));
    await field.fill(words);
    await found.locator("a[href^='#quote-']").first().click();
    assert.ok((await page.locator(".quote:target").textContent()).toLowerCase().includes(words.split(" ")[0].toLowerCase()));

    // The last row of a table that may be folded: it opens for a link to it.
    const row = page.locator("tr[id^='row-']:has(a)").last();
    const term = (await row.locator("th").textContent()).trim();
    await field.fill(term);
    await found.locator(`a[href="#${await row.getAttribute("id")}"]`).first().press("Enter");
    assert.ok(await row.isVisible());
    await row.locator("td a").click();
    const section = page.locator(".keyword:target");
    assert.ok((await section.locator("h4").textContent()).startsWith(term));
    await section.getByRole("link", { name: "figures" }).click();
    assert.equal(await page.locator("tr:target").getAttribute("id"), await row.getAttribute("id"));
    return quotes;
  });
}

/** Whatever can be clicked can be reached with the Tab key. */
export async function isReachedByKeyboard(browser, path) {
  await open(browser, path, {}, async (page) => {
    const missed = await page.evaluate(() => {
      const controls = [...document.querySelectorAll("a[href], input, select, summary, [role=button]")];
      return controls.filter((one) => one.checkVisibility() && one.tabIndex < 0).map((one) => one.outerHTML.slice(0, 80));
    });
    assert.deepEqual(missed, [], path);
  });
}
