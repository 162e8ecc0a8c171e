// Lengths and substrings as JavaScript has them, over the corpus and the transcripts of the sample: one line of JSON for
// each text, with its length in UTF-16 code units and which of the terms of substrings.txt its lower case includes.
//
//     node tests/oracle/oracle.mjs > data/golden/javascript.jsonl
import { readFileSync } from "node:fs";

const data = new URL("../../data/", import.meta.url);
const linesOf = (file) => readFileSync(new URL(file, data), "utf8").split("\n").filter(Boolean);
const parsed = (file) => linesOf(file).map((line) => JSON.parse(line));

const terms = linesOf("golden/substrings.txt");
const sample = parsed("interviews.jsonl").flatMap(({ id, responses }) =>
  (responses ?? []).map(({ transcript }, position) => ({ name: `${id}/${position}`, text: transcript })),
);
for (const { name, text } of [...parsed("golden/texts.jsonl"), ...sample]) {
  if (typeof text !== "string") continue;
  const lower = text.toLowerCase();
  const contains = terms.filter((term) => lower.includes(term));
  console.log(JSON.stringify({ name, length_utf16: text.length, contains }));
}
