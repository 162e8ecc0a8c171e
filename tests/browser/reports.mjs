// Makes the reports that the pages are looked at in: one as a talent lead gets it, one from a hostile lake, and one of
// nothing.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const PERIOD = ["--period", "13w", "--until", "2026-06-01"];

/** What text of people may hold at worst. Each tries to be markup, a link, a script's end, or to hide. */
export const HOSTILE = [
  "<script>window.ran = 1</script>",
  "</script><script>window.ran = 2</script>",
  "</style><img src=x onerror=\"window.ran = 3\">",
  "\"><svg onload=window.ran=4>",
  "' onmouseover='window.ran = 5' x='",
  "javascript:window.ran=6",
  "{{ 7 * 7 }}{% raw %}<!-- ]]>&lt;&#x3c;",
  "\u202Eesrever\u2066 isolated \u200F mark",
  "bell \u0007 nul \u0000 escape \u001b[31m",
];

export function makeReports(program, folder) {
  const run = (...flags) => {
    execFileSync(program, flags, { cwd: folder, env: { ...process.env, XDG_STATE_HOME: folder }, stdio: ["ignore", "pipe", "inherit"] });
  };
  return { sample: sample(run, folder), hostile: hostile(run, folder), empty: empty(run, folder) };
}

/** The sandbox's interviews, fetched over HTTP, so that there are questions, open interviews and a completion rate. */
function sample(run, folder) {
  const pipeline = `
[source]
api = "sandbox"
sandbox = { interviews = 4000, seed = 7 }
[lake]
path = "sample-lake"
[ingest]
requests-per-minute = 60000
questions = "all"
[analyze]
keywords = ["builtin:engineering", "builtin:behavioural"]
[report]
out = "sample"
period = "6w"
until = "2026-06-01"
`;
  writeFileSync(join(folder, "sample.toml"), pipeline);
  run("--quiet", "run", "sample.toml");
  return join(folder, "sample/latest");
}

/** The sample interviews with every text that a page could show replaced by, or mixed with, the worst. */
function hostile(run, folder) {
  const lines = readFileSync(join(root, "data/interviews.jsonl"), "utf8").trim().split("\n");
  const bodies = lines.map((line, at) => {
    const body = JSON.parse(line);
    const worst = (place) => HOSTILE[(at + place) % HOSTILE.length];
    // One job and one question hold everything at once, so that each form is sure to reach a page.
    const every = HOSTILE.join(" ");
    const endless = "W".repeat(300);
    const titles = { Product: every, Account: endless, Customer: `<b>${endless}</b>` };
    const [first] = body.job.title.split(" ");
    body.job.title += ` ${titles[first] ?? HOSTILE[body.job.title.length % HOSTILE.length]}`;
    body.job.department = `${first} ${every} ${endless}`;
    if (body.status === "invited") body.status = HOSTILE[0];
    for (const [place, response] of (body.responses ?? []).entries()) {
      response.question_text = `${response.question_text} ${place === 0 ? every : HOSTILE[place % HOSTILE.length]}`;
      response.question_type = HOSTILE[place % HOSTILE.length];
      if (typeof response.transcript === "string") {
        response.transcript = `${worst(place)} react ${worst(place + 1)} ${response.transcript}`;
        // A megabyte without a space, around a word that no other answer has, so that it is sure to be quoted.
        if (place === 0 && body.job.title.startsWith("Data")) {
          response.transcript = `${"x".repeat(1 << 20)},zebra,${"y".repeat(1 << 20)}`;
        }
      }
    }
    return JSON.stringify(body);
  });
  // A lone surrogate can only be written as an escape.
  bodies.push(lines[0].replaceAll("660f9511", "770f9511").replace("So, um", "\\ud800 react \\udc00 So, um"));
  bodies.push("a line of a megabyte without a space: " + "z".repeat(1 << 20));
  writeFileSync(join(folder, "hostile.jsonl"), bodies.join("\n") + "\n");
  const terms = ["react", "zebra", "<script>window.ran = 1</script>", "javascript:window.ran=6", "\"><svg onload=window.ran=4>", "' onmouseover='window.ran = 5' x='"];
  writeFileSync(join(folder, "hostile.txt"), terms.join("\n") + "\n");
  try {
    run("--quiet", "import", "--lake", "hostile-lake", "hostile.jsonl");
  } catch (error) {
    // Some lines are no interviews: they are set aside, and the program says so by its exit code.
    if (error.status !== 3) throw error;
  }
  run("--quiet", "analyze", "--lake", "hostile-lake", "--keywords", "hostile.txt", "--mode", "substring");
  run("--quiet", "report", "--lake", "hostile-lake", "--out", "hostile", ...PERIOD);
  return join(folder, "hostile/latest");
}

function empty(run, folder) {
  mkdirSync(join(folder, "none"));
  writeFileSync(join(folder, "none.jsonl"), "");
  run("--quiet", "import", "--lake", "empty-lake", "none.jsonl");
  run("--quiet", "analyze", "--lake", "empty-lake", "--keywords", "builtin:engineering");
  run("--quiet", "report", "--lake", "empty-lake", "--out", "empty", ...PERIOD);
  return join(folder, "empty/latest");
}
