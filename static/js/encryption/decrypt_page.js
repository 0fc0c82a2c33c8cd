// The page of an encrypted paste, which is decrypted with the key in the URL fragment.
import { DEFAULT_NAME, HIDING, MARKDOWN, PLAIN, UNSHOWABLE } from "../../generated/constants.js";
import { copy, make, say } from "../page/dom.js";
import { gettext, ngettext } from "../page/messages.js";
import { FileView } from "../paste/file_view.js";
import { blocksOf } from "../paste/line_list.js";
import { attachmentsOf, attachmentSection } from "./attachments.js";
import { canEncrypt, open, TooLargeError } from "./ciphers.js";
import { fork } from "./encryption_choice.js";

// The maximum decompressed size, as a multiple of the size limit: anything larger may exhaust the page's memory.
const DECOMPRESSED_TIMES = 16;

// The only translated label in the language table.
const PLAIN_LABEL = gettext("Plain text");

export async function decryptPage() {
  const container = document.getElementById("sealed");
  const section = document.querySelector("section.file");
  const ciphertext = section.querySelector("pre").textContent.trim();
  section.hidden = true;
  window.addEventListener("hashchange", () => location.reload()); // Another key.
  const maxBytes = DECOMPRESSED_TIMES * Number(container.dataset.maxBytes);
  const key = location.hash.startsWith("#token=") ? "" : location.hash.slice(1); // An edit token is not a key.
  if (!canEncrypt) {
    showProblem(container, gettext("This paste is encrypted. Browsers decrypt only over HTTPS, and this page was loaded without it."));
    return;
  }
  if (!key) {
    showProblem(container, gettext("This paste is encrypted, and its key is missing from the address (the part after the #)."));
    return;
  }
  const decrypt = async (password) => showPaste(container, section, await open(ciphertext, key, password, maxBytes));
  try {
    await decrypt("");
  } catch (error) {
    if (error instanceof TooLargeError) showTooLarge(container, maxBytes);
    else askForPassword(container, decrypt, maxBytes);
  }
}

function showProblem(container, text) {
  container.replaceChildren(make("p", { className: "notice", role: "alert", textContent: text }));
}

function showTooLarge(container, limit) {
  showProblem(container, gettext("This encrypted paste is not shown: decompressed, it has more than %(limit)s bytes.", { limit }));
}

// A wrong key cannot be distinguished from a missing password.
function askForPassword(container, decrypt, maxBytes) {
  const input = make("input", { type: "text", id: "password", className: "form-control", autocomplete: "off", spellcheck: false });
  const label = make("label", { htmlFor: "password", className: "form-label", textContent: gettext("Password, if any") });
  const message = make("p", { className: "notice", role: "alert" });
  message.textContent = gettext("Decryption failed: the paste needs a password, the key in the address is wrong, or the paste is damaged.");
  const form = make("form", { className: "narrow" }, make("p", { className: "mb-3" }, label, input), make("button", { textContent: gettext("Decrypt") }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      await decrypt(input.value);
    } catch (error) {
      if (error instanceof TooLargeError) showTooLarge(container, maxBytes);
      else message.textContent = gettext("Decryption failed again: wrong password, wrong key, or damaged paste.");
    }
  });
  container.replaceChildren(message, form);
}

async function showPaste(container, encryptedSection, paste) {
  const attachments = attachmentsOf(paste);
  // The text of a paste with attachments may be missing or empty.
  const files = paste.files.filter(({ content }) => content || !attachments.length);
  if (files.some(({ content }) => typeof content !== "string")) throw new TypeError("not a text");
  const { labels, extensions } = await import("../../generated/languages.js");
  container.replaceChildren(tools(files), qrCodeBox(location.href));
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
  const link = make("button", { type: "button", className: "tool", textContent: gettext("Copy link with key") });
  link.addEventListener("click", async () => say((await copy(location.href)) ? gettext("Link copied.") : gettext("The browser blocked copying.")));
  const forkButton = make("button", { type: "button", className: "tool", textContent: gettext("Fork") });
  forkButton.addEventListener("click", () => fork(files));
  const note = gettext("Decrypted in this browser. The server has only the encrypted text; anyone with the full link can read it.");
  return make("p", { className: "muted" }, note, " ", link, forkButton);
}

// The QR code contains the key, so it is drawn in the browser.
function qrCodeBox(address) {
  const warning = gettext("The QR code contains the key: anyone who scans it can read the paste.");
  const container = make("div", { className: "qr" }, make("p", { textContent: warning }));
  const details = make("details", { className: "share" }, make("summary", { textContent: gettext("QR code") }), container);
  const draw = async () => container.append((await import("../page/qr_code.js")).qrCode(address));
  details.addEventListener("toggle", draw, { once: true });
  return details;
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
