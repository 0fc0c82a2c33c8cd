// The worker that highlights one text or detects its language; the page may end it at any moment. Its messages hold plain
// pieces of text, never markup.
import { BLOCK_LINES } from "../../generated/constants.js";
import { hljs, load } from "./grammars.js";

const MAX_LINE_LENGTH = 20_000; // A longer line stays plain: its pieces would slow the page down.
const MAX_PIECES = 30_000; // In one block.
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

// Split the markup of highlight.js, which consists of its own spans alone, into [text, class] pieces, line by line.
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

function plainIfLong(line) {
  const length = line.reduce((sum, [text]) => sum + text.length, 0);
  return length > MAX_LINE_LENGTH ? null : line;
}

function send(number, lines) {
  const pieces = lines.reduce((sum, line) => sum + (line?.length ?? 0), 0);
  postMessage({ block: number, lines: pieces > MAX_PIECES ? [] : lines });
}

// Detect the language of a text by its signatures, and by the relevance that highlight.js gives to those that remain.
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
    lines.push(plainIfLong(line));
    if (lines.length === BLOCK_LINES) {
      send(number++, lines);
      lines = [];
    }
  }
  if (lines.length) send(number, lines);
  postMessage({ done: true });
};
