// The form for a new paste and for an edit. Without this script it works all the same.
import { EncryptionChoice, takeFork } from "../encryption/encryption_choice.js";
import { tokenOf } from "../ownership/owned_store.js";
import { make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { keyOfPage, sitePath } from "../page/site_path.js";
import { CredentialNotice } from "./credential_notice.js";
import { Draft } from "./draft.js";
import { FileList } from "./file_list.js";

const UNITS = [[gettext("MB"), 1024 * 1024], [gettext("kB"), 1024], [gettext("bytes"), 1]];
const NEW_DRAFT = "draft";
const DRAFT_PAUSE_MS = 400; // Between the last key press and saving the draft.
const NOTHING_SAVED = gettext("Nothing was saved.");

class ComposePage {
  constructor(form) {
    this.form = form;
    this.fields = form.elements;
    this.isNew = form.dataset.kind === "new";
    this.sendButton = form.querySelector(".send button");
    this.sendLabel = this.sendButton.textContent;
    this.files = new FileList(form, { onChange: () => this.#noteChange() });
    this.encryption = null; // Only on the form for a new paste.
    this.isTouched = false; // A form that a fork or a link has filled in is no draft until the author changes it.
    this.isSending = false;
    this.draftTimer = undefined;
    this.draft = this.#draftOfForm();
  }

  get editors() {
    return this.files.editors;
  }

  start() {
    if (this.isNew) this.encryption = new EncryptionChoice(this.form, this.editors, { onChange: () => this.#refresh() });
    this.credentials = new CredentialNotice(this);
    this.#foldDetails();
    this.#listen();
    memory.forget("sent"); // A paste that was sent before did not arrive, or its page has been opened.
    this.#fillIn();
    this.#refresh();
    this.#focusFirst();
  }

  // Each paste that is edited or forked has a draft of its own.
  #draftOfForm() {
    const isOfPaste = location.pathname !== `${sitePath}/`;
    return new Draft(this.form, this.files, { name: isOfPaste ? `draft ${location.pathname}` : NEW_DRAFT, revision: this.fields.expected?.value ?? "" });
  }

  #fillIn() {
    const forked = this.isNew ? takeFork() : null;
    if (!this.isNew && !this.fields.token.value) this.fields.token.value = tokenOf(keyOfPage()) ?? "";
    if (this.isNew && !this.fields.author.value) this.fields.author.value = memory.get("author", "");
    if (forked) {
      this.files.fill(forked);
      this.encryption.turnOn();
      return;
    }
    const isFilled = location.pathname === `${sitePath}/` && this.editors.some((editor) => !editor.isEmpty);
    const isRefused = document.querySelector(".alert") !== null; // The form came back with all that was sent.
    if (location.search || isFilled || isRefused) return;
    this.draft.restore({ onDiscard: () => this.#startOver() });
  }

  #startOver() {
    this.isTouched = false;
    this.#refresh();
  }

  // On a phone, what few authors change is folded away, so that the text is first.
  #foldDetails() {
    const details = this.form.querySelector(".about details");
    details.open = details.querySelector(".is-invalid") !== null || window.matchMedia("(min-width: 60rem)").matches;
    details.dataset.ready = "";
  }

  // The field to correct, else the text, unless the author has begun elsewhere.
  #focusFirst() {
    const invalid = this.form.querySelector(".is-invalid");
    if (invalid) invalid.focus();
    else if (this.isNew && document.activeElement === document.body && this.editors[0].isEmpty) this.editors[0].box.focus({ preventScroll: true });
  }

  // --- messages ---

  #refresh() {
    this.#showSize();
    if (this.isNew) this.#showConsequences();
  }

  #showSize() {
    const line = this.form.querySelector(".size");
    const isOver = this.files.size > this.files.maxBytes;
    const values = { size: inUnits(this.files.size), limit: inUnits(this.files.maxBytes) };
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

  #noteChange() {
    this.isTouched = true;
    this.#refresh();
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => {
      this.#saveDraft();
      this.credentials.update();
    }, DRAFT_PAUSE_MS);
  }

  #saveDraft() {
    this.draft.save({ isSecret: this.encryption?.isOn ?? false });
  }

  // --- sending ---

  #send() {
    this.form.requestSubmit(this.sendButton);
  }

  #submit(event) {
    if (event.submitter?.name === "add_file") return;
    if (this.isSending) {
      event.preventDefault(); // One paste, however often the button is pressed.
    } else if (this.files.isLoading) {
      event.preventDefault();
      setTimeout(() => this.#send(), 50); // A file that was just chosen is being read.
    } else if (this.credentials.holdsBack()) {
      event.preventDefault();
    } else if (this.encryption?.isOn) {
      event.preventDefault();
      this.#sendEncrypted();
    } else if (this.files.size > this.files.maxBytes) {
      event.preventDefault(); // The server would refuse it, and a chosen file would have to be chosen again.
      this.#showError(this.form.querySelector(".size").textContent);
    } else {
      this.#lock();
      this.sendButton.textContent = this.isNew ? gettext("Creating…") : gettext("Saving…");
      if (this.isNew) memory.set("author", this.fields.author.value);
      this.#saveDraft();
      memory.set("sent", this.draft.name);
    }
  }

  async #sendEncrypted() {
    this.#lock();
    document.querySelector(".alert")?.remove();
    memory.set("author", this.fields.author.value);
    try {
      await this.encryption.send({ draft: this.draft.name });
    } catch (error) {
      this.#unlock();
      this.#showError(error instanceof TypeError ? gettext("Sending failed, or a file is not text.") : error.message);
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
    this.form.addEventListener("input", () => this.#noteChange());
    this.form.addEventListener("change", () => {
      this.isTouched = true;
      this.#refresh();
      if (this.encryption?.isOn) this.#saveDraft();
    });
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("pagehide", () => this.isTouched && !this.isSending && this.#saveDraft());
    window.addEventListener("beforeunload", (event) => {
      if (this.isTouched && !this.isSending && this.editors.some((editor) => !editor.isEmpty)) event.preventDefault();
    });
    // The browser may show the page again from its own memory, with the button still locked.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      this.#unlock();
      if (!memory.get("sent")) this.isTouched = false; // It has arrived, so it is no longer a draft.
    });
  }

  #key(event) {
    if (event.isComposing || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    if (event.key !== "Enter" && event.key.toLowerCase() !== "s") return;
    if (event.shiftKey || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (!event.repeat) this.#send();
  }
}

function inUnits(bytes) {
  const [unit, divisor] = UNITS.find(([, size]) => bytes >= size) ?? UNITS.at(-1);
  const rounded = Math.round((10 * bytes) / divisor) / 10;
  return `${rounded.toLocaleString(document.documentElement.lang)} ${unit}`;
}

new ComposePage(document.querySelector("form.compose")).start();
