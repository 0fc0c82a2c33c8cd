// The page of a paste, for who has made it: remembers the token that came in the address, and fills it in.
import { editLink, link, own, tokenOf } from "./owned_store.js";
import { gettext } from "../page/messages.js";

const key = location.pathname.split("/")[1];
const burning = document.querySelector("form[action$='/burn']");
const arrived = /^#token=([\w-]{20,64})$/.exec(location.hash);
if (arrived) {
  own(key, arrived[1], burning ? key : document.querySelector("h1").textContent); // What burns shows no title.
  history.replaceState(null, "", location.pathname + location.search); // Whoever is sent this address gets no token.
}

const token = tokenOf(key);
const place = document.getElementById("yours");
if (place && token) {
  place.textContent = arrived ? gettext("Pasted. It is yours: this browser may edit and delete it.") : gettext("Yours.");
  if (arrived) place.append(" ", link(key), " ", editLink(key, token));
}
const field = document.getElementById("id_token");
if (field && token && !field.value) field.value = token;

// The key of an encrypted paste goes with whoever reads and burns it.
if (burning && location.hash && !arrived) burning.action += location.hash;
