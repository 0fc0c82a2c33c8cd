// "Encrypt" on the form: what is sent is the sealed text alone, and the key goes into the address.
import { canEncrypt, seal } from "./ciphers.js";
import { make, memory } from "../page/dom.js";
import { own } from "../ownership/owned_store.js";
import { gettext } from "../page/messages.js";

// Put the choice into the form. Returns whether it is taken, and how to send.
export function addSealing(form, editors, { onChange }) {
  const box = make("input", { type: "checkbox", id: "encrypt", className: "form-check-input", disabled: !canEncrypt });
  const label = make("label", { htmlFor: "encrypt", className: "form-check-label", textContent: gettext("Encrypt in this browser") });
  const password = make("input", { type: "text", id: "password", className: "form-control", autocomplete: "off", spellcheck: false });
  const passwordLabel = make("label", { htmlFor: "password", className: "form-label", textContent: gettext("Password (not needed)") });
  const note = make("p", { className: "muted" });
  note.textContent = canEncrypt
    ? gettext("Title, name and comment are not encrypted. Without the whole link nobody can read it, you included.")
    : gettext("Browsers encrypt on HTTPS alone, and this page came over plain HTTP.");
  const more = make("div", { hidden: true }, make("p", { className: "mb-3" }, passwordLabel, password));
  if (canEncrypt) more.append(note);
  const part = make("div", { className: "mb-3" }, make("div", { className: "form-check" }, box, label), more);
  if (!canEncrypt) part.append(note);
  form.querySelector(".about fieldset").append(part);
  box.addEventListener("change", () => {
    more.hidden = !box.checked;
    onChange();
  });
  return {
    get isOn() {
      return box.checked;
    },
    turnOn() {
      box.checked = canEncrypt;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    },
    send: () => send(form, editors, password.value),
  };
}

async function send(form, editors, password) {
  const files = [];
  for (const { name, language, box, upload } of editors) {
    const chosen = upload.files[0];
    const content = chosen ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await chosen.arrayBuffer()) : box.value;
    if (content.trim()) files.push({ name: name.value || chosen?.name || "", language: language.value, content });
  }
  if (!files.length) throw new Error(gettext("There is no text to paste."));
  const { title, author, comment, visibility, expires, burn } = form.elements;
  const sealed = await seal(files, password, burn.checked);
  const paste = {
    files: [{ content: sealed.text }],
    title: title.value,
    author: author.value,
    comment: comment.value,
    visibility: visibility.value,
    expires: expires.value,
    burn: burn.checked,
    encrypted: true,
  };
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/v1/pastes", { method: "POST", headers, body: JSON.stringify(paste) });
  const made = await answer.json().catch(() => null); // What stands in front of the site may answer with a page.
  if (!answer.ok || !made) throw new Error(made?.error?.message ?? gettext("The site does not answer; please try again in a moment."));
  own(made.key, made.token, title.value || made.key);
  memory.forget("draft");
  location.assign(`/${made.key}#${sealed.key}`);
}

// Hand the files of a paste that was opened here over to the form, which is the next page of this tab and keeps nothing.
export function fork(files) {
  sessionStorage.setItem("fork", JSON.stringify(files.map(({ name, language, content }) => [name ?? "", language ?? "", content])));
  location.assign("/");
}

export function takeFork() {
  try {
    const files = JSON.parse(sessionStorage.getItem("fork"));
    sessionStorage.removeItem("fork");
    return files;
  } catch {
    return null; // Storage is switched off.
  }
}
