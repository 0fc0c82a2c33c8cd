// Highlights texts and detects their languages in a worker, one after the other, and gives up on one that takes too long.
import { runInWorker } from "../page/worker.js";

const HIGHLIGHT_SECONDS = 6;
const DETECT_SECONDS = 3;
const DETECT_LENGTH = 4_000; // Characters that a detection looks at.

let queue = Promise.resolve();

// Highlight `text`; `onBlock(number, lines)` receives each block. Resolves to whether all of it was done in time.
export function colour(text, language, onBlock) {
  const onPart = ({ block, lines }) => onBlock(block, lines);
  return enqueue({ text, language }, { seconds: HIGHLIGHT_SECONDS, onPart }, (result) => result !== null);
}

// Resolves to the language that a text seems to be in, or to "".
export function guess(text) {
  return enqueue({ text: beginning(text) }, { seconds: DETECT_SECONDS }, (result) => result?.language ?? "");
}

// Return the part of a text that a detection looks at.
export function beginning(text) {
  return text.slice(0, DETECT_LENGTH);
}

function enqueue(task, limits, toResult) {
  queue = queue.then(async () => toResult(await runInWorker(document.documentElement.dataset.highlighter, task, limits)));
  return queue;
}
