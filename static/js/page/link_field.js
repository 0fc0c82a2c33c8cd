// A field with a link (templates/pastes/_link_field.html), with buttons to copy it or open the system's share sheet.
import { copy, fragment, make, say } from "./dom.js";
import { gettext } from "./messages.js";

export function activateLinkField(box) {
  const field = box.querySelector("input");
  const copyButton = box.querySelector(".copies");
  const isEditLink = box.matches("[data-is-edit-link]");
  const copied = isEditLink ? gettext("Edit link copied. Anyone who opens it can edit and delete the paste.") : gettext("Link copied.");
  if (box.matches("[data-keeps-key]")) keepKey(() => (field.value = withKey(field.defaultValue)));
  field.addEventListener("focus", () => field.select());
  copyButton.addEventListener("click", async () => say((await copy(field.value)) ? copied : gettext("The browser blocked copying.")));
  if (!navigator.share || isEditLink) return;
  const shareButton = make("button", { type: "button", className: "plain", textContent: gettext("Share…") });
  copyButton.after(shareButton);
  shareButton.addEventListener("click", () => navigator.share({ url: field.value }).catch(() => {})); // Cancelled.
}

// Draw the QR code of the URL in a container, including the key if it is needed.
export async function drawQrCode(container) {
  const { qrCode } = await import("./qr_code.js");
  const draw = () => {
    container.querySelector("svg")?.remove();
    const { address } = container.dataset;
    container.append(qrCode(container.matches("[data-keeps-key]") ? withKey(address) : address));
  };
  if (container.matches("[data-keeps-key]")) keepKey(draw);
  else draw();
}

// The key of an encrypted paste is in this page's fragment and may be corrected there.
function keepKey(update) {
  update();
  window.addEventListener("hashchange", update);
}

function withKey(address) {
  const key = fragment();
  return key ? `${address}#${key}` : address;
}
