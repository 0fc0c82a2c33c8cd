// The pastes that this browser has made, with their edit tokens: kept here and nowhere else.
import { copy, make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";

const MOST = 500;

// Every one of them, the newest first: { key, token, title, at }.
export function owned() {
  const list = memory.get("owned", []);
  return Array.isArray(list) ? list : [];
}

export function own(key, token, title) {
  const others = owned().filter((one) => one.key !== key);
  memory.set("owned", [{ key, token, title, at: Date.now() }, ...others].slice(0, MOST));
}

export function disown(key) {
  memory.set("owned", owned().filter((one) => one.key !== key));
}

export function tokenOf(key) {
  return owned().find((one) => one.key === key)?.token;
}

// Buttons that copy the address of a paste: for everybody, and for another browser of who has made it.
export function link(key) {
  return copyButton(gettext("Copy the link"), `${location.origin}/${key}`, gettext("The link is copied."));
}

export function editLink(key, token) {
  const done = gettext("The edit link is copied. Whoever opens it may edit and delete the paste.");
  return copyButton(gettext("Copy the edit link"), `${location.origin}/${key}#token=${token}`, done);
}

function copyButton(textContent, address, done) {
  const button = make("button", { type: "button", className: "plain", textContent });
  button.addEventListener("click", async () => say((await copy(address)) ? done : gettext("The browser does not allow copying.")));
  return button;
}
