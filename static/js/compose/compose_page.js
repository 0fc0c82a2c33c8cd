// The page on which text goes in. Without this script it works all the same.
import { make, memory } from "../page/dom.js";
import { tokenOf } from "../ownership/owned_store.js";
import { addSealing, takeFork } from "../encryption/encryption_choice.js";
import { Editor } from "./editor.js";
import { Preview } from "./markdown_preview.js";
import { gettext } from "../page/messages.js";

const form = document.querySelector("form.compose");
const isNew = form.dataset.kind === "new"; // Else it is an edit, which is not kept as a draft.
const limit = Number(form.dataset.limit);
const sendButton = form.querySelector(".send button");
const total = form.querySelector("[name='files-TOTAL_FORMS']");
const addButton = form.querySelector("[name='add_file']");
const endings = new Map();
const editors = [];
let sealing = null;
const UNITS = [["MB", 1024 * 1024], ["kB", 1024], [gettext("bytes"), 1]];
const details = ["title", "author", "comment", "visibility", "expires", "burn"];

// --- files ---

function adopt(part) {
  const editor = new Editor(part, { onSend: send, onMore: addFile });
  editor.name.addEventListener("input", () => {
    followName(editor);
    guessSoon(editor);
  });
  editor.box.addEventListener("input", () => guessSoon(editor));
  editor.upload.addEventListener("change", () => {
    followName(editor);
    showSize();
  });
  editor.preview = new Preview(editor);
  editor.language.addEventListener("change", () => {
    editor.wantsNoGuess = editor.language.value === "";
    followName(editor);
  });
  editors.push(editor);
  followName(editor);
  return editor;
}

function addFile() {
  const number = editors.length;
  if (number >= Number(form.dataset.mostFiles)) return null;
  const part = editors[0].part.cloneNode(true);
  for (const element of part.querySelectorAll("[name], [id], [for]")) {
    for (const name of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace(/files-0-/, `files-${number}-`));
    }
    if (element.matches("input, textarea")) element.value = "";
    if (element.matches("textarea")) element.textContent = "";
    if (element.matches("select")) element.selectedIndex = 0;
    element.classList.remove("is-invalid");
  }
  for (const old of part.querySelectorAll(".under, .preview, .invalid-feedback, [data-guessed]")) old.remove();
  editors.at(-1).part.after(part);
  total.value = number + 1;
  for (const [at, { part: one }] of editors.entries()) one.querySelector("legend").textContent = gettext("File %(number)s", { number: at + 1 });
  part.querySelector("legend").textContent = gettext("File %(number)s", { number: number + 1 });
  if (number + 1 >= Number(form.dataset.mostFiles)) addButton.hidden = true;
  return adopt(part);
}

// The language follows the name until another is chosen; the first choice says which one that is.
async function followName(editor) {
  const [first] = editor.language.options;
  first.textContent = gettext("From the name");
  const name = editor.name.value || editor.upload.files[0]?.name || "";
  editor.preview.offer(editor.language.value);
  editor.told = undefined;
  if (!name) return;
  const { labels, extensions } = await import("../../generated/languages.js");
  if (!endings.size) {
    for (const [language, known] of Object.entries(extensions).reverse()) {
      for (const ending of known.split(" ")) endings.set(ending, language);
    }
  }
  editor.told = endings.get(name.toLowerCase().split(/[./]/).at(-1));
  const language = editor.told ?? "plaintext";
  first.textContent = gettext("%(language)s (from the name)", { language: gettext(labels[language]) });
  editor.preview.offer(editor.language.value || language);
}

// Where the name says nothing, the language is guessed from the text, a moment after it was written.
function guessSoon(editor) {
  clearTimeout(editor.clock);
  editor.clock = setTimeout(async () => (await import("./language_guess.js")).guessFor(editor), 600);
}

// --- what the page says ---

function bytesOfAll() {
  return editors.reduce((sum, editor) => sum + editor.size, 0);
}

function showSize() {
  const size = bytesOfAll();
  const line = form.querySelector(".size");
  const facts = { size: bytes(size), limit: bytes(limit) };
  line.textContent = size > limit ? gettext("%(size)s of %(limit)s: too much", facts) : gettext("%(size)s of %(limit)s", facts);
  line.classList.toggle("over", size > limit);
}

function bytes(number) {
  const [unit, divisor] = UNITS.find(([, least]) => number >= least) ?? UNITS.at(-1);
  const rounded = Math.round((10 * number) / divisor) / 10;
  return `${rounded.toLocaleString(document.documentElement.lang)} ${unit}`;
}

function showConsequences() {
  if (!isNew) return;
  const { visibility, expires, burn } = form.elements;
  const lasts = expires.value === "never";
  const line = document.getElementById("what-happens");
  const { kept = "", takesExpiring } = line.dataset; // What the server says of a paste that Git keeps.
  const isKept = !burn.checked && (lasts || takesExpiring !== undefined);
  const first = burn.checked
    ? gettext("The first who opens it is the last: then it is gone for everybody.")
    : whoReads(visibility.value === "public", lasts, { time: expires.selectedOptions[0].textContent });
  const git = isKept ? kept : gettext("It is not kept in Git.");
  const sealed = sealing?.isOn ? gettext("Only the encrypted text is sent; the key stays in the link.") : "";
  line.textContent = [first, sealed, git].filter(Boolean).join(" ");
}

function whoReads(everybody, lasts, time) {
  if (everybody && lasts) return gettext("Everybody can find and read it, for good.");
  if (everybody) return gettext("Everybody can find and read it, for %(time)s.", time);
  if (lasts) return gettext("Whoever has the link can read it, for good.");
  return gettext("Whoever has the link can read it, for %(time)s.", time);
}

// --- what is not sent yet ---

function keepDraft() {
  if (!isNew) return;
  const files = editors.map(({ name, language, box, guessed }) => [name.value, guessed?.selected ? "" : language.value, box.value]);
  const facts = details.map((name) => (name === "burn" ? form.elements.burn.checked : form.elements[name].value));
  // What is to be encrypted must not lie here as it is.
  if (!sealing?.isOn && files.some(([, , text]) => text)) memory.set("draft", { files, facts });
  else memory.forget("draft");
}

function fill(files) {
  files.forEach(([name, language, text], at) => {
    const editor = editors[at] ?? addFile();
    editor.name.value = name;
    editor.language.value = language;
    editor.box.value = text;
    followName(editor);
    guessSoon(editor);
  });
}

function restoreDraft() {
  const draft = memory.get("draft");
  if (!isNew || !draft || editors.some((editor) => !editor.isEmpty) || location.search) return;
  fill(draft.files);
  details.forEach((name, at) => {
    if (name === "burn") form.elements.burn.checked = draft.facts[at];
    else form.elements[name].value = draft.facts[at];
  });
  const clear = make("button", { type: "button", className: "plain", textContent: gettext("Start afresh") });
  clear.addEventListener("click", () => {
    memory.forget("draft");
    form.reset();
    for (const editor of editors) {
      editor.box.value = "";
      editor.name.value = "";
      guessSoon(editor);
    }
    note.remove();
    refresh();
  });
  const note = make("p", { className: "muted draft", role: "status" }, gettext("What you had not sent is here again."), " ", clear);
  form.before(note);
}

// --- sending ---

function send() {
  form.requestSubmit(sendButton);
}

form.addEventListener("submit", (event) => {
  if (event.submitter === addButton) return;
  if (form.dataset.sending) {
    event.preventDefault(); // One press, one paste.
    return;
  }
  if (sealing?.isOn) {
    event.preventDefault();
    sendSealed();
    return;
  }
  if (bytesOfAll() > limit) {
    event.preventDefault(); // No server reads that much, and a chosen file would have to be chosen again.
    refuse(form.querySelector(".size").textContent);
    return;
  }
  form.dataset.sending = "yes";
  sendButton.dataset.verb = sendButton.textContent;
  sendButton.textContent = isNew ? gettext("Pasting…") : gettext("Saving…");
  sendButton.ariaDisabled = "true";
  if (!isNew) return;
  memory.set("author", form.elements.author.value);
  keepDraft();
  memory.set("sent", true);
});

function refuse(why) {
  document.querySelector(".alert")?.remove();
  const nothing = gettext("Nothing was pasted.");
  form.before(make("p", { className: "alert", role: "alert", textContent: `${nothing} ${why}` }));
  document.querySelector(".alert").scrollIntoView({ block: "center" });
}

async function sendSealed() {
  form.dataset.sending = "yes";
  sendButton.ariaDisabled = "true";
  document.querySelector(".alert")?.remove();
  memory.set("author", form.elements.author.value);
  try {
    await sealing.send();
  } catch (error) {
    const why = error instanceof TypeError ? gettext("It cannot be sent, or is not text.") : error.message;
    refuse(why);
    delete form.dataset.sending;
    sendButton.ariaDisabled = null;
  }
}

// The page may come back from the browser's own memory, with its button still pressed.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  delete form.dataset.sending;
  sendButton.textContent = sendButton.dataset.verb;
  sendButton.ariaDisabled = null;
});

// A file that is dropped beside the boxes would take the place of the whole page.
document.addEventListener("dragover", (event) => [...event.dataTransfer.types].includes("Files") && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (event.defaultPrevented || !event.dataTransfer.files.length) return;
  event.preventDefault();
  editors[0].take([...event.dataTransfer.files]);
});

addButton?.addEventListener("click", (event) => {
  event.preventDefault();
  addFile()?.name.focus();
});

function refresh() {
  showSize();
  showConsequences();
}

let isTouched = false; // A form that was only looked at, filled in by a fork or a link, is no draft.
let clock;
form.addEventListener("input", () => {
  isTouched = true;
  refresh();
  clearTimeout(clock);
  clock = setTimeout(keepDraft, 400);
});
form.addEventListener("change", () => {
  isTouched = true;
  refresh();
  if (sealing?.isOn) keepDraft();
});
window.addEventListener("pagehide", () => isTouched && !form.dataset.sending && keepDraft());

for (const part of form.querySelectorAll("fieldset.file")) adopt(part);
if (isNew) sealing = addSealing(form, editors, { onChange: refresh });
memory.forget("sent"); // It did not arrive, or it is about the next one.
if (isNew && !form.elements.author.value) form.elements.author.value = memory.get("author", "");
const copied = takeFork();
if (copied && isNew) {
  fill(copied);
  sealing.turnOn();
} else restoreDraft();
if (!isNew && !form.elements.token.value) form.elements.token.value = tokenOf(location.pathname.split("/")[1]) ?? "";
refresh();
