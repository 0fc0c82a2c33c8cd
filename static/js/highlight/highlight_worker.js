// Colours one text, or guesses its language, away from the page: this may be ended at any moment. It hands out plain pieces, never markup.
import { BLOCK_LINES } from "../../generated/constants.js";
import { hljs, load } from "./grammars.js";

const LONGEST_LINE = 20_000; // A longer line stays plain: nobody reads it, and its pieces would slow the page down.
const MOST_PIECES = 30_000; // In one block.
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

// Turn what highlight.js writes, which has nothing but its own spans in it, into [text, class] pieces, line by line.
function* linesOf(markup) {
  const open = [];
  let line = [];
  for (const [part, opened] of markup.matchAll(/<span class="([^"]*)">|<\/span>|[^<]+/g)) {
    if (opened !== undefined) {
      open.push(opened.startsWith("language-") ? (open.at(-1) ?? "") : opened);
    } else if (part === "</span>") {
      open.pop();
    } else {
      const text = part.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity]);
      const rows = text.split("\n");
      for (const [number, row] of rows.entries()) {
        const ends = number < rows.length - 1;
        if (row || ends) line.push([ends ? `${row}\n` : row, open.at(-1) ?? ""]);
        if (ends) {
          yield line;
          line = [];
        }
      }
    }
  }
  if (line.length) yield line;
}

function calm(line) {
  const length = line.reduce((sum, [text]) => sum + text.length, 0);
  return length > LONGEST_LINE ? null : line;
}

function send(number, lines) {
  const pieces = lines.reduce((sum, line) => sum + (line?.length ?? 0), 0);
  postMessage({ block: number, lines: pieces > MOST_PIECES ? [] : lines });
}

// Guess the language of a text: by its signs and, where they leave several, by what highlight.js makes of each.
async function guess(text) {
  const { candidates } = await import("./language_signatures.js");
  const likely = candidates(text);
  if (likely.length < 2) return likely[0] ?? "";
  for (const language of likely) await load(language);
  return hljs.highlightAuto(text, likely).language ?? likely[0];
}

onmessage = async ({ data: { text, language } }) => {
  if (!language) {
    postMessage({ done: true, language: await guess(text) });
    return;
  }
  await load(language);
  const { value } = hljs.highlight(text, { language, ignoreIllegals: true });
  let number = 0;
  let lines = [];
  for (const line of linesOf(value)) {
    lines.push(calm(line));
    if (lines.length === BLOCK_LINES) {
      send(number++, lines);
      lines = [];
    }
  }
  if (lines.length) send(number, lines);
  postMessage({ done: true });
};
