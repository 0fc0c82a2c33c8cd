// The page shown to the author of a new paste. It selects the link, and stores the edit token in this browser.
import { forgetSentDraft } from "../page/dom.js";
import { activateLinkField, drawQrCode } from "../page/link_field.js";
import { rememberOwnership, tokenOf } from "../ownership/owned_store.js";

const { key, token, title } = document.querySelector(".created").dataset;
if (token) rememberOwnership(key, token, title);
document.querySelector(".kept").hidden = tokenOf(key) === undefined;

const problem = document.getElementById("no-key");
if (problem) problem.hidden = location.hash !== "";

for (const box of document.querySelectorAll(".link-field")) activateLinkField(box);
document.getElementById("link").focus(); // This selects it.
drawQrCode(document.querySelector(".qr"));
forgetSentDraft();
