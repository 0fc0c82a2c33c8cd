// The page of an encrypted paste: opens it with the key after the #, and shows nothing when that fails.
import { DEFAULT_NAME, HIDING, MARKDOWN, PLAIN, UNSHOWABLE } from "../../generated/constants.js";
import { attachedTo, offer } from "./attachments.js";
import { canEncrypt, open } from "./ciphers.js";
import { copy, make, say } from "../page/dom.js";
import { FileView } from "../paste/file_view.js";
import { blocksOf } from "../paste/line_list.js";
import { fork } from "./encryption_choice.js";
import { gettext, ngettext } from "../page/messages.js";

export async function openPaste() {
  const place = document.getElementById("sealed");
  const section = document.querySelector("section.file");
  const text = section.querySelector("pre").textContent.trim();
  section.hidden = true;
  window.addEventListener("hashchange", () => location.reload()); // Another key.
  const key = location.hash.startsWith("#token=") ? "" : location.hash.slice(1); // That is not a key (own.js).
  if (!canEncrypt) return tell(place, gettext("This paste is encrypted. The browser opens it on HTTPS alone, and this is not HTTPS."));
  if (!key) return tell(place, gettext("This paste is encrypted, and its key is missing: it is the part of the address after the #."));
  try {
    show(place, section, await open(text, key, ""));
  } catch {
    ask(place, async (password) => show(place, section, await open(text, key, password)));
  }
}

function tell(place, text) {
  place.replaceChildren(make("p", { className: "notice", role: "alert", textContent: text }));
}

// Nobody can tell a wrong key from a missing password.
function ask(place, attempt) {
  const input = make("input", { type: "text", id: "password", className: "form-control", autocomplete: "off", spellcheck: false });
  const label = make("label", { htmlFor: "password", className: "form-label", textContent: gettext("Password, if it has one") });
  const message = make("p", { className: "notice", role: "alert" });
  message.textContent = gettext("This does not open: the key in the address is wrong, the paste is damaged, or it needs a password.");
  const form = make("form", { className: "narrow" }, make("p", { className: "mb-3" }, label, input), make("button", { textContent: gettext("Open") }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      await attempt(input.value);
    } catch {
      message.textContent = gettext("This does not open either: wrong key, wrong password, or the paste is damaged.");
    }
  });
  place.replaceChildren(message, form);
}

async function show(place, old, opened) {
  const attached = attachedTo(opened);
  // Whoever sends only a file sends no text, or an empty one.
  const files = opened.files.filter(({ content }) => content || !attached.length);
  const { labels, extensions } = await import("../../generated/languages.js");
  const link = make("button", { type: "button", className: "tool", textContent: gettext("Copy the link with its key") });
  link.addEventListener("click", async () => say((await copy(location.href)) ? gettext("The link is copied.") : gettext("The browser does not allow copying.")));
  const note = gettext("Opened in this browser. The server has only the encrypted text; whoever has the whole link can read it.");
  const again = make("button", { type: "button", className: "tool", textContent: gettext("Fork") });
  again.addEventListener("click", () => fork(files));
  place.replaceChildren(make("p", { className: "muted" }, note, " ", link, again), codeOf(location.href));
  const { asked } = place.dataset; // By ?hl= or an ending of the address.
  for (const [number, { name, language, content }] of files.entries()) {
    if (typeof content !== "string") throw new TypeError("not a text");
    const called = String(name || DEFAULT_NAME);
    const chosen = [language, asked, languageOf(called, extensions)].find((one) => Object.hasOwn(labels, one ?? ""));
    old.before(sectionOf(number + 1, called, chosen, labels[chosen], content));
  }
  old.before(...attached.map(offer));
  old.remove();
  for (const section of document.querySelectorAll("section.file:not(.attached)")) new FileView(section, { links: false });
}

// The address as a QR code, its key included, which is therefore drawn here.
function codeOf(address) {
  const warning = gettext("The key is in it: whoever takes a picture of it can read the paste.");
  const place = make("div", { className: "qr" }, make("p", { textContent: warning }));
  const details = make("details", { className: "share" }, make("summary", { textContent: gettext("QR code") }), place);
  const draw = async () => place.append((await import("../page/qr_code.js")).drawn(address));
  details.addEventListener("toggle", draw, { once: true });
  return details;
}

function languageOf(name, extensions) {
  const ending = name.toLowerCase().split(".").at(-1);
  return Object.keys(extensions).find((language) => extensions[language].split(" ").includes(ending)) ?? PLAIN;
}

function sectionOf(number, name, language, label, content) {
  const saved = make("a", { download: name, textContent: gettext("Download") });
  saved.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  const size = make("span", { className: "muted", textContent: ngettext("%(count)s byte", "%(count)s bytes", { count: new Blob([content]).size }) });
  const header = make("header", {}, make("h2", { textContent: name }), size, make("span", { className: "tools" }, saved));
  const section = make("section", { className: "file", id: `file-${number}` }, header);
  Object.assign(section.dataset, { name, language, label });
  section.written = content;
  if (HIDING.test(content)) {
    const warning = gettext("This text has characters that change the direction of writing or cannot be seen. What is shown may not be what a program reads.");
    section.append(make("p", { className: "notice", role: "note", textContent: warning }));
  }
  const shown = content.replace(UNSHOWABLE, signOf);
  const pre = make("pre", { tabIndex: 0, ariaLabel: name }, ...blocksOf(shown));
  if (language === PLAIN || language === MARKDOWN) pre.className = "wraps";
  section.append(pre);
  return section;
}

function signOf(letter) {
  const code = letter.codePointAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}
