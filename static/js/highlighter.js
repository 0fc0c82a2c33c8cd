// Has texts coloured, one after the other, and gives up on one that takes too long.
import { employ } from "./bounded.js";

const MOST_SECONDS = 6;
let last = Promise.resolve();

// Colour `text`; `onBlock(number, lines)` is called for each block. Resolves to whether all of it was coloured in time.
export function colour(text, language, onBlock) {
  last = last.then(() => run(text, language, onBlock));
  return last;
}

async function run(text, language, onBlock) {
  const onPart = ({ block, lines }) => onBlock(block, lines);
  return (await employ(document.documentElement.dataset.highlighter, { text, language }, { seconds: MOST_SECONDS, onPart })) !== null;
}
