// Highlights text and detects its language in a worker, one task at a time and with a time limit.
import { runInWorker } from "../page/worker.js";

const HIGHLIGHT_SECONDS = 6;
const DETECT_SECONDS = 3;
const DETECT_LENGTH = 4_000; // In characters. The rest of the text is ignored.

let queue = Promise.resolve();

// Highlight `text`, calling `onBlock(number, lines)` for each block. Resolves to whether it finished in time.
export function highlight(text, language, onBlock) {
  const onPart = ({ block, lines }) => onBlock(block, lines);
  return enqueue({ text, language }, { seconds: HIGHLIGHT_SECONDS, onPart }, (result) => result !== null);
}

// Resolves to the detected language of the text, or to "".
export function guess(text) {
  return enqueue({ text: beginning(text) }, { seconds: DETECT_SECONDS }, (result) => result?.language ?? "");
}

// Return the part of the text that is used to detect its language.
export function beginning(text) {
  return text.slice(0, DETECT_LENGTH);
}

function enqueue(task, limits, toResult) {
  queue = queue.then(async () => toResult(await runInWorker(document.documentElement.dataset.highlighter, task, limits)));
  return queue;
}
