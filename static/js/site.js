// What every page has: the choice of the theme.
import { make } from "./dom.js";

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
