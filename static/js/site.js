// What every page has: the choice of the theme, and keys.
import { isTyping, make } from "./dom.js";

const THEMES = ["system", "light", "dark"];

function addThemeButton() {
  const root = document.documentElement;
  const button = make("button", { type: "button", className: "theme" });
  const show = () => {
    const theme = root.dataset.theme ?? "system";
    button.ariaLabel = `Theme: ${theme}`;
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

// Keys, and the page that lists them. Pages add their own to `keys`: a letter, what it does, and what that is called.
const keys = [
  ["n", () => (location.href = "/"), "New paste"],
  ["r", () => (location.href = "/recent"), "Recent pastes"],
  ["m", () => (location.href = "/mine"), "My pastes"],
  ["t", () => document.querySelector(".theme").click(), "Another theme"],
  ["c", () => press("Copy"), "Copy the file"],
  ["w", () => press("Wrap"), "Wrap long lines"],
  ["?", showKeys, "These keys"],
];

function press(name) {
  const buttons = [...document.querySelectorAll("section.file .tool")].filter((one) => one.textContent === name);
  buttons.find((one) => one.getBoundingClientRect().bottom > 0)?.click();
}

function showKeys() {
  const close = make("button", { type: "button", className: "plain", textContent: "Close" });
  const rows = keys.map(([key, , what]) => make("li", {}, make("kbd", { textContent: key }), ` ${what}`));
  const box = make("li", {}, make("kbd", { textContent: "Ctrl Enter" }), " Send the text");
  const heading = make("h2", { id: "keys-heading", textContent: "Keys" });
  const dialog = make("dialog", { className: "keys" }, heading, make("ul", {}, ...rows, box), close);
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
  if (!found) return;
  event.preventDefault();
  found[1]();
});
