// The script of every page: theme selection, relative times, and keyboard shortcuts.
import { isTyping, make } from "./dom.js";
import { gettext } from "./messages.js";
import { sitePath } from "./site_path.js";

// --- the theme ---

const THEMES = ["system", "light", "dark"];
const THEME_LABELS = { system: gettext("Theme: system"), light: gettext("Theme: light"), dark: gettext("Theme: dark") };
const root = document.documentElement;

function currentTheme() {
  return root.dataset.theme ?? "system";
}

function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme); // theme.js reads it as a plain string instead of JSON.
  } catch {
    // Storage is disabled, so the choice only applies to this page.
  }
}

function addThemeButton() {
  const button = make("button", { type: "button", className: "theme" });
  const showLabel = () => {
    button.ariaLabel = THEME_LABELS[currentTheme()];
    button.title = button.ariaLabel;
  };
  button.addEventListener("click", () => {
    setTheme(THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length]);
    showLabel();
  });
  showLabel();
  document.querySelector("header.bar nav").append(button);
}

// --- relative times ---

const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

// Put relative times into an attribute that css/text.css displays, so that copying only copies the absolute time.
function showAges() {
  const language = root.lang;
  const format = new Intl.RelativeTimeFormat(language);
  for (const element of document.querySelectorAll("time[datetime], [data-moment]")) {
    const moment = new Date(element.dateTime ?? element.dataset.moment);
    const seconds = (moment - Date.now()) / 1000;
    element.title = moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
    const [unit, length] = UNITS.find(([, unitSeconds]) => Math.abs(seconds) >= unitSeconds) ?? [];
    if (!unit) continue;
    const count = seconds < 0 ? Math.trunc(seconds / length) : Math.round(seconds / length);
    element.dataset.age = format.format(count, unit);
  }
}

// --- the key of an encrypted paste ---

// The pages of an encrypted paste in other languages, and of its revisions, need its key as well.
function passOnKey() {
  document.querySelector("form.languages")?.addEventListener("submit", (event) => {
    event.target.action = `${sitePath}/language${location.hash}`;
  });
  document.addEventListener("click", ({ target }) => {
    const link = target.closest?.("a[data-keeps-key]");
    if (link) link.hash = location.hash;
  });
}

// --- the “Share” box, which most readers never open ---

function fillShareBoxWhenOpened() {
  const fill = async ({ target }) => (await import("../paste/share_box.js")).fillShareBox(target);
  document.querySelector(".share")?.addEventListener("toggle", fill, { once: true });
}

// --- keyboard shortcuts ---

const EDIT = ".actions a[href$='/edit']";
const FORK = ".actions a[href$='/fork']";
const REVISIONS = ".facts a[href$='/revisions'], .actions a[href$='/revisions']";

// `needs` selects an element that must exist for the shortcut to be available.
const SHORTCUTS = [
  { key: "n", label: gettext("New paste"), run: () => location.assign(`${sitePath}/`) },
  { key: "r", label: gettext("Recent pastes"), run: () => location.assign(`${sitePath}/recent`) },
  { key: "/", label: gettext("Search"), run: search },
  { key: "m", label: gettext("My pastes"), run: () => location.assign(`${sitePath}/mine`) },
  { key: "t", label: gettext("Switch theme"), run: () => click(".theme") },
  { key: "c", label: gettext("Copy the file"), run: () => press("copy"), needs: "[data-tool='copy']" },
  { key: "w", label: gettext("Wrap long lines"), run: () => press("wrap"), needs: "[data-tool='wrap']" },
  { key: "e", label: gettext("Edit the paste"), run: () => click(EDIT), needs: EDIT },
  { key: "f", label: gettext("Fork the paste"), run: () => click(FORK), needs: FORK },
  { key: "v", label: gettext("Show revisions"), run: () => click(REVISIONS), needs: REVISIONS },
  { key: "?", label: gettext("Show keyboard shortcuts"), run: showShortcuts },
];

// Keys that work inside a text field.
const FIELD_KEYS = [
  { key: gettext("Ctrl Enter"), label: gettext("Submit the form") },
  { key: gettext("Tab"), label: gettext("Indent") },
  { key: gettext("Esc Tab"), label: gettext("Leave the text field") },
];

function click(selector) {
  document.querySelector(selector).click();
}

function search() {
  const field = document.getElementById("q");
  if (field) field.focus();
  else location.assign(`${sitePath}/search`);
}

// Press a tool of the first file that has not been scrolled out of view.
function press(tool) {
  const buttons = [...document.querySelectorAll(`section.file [data-tool="${tool}"]`)];
  buttons.find((button) => button.getBoundingClientRect().bottom > 0)?.click();
}

function isAvailable({ needs }) {
  return !needs || document.querySelector(needs) !== null;
}

function showShortcuts() {
  const close = make("button", { type: "button", className: "plain", textContent: gettext("Close") });
  const keys = SHORTCUTS.filter(isAvailable);
  if (document.querySelector("textarea.code")) keys.push(...FIELD_KEYS);
  const rows = keys.map(({ key, label }) => make("li", {}, make("kbd", { textContent: key }), ` ${label}`));
  const heading = make("h2", { id: "keys-heading", textContent: gettext("Keyboard shortcuts") });
  const dialog = make("dialog", { className: "keys" }, heading, make("ul", {}, ...rows), close);
  dialog.setAttribute("aria-labelledby", heading.id);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function runShortcut(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const shortcut = SHORTCUTS.find(({ key }) => key === event.key);
  if (!shortcut || !isAvailable(shortcut)) return;
  event.preventDefault();
  shortcut.run();
}

addThemeButton();
showAges();
passOnKey();
fillShareBoxWhenOpened();
document.addEventListener("keydown", runShortcut);
