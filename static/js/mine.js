// The list of what this browser has made.
import { make } from "./dom.js";
import { disown, owned } from "./owned.js";

const gone = /^#deleted=(\w+)$/.exec(location.hash);
if (gone) {
  disown(gone[1]);
  history.replaceState(null, "", location.pathname);
}

const list = document.getElementById("mine");
for (const { key, title, at } of owned()) {
  const forget = make("button", { type: "button", className: "tool", textContent: "Forget", ariaLabel: `Forget ${title}` });
  const links = make(
    "span",
    { className: "tools" },
    make("a", { href: `/${key}/edit`, textContent: "Edit", ariaLabel: `Edit ${title}` }),
    make("a", { href: `/${key}/delete`, textContent: "Delete", ariaLabel: `Delete ${title}` }),
    forget,
  );
  const when = make("span", { className: "muted", textContent: new Date(at).toLocaleString() });
  const row = make("li", {}, make("a", { href: `/${key}`, textContent: title }), when, links);
  forget.addEventListener("click", () => {
    disown(key);
    row.remove();
    show();
  });
  list.append(row);
}

function show() {
  document.getElementById("nothing").hidden = list.children.length > 0;
}

show();
