// The page of a paste, for who has made it: remembers the token that came in the address, and fills it in.
import { copy, make, say } from "./dom.js";
import { own, tokenOf } from "./owned.js";
import { gettext } from "./words.js";

const key = location.pathname.split("/")[1];
const arrived = /^#token=([\w-]{20,64})$/.exec(location.hash);
if (arrived) {
  own(key, arrived[1], document.querySelector("h1").textContent);
  history.replaceState(null, "", location.pathname + location.search); // Whoever is sent this address gets no token.
}

const token = tokenOf(key);
const place = document.getElementById("yours");
if (place && token) {
  place.textContent = arrived ? gettext("Pasted. It is yours: this browser may edit and delete it.") : gettext("Yours.");
  if (arrived) place.append(" ", shareButton());
}
const field = document.getElementById("id_token");
if (field && token && !field.value) field.value = token;

// The key of an encrypted paste goes with whoever reads and burns it.
const burning = document.querySelector("form[action$='/burn']");
if (burning && location.hash && !arrived) burning.action += location.hash;

function shareButton() {
  const button = make("button", { type: "button", className: "plain", textContent: gettext("Copy the link") });
  button.addEventListener("click", async () => {
    say((await copy(location.origin + location.pathname)) ? gettext("The link is copied.") : gettext("The browser does not allow copying."));
  });
  return button;
}
