// The pastes created in this browser and their edit tokens, which are only stored in the browser.
import { copy, make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { sitePath } from "../page/site_path.js";

const MAX_PASTES = 500;

// Return all owned pastes, newest first, as { key, token, title, at }, where `at` is in milliseconds since 1970.
export function ownedPastes() {
  const pastes = memory.get("owned", []);
  return Array.isArray(pastes) ? pastes : [];
}

export function rememberOwnership(key, token, title) {
  const others = ownedPastes().filter((paste) => paste.key !== key);
  memory.set("owned", [{ key, token, title, at: Date.now() }, ...others].slice(0, MAX_PASTES));
}

export function forgetOwnership(key) {
  memory.set("owned", ownedPastes().filter((paste) => paste.key !== key));
}

export function tokenOf(key) {
  return ownedPastes().find((paste) => paste.key === key)?.token;
}

// Return a button that copies the URL with the edit token, for use in the author's other browsers.
export function editLinkButton(key, token) {
  const message = gettext("Edit link copied. Anyone who opens it can edit and delete the paste.");
  const address = `${location.origin}${sitePath}/${key}#token=${token}`;
  const button = make("button", { type: "button", className: "plain", textContent: gettext("Copy edit link") });
  button.addEventListener("click", async () => say((await copy(address)) ? message : gettext("The browser blocked copying.")));
  return button;
}
