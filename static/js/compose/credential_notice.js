// Warns about a credential before the form is sent, and offers a safer way with a single click.
import { canEncrypt, make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const TRANSLATED_KINDS = { "private key": gettext("private key") }; // All others have the name of their issuer.

export class CredentialNotice {
  #find = null; // Loaded when there is text.
  #accepted = new Set(); // The credentials that the author has decided to send.
  #notice = null;

  // `encryption` is null on the form for an edit, which supports neither encryption nor burning.
  constructor({ form, editors, encryption, sendButton }) {
    this.form = form;
    this.editors = editors;
    this.encryption = encryption;
    this.sendButton = sendButton;
  }

  // Show or remove the notice after the text has changed.
  async update() {
    await this.#load();
    this.#show();
  }

  // Whether the form has to wait for the author or for the table of credentials.
  holdsBack() {
    if (!this.#find) {
      this.#load().then(() => this.form.requestSubmit(this.sendButton));
      return true;
    }
    this.#show();
    this.#notice?.focus();
    return this.#notice !== null;
  }

  async #load() {
    try {
      this.#find ??= (await import("./credentials.js")).findCredential;
    } catch {
      this.#find = () => null; // The connection is gone, which will be reported when sending.
    }
  }

  #show() {
    const credential = this.encryption?.isOn ? null : this.#firstCredential();
    if (this.#notice?.dataset.text === credential?.text) return;
    this.#notice?.remove();
    this.#notice = credential && this.#makeNotice(credential);
    if (this.#notice) this.sendButton.before(this.#notice);
  }

  #firstCredential() {
    for (const [at, { name, box }] of this.editors.entries()) {
      const credential = this.#find(box.value);
      if (credential && !this.#accepted.has(credential.text)) {
        return { ...credential, file: name.value || gettext("File %(number)s", { number: at + 1 }) };
      }
    }
    return null;
  }

  #makeNotice({ kind, line, file, text }) {
    const found = gettext("%(file)s, line %(line)s, seems to contain a credential (%(kind)s).", { file, line, kind: TRANSLATED_KINDS[kind] ?? kind });
    const advice = gettext("Anyone who can read the paste can use it.");
    const accept = this.#button(this.encryption ? gettext("Create as it is") : gettext("Save as it is"), () => this.#accepted.add(text));
    accept.className = "plain";
    const buttons = this.encryption ? [this.#saferButton(), accept] : [accept];
    const notice = make("div", { className: "notice credential", role: "alert", tabIndex: -1 }, make("p", {}, make("strong", { textContent: found }), ` ${advice}`), make("p", { className: "choices" }, ...buttons));
    notice.dataset.text = text;
    return notice;
  }

  #saferButton() {
    return this.#button(canEncrypt ? gettext("Encrypt and burn") : gettext("Burn after reading"), () => {
      const { burn } = this.form.elements;
      burn.checked = true;
      burn.dispatchEvent(new Event("change", { bubbles: true }));
      if (canEncrypt) this.encryption.turnOn();
      else for (const { box } of this.editors) this.#accepted.add(this.#find(box.value)?.text);
    });
  }

  #button(textContent, decide) {
    const button = make("button", { type: "button", textContent });
    button.addEventListener("click", () => {
      decide();
      this.#show();
      this.form.requestSubmit(this.sendButton);
    });
    return button;
  }
}
