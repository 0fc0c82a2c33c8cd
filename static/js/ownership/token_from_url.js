// On the pages of a paste, for its author: stores the edit token that came in the address, and fills it into forms.
import { gettext } from "../page/messages.js";
import { editLinkButton, linkButton, own, tokenOf } from "./owned_store.js";

const key = location.pathname.split("/")[1];
const burnForm = document.querySelector("form[action$='/burn']");
const match = /^#token=([\w-]{20,64})$/.exec(location.hash);
if (match) {
  own(key, match[1], burnForm ? key : document.querySelector("h1").textContent); // That page does not show the title.
  history.replaceState(null, "", location.pathname + location.search); // Sharing the address must not share the token.
}

const token = tokenOf(key);
const place = document.getElementById("yours");
if (place && token) {
  place.textContent = match ? gettext("Created. You can edit and delete it in this browser.") : gettext("Your paste");
  if (match) place.append(" ", linkButton(key), " ", editLinkButton(key, token));
}
const field = document.getElementById("id_token");
if (field && token && !field.value) field.value = token;

// Reading and burning leads to another page, which needs the key of an encrypted paste as well.
if (burnForm && location.hash && !match) burnForm.action += location.hash;
