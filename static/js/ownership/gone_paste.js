// The “not found” page: tells the author of a paste, whose edit token is in this browser, what happened to it.
import { make } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { tokenOf } from "./owned_store.js";

const MESSAGES = {
  hidden: gettext("A moderator has hidden this paste."),
  removed: gettext("This paste was deleted."),
  burned: gettext("This paste was read and has burned."),
  expired: gettext("This paste has expired."),
};

const form = document.querySelector("form.gone");
const token = tokenOf(form.dataset.key);
if (token) tell(token);

async function tell(ownToken) {
  form.elements.token.value = ownToken;
  const body = new URLSearchParams({ token: ownToken });
  const response = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body }).catch(() => null);
  if (!response?.ok) return;
  const { state } = await response.json();
  const message = MESSAGES[state];
  if (!message) return;
  const detail = gettext("You are told because this browser has the edit link.");
  document.querySelector("main p:not(.code)").replaceWith(make("p", { role: "status" }, make("strong", { textContent: message }), ` ${detail}`));
  form.closest("details").remove();
}
