// The text field for a file: convenient for code, without trapping keyboard users.
import { make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { LanguageChoice } from "./language_choice.js";
import { MarkdownPreview } from "./markdown_preview.js";

const INDENT = "    ";
const LONG_TEXT = 200_000; // In characters. Longer text is measured as a Blob, which does not copy it.

export class Editor {
  #isChoosing = false; // A script sets the chosen file.
  #leaves = false; // Set by Escape: Tab then leaves the field, as it does everywhere else.

  // `fieldset` is the part of the form for this file. `onFiles(files)` reads files that were chosen, dropped or pasted
  // here.
  constructor(fieldset, { onFiles }) {
    this.fieldset = fieldset;
    this.box = fieldset.querySelector("textarea.code");
    this.name = fieldset.querySelector("[name$='-name']");
    this.language = fieldset.querySelector("[name$='-language']");
    this.upload = fieldset.querySelector("[name$='-upload']");
    this.onFiles = onFiles;
    this.upload.multiple = true;
    this.tools = []; // Buttons beside the number of the file.
    this.refused = make("p", { className: "refused text-danger", role: "alert" });
    const hint = gettext("Tab indents. To leave the field, press Escape, then Tab.");
    this.footer = make("div", { className: "under" }, make("p", { className: "muted hint", textContent: hint }), this.#wrapButton());
    this.box.after(this.footer, this.refused);
    this.preview = new MarkdownPreview(this.box, this.footer);
    this.languageChoice = new LanguageChoice(this, { onLanguage: (language) => this.preview.offer(language) });
    this.#listen();
    this.languageChoice.followName();
  }

  // Fill in the text, its name and its language.
  fill(name, language, text) {
    this.name.value = name;
    this.language.value = language;
    this.box.original = text; // The box has line feeds only.
    this.box.value = text;
    this.languageChoice.followName();
    this.languageChoice.detectSoon();
  }

  clear() {
    this.fill("", "", "");
    this.upload.value = "";
  }

  // The text, byte for byte that of a file which was put into the box, as long as it has not been changed.
  get text() {
    return globalThis.exactText(this.box);
  }

  addTools(...buttons) {
    this.tools = buttons;
    this.fieldset.querySelector("legend").after(make("p", { className: "tools" }, ...buttons));
  }

  // Name files that were left out because they are not text.
  showRefused(names) {
    const sentences = names.map((name) => gettext("%(name)s is not text and was left out.", { name }));
    this.refused.textContent = sentences.join(" ");
    if (names.length) say(gettext("Only text can be pasted here, not images or other binary files."));
  }

  get isEmpty() {
    return this.box.value === "" && !this.upload.files.length;
  }

  // The number of bytes that this file adds to the form.
  get size() {
    if (this.upload.files.length) return this.upload.files[0].size;
    const { text } = this;
    return text.length > LONG_TEXT ? new Blob([text]).size : new TextEncoder().encode(text).length;
  }

  // Choose a file that is too large to be read into the box.
  choose(file) {
    const chosen = new DataTransfer();
    chosen.items.add(file);
    this.upload.files = chosen.files;
    this.#isChoosing = true;
    this.upload.dispatchEvent(new Event("change", { bubbles: true }));
    this.#isChoosing = false;
  }

  // Take what is pasted beside the fields.
  pasteFrom(event) {
    const text = event.clipboardData?.getData("text/plain");
    this.#paste(event);
    if (event.defaultPrevented || !text) return;
    event.preventDefault();
    this.box.focus();
    insert(text);
  }

  #listen() {
    const { box, fieldset, languageChoice } = this;
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("blur", () => (this.#leaves = false));
    box.addEventListener("paste", (event) => this.#paste(event));
    box.addEventListener("input", () => languageChoice.detectSoon());
    this.name.addEventListener("input", () => {
      languageChoice.followName();
      languageChoice.detectSoon();
    });
    this.upload.addEventListener("change", () => this.#readChosen());
    fieldset.addEventListener("dragover", (event) => this.#dragOver(event));
    fieldset.addEventListener("dragleave", () => fieldset.classList.remove("over"));
    fieldset.addEventListener("drop", (event) => this.#drop(event));
  }

  #wrapButton() {
    const button = make("button", { type: "button", className: "tool", textContent: gettext("Wrap") });
    const wrap = (on) => {
      this.box.classList.toggle("wraps", on);
      button.ariaPressed = String(on);
    };
    button.addEventListener("click", () => {
      const on = button.ariaPressed !== "true";
      memory.set("wrap-box", on);
      wrap(on);
    });
    wrap(memory.get("wrap-box", false));
    return button;
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      this.#leaves = true;
      say(gettext("Tab now leaves the field."));
    } else if (event.key === "Tab" && !this.#leaves && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      const before = this.box.value.slice(0, this.box.selectionStart);
      const [indent] = /^[ \t]*/.exec(before.slice(before.lastIndexOf("\n") + 1));
      if (!indent) return;
      event.preventDefault();
      insert(`\n${indent}`);
    } else if (event.key !== "Shift") {
      this.#leaves = false;
    }
  }

  #indent(back) {
    const { value, selectionStart: start, selectionEnd: end } = this.box;
    if (!back && start === end) {
      insert(usesTabs(value) ? "\t" : INDENT);
      return;
    }
    const from = value.lastIndexOf("\n", start - 1) + 1;
    const lines = value.slice(from, end).split("\n");
    const unit = usesTabs(value) ? "\t" : INDENT;
    const changed = lines.map((line) => (back ? line.replace(/^(\t| {1,4})/, "") : line && unit + line));
    this.box.setSelectionRange(from, end);
    insert(changed.join("\n"));
    if (start !== end) this.box.setSelectionRange(from, from + changed.join("\n").length);
  }

  // Images copied from a page come with their markup, which is not text by the author either.
  #paste(event) {
    const items = [...(event.clipboardData?.items ?? [])];
    const files = items.filter(({ kind }) => kind === "file").map((item) => item.getAsFile());
    if (!files.length || items.some(({ type, kind }) => kind === "string" && type === "text/plain")) return;
    event.preventDefault();
    this.onFiles(files);
  }

  // Chosen files become texts that can be read and changed. One that is too large stays chosen, which the form reports.
  #readChosen() {
    const files = [...this.upload.files];
    if (this.#isChoosing) return;
    this.upload.value = "";
    if (files.length) this.onFiles(files);
    this.languageChoice.followName();
  }

  #dragOver(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.fieldset.classList.add("over");
  }

  #drop(event) {
    this.fieldset.classList.remove("over");
    const files = [...event.dataTransfer.files];
    if (!files.length) return;
    event.preventDefault();
    this.onFiles(files);
  }
}

function usesTabs(text) {
  return /^\t/m.test(text);
}

// Insert text as if it were typed, so that it can be undone. `execCommand` is deprecated but has no replacement.
function insert(text) {
  if (text) document.execCommand("insertText", false, text);
  else document.execCommand("delete");
}
