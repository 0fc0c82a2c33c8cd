// One file of a paste as it is read: numbered and coloured lines, copy, wrap, another language, links to lines.
import { MARKDOWN, PLAIN, UNNAMED } from "../../generated/constants.js";
import { copy, make, memory, say } from "../page/dom.js";
import { colour, guess } from "../highlight/highlighter.js";
import { Listing } from "./line_list.js";
import { gettext } from "../page/messages.js";

const SIGNS = /[\u2400-\u2421]|\[U\+/; // See `shown` in pastes/models/paste.py.

export class FileView {
  #asked = 0;

  // `links`: whether the address may name lines; that of an encrypted paste names the key.
  constructor(section, { links = true } = {}) {
    this.section = section;
    this.name = section.dataset.name;
    this.language = section.dataset.language;
    this.pre = section.querySelector("pre");
    this.listing = new Listing(this.pre);
    if (links) this.pre.addEventListener("click", (event) => this.#choose(event));
    this.pre.addEventListener("copy", (event) => this.#copySelection(event));
    this.#addTools();
    this.wrap(memory.get("wrap", null) ?? this.pre.matches(".wraps"));
    this.paint();
    this.#offerRendering();
    this.#guess();
  }

  // Colour the text in its language.
  async paint() {
    const asked = ++this.#asked;
    this.listing.bleach();
    if (this.language === PLAIN) return;
    const whole = await colour(this.listing.text, this.language, (number, lines) => {
      if (asked === this.#asked) this.listing.colour(number, lines);
    });
    if (asked !== this.#asked) return;
    this.section.dataset.painted = whole ? "whole" : "stopped";
    if (!whole) {
      this.listing.bleach();
      this.status.textContent = gettext("Shown plain: colouring it takes too long.");
    }
  }

  wrap(on) {
    this.pre.classList.toggle("wraps", on);
    this.wrapButton.ariaPressed = String(on);
  }

  // Mark lines; with `show`, bring them into the window.
  mark(first, last, show) {
    this.namesLines = first > 0; // Lines are lines of what was written.
    if (this.namesLines) this.rendering?.show(false);
    return this.listing.mark(first, last, { show });
  }

  #addTools() {
    const chosen = make("option", { value: this.language, textContent: this.section.dataset.label, selected: true });
    this.select = make("select", { ariaLabel: gettext("Language of %(name)s", { name: this.name }), className: "small" }, chosen);
    for (const event of ["pointerenter", "focus"]) this.select.addEventListener(event, () => this.#offer(), { once: true });
    this.select.addEventListener("change", () => {
      this.language = this.select.value;
      this.status.textContent = "";
      this.paint();
      this.#offerRendering();
    });
    this.wrapButton = make("button", { type: "button", className: "tool", textContent: gettext("Wrap") });
    this.wrapButton.dataset.tool = "wrap";
    this.wrapButton.addEventListener("click", () => {
      const on = this.wrapButton.ariaPressed !== "true";
      memory.set("wrap", on);
      this.wrap(on);
    });
    const copyButton = make("button", { type: "button", className: "tool", textContent: gettext("Copy") });
    copyButton.dataset.tool = "copy";
    copyButton.addEventListener("click", () => this.copyAll());
    this.status = make("span", { className: "status", role: "status" });
    const tools = this.section.querySelector(".tools");
    tools.prepend(this.select, this.wrapButton, copyButton);
    tools.before(this.status);
  }

  async copyAll() {
    say((await copy(await this.#written())) ? gettext("%(name)s is copied.", { name: this.name }) : gettext("The browser does not allow copying."));
  }

  // Return the text as it was written: where the page shows signs for what cannot be shown, from where it stands raw.
  async #written() {
    const { text } = this.listing;
    const raw = this.section.querySelector(".tools a[href*='/raw']");
    if (this.section.written !== undefined) return this.section.written;
    if (!raw || !SIGNS.test(text)) return text;
    const answer = await fetch(raw.href);
    if (!answer.ok) return text;
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await answer.arrayBuffer());
  }

  // What nobody has named may be code all the same: a guess colours it, and changes nothing else.
  async #guess() {
    const isAsked = location.search !== "" || location.pathname.includes("."); // For a language, by ?hl= or an ending.
    if (this.language !== PLAIN || !UNNAMED.test(this.name) || isAsked) return;
    await new Promise((resolve) => (window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: 2000 }) : setTimeout(resolve, 200)));
    const language = await guess(this.pre.firstElementChild.textContent);
    if (!language || this.select.value !== PLAIN || this.language !== PLAIN) return;
    const { labels } = await import("../../generated/languages.js");
    const textContent = gettext("guessed: %(language)s", { language: gettext(labels[language]) });
    this.select.prepend(make("option", { value: language, textContent, selected: true }));
    this.language = language;
    this.paint();
  }

  async #offerRendering() {
    if (this.language !== MARKDOWN) {
      this.rendering?.end();
      this.rendering = null;
      return;
    }
    const { Rendering } = await import("./rendered_markdown.js");
    if (this.language !== MARKDOWN || this.rendering) return;
    this.rendering = new Rendering(this);
    if (memory.get("rendered", true) && !this.namesLines) this.rendering.show(true);
  }

  async #offer() {
    const { labels } = await import("../../generated/languages.js");
    const sorted = Object.entries(labels).sort(([, one], [, other]) => one.localeCompare(other, "en"));
    const there = new Set([...this.select.options].map(({ value }) => value));
    const others = sorted.filter(([name]) => !there.has(name));
    this.select.append(...others.map(([value, label]) => make("option", { value, textContent: gettext(label) })));
  }

  // A click on a number chooses its line, with Shift the lines up to it, and the address says so.
  #choose(event) {
    const line = this.listing.lineAt(event);
    if (!line) return;
    const [file, first] = parse(location.hash);
    const from = event.shiftKey && file === this.name ? first : line;
    const ends = [Math.min(from, line), Math.max(from, line)];
    const range = ends[0] === ends[1] ? `L${line}` : `L${ends[0]}-L${ends[1]}`;
    getSelection()?.removeAllRanges();
    history.replaceState(null, "", `#${encodeURIComponent(this.name)}-${range}`);
    window.dispatchEvent(new CustomEvent("lines", { detail: { show: false } }));
  }

  // Copy exactly the text: browsers add line ends of their own where elements end.
  #copySelection(event) {
    const range = getSelection()?.getRangeAt(0);
    if (!range || !this.pre.contains(range.commonAncestorContainer)) return;
    event.clipboardData.setData("text/plain", range.cloneContents().textContent);
    event.preventDefault();
  }
}

// Read `#name-L3-L9` or `#L3`: the name, empty for the first file, and both lines; 0 when there is none.
export function parse(hash) {
  const found = /^#(?:(.*?)-)?L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (!found) return ["", 0, 0];
  const [, name = "", from, to = from] = found;
  try {
    return [decodeURIComponent(name), Math.min(from, to), Math.max(from, to)];
  } catch {
    return ["", 0, 0];
  }
}
