// The language of a file on the form: chosen by the author, derived from the file name, or else detected from the text. A
// detected language is a separate option in the list, which is removed once the author or the file name determines one.
import { PLAIN } from "../../generated/constants.js";
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const SHORTEST_TEXT = 20; // In characters. Shorter text is not sufficient.
const PAUSE_MS = 600; // The delay between the last key press and detection.

let languageByExtension = null; // A Map once the language table has been loaded.

async function languageTable() {
  const { labels, extensions } = await import("../../generated/languages.js");
  if (!languageByExtension) {
    languageByExtension = new Map();
    // In reverse order, so that the first language with an extension takes precedence.
    for (const [language, names] of Object.entries(extensions).reverse()) {
      for (const extension of names.split(" ")) languageByExtension.set(extension, language);
    }
  }
  return { labels, languageByExtension };
}

export class LanguageChoice {
  // `editor` has the elements `language`, `name`, `upload` and `box`. `onLanguage(language)` is called with the language
  // of the file, or "" if there is none.
  constructor(editor, { onLanguage }) {
    this.editor = editor;
    this.select = editor.language;
    this.onLanguage = onLanguage;
    this.languageOfName = undefined; // The language derived from the file name, if any.
    this.detected = null; // The option for a detected language.
    this.examined = null; // The most recently examined text.
    this.isDeclined = false; // Whether the author has selected “from the file name” again.
    this.timer = undefined;
    this.select.addEventListener("change", () => {
      this.isDeclined = this.select.value === "";
      this.followName();
    });
  }

  // The language chosen by the author, or "" if it was detected or there is none.
  get chosen() {
    return this.detected?.selected ? "" : this.select.value;
  }

  // Show the language derived from the file name in the first option.
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

  // Detect the language when the author pauses.
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
    if (text !== this.examined) return; // The author has continued to type.
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
