// The worker that highlights text or detects its language. The page may terminate it at any time. Its messages contain
// plain text tokens and never markup.
import { BLOCK_LINES } from "../../generated/constants.js";
import { hljs, load } from "./grammars.js";

const MAX_LINE_LENGTH = 20_000; // Longer lines are not highlighted because their spans would slow the page down.
const MAX_TOKENS = 30_000; // Per block.
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

// Split the markup returned by highlight.js, which only contains its own spans, into [text, class] tokens line by line.
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

function send(number, lines) {
  const tokens = lines.reduce((sum, line) => sum + (line?.length ?? 0), 0);
  postMessage({ block: number, lines: tokens > MAX_TOKENS ? [] : lines });
}

// Detect the language by its signatures, then by highlight.js's relevance among the remaining candidates.
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
    const length = line.reduce((sum, [part]) => sum + part.length, 0);
    lines.push(length > MAX_LINE_LENGTH ? null : line);
    if (lines.length === BLOCK_LINES) {
      send(number++, lines);
      lines = [];
    }
  }
  if (lines.length) send(number, lines);
  postMessage({ done: true });
};
