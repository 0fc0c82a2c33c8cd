// The “Encrypt” checkbox on the form. Only the ciphertext is sent; the key is added to the URL fragment.
import { canEncrypt, make, memory } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { sitePath } from "../page/site_path.js";
import { passwordField } from "./password_field.js";

const PASSWORD_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"; // 32 characters, as in pastes/rules/keys.py.

export class EncryptionChoice {
  // Add the checkbox to the form. `editors` are the editors for its files.
  constructor(form, editors, { onChange }) {
    this.form = form;
    this.editors = editors;
    this.onChange = onChange;
    this.checkbox = make("input", { type: "checkbox", id: "encrypt", className: "form-check-input", disabled: !canEncrypt });
    this.password = null; // The field, if the browser can encrypt.
    this.form.querySelector(".about fieldset").append(this.#makeFields());
  }

  get isOn() {
    return this.checkbox.checked;
  }

  turnOn() {
    this.checkbox.checked = canEncrypt;
    this.checkbox.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Encrypt the files, send them, and open the page of the paste; `draft` is where the form keeps its draft. Throws an
  // Error with a message for the author.
  async send({ draft }) {
    const files = await this.#files();
    if (!files.length) throw new Error(gettext("There is no text to paste."));
    const { seal } = await import("./ciphers.js");
    const { text, key: secret } = await seal(files, this.password.value, this.form.elements.burn.checked);
    memory.set("sent", draft);
    location.assign(`${await create(this.form, text)}#${secret}`);
  }

  async #files() {
    const files = [];
    for (const { name, language, text, upload } of this.editors) {
      const chosen = upload.files[0];
      const content = chosen ? await utf8Text(chosen) : text;
      if (content || name.value) files.push({ name: name.value || chosen?.name || "", language: language.value, content });
    }
    return files.some(({ content }) => content.trim()) ? files : [];
  }

  #makeFields() {
    const label = make("label", { htmlFor: "encrypt", className: "form-check-label", textContent: gettext("Encrypt in this browser") });
    const check = make("div", { className: "form-check" }, this.checkbox, label);
    if (!canEncrypt) {
      const reason = gettext("Encryption requires HTTPS; this page was loaded over plain HTTP.");
      return make("div", { className: "mb-3" }, check, make("p", { className: "muted", textContent: reason }));
    }
    const generateButton = make("button", { type: "button", className: "plain", textContent: gettext("Generate") });
    const { row, input, show } = passwordField(gettext("Password (optional)"), "new-password", generateButton);
    this.password = input;
    generateButton.addEventListener("click", () => {
      input.value = generatedPassword();
      show(true); // The author has to share it.
      input.focus();
      input.select();
    });
    const warning = gettext("Title, name and comment are not encrypted. Without the full link, no one can read the text, not even you.");
    const more = make("div", { hidden: true }, row);
    more.append(make("p", { className: "muted", textContent: warning }));
    this.checkbox.addEventListener("change", () => {
      more.hidden = !this.checkbox.checked;
      this.onChange();
    });
    return make("div", { className: "mb-3" }, check, more);
  }
}

// Send the form with the ciphertext as its only file. Resolves to the path of the landing page.
async function create(form, ciphertext) {
  const body = new FormData();
  for (const { name, type, value, checked } of form.elements) {
    const isFile = name.startsWith("files-") && !name.endsWith("_FORMS");
    if (name && !isFile && name !== "add_file" && (type !== "checkbox" || checked)) body.set(name, value);
  }
  body.set("encrypted", "on");
  body.set("files-TOTAL_FORMS", "1");
  body.set("files-0-content", new File([ciphertext], "", { type: "text/plain" }));
  const response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body });
  const answer = await response.json().catch(() => null); // A proxy in front of the site may have responded with an HTML page.
  if (!response.ok || !answer) {
    throw new Error(answer?.error?.message ?? gettext("The site is not responding. Please try again in a moment."));
  }
  return answer.path;
}

// Return 24 letters without look-alikes in groups of six: 120 random bits that can be read aloud.
function generatedPassword() {
  const text = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => PASSWORD_LETTERS[byte % PASSWORD_LETTERS.length]).join("");
  return text.match(/.{6}/g).join("-");
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
