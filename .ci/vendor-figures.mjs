// The figures of the vendor's sample analysis, in the vendor's language, over every interview of a sandbox: the sum of
// durations, the mean length in UTF-16 code units, and how many answers hold each of five keywords in lower case.
// What comes out as NaN, or throws, is null: there the product has a rule of its own.
//
//     node vendor-figures.mjs http://127.0.0.1:PORT ids.txt KEY > vendor.json
import { readFileSync } from "node:fs";

const [address, list, key] = process.argv.slice(2);
const keywords = ["react", "typescript", "testing", "agile", "ci/cd"];

const finite = (compute) => {
  try {
    const value = compute();
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
};

const figuresOf = async (id) => {
  const url = `${address}/api/v1/interviews/${encodeURIComponent(id)}`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error(`${id}: ${answer.status}`);
  const { status, responses } = await answer.json();
  if (status !== "completed") return { status };
  return {
    status,
    totalDuration: finite(() => responses.reduce((sum, { duration_seconds }) => sum + duration_seconds, 0)),
    averageResponseLength: finite(
      () => responses.reduce((sum, { transcript }) => sum + transcript.length, 0) / responses.length,
    ),
    keywordMatches: Object.fromEntries(
      keywords.map((keyword) => [
        keyword,
        finite(() => responses.filter(({ transcript }) => transcript.toLowerCase().includes(keyword)).length),
      ]),
    ),
  };
};

// All workers take from one list.
const ids = readFileSync(list, "utf8").split("\n").filter(Boolean).values();
const figures = {};
const worker = async () => {
  for (const id of ids) figures[id] = await figuresOf(id);
};
await Promise.all(Array.from({ length: 32 }, worker));
console.log(JSON.stringify(figures));
