// On the pages of a paste, for its author: stores the edit token from the URL fragment and fills it into forms.
import { gettext } from "../page/messages.js";
import { keyOfPage } from "../page/site_path.js";
import { editLinkButton, linkButton, rememberOwnership, tokenOf } from "./owned_store.js";

const key = keyOfPage();
const burnForm = document.querySelector("form[action$='/burn']");
const match = /^#token=([\w-]{20,64})$/.exec(location.hash);
if (match) {
  rememberOwnership(key, match[1], burnForm ? key : document.querySelector("h1").textContent); // This page does not show the title.
  history.replaceState(null, "", location.pathname + location.search); // Sharing the URL must not share the token.
}

const token = tokenOf(key);
const notice = document.getElementById("yours");
if (notice && token) {
  notice.textContent = match ? gettext("Created. You can edit and delete it in this browser.") : gettext("Your paste");
  if (match) notice.append(" ", linkButton(key), " ", editLinkButton(key, token));
}
const field = document.getElementById("id_token");
if (field && token && !field.value) field.value = token;

// “Read and burn” leads to a different page, which also needs the key of an encrypted paste.
if (burnForm && location.hash && !match) burnForm.action += location.hash;
