// The box of one file: comfortable to write code in, and never a trap for the keyboard.
import { make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const INDENT = "    ";
const MOST_LETTERS_WATCHED = 200_000;
const BYTES_LOOKED_AT = 65_536;

export class Editor {
  #leaves = false; // After Escape, Tab leaves the box as everywhere else.

  constructor(part, { onSend, onMore }) {
    this.part = part;
    this.box = part.querySelector("textarea.code");
    this.name = part.querySelector("[name$='-name']");
    this.language = part.querySelector("[name$='-language']");
    this.upload = part.querySelector("[name$='-upload']");
    this.onSend = onSend;
    this.onMore = onMore;
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("blur", () => (this.#leaves = false));
    this.box.addEventListener("paste", (event) => this.#paste(event));
    part.addEventListener("dragover", (event) => this.#over(event));
    part.addEventListener("dragleave", () => part.classList.remove("over"));
    part.addEventListener("drop", (event) => this.#drop(event));
    const hint = make("p", { className: "muted hint", textContent: gettext("Tab indents; Escape, then Tab, leaves the box.") });
    this.under = make("div", { className: "under" }, hint, this.#wrapButton());
    this.box.after(this.under);
  }

  get isEmpty() {
    return this.box.value === "" && !this.upload.files.length;
  }

  // Bytes of what this part sends.
  get size() {
    if (this.upload.files.length) return this.upload.files[0].size;
    const text = this.box.value;
    return text.length > MOST_LETTERS_WATCHED ? new Blob([text]).size : new TextEncoder().encode(text).length;
  }

  choose(file) {
    const chosen = new DataTransfer();
    chosen.items.add(file);
    this.upload.files = chosen.files;
    this.upload.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Take files that were dropped or pasted; what is no text is told at once, and left out.
  async take(files) {
    for (const file of files) {
      if (await isText(file)) (this.isEmpty ? this : this.onMore())?.choose(file);
      else say(gettext("Only text can be pasted here; pictures and other files that are not text are not kept."));
    }
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
      say(gettext("Tab now leaves the box."));
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.onSend();
    } else if (event.key === "Tab" && !this.#leaves && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
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

  // A picture that was copied from a page comes with its markup, which is no text either.
  #paste(event) {
    const items = [...(event.clipboardData?.items ?? [])];
    const files = items.filter(({ kind }) => kind === "file").map((item) => item.getAsFile());
    if (!files.length || items.some(({ type, kind }) => kind === "string" && type === "text/plain")) return;
    event.preventDefault();
    this.take(files);
  }

  #over(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    this.part.classList.add("over");
  }

  #drop(event) {
    this.part.classList.remove("over");
    const files = [...event.dataTransfer.files];
    if (!files.length) return;
    event.preventDefault();
    this.take(files);
  }
}

function usesTabs(text) {
  return /^\t/m.test(text);
}

// What can be UTF-8 and has no NUL, as far as a look at its beginning tells; the server looks at all of it.
async function isText(file) {
  const bytes = new Uint8Array(await file.slice(0, BYTES_LOOKED_AT).arrayBuffer());
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return !bytes.includes(0);
  } catch {
    return false;
  }
}

// As if it were typed, so that the browser can undo it.
function insert(text) {
  if (text) document.execCommand("insertText", false, text);
  else document.execCommand("delete");
}
