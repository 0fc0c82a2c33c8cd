// The “Encrypt” checkbox on the form. Only the ciphertext is sent; the key is added to the URL fragment.
import { rememberOwnership } from "../ownership/owned_store.js";
import { make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { sitePath } from "../page/site_path.js";
import { canEncrypt, seal } from "./ciphers.js";

export class EncryptionChoice {
  // Add the checkbox to the form. `editors` are the editors for its files.
  constructor(form, editors, { onChange }) {
    this.form = form;
    this.editors = editors;
    this.onChange = onChange;
    this.checkbox = make("input", { type: "checkbox", id: "encrypt", className: "form-check-input", disabled: !canEncrypt });
    this.password = make("input", { type: "text", id: "password", className: "form-control", autocomplete: "off", spellcheck: false });
    this.form.querySelector(".about fieldset").append(this.#makeFields());
  }

  get isOn() {
    return this.checkbox.checked;
  }

  turnOn() {
    this.checkbox.checked = canEncrypt;
    this.checkbox.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Encrypt the files, send them, and open the paste's page. Throws an Error with a message for the author.
  async send() {
    const files = await this.#files();
    if (!files.length) throw new Error(gettext("There is no text to paste."));
    const { title, author, comment, visibility, expires, burn } = this.form.elements;
    const { text, key: secret } = await seal(files, this.password.value, burn.checked);
    const paste = {
      files: [{ content: text }],
      title: title.value,
      author: author.value,
      comment: comment.value,
      visibility: visibility.value,
      expires: expires.value,
      burn: burn.checked,
      encrypted: true,
    };
    const { key, token } = await create(paste);
    rememberOwnership(key, token, title.value || key);
    memory.forget("draft");
    location.assign(`${sitePath}/${key}#${secret}`);
  }

  async #files() {
    const files = [];
    for (const { name, language, box, upload } of this.editors) {
      const chosen = upload.files[0];
      const content = chosen ? await utf8Text(chosen) : box.value;
      if (content.trim()) files.push({ name: name.value || chosen?.name || "", language: language.value, content });
    }
    return files;
  }

  #makeFields() {
    const label = make("label", { htmlFor: "encrypt", className: "form-check-label", textContent: gettext("Encrypt in this browser") });
    const check = make("div", { className: "form-check" }, this.checkbox, label);
    if (!canEncrypt) {
      const reason = gettext("Encryption requires HTTPS; this page was loaded over plain HTTP.");
      return make("div", { className: "mb-3" }, check, make("p", { className: "muted", textContent: reason }));
    }
    const passwordLabel = make("label", { htmlFor: "password", className: "form-label", textContent: gettext("Password (optional)") });
    const warning = gettext("Title, name and comment are not encrypted. Without the full link, no one can read the text, not even you.");
    const more = make("div", { hidden: true }, make("p", { className: "mb-3" }, passwordLabel, this.password));
    more.append(make("p", { className: "muted", textContent: warning }));
    this.checkbox.addEventListener("change", () => {
      more.hidden = !this.checkbox.checked;
      this.onChange();
    });
    return make("div", { className: "mb-3" }, check, more);
  }
}

async function create(paste) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${sitePath}/api/v1/pastes`, { method: "POST", headers, body: JSON.stringify(paste) });
  const answer = await response.json().catch(() => null); // A proxy in front of the site may have responded with an HTML page.
  if (!response.ok || !answer) {
    throw new Error(answer?.error?.message ?? gettext("The site is not responding. Please try again in a moment."));
  }
  return answer;
}

async function utf8Text(file) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
}

// Pass the files of a decrypted paste to the form, which is then loaded in this tab. Nothing else is stored.
export function fork(files) {
  sessionStorage.setItem("fork", JSON.stringify(files.map(({ name, language, content }) => [name ?? "", language ?? "", content])));
  location.assign(`${sitePath}/`);
}

// Return the files passed by `fork`, or null.
export function takeFork() {
  try {
    const files = JSON.parse(sessionStorage.getItem("fork"));
    sessionStorage.removeItem("fork");
    return files;
  } catch {
    return null; // Storage is disabled.
  }
}
