// Has texts coloured and their languages guessed, one after the other, and gives up on one that takes too long.
import { runInWorker } from "../page/worker.js";

const MOST_SECONDS = 6;
const MOST_SECONDS_OF_GUESSING = 3;
const MOST_LETTERS = 4_000; // Of which a language is guessed.
let last = Promise.resolve();

// Colour `text`; `onBlock(number, lines)` is called for each block. Resolves to whether all of it was coloured in time.
export function colour(text, language, onBlock) {
  last = last.then(() => run(text, language, onBlock));
  return last;
}

// What a guess looks at: the beginning of a text.
export function beginning(text) {
  return text.slice(0, MOST_LETTERS);
}

// Resolves to the language that a text seems to be in, or to an empty word.
export function guess(text) {
  last = last.then(async () => {
    const { highlighter } = document.documentElement.dataset;
    const said = await runInWorker(highlighter, { text: beginning(text) }, { seconds: MOST_SECONDS_OF_GUESSING });
    return said?.language ?? "";
  });
  return last;
}

async function run(text, language, onBlock) {
  const onPart = ({ block, lines }) => onBlock(block, lines);
  return (await runInWorker(document.documentElement.dataset.highlighter, { text, language }, { seconds: MOST_SECONDS, onPart })) !== null;
}
