
// What is found: entries of a kind, each a text, with links to where it stands. They are read from the page, and from
// the index that the page of all jobs has of the pages of the jobs.

const letters = (text) => text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase();
const trimmed = (element) => element.textContent.replace(/\s+/g, " ").trim();

/** The rows of questions and keywords, and the quotes, with a link to each. */
const entriesOfPage = () => {
  const entries = [];
  for (const row of document.querySelectorAll("tr[id^='question-']")) {
    const text = trimmed(row.querySelector("th"));
    entries.push({ kind: "Questions", text, links: [[text, `#${row.id}`]] });
  }
  for (const row of document.querySelectorAll("tr[id^='row-']")) {
    const [text, set] = [trimmed(row.querySelector("th")), row.closest("table").dataset.set];
    const quotes = `term-${row.id.slice("row-".length)}`;
    const links = [[text, `#${row.id}`]];
    if (document.getElementById(quotes)) links.push(["quotes", `#${quotes}`]);
    entries.push({ kind: "Keywords", text, note: set, links, id: row.id });
  }
  document.querySelectorAll(".quote").forEach((quote, at) => {
    quote.id ||= `answer-${at}`;
    entries.push({ kind: "Quotes", text: trimmed(quote.querySelector("blockquote")), note: trimmed(quote.querySelector("figcaption")), links: [[null, `#${quote.id}`]] });
  });
  return entries;
};

/** Jobs, and what the pages of the jobs show, by the order in which the jobs were written. */
const entriesOfReport = (index) => {
  const jobs = [...document.querySelectorAll("#jobs-table tbody tr")].map((row) => {
    const link = row.querySelector("th a");
    return { title: trimmed(link), page: link.getAttribute("href"), department: trimmed(row.cells[1]) };
  });
  const entries = jobs.map(({ title, page, department }) => ({ kind: "Jobs", text: `${title} ${department}`, note: department, links: [[title, page]] }));
  const links = (anchor, shown) => shown.map((at) => [jobs[at].title, `${jobs[at].page}#${anchor}`]);
  for (const [text, anchor, shown, more] of index.questions) {
    entries.push({ kind: "Questions", text, plain: text, links: links(anchor, shown), more });
  }
  for (const [text, set, hex, shown, more] of index.keywords) {
    const id = `row-${hex}`;
    const own = document.getElementById(id) ? [["all jobs", `#${id}`]] : [];
    entries.push({ kind: "Keywords", text, plain: text, note: index.sets[set], links: [...own, ...links(id, shown)], more, id });
  }
  return entries;
};

/** The part of a long text around the first of these words. */
const excerpt = (text, words) => {
  const [most, before] = [160, 60];
  if (text.length <= most) return text;
  const at = Math.max(0, ...words.map((word) => text.toLowerCase().indexOf(word)));
  const from = at < most - before ? 0 : text.indexOf(" ", at - before) + 1;
  const part = text.slice(from, from + most);
  return `${from ? "…" : ""}${part}${from + most < text.length ? "…" : ""}`;
};

const element = (name, text = "", attributes = {}) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(text);
  return made;
};

const result = ({ text, plain, note, links, more }, words) => {
  const line = element("li");
  if (plain) line.append(element("bdi", plain), " · ");
  links.forEach(([name, href], at) => {
    const link = element("a", element("bdi", name ?? excerpt(text, words)), { href });
    link.addEventListener("click", () => {
      const details = href.startsWith("#") && document.getElementById(href.slice(1)).closest("details");
      if (details) details.open = true;
    });
    line.append(at ? ", " : "", link);
  });
  if (more) line.append(element("span", ` and ${more} more jobs`));
  if (note) line.append(" ", element("span", element("bdi", note)));
  return line;
};

const find = document.querySelector("[data-find]");
const index = document.getElementById("search-index");
const known = new Set();
const entries = [...(index ? entriesOfReport(JSON.parse(index.textContent)) : []), ...entriesOfPage()]
  .filter(({ id }) => !id || (!known.has(id) && known.add(id)))
  .map((entry) => ({ ...entry, letters: letters(entry.text) }));

if (entries.length > 0) {
  const [field, count, found] = ["input", "output", "#found"].map((one) => find.querySelector(one));
  // As many of each kind as one reads before one writes another word.
  const MOST = 30;
  const show = () => {
    const words = letters(field.value).split(/\s+/).filter(Boolean);
    const hits = words.length ? entries.filter((entry) => words.every((word) => entry.letters.includes(word))) : [];
    count.textContent = words.length ? `${hits.length} found` : "";
    found.replaceChildren();
    for (const kind of new Set(hits.map((hit) => hit.kind))) {
      const all = hits.filter((hit) => hit.kind === kind);
      const list = element("ul");
      list.append(...all.slice(0, MOST).map((entry) => result(entry, words)));
      const shown = all.length > MOST ? `, the first ${MOST} of ${all.length}` : `, ${all.length}`;
      found.append(element("p", `${kind}${shown}`, { className: "kind" }), list);
    }
  };
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") found.querySelector("a")?.click();
    if (event.key === "Escape") {
      field.value = "";
      show();
    }
  });
  find.hidden = false;
}
