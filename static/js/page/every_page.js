// What every page has: the choice of the theme, the age of things, and keys.
import { isTyping, make } from "./dom.js";
import { gettext } from "./messages.js";

const THEMES = ["system", "light", "dark"];
const NAMES = { system: gettext("Theme: as the system has it"), light: gettext("Theme: light"), dark: gettext("Theme: dark") };

function addThemeButton() {
  const root = document.documentElement;
  const button = make("button", { type: "button", className: "theme" });
  const show = () => {
    const theme = root.dataset.theme ?? "system";
    button.ariaLabel = NAMES[theme];
    button.title = button.ariaLabel;
  };
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "system") + 1) % THEMES.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
    show();
  });
  show();
  document.querySelector("header.bar nav").append(button);
}

addThemeButton();

// How long ago a moment was, or how soon it comes, stands beside it; pasteur.css shows it, so that nobody copies it.
const AGES = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

function showAges() {
  const language = document.documentElement.lang;
  const words = new Intl.RelativeTimeFormat(language);
  for (const element of document.querySelectorAll("time[datetime], [data-moment]")) {
    const moment = new Date(element.dateTime ?? element.dataset.moment);
    const seconds = (moment - Date.now()) / 1000;
    element.title = moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
    const [unit, length] = AGES.find(([, least]) => Math.abs(seconds) >= least) ?? [];
    if (unit) element.dataset.age = words.format(seconds < 0 ? Math.trunc(seconds / length) : Math.round(seconds / length), unit);
  }
}

showAges();

// The key of an encrypted paste goes with whoever reads it in another language, or another revision of it.
document.querySelector("form.languages")?.addEventListener("submit", (event) => {
  event.target.action = `/language${location.hash}`;
});
document.addEventListener("click", ({ target }) => {
  const link = target.closest?.("a[data-keeps-key]");
  if (link) link.hash = location.hash;
});

// Keys: a letter, what it does, and what that is called; then what has to be on the page for it.
const EDIT = ".actions a[href$='/edit']";
const FORK = ".actions a[href$='/fork']";
const REVISIONS = ".facts a[href$='/revisions'], .actions a[href$='/revisions']";
const keys = [
  ["n", () => (location.href = "/"), gettext("New paste")],
  ["r", () => (location.href = "/recent"), gettext("Recent pastes")],
  ["/", () => (document.getElementById("q") ? document.getElementById("q").focus() : (location.href = "/search")), gettext("Search")],
  ["m", () => (location.href = "/mine"), gettext("My pastes")],
  ["t", () => document.querySelector(".theme").click(), gettext("Another theme")],
  ["c", () => press("copy"), gettext("Copy the file"), "[data-tool='copy']"],
  ["w", () => press("wrap"), gettext("Wrap long lines"), "[data-tool='wrap']"],
  ["e", () => follow(EDIT), gettext("Edit the paste"), EDIT],
  ["f", () => follow(FORK), gettext("Fork the paste"), FORK],
  ["v", () => follow(REVISIONS), gettext("Its revisions"), REVISIONS],
  ["?", showKeys, gettext("These keys")],
];

function press(tool) {
  const buttons = [...document.querySelectorAll(`section.file [data-tool="${tool}"]`)];
  buttons.find((one) => one.getBoundingClientRect().bottom > 0)?.click();
}

function follow(link) {
  document.querySelector(link).click();
}

// Keys of boxes, which are in use while somebody writes there.
const BOX_KEYS = [
  [gettext("Ctrl Enter"), gettext("Send the text")],
  [gettext("Tab"), gettext("Indent")],
  [gettext("Esc Tab"), gettext("Leave the box")],
];

function isHere([, , , needed]) {
  return !needed || document.querySelector(needed) !== null;
}

function showKeys() {
  const close = make("button", { type: "button", className: "plain", textContent: gettext("Close") });
  const here = keys.filter(isHere).map(([key, , what]) => [key, what]);
  if (document.querySelector("textarea.code")) here.push(...BOX_KEYS);
  const rows = here.map(([key, what]) => make("li", {}, make("kbd", { textContent: key }), ` ${what}`));
  const heading = make("h2", { id: "keys-heading", textContent: gettext("Keys") });
  const dialog = make("dialog", { className: "keys" }, heading, make("ul", {}, ...rows), close);
  dialog.setAttribute("aria-labelledby", heading.id);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const found = keys.find(([key]) => key === event.key);
  if (!found || !isHere(found)) return;
  event.preventDefault();
  found[1]();
});
