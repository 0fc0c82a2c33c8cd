// A password field whose content is hidden until its checkbox is selected.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

// Return the row with label, field and checkbox, the field, and a function that shows or hides it. `autocomplete` is for
// the browser's password manager.
export function passwordField(label, autocomplete, ...more) {
  const input = make("input", { type: "password", id: "password", className: "form-control", autocomplete, spellcheck: false });
  const check = make("input", { type: "checkbox", id: "show-password", className: "form-check-input" });
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    check.checked = isShown;
  };
  check.addEventListener("change", () => show(check.checked));
  const showLabel = make("label", { htmlFor: check.id, className: "form-check-label", textContent: gettext("Show") });
  const row = make("div", { className: "mb-3 password" }, make("label", { htmlFor: input.id, className: "form-label", textContent: label }), make("span", {}, input, make("span", { className: "form-check" }, check, showLabel), ...more));
  return { row, input, show };
}
