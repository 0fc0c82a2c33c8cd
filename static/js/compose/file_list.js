// The files on the form: added, filled from chosen, dropped and pasted files, moved and removed.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { Editor } from "./editor.js";

const EXAMINED_BYTES = 65_536;

export class FileList {
  #loads = 0; // Files that are being read.

  // `onChange()` is called after the files have changed.
  constructor(form, { onChange }) {
    this.form = form;
    this.onChange = onChange;
    this.maxFiles = Number(form.dataset.maxFiles);
    this.maxBytes = Number(form.dataset.limit);
    this.addButton = form.querySelector("[name='add_file']");
    this.fileCount = form.querySelector("[name='files-TOTAL_FORMS']");
    this.editors = [];
    for (const fieldset of form.querySelectorAll("fieldset.file")) this.#adopt(fieldset);
    this.#listen();
    this.#renumber();
  }

  get isLoading() {
    return this.#loads > 0;
  }

  get size() {
    return this.editors.reduce((sum, editor) => sum + editor.size, 0);
  }

  // The names, languages and texts, for a draft.
  get contents() {
    return this.editors.map(({ name, languageChoice, text }) => [name.value, languageChoice.chosen, text]);
  }

  fill(files) {
    for (const [at, [name, language, text]] of files.entries()) (this.editors[at] ?? this.add())?.fill(name, language, text);
  }

  clear() {
    while (this.editors.length > 1) this.#remove(this.editors.at(-1));
    this.editors[0].clear();
  }

  // Return the editor of a further file, or null when the form is full.
  add() {
    if (this.editors.length >= this.maxFiles) return null;
    const last = this.editors.at(-1).fieldset;
    const fieldset = emptyCopy(last);
    last.after(fieldset);
    const editor = this.#adopt(fieldset);
    this.#renumber();
    return editor;
  }

  // Read files into boxes: the given one while it is empty, then further ones. What is not text is named and left out.
  async take(files, first = this.editors.find(({ isEmpty }) => isEmpty) ?? this.editors.at(-1)) {
    this.#loads += 1;
    const refused = [];
    for (const file of files) {
      if (file.size > this.maxBytes) {
        (first.isEmpty ? first : this.add())?.choose(file); // Too large for the paste, which the form says.
        continue;
      }
      const text = await textOf(file);
      if (text === null) refused.push(file.name);
      else (first.isEmpty ? first : this.add())?.fill(file.name, "", text);
    }
    this.#loads -= 1;
    first.showRefused(refused);
    this.onChange();
  }

  #adopt(fieldset) {
    const editor = new Editor(fieldset, { onFiles: (files) => this.take(files, editor) });
    editor.addTools(
      this.#tool(gettext("Move up"), () => this.#move(editor, -1)),
      this.#tool(gettext("Move down"), () => this.#move(editor, 1)),
      this.#tool(gettext("Remove"), () => this.#removeByAuthor(editor)),
    );
    this.editors.push(editor);
    return editor;
  }

  #tool(textContent, run) {
    const button = make("button", { type: "button", className: "tool", textContent });
    button.addEventListener("click", run);
    return button;
  }

  #move(editor, by) {
    const at = this.editors.indexOf(editor);
    const other = this.editors[at + by];
    if (!other) return;
    if (by < 0) other.fieldset.before(editor.fieldset);
    else other.fieldset.after(editor.fieldset);
    [this.editors[at], this.editors[at + by]] = [other, editor];
    this.#renumber();
    this.onChange();
    editor.name.focus();
  }

  #removeByAuthor(editor) {
    if (!editor.isEmpty && !confirm(gettext("Remove this file with its text?"))) return;
    const next = this.editors[Math.max(0, this.editors.indexOf(editor) - 1)];
    this.#remove(editor);
    next.name.focus();
    this.onChange();
  }

  #remove(editor) {
    this.editors.splice(this.editors.indexOf(editor), 1);
    editor.fieldset.remove();
    this.#renumber();
  }

  // Give each file the names, ids and number of its place.
  #renumber() {
    const isSingle = this.editors.length === 1;
    for (const [at, { fieldset, tools }] of this.editors.entries()) {
      for (const element of fieldset.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
        for (const attribute of ["name", "id", "for", "aria-describedby"]) {
          const value = element.getAttribute(attribute);
          if (value) element.setAttribute(attribute, value.replaceAll(/files-\d+-/g, `files-${at}-`));
        }
      }
      const title = gettext("File %(number)s", { number: at + 1 });
      fieldset.querySelector("legend").textContent = isSingle ? gettext("File") : title;
      fieldset.classList.toggle("single", isSingle);
      const [up, down, remove] = tools;
      up.disabled = at === 0;
      down.disabled = at === this.editors.length - 1;
      for (const button of [up, down, remove]) button.ariaLabel = `${button.textContent}: ${title}`;
    }
    this.fileCount.value = this.editors.length;
    if (this.addButton) this.addButton.hidden = this.editors.length >= this.maxFiles;
  }

  #listen() {
    this.addButton?.addEventListener("click", (event) => {
      event.preventDefault();
      this.add()?.name.focus();
      this.onChange();
    });
    // A file that is dropped beside the fields would replace the whole page.
    document.addEventListener("dragover", (event) => [...event.dataTransfer.types].includes("Files") && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      this.take([...event.dataTransfer.files]);
    });
    // What is pasted beside the fields is meant for the text.
    document.addEventListener("paste", (event) => {
      if (event.defaultPrevented || event.target.closest?.("input, textarea, select, dialog")) return;
      const editor = this.editors.find(({ isEmpty }) => isEmpty) ?? this.editors.at(-1);
      editor.pasteFrom(event);
    });
  }
}

// Return the text of a file, or null when it is not UTF-8 text without NUL.
async function textOf(file) {
  try {
    const start = new Uint8Array(await file.slice(0, EXAMINED_BYTES).arrayBuffer());
    if (start.includes(0)) return null;
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? null : text;
  } catch {
    return null; // Also a folder, which cannot be read.
  }
}

// Return a copy of a file's fieldset, emptied.
function emptyCopy(fieldset) {
  const copy = fieldset.cloneNode(true);
  for (const element of copy.querySelectorAll("input, textarea, select")) {
    if (element.matches("input, textarea")) element.value = "";
    if (element.matches("textarea")) element.textContent = "";
    if (element.matches("select")) element.selectedIndex = 0;
    for (const attribute of ["autofocus", "aria-invalid"]) element.removeAttribute(attribute);
    element.classList.remove("is-invalid");
  }
  for (const added of copy.querySelectorAll(".under, .preview, .invalid-feedback, .tools, .refused, [data-guessed]")) added.remove();
  return copy;
}
