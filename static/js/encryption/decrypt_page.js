// The page of an encrypted paste, which is decrypted with the key in the URL fragment.
import { DEFAULT_NAME, HIDING, MARKDOWN, PLAIN, UNSHOWABLE } from "../../generated/constants.js";
import { canEncrypt, fragment, make } from "../page/dom.js";
import { gettext, ngettext } from "../page/messages.js";
import { FileView } from "../paste/file_view.js";
import { blocksOf } from "../paste/line_list.js";
import { attachmentsOf, attachmentSection } from "./attachments.js";
import { hasPassword, isWholeKey, open, TooLargeError } from "./ciphers.js";
import { fork } from "./encryption_choice.js";
import { incompleteLink, linkForm } from "./incomplete_link.js";
import { passwordField } from "./password_field.js";

// The maximum decompressed size, as a multiple of the size limit: anything larger may exhaust the page's memory.
const DECOMPRESSED_TIMES = 16;

// The only translated label in the language table.
const PLAIN_LABEL = gettext("Plain text");

export function decryptPage() {
  new EncryptedPage(document.getElementById("sealed"), document.querySelector("section.file")).start();
}

class EncryptedPage {
  #attempt = 0; // Incremented by each attempt, so that a slow one does not overwrite a later result.

  constructor(container, section) {
    this.container = container;
    this.section = section;
    this.ciphertext = section.querySelector("pre").textContent.trim();
    this.maxBytes = DECOMPRESSED_TIMES * Number(container.dataset.maxBytes);
  }

  start() {
    this.section.hidden = true;
    if (!canEncrypt) {
      showProblem(this.container, gettext("This paste is encrypted. Browsers decrypt only over HTTPS, and this page was loaded without it."));
      return;
    }
    // A burned paste only exists on this page, so try another key without loading anything.
    window.addEventListener("hashchange", () => this.section.isConnected && this.#tryKey());
    this.#tryKey();
  }

  async #tryKey() {
    const shareBox = document.querySelector(".share");
    if (shareBox) shareBox.hidden = !isWholeKey(this.#key);
    if (await this.#decrypt("")) return;
    const mayHavePassword = hasPassword(this.ciphertext) !== false;
    if (mayHavePassword && isWholeKey(this.#key)) this.#askForPassword();
    else this.container.replaceChildren(...incompleteLink());
  }

  get #key() {
    return fragment().startsWith("token=") ? "" : fragment(); // An edit token is not a key.
  }

  // Return whether the final result is shown: the paste, or the reason why it cannot be.
  async #decrypt(password) {
    const attempt = ++this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    try {
      const paste = await open(this.ciphertext, this.#key, password, this.maxBytes);
      if (isCurrent()) await showPaste(this.container, this.section, paste);
    } catch (error) {
      if (!(error instanceof TooLargeError)) return !isCurrent();
      const limit = this.maxBytes;
      showProblem(this.container, gettext("This encrypted paste is not shown: decompressed, it has more than %(limit)s bytes.", { limit }));
    }
    return true;
  }

  #askForPassword() {
    const { row, input } = passwordField(gettext("Password"), "off");
    const isCertain = hasPassword(this.ciphertext) === true;
    const message = make("p", { className: "notice", role: "alert" }, gettext("Enter the password that you received from the author."));
    const form = make("form", { className: "narrow" }, row, make("button", { textContent: gettext("Decrypt") }));
    const other = make("details", {}, make("summary", { textContent: isCertain ? gettext("The link may be wrong") : gettext("I have no password") }), linkForm());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await this.#decrypt(input.value)) return;
      message.textContent = gettext("Decryption failed: this password does not open the paste. Check it, and whether the link is complete.");
      input.focus();
      input.select();
    });
    this.container.replaceChildren(message, form, other);
    input.focus();
  }
}

function showProblem(container, text) {
  container.replaceChildren(make("p", { className: "notice", role: "alert", textContent: text }));
}

async function showPaste(container, encryptedSection, paste) {
  const attachments = attachmentsOf(paste);
  // The text of a paste with attachments may be missing or empty.
  const files = paste.files.filter(({ content }) => content || !attachments.length);
  if (files.some(({ content }) => typeof content !== "string")) throw new TypeError("not a text");
  const { labels, extensions } = await import("../../generated/languages.js");
  container.replaceChildren(tools(files));
  const { requestedLanguage } = container.dataset; // From ?hl= or an extension in the URL.
  for (const [index, { name: givenName, language: givenLanguage, content }] of files.entries()) {
    const name = String(givenName || DEFAULT_NAME);
    const languages = [givenLanguage, requestedLanguage, languageOfName(name, extensions)];
    const language = languages.find((candidate) => Object.hasOwn(labels, candidate ?? ""));
    const section = fileSection({ number: index + 1, name, language, label: language === PLAIN ? PLAIN_LABEL : labels[language], content });
    encryptedSection.before(section);
    new FileView(section, { links: false, text: content });
  }
  encryptedSection.before(...attachments.map(attachmentSection));
  encryptedSection.remove();
}

function tools(files) {
  const forkButton = make("button", { type: "button", className: "tool", textContent: gettext("Fork") });
  forkButton.addEventListener("click", () => fork(files));
  const note = gettext("Decrypted in this browser. The server has only the encrypted text; anyone with the full link can read it.");
  return make("p", { className: "muted" }, note, " ", forkButton);
}

function languageOfName(name, extensions) {
  const extension = name.toLowerCase().split(".").at(-1);
  return Object.keys(extensions).find((language) => extensions[language].split(" ").includes(extension)) ?? PLAIN;
}

// Return a section like those rendered by the server (templates/pastes/_file.html).
function fileSection({ number, name, language, label, content }) {
  const download = make("a", { download: name, textContent: gettext("Download") });
  download.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  const size = ngettext("%(count)s byte", "%(count)s bytes", { count: new Blob([content]).size });
  const fileTools = make("span", { className: "tools" }, download);
  const header = make("header", {}, make("h2", { textContent: name }), make("span", { className: "muted", textContent: size }), fileTools);
  const section = make("section", { className: "file", id: `file-${number}` }, header);
  Object.assign(section.dataset, { name, language, label });
  if (HIDING.test(content)) {
    const warning = gettext("This text contains invisible characters or characters that change the writing direction. Programs may read it differently from what is shown here.");
    section.append(make("p", { className: "notice", role: "note", textContent: warning }));
  }
  const pre = make("pre", { tabIndex: 0, ariaLabel: name }, ...blocksOf(content.replace(UNSHOWABLE, substitute)));
  if (language === PLAIN || language === MARKDOWN) pre.className = "wraps";
  section.append(pre);
  return section;
}

// Return the substitute for a character that cannot be displayed, as pastes/models/paste.py does.
function substitute(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}
