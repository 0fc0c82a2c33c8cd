// “My pastes”: the list of pastes created in this browser.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { sitePath } from "../page/site_path.js";
import { forgetOwnership, editLinkButton, ownedPastes } from "./owned_store.js";

const list = document.getElementById("mine");

const deleted = /^#deleted=(\w+)$/.exec(location.hash);
if (deleted) {
  forgetOwnership(deleted[1]);
  history.replaceState(null, "", location.pathname);
}
list.append(...ownedPastes().map(row));
showWhetherEmpty();

function row({ key, token, title, at }) {
  const created = new Date(at).toLocaleString(document.documentElement.lang);
  const removeButton = make("button", { type: "button", className: "tool", textContent: gettext("Remove from list") });
  removeButton.ariaLabel = gettext("Remove %(title)s from the list", { title });
  const copyButton = editLinkButton(key, token);
  copyButton.className = "tool";
  const tools = make(
    "span",
    { className: "tools" },
    make("a", { href: `${sitePath}/${key}/edit`, textContent: gettext("Edit"), ariaLabel: gettext("Edit %(title)s", { title }) }),
    make("a", { href: `${sitePath}/${key}/delete`, textContent: gettext("Delete"), ariaLabel: gettext("Delete %(title)s", { title }) }),
    copyButton,
    removeButton,
  );
  const link = make("a", { href: `${sitePath}/${key}`, textContent: title });
  const item = make("li", {}, link, make("span", { className: "muted", textContent: created }), tools);
  removeButton.addEventListener("click", () => {
    forgetOwnership(key);
    item.remove();
    showWhetherEmpty();
  });
  return item;
}

function showWhetherEmpty() {
  document.getElementById("nothing").hidden = list.children.length > 0;
}
