// A text as numbered lines. Only what is near the window becomes elements; the rest stays text, so that a text of any
// length opens at once. The numbers are not part of the text: nobody copies them.
import { BLOCK_LINES } from "../../generated/constants.js";

export class Listing {
  #blocks = [];
  #colours = [];
  #drawn = new Set();
  #near;
  #marked = [0, 0];

  // `pre` has the text, in spans of BLOCK_LINES lines when it has more than that.
  constructor(pre) {
    this.pre = pre;
    this.#near = new IntersectionObserver((seen) => this.#arrive(seen), { rootMargin: "800px 0px" });
    this.#take();
  }

  get text() {
    return this.pre.textContent;
  }

  get count() {
    const last = this.#blocks.at(-1);
    return (this.#blocks.length - 1) * BLOCK_LINES + rows(last.textContent).length;
  }

  // Put another text in the place of this one.
  replace(text) {
    this.pre.replaceChildren(...blocksOf(text));
    this.#take();
  }

  // Give a block the pieces that its lines consist of.
  colour(number, lines) {
    this.#colours[number] = lines;
    if (this.#drawn.has(number)) this.#draw(number);
  }

  // Take all colours away.
  bleach() {
    this.#colours = [];
    for (const number of this.#drawn) this.#draw(number);
  }

  // Mark a range of lines and, if asked, bring its first line into the window. Returns whether the text has it.
  mark(first, last, { show = false } = {}) {
    this.#marked = [first, last];
    for (const line of this.pre.querySelectorAll(".line")) this.#markLine(line);
    if (!show || first < 1) return false;
    const number = Math.floor((first - 1) / BLOCK_LINES);
    if (!this.#blocks[number]) return false;
    this.#draw(number);
    const line = this.#blocks[number].children[(first - 1) % BLOCK_LINES];
    line?.scrollIntoView({ block: "center", inline: "nearest" });
    return line !== undefined;
  }

  // Return the number of the line whose margin a click hit, or 0.
  lineAt(event) {
    const line = event.target.closest?.(".line");
    if (!line) return 0;
    const margin = line.getBoundingClientRect().left + parseFloat(getComputedStyle(line).paddingLeft);
    return event.clientX < margin ? Number(line.dataset.n) : 0;
  }

  #take() {
    this.#near.disconnect();
    this.#drawn.clear();
    this.#colours = [];
    if (!this.pre.firstElementChild) wrapAll(this.pre);
    if (this.pre.children.length > 1 && !this.pre.lastElementChild.firstChild) this.pre.lastElementChild.remove();
    this.#blocks = [...this.pre.children];
    this.pre.style.setProperty("--digits", Math.max(3, String(this.count).length));
    for (const block of this.#blocks) this.#near.observe(block);
  }

  #arrive(seen) {
    for (const { isIntersecting, target } of seen) {
      const number = this.#blocks.indexOf(target);
      if (isIntersecting && number >= 0 && !this.#drawn.has(number)) this.#draw(number);
    }
  }

  #draw(number) {
    const block = this.#blocks[number];
    this.#drawn.add(number);
    this.#near.unobserve(block);
    const texts = rows(block.textContent);
    block.replaceChildren(
      ...texts.map((text, at) => {
        const line = document.createElement("span");
        line.className = "line";
        line.dataset.n = number * BLOCK_LINES + at + 1;
        line.append(...pieces(text, this.#colours[number]?.[at]));
        this.#markLine(line);
        return line;
      }),
    );
  }

  #markLine(line) {
    const [first, last] = this.#marked;
    line.classList.toggle("marked", line.dataset.n >= first && line.dataset.n <= last);
  }
}

// Return the nodes that a text consists of when it is to be shown as a Listing.
export function blocksOf(text) {
  const lines = rows(text);
  const blocks = [];
  for (let at = 0; at < lines.length || at === 0; at += BLOCK_LINES) {
    const block = document.createElement("span");
    block.className = "block";
    block.textContent = lines.slice(at, at + BLOCK_LINES).join("");
    blocks.push(block);
  }
  return blocks;
}

function rows(text) {
  return text === "" ? [""] : text.split(/(?<=\n)/);
}

function wrapAll(pre) {
  const block = document.createElement("span");
  block.className = "block";
  block.append(...pre.childNodes);
  pre.replaceChildren(block);
}

// Coloured pieces, unless they are not exactly this text.
function pieces(text, coloured) {
  if (!coloured || coloured.map(([part]) => part).join("") !== text) return [text];
  return coloured.map(([part, name]) => {
    if (!name) return part;
    const piece = document.createElement("span");
    piece.className = name;
    piece.textContent = part;
    return piece;
  });
}
