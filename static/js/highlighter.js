// Has texts coloured, one after the other, and gives up on one that takes too long.
import { startWorker } from "./trusted.js";

const MOST_SECONDS = 6;
let last = Promise.resolve();

// Colour `text`; `onBlock(number, lines)` is called for each block. Resolves to whether all of it was coloured in time.
export function colour(text, language, onBlock) {
  last = last.then(() => run(text, language, onBlock));
  return last;
}

function run(text, language, onBlock) {
  return new Promise((resolve) => {
    const worker = startWorker(document.documentElement.dataset.highlighter);
    const end = (whole) => {
      clearTimeout(clock);
      worker.terminate();
      resolve(whole);
    };
    const clock = setTimeout(end, MOST_SECONDS * 1000, false);
    worker.onerror = (event) => {
      event.preventDefault(); // A grammar that fails leaves the text plain; that is all.
      end(false);
    };
    worker.onmessage = ({ data }) => (data.done ? end(true) : onBlock(data.block, data.lines));
    worker.postMessage({ text, language });
  });
}
