// Text as numbered lines. Only lines near the viewport become elements, so that text of any length opens immediately. The
// numbers are added by the stylesheet instead of being part of the text, so that they are not copied.
import { BLOCK_LINES } from "../../generated/constants.js";

export class LineList {
  #blocks = [];
  #tokens = [];
  #drawn = new Set();
  #observer;
  #marked = [0, 0];

  // `pre` contains the text. Longer text is split into spans of BLOCK_LINES lines.
  constructor(pre) {
    this.pre = pre;
    this.#observer = new IntersectionObserver((entries) => this.#arrive(entries), { rootMargin: "800px 0px" });
    this.#readBlocks();
  }

  get text() {
    return this.pre.textContent;
  }

  get count() {
    const last = this.#blocks.at(-1);
    return (this.#blocks.length - 1) * BLOCK_LINES + rows(last.textContent).length;
  }

  // Highlight a block. Each line is a list of [text, class] tokens.
  highlight(number, lines) {
    this.#tokens[number] = lines;
    if (this.#drawn.has(number)) this.#draw(number);
  }

  // Remove all highlighting.
  clearHighlighting() {
    this.#tokens = [];
    for (const number of this.#drawn) this.#draw(number);
  }

  // Mark a range of lines and, if `show` is true, scroll to the first one. Return whether that line exists.
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

  // Return the number of the line whose margin was clicked, or 0.
  lineAt(event) {
    const line = event.target.closest?.(".line");
    if (!line) return 0;
    const margin = line.getBoundingClientRect().left + parseFloat(getComputedStyle(line).paddingLeft);
    return event.clientX < margin ? Number(line.dataset.n) : 0;
  }

  #readBlocks() {
    this.#observer.disconnect();
    this.#drawn.clear();
    this.#tokens = [];
    if (!this.pre.firstElementChild) wrapAll(this.pre);
    if (this.pre.children.length > 1 && !this.pre.lastElementChild.firstChild) this.pre.lastElementChild.remove();
    this.#blocks = [...this.pre.children];
    this.pre.style.setProperty("--digits", Math.max(3, String(this.count).length));
    for (const block of this.#blocks) this.#observer.observe(block);
  }

  #arrive(entries) {
    for (const { isIntersecting, target } of entries) {
      const number = this.#blocks.indexOf(target);
      if (isIntersecting && number >= 0 && !this.#drawn.has(number)) this.#draw(number);
    }
  }

  #draw(number) {
    const block = this.#blocks[number];
    this.#drawn.add(number);
    this.#observer.unobserve(block);
    const texts = rows(block.textContent);
    block.replaceChildren(
      ...texts.map((text, at) => {
        const line = document.createElement("span");
        line.className = "line";
        line.dataset.n = number * BLOCK_LINES + at + 1;
        line.append(...nodesOf(text, this.#tokens[number]?.[at]));
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

// Return the nodes that a LineList expects in its `pre`.
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

// Return the nodes of a line. Tokens are ignored unless together they are exactly its text.
function nodesOf(text, tokens) {
  if (!tokens || tokens.map(([part]) => part).join("") !== text) return [text];
  return tokens.map(([part, name]) => {
    if (!name) return part;
    const span = document.createElement("span");
    span.className = name;
    span.textContent = part;
    return span;
  });
}
