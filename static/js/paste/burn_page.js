// The page shown before reading a paste that burns. An encrypted one is not burned if the link cannot open it.
import { fragment } from "../page/dom.js";

const form = document.querySelector("form[action$='/burn']");
const isEncrypted = form.matches("[data-encrypted]");

async function checkKey() {
  const [{ isWholeKey }, { incompleteLink }, { gettext }] = await Promise.all([
    import("../encryption/ciphers.js"),
    import("../encryption/incomplete_link.js"),
    import("../page/messages.js"),
  ]);
  const isWhole = isWholeKey(fragment());
  form.hidden = !isWhole;
  document.getElementById("key-problem").replaceChildren(...(isWhole ? [] : incompleteLink(gettext("Nothing has been burned."))));
}

if (isEncrypted) {
  form.hidden = true;
  checkKey();
  window.addEventListener("hashchange", checkKey);
  form.addEventListener("submit", () => (form.action = form.action.replace(/#.*$/, "") + location.hash)); // The next page needs the key.
}
