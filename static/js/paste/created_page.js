// The page after a new paste, for its author: the link is selected, and this browser keeps the edit token.
import { memory } from "../page/dom.js";
import { activateLinkField, drawQrCode } from "../page/link_field.js";
import { rememberOwnership, tokenOf } from "../ownership/owned_store.js";

const { key, token, title } = document.querySelector(".created").dataset;
if (token) rememberOwnership(key, token, title);
document.querySelector(".kept").hidden = tokenOf(key) === undefined;

const problem = document.getElementById("no-key");
if (problem) problem.hidden = location.hash !== "";

for (const box of document.querySelectorAll(".link-field")) activateLinkField(box);
document.getElementById("link").focus(); // Which selects it.
drawQrCode(document.querySelector(".qr"));

// What was sent has arrived, and must not come back into the empty form.
if (memory.get("sent")) {
  memory.forget("sent");
  memory.forget("draft");
}
