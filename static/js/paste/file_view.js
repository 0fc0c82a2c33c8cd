// A file of a paste: numbered and highlighted lines, copying, wrapping, changing the language, links to lines.
import { MARKDOWN, PLAIN, UNNAMED } from "../../generated/constants.js";
import { guess, highlight } from "../highlight/highlighter.js";
import { copy, make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { LineList } from "./line_list.js";

const SUBSTITUTES = /[\u2400-\u2421]|\[U\+/; // Displayed instead of characters that cannot be shown.
const IDLE_MS = 2_000;

export class FileView {
  #highlightRun = 0; // Incremented by each run, so that a slow run does not overwrite a later one.

  // `links` is whether the URL fragment may select lines; for encrypted pastes, it contains the key instead. `text` is
  // the original text, if available. Otherwise, it is read from the page or from the raw file.
  constructor(section, { links = true, text = null } = {}) {
    this.section = section;
    this.name = section.dataset.name;
    this.language = section.dataset.language;
    this.text = text;
    this.pre = section.querySelector("pre");
    this.lines = new LineList(this.pre);
    this.rendering = null; // The rendered Markdown, if the file is Markdown.
    this.namesLines = false; // Whether the URL fragment selects lines of this file.
    this.select = this.#languageSelect();
    this.wrapButton = make("button", { type: "button", className: "tool", textContent: gettext("Wrap") });
    this.status = make("span", { className: "status", role: "status" });
    this.#addTools();
    if (links) this.pre.addEventListener("click", (event) => this.#selectLines(event));
    this.pre.addEventListener("copy", (event) => this.#copySelection(event));
    this.wrap(memory.get("wrap", null) ?? this.pre.matches(".wraps"));
    this.highlight();
    this.#offerRendering();
    this.#detectLanguage();
  }

  // Highlight the text according to its language.
  async highlight() {
    const run = ++this.#highlightRun;
    this.lines.clearHighlighting();
    if (this.language === PLAIN) return;
    const isWhole = await highlight(this.lines.text, this.language, (number, lines) => {
      if (run === this.#highlightRun) this.lines.highlight(number, lines);
    });
    if (run !== this.#highlightRun) return;
    this.section.dataset.highlighted = isWhole ? "whole" : "stopped";
    if (!isWhole) {
      this.lines.clearHighlighting();
      this.status.textContent = gettext("Shown without highlighting, which took too long.");
    }
  }

  wrap(isOn) {
    this.pre.classList.toggle("wraps", isOn);
    this.wrapButton.ariaPressed = String(isOn);
  }

  // Mark lines and, if `show` is true, scroll to them. Line numbers refer to the source, so hide rendered Markdown.
  mark(first, last, show) {
    this.namesLines = first > 0;
    if (this.namesLines) this.rendering?.show(false);
    return this.lines.mark(first, last, { show });
  }

  async copyAll() {
    const isCopied = await copy(await this.#originalText());
    say(isCopied ? gettext("%(name)s copied.", { name: this.name }) : gettext("The browser blocked copying."));
  }

  #languageSelect() {
    const current = make("option", { value: this.language, textContent: this.section.dataset.label, selected: true });
    const select = make("select", { ariaLabel: gettext("Language of %(name)s", { name: this.name }), className: "small" }, current);
    for (const event of ["pointerenter", "focus"]) select.addEventListener(event, () => this.#listLanguages(), { once: true });
    select.addEventListener("change", () => {
      this.language = select.value;
      this.status.textContent = "";
      this.highlight();
      this.#offerRendering();
    });
    return select;
  }

  #addTools() {
    this.wrapButton.dataset.tool = "wrap";
    this.wrapButton.addEventListener("click", () => {
      const isOn = this.wrapButton.ariaPressed !== "true";
      memory.set("wrap", isOn);
      this.wrap(isOn);
    });
    const copyButton = make("button", { type: "button", className: "tool", textContent: gettext("Copy") });
    copyButton.dataset.tool = "copy";
    copyButton.addEventListener("click", () => this.copyAll());
    const tools = this.section.querySelector(".tools");
    tools.prepend(this.select, this.wrapButton, copyButton);
    tools.before(this.status);
  }

  // Return the original text, which is fetched if the page shows substitutes for some of its characters.
  async #originalText() {
    if (this.text !== null) return this.text;
    const { text } = this.lines;
    const raw = this.section.querySelector(".tools a[href*='/raw']");
    if (!raw || !SUBSTITUTES.test(text)) return text;
    const response = await fetch(raw.href);
    if (!response.ok) return text;
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await response.arrayBuffer());
  }

  // Text without a file name may still be code. Detection only affects highlighting; the paste is not changed.
  async #detectLanguage() {
    const isRequested = location.search !== "" || location.pathname.includes("."); // A language was requested with ?hl= or an extension.
    if (this.language !== PLAIN || !UNNAMED.test(this.name) || isRequested) return;
    await new Promise((resolve) => (window.requestIdleCallback ? requestIdleCallback(resolve, { timeout: IDLE_MS }) : setTimeout(resolve, 200)));
    const language = await guess(this.pre.firstElementChild.textContent);
    if (!language || this.select.value !== PLAIN || this.language !== PLAIN) return;
    const { labels } = await import("../../generated/languages.js");
    const textContent = gettext("%(language)s (detected)", { language: gettext(labels[language]) });
    this.select.prepend(make("option", { value: language, textContent, selected: true }));
    this.language = language;
    this.highlight();
  }

  async #offerRendering() {
    if (this.language !== MARKDOWN) {
      this.rendering?.end();
      this.rendering = null;
      return;
    }
    const { RenderedMarkdown } = await import("./rendered_markdown.js");
    if (this.language !== MARKDOWN || this.rendering) return;
    this.rendering = new RenderedMarkdown(this);
    if (memory.get("rendered", true) && !this.namesLines) this.rendering.show(true);
  }

  async #listLanguages() {
    const { labels } = await import("../../generated/languages.js");
    const listed = new Set([...this.select.options].map(({ value }) => value));
    const others = Object.entries(labels).filter(([name]) => !listed.has(name));
    others.sort(([, label], [, other]) => label.localeCompare(other, "en"));
    this.select.append(...others.map(([value, label]) => make("option", { value, textContent: gettext(label) })));
  }

  // Clicking a line number selects the line, or all lines up to it with Shift, and updates the URL fragment.
  #selectLines(event) {
    const line = this.lines.lineAt(event);
    if (!line) return;
    const [file, first] = parseLines(location.hash);
    const start = event.shiftKey && file === this.name ? first : line;
    const [from, to] = [Math.min(start, line), Math.max(start, line)];
    const range = from === to ? `L${line}` : `L${from}-L${to}`;
    getSelection()?.removeAllRanges();
    history.replaceState(null, "", `#${encodeURIComponent(this.name)}-${range}`);
    window.dispatchEvent(new CustomEvent("lines", { detail: { show: false } }));
  }

  // Copy the exact text, since browsers add line breaks at the end of elements.
  #copySelection(event) {
    const range = getSelection()?.getRangeAt(0);
    if (!range || !this.pre.contains(range.commonAncestorContainer)) return;
    event.clipboardData.setData("text/plain", range.cloneContents().textContent);
    event.preventDefault();
  }
}

// Parse `#name-L3-L9` or `#L3`. Return the name, which is empty for the first file, and both lines, or 0 if none.
export function parseLines(hash) {
  const match = /^#(?:(.*?)-)?L(\d{1,9})(?:-L?(\d{1,9}))?(?:[&?].*)?$/.exec(hash); // Trackers append parameters.
  if (!match) return ["", 0, 0];
  const [, name = "", from, to = from] = match;
  try {
    return [decodeURIComponent(name), Math.min(from, to), Math.max(from, to)];
  } catch {
    return ["", 0, 0]; // Not percent-encoded UTF-8.
  }
}
