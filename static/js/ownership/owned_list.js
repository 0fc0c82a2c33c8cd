// The list of what this browser has made.
import { make } from "../page/dom.js";
import { disown, editLink, owned } from "./owned_store.js";
import { gettext } from "../page/messages.js";

const gone = /^#deleted=(\w+)$/.exec(location.hash);
if (gone) {
  disown(gone[1]);
  history.replaceState(null, "", location.pathname);
}

const list = document.getElementById("mine");
for (const { key, token, title, at } of owned()) {
  const forget = make("button", { type: "button", className: "tool", textContent: gettext("Forget"), ariaLabel: gettext("Forget %(title)s", { title }) });
  const links = make(
    "span",
    { className: "tools" },
    make("a", { href: `/${key}/edit`, textContent: gettext("Edit"), ariaLabel: gettext("Edit %(title)s", { title }) }),
    make("a", { href: `/${key}/delete`, textContent: gettext("Delete"), ariaLabel: gettext("Delete %(title)s", { title }) }),
    asTool(editLink(key, token)),
    forget,
  );
  const when = make("span", { className: "muted", textContent: new Date(at).toLocaleString(document.documentElement.lang) });
  const row = make("li", {}, make("a", { href: `/${key}`, textContent: title }), when, links);
  forget.addEventListener("click", () => {
    disown(key);
    row.remove();
    show();
  });
  list.append(row);
}

function asTool(button) {
  button.className = "tool";
  return button;
}

function show() {
  document.getElementById("nothing").hidden = list.children.length > 0;
}

show();
