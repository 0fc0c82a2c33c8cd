// The form for a new paste or an edit. The form also works without this script.
import { EncryptionChoice, takeFork } from "../encryption/encryption_choice.js";
import { tokenOf } from "../ownership/owned_store.js";
import { make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { keyOfPage } from "../page/site_path.js";
import { CredentialNotice } from "./credential_notice.js";
import { Editor } from "./editor.js";

const UNITS = [[gettext("MB"), 1024 * 1024], [gettext("kB"), 1024], [gettext("bytes"), 1]];
const DETAILS = ["title", "author", "comment", "visibility", "expires", "burn"]; // The fields that a draft stores in addition to the files.
const DRAFT_PAUSE_MS = 400; // The delay between the last key press and saving the draft.

class ComposePage {
  constructor(form) {
    this.form = form;
    this.fields = form.elements;
    this.isNew = form.dataset.kind === "new"; // Edits are not saved as drafts.
    this.maxBytes = Number(form.dataset.limit);
    this.maxFiles = Number(form.dataset.maxFiles);
    this.sendButton = form.querySelector(".send button");
    this.sendLabel = this.sendButton.textContent;
    this.addButton = form.querySelector("[name='add_file']");
    this.fileCount = form.querySelector("[name='files-TOTAL_FORMS']");
    this.editors = [];
    this.encryption = null; // Only set on the form for a new paste.
    this.credentials = null;
    this.isTouched = false; // A form pre-filled by a fork or a link is not a draft until the author changes it.
    this.isSending = false;
    this.draftTimer = undefined;
  }

  start() {
    for (const fieldset of this.form.querySelectorAll("fieldset.file")) this.#adopt(fieldset);
    if (this.isNew) this.encryption = new EncryptionChoice(this.form, this.editors, { onChange: () => this.#refresh() });
    this.credentials = new CredentialNotice(this);
    this.#listen();
    memory.forget("sent"); // A paste sent earlier either did not arrive or its page has been opened.
    if (this.isNew) this.#fillNew();
    else if (!this.fields.token.value) this.fields.token.value = tokenOf(keyOfPage()) ?? "";
    this.#refresh();
  }

  // --- files ---

  #adopt(fieldset) {
    const editor = new Editor(fieldset, { onSend: () => this.form.requestSubmit(this.sendButton), onFurtherFile: () => this.#addFile() });
    editor.upload.addEventListener("change", () => this.#showSize());
    this.editors.push(editor);
    return editor;
  }

  #addFile() {
    const index = this.editors.length;
    if (index >= this.maxFiles) return null;
    const fieldset = emptyCopy(this.editors[0].fieldset, index);
    this.editors.at(-1).fieldset.after(fieldset);
    this.fileCount.value = index + 1;
    const editor = this.#adopt(fieldset);
    for (const [at, { fieldset: one }] of this.editors.entries()) {
      one.querySelector("legend").textContent = gettext("File %(number)s", { number: at + 1 });
    }
    if (this.editors.length >= this.maxFiles) this.addButton.hidden = true;
    return editor;
  }

  #fill(files) {
    for (const [at, [name, language, text]] of files.entries()) {
      const editor = this.editors[at] ?? this.#addFile();
      editor.fill(name, language, text);
    }
  }

  #fillNew() {
    if (!this.fields.author.value) this.fields.author.value = memory.get("author", "");
    const forked = takeFork();
    if (forked) {
      this.#fill(forked);
      this.encryption.turnOn();
    } else {
      this.#restoreDraft();
    }
  }

  // --- messages ---

  get #size() {
    return this.editors.reduce((sum, editor) => sum + editor.size, 0);
  }

  #refresh() {
    this.#showSize();
    if (this.isNew) this.#showConsequences();
  }

  #showSize() {
    const line = this.form.querySelector(".size");
    const isOver = this.#size > this.maxBytes;
    const values = { size: inUnits(this.#size), limit: inUnits(this.maxBytes) };
    line.textContent = isOver ? gettext("%(size)s of %(limit)s: too large", values) : gettext("%(size)s of %(limit)s", values);
    line.classList.toggle("over", isOver);
  }

  #showConsequences() {
    const { expires, burn } = this.fields;
    const line = document.getElementById("what-happens");
    const { pasteNotice = "", includesExpiring } = line.dataset; // The server's notice about pastes that are stored in Git.
    const goesToGit = !burn.checked && (expires.value === "never" || includesExpiring !== undefined);
    const readers = burn.checked ? gettext("It can be read only once and is then deleted.") : this.#readers();
    const encrypted = this.encryption?.isOn ? gettext("Only the encrypted text is sent; the key stays in the link.") : "";
    line.textContent = [readers, encrypted, goesToGit ? pasteNotice : gettext("It is not stored in Git.")].filter(Boolean).join(" ");
  }

  #readers() {
    const { visibility, expires } = this.fields;
    const isPublic = visibility.value === "public";
    if (expires.value === "never") {
      return isPublic ? gettext("Anyone can find and read it, with no time limit.") : gettext("Anyone with the link can read it, with no time limit.");
    }
    const values = { time: expires.selectedOptions[0].textContent };
    return isPublic ? gettext("Anyone can find and read it for %(time)s.", values) : gettext("Anyone with the link can read it for %(time)s.", values);
  }

  // --- the draft ---

  #saveDraft() {
    if (!this.isNew) return;
    const files = this.editors.map(({ name, languageChoice, box }) => [name.value, languageChoice.chosen, box.value]);
    // Text that will be encrypted must not be stored unencrypted.
    if (!this.encryption?.isOn && files.some(([, , text]) => text)) {
      const facts = DETAILS.map((name) => (name === "burn" ? this.fields.burn.checked : this.fields[name].value));
      memory.set("draft", { files, facts });
    } else {
      memory.forget("draft");
    }
  }

  #restoreDraft() {
    const draft = memory.get("draft");
    if (!draft || location.search || this.editors.some((editor) => !editor.isEmpty)) return;
    this.#fill(draft.files);
    for (const [at, name] of DETAILS.entries()) {
      if (name === "burn") this.fields.burn.checked = draft.facts[at];
      else this.fields[name].value = draft.facts[at];
    }
    const clear = make("button", { type: "button", className: "plain", textContent: gettext("Start over") });
    const note = make("p", { className: "muted draft", role: "status" }, gettext("Your unsent draft has been restored."), " ", clear);
    clear.addEventListener("click", () => {
      memory.forget("draft");
      this.form.reset();
      for (const editor of this.editors) editor.clear();
      note.remove();
      this.#refresh();
    });
    this.form.before(note);
  }

  // --- sending ---

  #submit(event) {
    if (event.submitter === this.addButton) return;
    if (this.isSending) {
      event.preventDefault(); // Create one paste, no matter how often the button is pressed.
    } else if (this.credentials.holdsBack()) {
      event.preventDefault();
    } else if (this.encryption?.isOn) {
      event.preventDefault();
      this.#sendEncrypted();
    } else if (this.#size > this.maxBytes) {
      event.preventDefault(); // The server would refuse it, and the author would have to choose files again.
      this.#showError(this.form.querySelector(".size").textContent);
    } else {
      this.#lock();
      this.sendButton.textContent = this.isNew ? gettext("Creating…") : gettext("Saving…");
      if (!this.isNew) return;
      memory.set("author", this.fields.author.value);
      this.#saveDraft();
      memory.set("sent", true);
    }
  }

  async #sendEncrypted() {
    this.#lock();
    document.querySelector(".alert")?.remove();
    memory.set("author", this.fields.author.value);
    try {
      await this.encryption.send();
    } catch (error) {
      this.#showError(error instanceof TypeError ? gettext("Sending failed, or a file is not text.") : error.message);
      this.#unlock();
    }
  }

  #lock() {
    this.isSending = true;
    this.sendButton.ariaDisabled = "true";
  }

  #unlock() {
    this.isSending = false;
    this.sendButton.ariaDisabled = null;
    this.sendButton.textContent = this.sendLabel;
  }

  #showError(reason) {
    document.querySelector(".alert")?.remove();
    const alert = make("p", { className: "alert", role: "alert", textContent: `${NOTHING_SAVED} ${reason}` });
    this.form.before(alert);
    alert.scrollIntoView({ block: "center" });
  }

  // --- events ---

  #listen() {
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.form.addEventListener("input", () => {
      this.isTouched = true;
      this.#refresh();
      clearTimeout(this.draftTimer);
      this.draftTimer = setTimeout(() => {
        this.#saveDraft();
        this.credentials.update();
      }, DRAFT_PAUSE_MS);
    });
    this.form.addEventListener("change", () => {
      this.isTouched = true;
      this.#refresh();
      if (this.encryption?.isOn) this.#saveDraft();
    });
    this.addButton?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#addFile()?.name.focus();
    });
    window.addEventListener("pagehide", () => this.isTouched && !this.isSending && this.#saveDraft());
    // The browser may restore the page from its cache, with the button still locked.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      this.#unlock();
      if (!memory.get("sent")) this.isTouched = false; // It has arrived, so it is no longer a draft.
    });
    // A file dropped next to the fields would otherwise replace the page.
    document.addEventListener("dragover", (event) => [...event.dataTransfer.types].includes("Files") && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      this.editors[0].take([...event.dataTransfer.files]);
    });
  }
}

const NOTHING_SAVED = gettext("Nothing was saved.");

// Return an empty copy of the first file's fieldset, with the names and ids for the file at `index`.
function emptyCopy(fieldset, index) {
  const copy = fieldset.cloneNode(true);
  for (const element of copy.querySelectorAll("[name], [id], [for]")) {
    for (const attribute of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, value.replace(/files-0-/, `files-${index}-`));
    }
    if (element.matches("input, textarea")) element.value = "";
    if (element.matches("textarea")) element.textContent = "";
    if (element.matches("select")) element.selectedIndex = 0;
    element.classList.remove("is-invalid");
  }
  for (const added of copy.querySelectorAll(".under, .preview, .invalid-feedback, [data-guessed]")) added.remove();
  return copy;
}

function inUnits(bytes) {
  const [unit, divisor] = UNITS.find(([, size]) => bytes >= size) ?? UNITS.at(-1);
  const rounded = Math.round((10 * bytes) / divisor) / 10;
  return `${rounded.toLocaleString(document.documentElement.lang)} ${unit}`;
}

new ComposePage(document.querySelector("form.compose")).start();
