// On the pages of a paste, for its author: stores the edit token from the URL fragment and fills it into forms.
import { fragment } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { keyOfPage } from "../page/site_path.js";
import { rememberOwnership, tokenOf } from "./owned_store.js";

const key = keyOfPage();
const match = /^token=([\w-]{20,64})$/.exec(fragment());
if (match) {
  if (tokenOf(key) !== match[1]) rememberOwnership(key, match[1], titleOfPage());
  history.replaceState(null, "", location.pathname + location.search); // Sharing the URL must not share the token.
}

const token = tokenOf(key);
const notice = document.getElementById("yours");
if (notice && token) notice.textContent = match ? gettext("You can edit and delete it in this browser.") : gettext("Your paste");
const field = document.getElementById("id_token");
if (field && token && !field.value) field.value = token;

// Only the page of a readable paste contains its title.
function titleOfPage() {
  return document.querySelector("section.file") ? document.querySelector("h1").textContent : key;
}
