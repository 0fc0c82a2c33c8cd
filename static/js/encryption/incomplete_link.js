// Shown to readers whose link lacks all or part of an encrypted paste's key: what to do, and a field for the full link.
// Nothing is sent: the key is put into this page's fragment, which triggers `hashchange`.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";

// Return the elements. `sentences` follow the explanation.
export function incompleteLink(...sentences) {
  const explanation = location.hash
    ? gettext("The link is incomplete: the key in it, the part after the #, is damaged or belongs to another paste.")
    : gettext("The link is incomplete: the key, the part after the #, is missing.");
  const notice = make("p", { className: "notice", role: "alert" }, [explanation, ...sentences].join(" "));
  return [notice, linkForm()];
}

export function linkForm() {
  const input = make("input", { type: "text", id: "full-link", className: "form-control", autocomplete: "off", spellcheck: false, required: true });
  const label = make("label", { htmlFor: input.id, className: "form-label", textContent: gettext("The full link, or the part after the #") });
  const advice = gettext("Copy the whole link from the message in which you received it, or ask its author for it again.");
  const help = make("p", { className: "muted" }, advice);
  const form = make("form", { className: "narrow" }, help, make("p", { className: "mb-3" }, label, input), make("input", { type: "submit", className: "button", value: gettext("Use this link") }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = input.value.trim().replace(/^[^#]*#/, "");
    if (key === location.hash.slice(1)) window.dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = key;
  });
  return form;
}
