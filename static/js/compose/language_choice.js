// The language of one file on the form: chosen by the author, or else taken from the file name, or else detected in the
// text. A detected language is an option of its own in the list and disappears as soon as the author or the name decides.
import { PLAIN } from "../../generated/constants.js";
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const SHORTEST_TEXT = 20; // Characters; less text tells nothing.
const PAUSE_MS = 600; // Between the last key press and the detection.

let languageByExtension = null; // A Map, once the table of languages is loaded.

async function languageTable() {
  const { labels, extensions } = await import("../../generated/languages.js");
  if (!languageByExtension) {
    languageByExtension = new Map();
    // In reverse, so that the first language of an extension wins.
    for (const [language, names] of Object.entries(extensions).reverse()) {
      for (const extension of names.split(" ")) languageByExtension.set(extension, language);
    }
  }
  return { labels, languageByExtension };
}

export class LanguageChoice {
  // `editor` has the elements `language`, `name`, `upload` and `box`; `onLanguage(language)` receives the language the
  // file is in, "" for none.
  constructor(editor, { onLanguage }) {
    this.editor = editor;
    this.select = editor.language;
    this.onLanguage = onLanguage;
    this.languageOfName = undefined; // What the file name says, if anything.
    this.detected = null; // The option of a detected language.
    this.examined = null; // The text that was examined last.
    this.isDeclined = false; // The author has chosen “from the file name” again.
    this.timer = undefined;
    this.select.addEventListener("change", () => {
      this.isDeclined = this.select.value === "";
      this.followName();
    });
  }

  // The language that the author chose, "" for a detected one or none.
  get chosen() {
    return this.detected?.selected ? "" : this.select.value;
  }

  // Show in the first option which language the file name stands for.
  async followName() {
    const [fromName] = this.select.options;
    fromName.textContent = gettext("From the file name");
    const name = this.editor.name.value || this.editor.upload.files[0]?.name || "";
    this.onLanguage(this.select.value);
    this.languageOfName = undefined;
    if (!name) return;
    const { labels, languageByExtension } = await languageTable();
    this.languageOfName = languageByExtension.get(name.toLowerCase().split(/[./]/).at(-1));
    const language = this.languageOfName ?? PLAIN;
    fromName.textContent = gettext("%(language)s (from the file name)", { language: gettext(labels[language]) });
    this.onLanguage(this.select.value || language);
  }

  // Detect the language as soon as the author pauses.
  detectSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#detect(), PAUSE_MS);
  }

  async #detect() {
    if (!this.#mayDetect()) {
      this.#withdraw();
      return;
    }
    const { beginning, guess } = await import("../highlight/highlighter.js");
    const text = beginning(this.editor.box.value);
    if (text === this.examined) return;
    this.examined = text;
    const language = await guess(text);
    if (text !== this.examined) return; // The author went on writing.
    if (language && this.#mayDetect()) await this.#offer(language);
    else this.#withdraw();
  }

  #mayDetect() {
    const { box, upload } = this.editor;
    const isOpen = this.chosen === "" && !this.languageOfName && !this.isDeclined;
    return isOpen && !upload.files.length && box.value.length >= SHORTEST_TEXT;
  }

  async #offer(language) {
    const { labels } = await languageTable();
    if (!this.detected) {
      this.detected = make("option");
      this.detected.dataset.guessed = "";
      this.select.options[0].after(this.detected);
    }
    this.detected.value = language;
    this.detected.textContent = gettext("%(language)s (detected)", { language: gettext(labels[language]) });
    this.detected.selected = true;
    this.onLanguage(language);
  }

  #withdraw() {
    if (!this.detected) return;
    if (this.detected.selected) {
      this.select.value = "";
      this.onLanguage(this.languageOfName ?? "");
    }
    this.detected.remove();
    this.detected = null;
    this.examined = null;
  }
}
